"""The command line. Imports the standard library only until it is known what is asked."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence

from gradstep.tui.cli.calls import CALLS as CALLS
from gradstep.tui.cli.calls import parser, with_default
from gradstep.tui.cli.words import BAD, FINE, INTERRUPTED, complain, telling


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one call of `gradstep` and returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show ∂ gets a ? for it rather than a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    _interruptible()
    if sys.stdout is None:  # closed, as after `>&-`
        print("error: standard output is closed", file=sys.stderr)
        return BAD
    try:
        if "_ARGCOMPLETE" in os.environ:
            from gradstep.tui.cli.completion import complete

            complete()
        words = with_default(list(sys.argv[1:] if argv is None else argv))
        options = parser(words).parse_args(words)
        if options.max_memory is not None:
            from gradstep.engine.run import allow

            allow(options.max_memory << 20)
        status: int = options.act(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _failed(error, "--debug" in (argv or sys.argv))


def _interruptible() -> None:
    """An interrupt is an exception from here on, unless whoever calls us has said what it is."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _reader_gone() -> int:
    """Whoever read our output has seen enough, as `head` does: no error, and nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FINE


def _failed(error: Exception, debug: bool) -> int:
    complain(telling(error, debug))
    if isinstance(error, OSError) and sys.stdout is not None:
        # A full device makes the interpreter's last flush fail as well, with a traceback.
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BAD
