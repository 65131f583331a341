"""The program behind a pseudo-terminal, and what its screen shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyte

PATIENCE = 30.0
_PROGRAM = ("-m", "gradstep")
#: Whether there is synchronized output, and that there is.
_ASKED, _ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


def _inherited() -> dict[str, str]:
    """The environment, but for what would say another size than the terminal has: runners of tests set it."""
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}


class Terminal:
    """A program behind a pseudo-terminal, and what its screen shows."""

    def __init__(
        self,
        columns: int,
        lines: int,
        *arguments: str,
        program: Sequence[str] = _PROGRAM,
        cwd: Path | None = None,
        answers: bool = True,
        **environment: str,
    ) -> None:
        self.answers = answers
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self._size(columns, lines)
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # Who is run by nohup has this signal ignored, and would hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            cwd=cwd,
            env={**_inherited(), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **environment},
        )
        os.close(slave)

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        self._size(columns, lines)
        self.screen.resize(lines, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def read(self, seconds: float = 0.05) -> bool:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.master, 1 << 16)
        except OSError:
            return False
        seam = max(0, len(self.raw) - len(_ASKED) + 1)
        self.raw += got
        for _ in range(self.raw.count(_ASKED, seam) if self.answers else 0):
            os.write(self.master, _ANSWER)
        # pyte does not know these two private modes' replies; a real terminal ignores them as well.
        self.stream.feed(got.replace(b"\x1b[>4;1m", b"").replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))
        return bool(got)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait_for(self, *wanted: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read()
            if all(w in self.text for w in wanted):
                return
        raise AssertionError(f"{wanted} did not appear:\n{self.text}")

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def ended(self) -> int:
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            self.read()
        while self.read(0.05):
            pass
        assert self.process.returncode is not None, "the program is still running"
        return self.process.returncode

    def until_ours(self) -> None:
        """Waits until the interpreter has started, and its own way with interrupts, a traceback, is gone."""
        caught = re.compile(r"^SigCgt:\s*([0-9a-f]+)", re.MULTILINE)
        started = False
        for _ in range(5000):
            found = caught.search(Path(f"/proc/{self.process.pid}/status").read_text())
            assert found is not None, "it has ended"
            holds = bool(int(found[1], 16) & 1 << (signal.SIGINT - 1))
            if started and not holds:
                return
            started = started or holds
            time.sleep(0.001)

    def wrong(self) -> list[str]:
        """What of the terminal is not as it was before, now that the program has ended."""
        found = [] if termios.tcgetattr(self.master) == self.before else ["the line discipline"]
        on = {1049: False, 1000: False, 1002: False, 1003: False, 1006: False, 1015: False, 1016: False, 1004: False,
              2004: False, 2026: False, 2048: False, 25: True, 7: True}  # fmt: skip
        for mode, wanted in on.items():
            said = re.findall(rb"\x1b\[\?%d([hl])" % mode, self.raw)
            if said and (said[-1] == b"h") != wanted:
                found.append(f"mode {mode}")
        if len(re.findall(rb"\x1b\[>\d+u", self.raw)) != len(re.findall(rb"\x1b\[<u", self.raw)):
            found.append("the keyboard protocol")
        return found

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.master)


@contextlib.contextmanager
def terminal(
    columns: int,
    lines: int,
    *arguments: str,
    program: Sequence[str] = _PROGRAM,
    cwd: Path | None = None,
    answers: bool = True,
    **environment: str,
) -> Iterator[Terminal]:
    """A program, gradstep if no other is named, for as long as the context lasts. Whether the terminal `answers` what
    it is asked, as most do."""
    opened = Terminal(columns, lines, *arguments, program=program, cwd=cwd, answers=answers, **environment)
    try:
        yield opened
    finally:
        opened.close()
