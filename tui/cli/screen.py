"""The call that opens the screen."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading

from gradstep.tui.cli import runs
from gradstep.tui.cli.words import FAILED, FINE, INTERRUPTED, Parser, budget, complain, memory, scenario

#: Seconds after which opening a scenario shows how far it is.
_PATIENCE = 0.25


def open_words(parser: Parser) -> None:
    scenario(parser, default="walkthrough")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    memory(parser)


def open_screen(options: argparse.Namespace) -> int:
    """open the screen (the same as without a call)"""
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        options.phase, options.terms = None, False
        return runs.steps(options)
    if threading.current_thread() is threading.main_thread():
        # Nothing is under way yet that an interrupt would have to wait for, or that had anything to say about it.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    # Nothing that is loaded from here to the first frame is ever garbage, and looking through all
    # of it again and again would be a tenth of the start. The app turns it on again.
    gc.disable()
    from gradstep.tui.loading import Loading

    loading = Loading(options.scenario, budget(options))
    # What is there at once, and what cannot be opened at all, needs no screen to wait on.
    if loading.wait(_PATIENCE):
        loading.session()
    from gradstep.tui import ascii
    from gradstep.tui.app import Gradstep

    app = Gradstep(loading, options.ascii or ascii.wanted())
    app.run()
    if app.failure is not None:
        raise app.failure
    return _left(app.return_code or FINE, options.debug)


def _left(status: int, debug: bool) -> int:
    """What nobody foresaw is said once more, where it stays; the exit status."""
    from gradstep.tui.wall import FAULTS

    for error, line in FAULTS.items():
        if debug:
            import traceback

            traceback.print_exception(error)
        complain(line)
    return status or (FAILED if FAULTS else FINE)
