"""From starting the process to the first painted frame, against a bare Textual application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.measure import Pair
from benchmarks.terminal import BARE, GRADSTEP, Terminal, compiled

TARGET = 1.5
COLUMNS, ROWS = 160, 45
#: Words of the first frame, written in one piece.
READY, BARE_READY = "Nothing is computed yet", "bare 0 "


def measure(quick: bool) -> list[Pair]:
    """Both programs in turns, after one start of each that is not counted: it compiles the modules."""
    pair = Pair("launch", f"walkthrough, {COLUMNS}×{ROWS}", "bare Textual", TARGET, ours=[], theirs=[])
    bare = (*BARE, str(ROWS))
    with compiled() as env:
        for argv, text in ((GRADSTEP, READY), (bare, BARE_READY)):
            _first_frame(argv, text, env)
        for _ in range(5 if quick else 60):
            pair.ours.append(_first_frame(GRADSTEP, READY, env))
            pair.theirs.append(_first_frame(bare, BARE_READY, env))
    return [pair]


def _first_frame(argv: Sequence[str], text: str, env: Mapping[str, str]) -> float:
    with Terminal(argv, COLUMNS, ROWS, env) as terminal:
        seconds = terminal.wait_for(text) - terminal.started
        terminal.quit()
    return seconds
