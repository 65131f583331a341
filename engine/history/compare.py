"""Two trainings compared: the first iteration, step and number in which they differ, their losses on the way,
and where they differ most in the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.ask.comparison import Comparison, beside, compare
from gradstep.engine.errors import GoOn
from gradstep.engine.history.history import History
from gradstep.engine.notation import plain


class Compared(NamedTuple):
    """`first` is the iteration in which something differs first (0: none), with its comparison `there`; `last`
    that of the last iteration. `losses` are (iteration, loss of the one, loss of the other)."""

    iterations: int
    first: int
    there: Comparison
    last: Comparison
    losses: tuple[tuple[int, float, float], ...]

    @property
    def same(self) -> bool:
        return self.there.same and self.last.same

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.same:
            yield f"the same: {self.last.compared:,} numbers agree in each of {self.iterations:,} iterations"
            return
        yield from self.there.only
        if self.there.first is not None:
            yield f"first in iteration {self.first:,}:"
            yield from (line for line in self.there.lines() if line.startswith("first"))
        yield "losses"
        for k, a, b in self.losses:
            yield f"  iteration {k:>7,}  {beside(a, b)}"
        yield f"iteration {self.iterations:,}: {self.last.differing:,} of {self.last.compared:,} numbers differ"
        yield from (line for line in self.last.lines() if line.startswith(("largest", "   ")))

    def document(self) -> dict[str, Any]:
        """For programs: the comparison of the last iteration, its `first` from the one in which they part."""
        return {
            **self.last.document(),
            "same": self.same,
            "first": self.there.document()["first"],
            "iteration": self.first or None,
            "iterations": self.iterations,
            "losses": [{"iteration": k, "a": plain(a), "b": plain(b)} for k, a, b in self.losses],
        }


def trainings(a: History, b: History, steps: int, rtol: float = 0.0, go_on: GoOn | None = None) -> Compared:
    """Compares two trainings of `steps` iterations each. Numbers agree within `rtol`. Raises Interrupted."""
    first, there = 0, compare(a.start, b.start, rtol)
    for k in range(1, steps + 1):
        there = compare(a.recording(k, go_on), b.recording(k, go_on), rtol)
        if not there.same:
            first = k
            break
    a.make(steps, go_on)
    b.make(steps, go_on)
    shown = [k for k in (s * 10**e for e in range(10) for s in (1, 2, 5)) if k < steps]
    losses = tuple((k, a.recording(k, go_on).trace.loss, b.recording(k, go_on).trace.loss) for k in (*shown, steps))
    last = compare(a.recording(steps, go_on), b.recording(steps, go_on), rtol)
    return Compared(steps, first, there, last, losses)
