"""What a key takes of the processor, and how much is written for it, against a bare Textual application."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.launch import BARE_READY, READY
from benchmarks.measure import Pair
from benchmarks.terminal import BARE, GRADSTEP, ROOT, Terminal, compiled, gradstep

TARGET, LIMIT, MOST_BYTES = 2.5, 0.010, 4_000
SIZES = ((160, 45), (80, 24))
HOME = "\x1b[H"
#: A frame is over when nothing has come for so many seconds.
QUIET = 0.03


def measure(quick: bool, beside: Path | None) -> tuple[list[Pair], list[Pair]]:
    """`space` in all programs in turns, while they are running, at every size: here, and of `beside`, another tree of
    gradstep with an environment in it."""
    here, there = [], []
    with compiled() as env:
        for columns, rows in SIZES:
            ours, theirs = _pairs(columns, rows, 30 if quick else 310, env, beside)
            here += ours
            there += theirs
    return here, there


def _pairs(
    columns: int, rows: int, repetitions: int, env: dict[str, str], beside: Path | None
) -> tuple[list[Pair], list[Pair]]:
    case, steps = f"{columns}×{rows}", _steps()
    cost = Pair("key", f"space, {case}, processor time", "bare Textual", TARGET, ours=[], theirs=[], limit=LIMIT)
    written = Pair("key", f"space, {case}, written", "goal", 1.0, ours=[], theirs=[MOST_BYTES], unit="kB")
    before = [replace(cost, ours=[], theirs=cost.theirs), replace(written, ours=[])]
    programs = [(GRADSTEP, READY, ROOT), (BARE, BARE_READY, ROOT)]
    if beside is not None:
        programs.append((gradstep(beside), READY, beside))
    with ExitStack() as stack:
        running = [
            stack.enter_context(Terminal(argv, columns, rows, env, synchronized=True, tree=tree))
            for argv, _, tree in programs
        ]
        for terminal, (_, text, _) in zip(running, programs, strict=True):
            terminal.wait_for(text)
            terminal.wait_for_quiet(0.5)
        for number in range(-steps, repetitions):  # the first time through is not counted
            if number % steps == 0:
                for terminal in running:
                    terminal.press(HOME)
                    terminal.wait_for_quiet(0.2)  # where it is there already, nothing comes
            costs = [(terminal.cost(" ", QUIET), float(len(terminal.written))) for terminal in running]
            if number < 0:
                continue
            cost.ours.append(costs[0][0])
            written.ours.append(costs[0][1])
            cost.theirs.append(costs[1][0])
            if beside is not None:
                before[0].ours.append(costs[2][0])
                before[1].ours.append(costs[2][1])
        for terminal in running:
            terminal.quit()
    return [cost, written], before if beside is not None else []


def _steps() -> int:
    """How many steps the walkthrough has: so often does `space` move on."""
    from gradstep.engine.files import find
    from gradstep.engine.run.timeline import Timeline

    return Timeline(find("walkthrough").graph).total
