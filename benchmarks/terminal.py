"""A program in a pseudo-terminal, and when what it writes arrives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import clock_gettime, perf_counter
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
GRADSTEP = (sys.executable, "-m", "gradstep")


def gradstep(tree: Path) -> tuple[str, ...]:
    """How the gradstep of another tree is started, in the environment that is in it."""
    return (str(tree / ".venv" / "bin" / "python"), "-m", "gradstep")


BARE = (sys.executable, str(ROOT / "benchmarks" / "bare.py"))

#: Synchronized output: how a program asks for it, what it is told, and how it then ends a frame.
ASKED, ANSWER, FRAME_END = b"\x1b[?2026$p", b"\x1b[?2026;2$y", b"\x1b[?2026l"
#: Nothing takes this long, except where something is wrong.
PATIENCE = 30.0


def environment(**more: str) -> dict[str, str]:
    """This process's environment with one BLAS thread, less what changes how Python or Textual start."""
    dropped = ("PYTHON", "TEXTUAL", "TERM_PROGRAM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} | more


@contextlib.contextmanager
def compiled() -> Iterator[dict[str, str]]:
    """The environment of a 256-colour, 24-bit terminal, with a folder in which compiled modules are kept.

    They get there when a program first runs, so that the tree itself stays as it is.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield environment(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPYCACHEPREFIX=folder)


class Terminal:
    """Starts `argv` in the root of the repository, in a terminal of columns × rows cells.

    `started` is the moment before its process was made. With `synchronized` it is told that the
    terminal knows synchronized output; other questions stay unanswered, as in many terminals. `tree` is where it is
    started: what stands there is what `-m gradstep` finds.
    """

    def __init__(
        self,
        argv: Sequence[str],
        columns: int,
        rows: int,
        env: Mapping[str, str],
        synchronized: bool = False,
        tree: Path = ROOT,
    ) -> None:
        self.synchronized = synchronized
        self.written = bytearray()
        self.started = perf_counter()
        self.process, self.fd = pty.fork()
        if not self.process:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.chdir(tree)
                os.execvpe(argv[0], list(argv), dict(env))
            finally:
                os._exit(127)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self.fd)
        os.waitpid(self.process, 0)

    @property
    def spent(self) -> float:
        """The seconds of processor time that the process has taken, in all its threads, in user and system mode; as
        Linux numbers the clocks of other processes (clock_getcpuclockid)."""
        return clock_gettime((~self.process) << 3 | 2)

    def press(self, key: str) -> float:
        """Sends a key, and forgets what was written before; when it was sent."""
        self.written.clear()
        now = perf_counter()
        os.write(self.fd, key.encode())
        return now

    def read(self, seconds: float) -> float | None:
        """Waits for output and adds it to `written`; when it came, None if none came within `seconds`.

        Raises EOFError at the end of the program.
        """
        if not select.select([self.fd], [], [], max(seconds, 0.0))[0]:
            return None
        try:
            some = os.read(self.fd, 1 << 16)
        except OSError:  # this is how Linux reports that the other side is closed
            some = b""
        now = perf_counter()
        if not some:
            raise EOFError(f"the program has ended; its last output was {bytes(self.written[-300:])!r}")
        seam = max(0, len(self.written) - len(ASKED) + 1)
        self.written += some
        if self.synchronized and self.written.find(ASKED, seam) >= 0:
            os.write(self.fd, ANSWER)
        return now

    def wait_for(self, text: str) -> float:
        """Reads until `text` has been written; when it came. Raises TimeoutError."""
        wanted, searched = text.encode(), 0
        end = perf_counter() + PATIENCE
        while (now := self.read(end - perf_counter())) is not None:
            if self.written.find(wanted, max(0, searched - len(wanted))) >= 0:
                return now
            searched = len(self.written)
        raise TimeoutError(f"{text!r} was not written in {PATIENCE:g} s, but {bytes(self.written[-300:])!r}")

    def wait_for_quiet(self, seconds: float) -> float | None:
        """Reads until nothing has been written for `seconds`; when the last came, None if nothing did."""
        last = None
        while (now := self.read(seconds)) is not None:
            last = now
        return last

    def cost(self, key: str, quiet: float) -> float:
        """The seconds of processor time from a key on until nothing has followed its frame for `quiet` seconds."""
        before = self.spent
        self.press(key)
        self.wait_for_frame(quiet)
        return self.spent - before

    def wait_for_frame(self, quiet: float) -> float:
        """Reads until a frame has ended and nothing has followed for `quiet` seconds; when it ended.

        Raises TimeoutError.
        """
        last, end = None, perf_counter() + PATIENCE
        while perf_counter() < end:
            last = self.wait_for_quiet(quiet) or last
            if last is not None and self.written.endswith(FRAME_END):
                return last
        raise TimeoutError(f"no frame ended in {PATIENCE:g} s, but there came {bytes(self.written[-300:])!r}")

    def quit(self) -> None:
        """Presses q and reads until the program has ended."""
        self.press("q")
        with contextlib.suppress(EOFError):
            while self.read(PATIENCE) is not None:
                pass
