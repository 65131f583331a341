"""The call that opens the screen."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from gradstep.engine.errors import shortened
from gradstep.tui.cli import runs
from gradstep.tui.cli.words import FAILED, FINE, INTERRUPTED, Parser, complain, count, memory, scenario

if TYPE_CHECKING:
    from gradstep.tui.preferences import Preferences
    from gradstep.tui.view import Beginning

#: Seconds after which opening a scenario shows how far it is.
_PATIENCE = 0.25
#: The widest and the highest screen.
_LARGEST = 1000


def open_words(parser: Parser) -> None:
    scenario(parser, default="walkthrough")
    parser.add_argument("--at", metavar="WHERE", help="open there: 14, h.grad[1], loss, @37, as for goto")
    parser.add_argument("--zoom", choices=("network", "layer", "neuron", "term"), help="open as near as this")
    parser.add_argument("--theme", metavar="NAME", help="dark, light, contrast, ansi, or one of yours")
    parser.add_argument(
        "--digits", type=_digits, metavar="N", help="after the point in Math and on the tape; 17 are all"
    )
    parser.add_argument("--size", type=_size, metavar="WxH", help="use only so many columns and lines, as in 100x30")
    parser.add_argument("--plain", action="store_true", help="no screen but a prompt, and a line a step")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    memory(parser)


def _digits(text: str) -> int:
    found = count(text)
    if found > 17:
        raise argparse.ArgumentTypeError(f"from 1 to 17 digits, not '{shortened(text)}'")
    return found


def _size(text: str) -> tuple[int, int]:
    """Columns and lines, as in `100x30`."""
    width, _, height = text.lower().partition("x")
    try:
        found = count(width), count(height)
    except argparse.ArgumentTypeError:
        found = 0, 0
    if not min(found) >= 1 or max(found) > _LARGEST:
        raise argparse.ArgumentTypeError(f"columns x lines up to {_LARGEST:,}, as in 100x30, not '{shortened(text)}'")
    return found


def open_screen(options: argparse.Namespace) -> int:
    """open the screen (the same as without a call)"""
    if options.plain:
        from gradstep.tui.cli.plain import converse

        return converse(options)
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        options.phase, options.terms = None, False
        return runs.steps(options) if options.at is None else runs.moment(options)
    if threading.current_thread() is threading.main_thread():
        # Nothing is under way yet that an interrupt would have to wait for, or that had anything to say about it.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    # Nothing that is loaded from here to the first frame is ever garbage, and looking through all
    # of it again and again would be a tenth of the start. The app turns it on again.
    gc.disable()
    from gradstep.engine.files import builtin
    from gradstep.tui.loading import Loading

    most = None if options.memory is None else options.memory << 20
    loading = Loading(options.scenario, most, options.at)
    # What cannot be opened at all needs no screen. Of what comes with gradstep that is known without looking, and there
    # is a first frame before the engine is loaded.
    if (options.scenario not in builtin() or options.at is not None) and loading.wait(_PATIENCE):
        loading.session()
    from gradstep.tui import ascii
    from gradstep.tui.app import Gradstep
    from gradstep.tui.preferences import preferences

    mine = preferences()
    app = Gradstep(loading, options.ascii or mine.ascii or ascii.wanted(), _beginning(options, mine))
    app.run()
    if app.failure is not None:
        raise app.failure
    return _left(app.return_code or FINE, options.debug)


def _beginning(options: argparse.Namespace, mine: Preferences) -> Beginning:
    """How the screen begins: as the call says, else as the person's file says, else as it was left. Raises
    CommandError where there is no such theme."""
    from gradstep.tui.preferences import hinted, note_hint, note_typed, palette, remember, remembered, typed
    from gradstep.tui.view import Beginning, Zoom

    theme = options.theme or mine.theme or remembered()
    found = Beginning(
        theme=palette(theme) if theme else None,
        zoom=Zoom(options.zoom) if options.zoom else None,
        keymap=mine.keymap,
        size=options.size,
        motion=mine.motion,
        remember=remember,
        hinted=hinted() if mine.hints else None,
        note_hint=note_hint,
        typed=typed,
        note_typed=note_typed,
    )
    digits = options.digits or mine.digits
    return found if digits is None else found._replace(digits=digits)


def _left(status: int, debug: bool) -> int:
    """What nobody foresaw is said once more, where it stays; the exit status."""
    from gradstep.tui.wall import FAULTS

    for error, line in FAULTS.items():
        if debug:
            import traceback

            traceback.print_exception(error)
        complain(line)
    return status or (FAILED if FAULTS else FINE)
