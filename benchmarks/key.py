"""From pressing a key to the last byte of the frame it changes, against a bare Textual application."""

from __future__ import annotations

from benchmarks.launch import BARE_READY, READY
from benchmarks.measure import Pair
from benchmarks.terminal import BARE, GRADSTEP, Terminal, compiled

TARGET, LIMIT = 4.0, 0.010
SIZES = ((160, 45), (80, 24))
HOME = "\x1b[H"
#: A frame is over when nothing has come for so many seconds.
QUIET = 0.03


def measure(quick: bool) -> list[Pair]:
    """`space` in both programs in turns, while both are running, at every size."""
    with compiled() as env:
        return [_pair(columns, rows, 30 if quick else 600, env) for columns, rows in SIZES]


def _pair(columns: int, rows: int, repetitions: int, env: dict[str, str]) -> Pair:
    pair = Pair("key", f"space, {columns}×{rows}", "bare Textual", TARGET, ours=[], theirs=[], limit=LIMIT)
    steps = _steps()
    with (
        Terminal(GRADSTEP, columns, rows, env, synchronized=True) as ours,
        Terminal(BARE, columns, rows, env, synchronized=True) as theirs,
    ):
        for terminal, text in ((ours, READY), (theirs, BARE_READY)):
            terminal.wait_for(text)
            terminal.wait_for_quiet(0.5)
        for number in range(-steps, repetitions):  # the first time through is not counted
            if number % steps == 0:
                ours.press(HOME)
                ours.wait_for_quiet(0.2)  # where it is there already, nothing comes
            times = [_frame(terminal) for terminal in (ours, theirs)]
            if number >= 0:
                pair.ours.append(times[0])
                pair.theirs.append(times[1])
        ours.quit()
        theirs.quit()
    return pair


def _frame(terminal: Terminal) -> float:
    """How long the frame after one `space` takes."""
    pressed = terminal.press(" ")
    return terminal.wait_for_frame(QUIET) - pressed


def _steps() -> int:
    """How many steps the walkthrough has: so often does `space` move on."""
    from gradstep.engine.files import find
    from gradstep.engine.run.timeline import Timeline

    return Timeline(find("walkthrough").graph).total
