"""What a start takes of the processor, up to the first painted frame and to the first with numbers, against a bare
Textual application; and how much is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Pair
from benchmarks.terminal import BARE, GRADSTEP, ROOT, Terminal, compiled, gradstep

TARGET, MOST_BYTES = 1.5, 30_000
COLUMNS, ROWS = 160, 45
#: Words of the first frame, and of the first that shows the network; each written in one piece.
FIRST, READY, BARE_READY = "^c leaves", "Nothing is computed yet", "bare 0 "


def measure(quick: bool, beside: Path | None) -> tuple[list[Pair], list[Pair]]:
    """All programs in turns, after one start of each that is not counted: it compiles the modules. What is measured
    here, and of `beside`, another tree of gradstep with an environment in it."""
    case, bare = f"{COLUMNS}×{ROWS}, processor time", (*BARE, str(ROWS))
    first = Pair("launch", f"first frame, {case}", "bare Textual", TARGET, ours=[], theirs=[])
    numbers = Pair("launch", f"first numbers, {case}", "bare Textual", TARGET, ours=[], theirs=[])
    written = Pair("launch", "written", "goal", 1.0, ours=[], theirs=[MOST_BYTES], unit="kB")
    # An older tree's first frame has the numbers.
    before = [replace(first, ours=[]), replace(numbers, ours=[]), replace(written, ours=[])]
    with compiled() as env:
        for turn in range(-1, 5 if quick else 40):
            ours = _started(GRADSTEP, (FIRST, READY), env)
            theirs = _started(bare, (BARE_READY,), env)
            other = _started(gradstep(beside), (READY,), env, beside) if beside is not None else None
            if turn < 0:
                continue
            first.ours.append(ours[0])
            numbers.ours.append(ours[1])
            written.ours.append(ours[-1])
            for pair in (first, numbers):
                pair.theirs.append(theirs[0])
            if other is not None:
                for pair, cost in zip(before, (other[0], other[0], other[-1]), strict=True):
                    pair.ours.append(cost)
    return [first, numbers, written], before if beside is not None else []


def _started(argv: Sequence[str], words: Sequence[str], env: Mapping[str, str], tree: Path = ROOT) -> list[float]:
    """The processor time up to each of some words, and how many bytes had been written when nothing followed."""
    found: list[float] = []
    with Terminal(argv, COLUMNS, ROWS, env, tree=tree) as terminal:
        for text in words:
            terminal.wait_for(text)
            found.append(terminal.spent)
        terminal.wait_for_quiet(0.3)
        found.append(float(len(terminal.written)))
        terminal.quit()
    return found
