"""How one element came to be, wherever one stands: its terms, the largest first."""

from __future__ import annotations

from itertools import accumulate
from math import isfinite
from typing import NamedTuple

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.sum import Fold, Row
from gradstep.engine.graph.element import Element
from gradstep.engine.run.timeline import Phase, Position


class Ranked(NamedTuple):
    """The terms that make a number: `rows`, the largest first (while they are added up in theirs), each with the sum
    up to it; what the others add up to; whether they are `known` at the moment one stands at; and the `frame` in
    which they are added up."""

    rows: list[Row]
    fold: Fold | None
    known: bool
    frame: Frame


def ranked(frame: Frame, element: Element, phase: Phase, limit: int) -> Ranked | None:
    """How an element (or, of a neuron's output that is no sum itself, its sum) comes to be in a phase, in at most
    `limit` terms; None where it is no sum."""
    step = step_of(frame, element, phase)
    if step is None:
        return None
    here = step == frame.step
    then = frame if here else Frame(frame.recording, Position(step), frame.sample)
    if not then.sum.count:
        return None
    rows, fold = then.sum.rows(max(limit, 2))
    if not (here and frame.position.term is not None):
        rows = _ranked(rows)
    return Ranked(rows, fold, step <= frame.step, then)


def step_of(frame: Frame, element: Element, phase: Phase) -> int | None:
    """The step that writes an element in a phase, the loss being the end of the forward pass; None where there is
    none."""
    timeline = frame.recording.timeline
    phases = (Phase.FORWARD, Phase.LOSS) if phase in (Phase.FORWARD, Phase.LOSS) else (phase,)
    return next((s for p in phases if (s := timeline.step_of(p, *element)) is not None), None)


def _ranked(rows: list[Row]) -> list[Row]:
    """Rows with the largest first, where all are finite, and the sums up to each in this order."""
    if all(isfinite(row.contribution) for row in rows):
        rows = sorted(rows, key=lambda row: -abs(row.contribution))
    sums = accumulate(row.contribution for row in rows)
    return [row._replace(running=running) for row, running in zip(rows, sums, strict=True)]
