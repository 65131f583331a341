"""Why a gradient is exactly zero.

A zero has one place where it became one: going towards the loss from it, the last element whose
gradient is 0 although something arrives. What stands between the two is the reason.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.reading import gradient_segments, numbers_at, term_of
from gradstep.engine.run.recording import Recording, remembered

#: So many ways that meet are each followed to their reason.
_FOLLOWED = 64


class Zero(NamedTuple):
    """`reason` holds at `element`; `hop` is what multiplies with 0 there, None where nothing arrives
    or the parts cancel. `ways` counts the terms of ∂L/∂element."""

    reason: ZeroReason
    element: Element
    hop: Hop | None
    ways: int


def reason(recording: Recording, element: Element) -> Zero | None:
    """Why ∂L/∂element is exactly 0; None where it is not, or where it has no gradient.

    Of several ways that bring 0 the first is followed to its end before the next. There may be thousands of hops, and
    ways that meet again: each element is looked at once, and what is found holds for all on the way to it.
    """
    if not _is_zero(recording, element):
        return None
    told, end = _told(recording), None
    came: dict[Element, Element] = {}
    ahead = [(element, element)]
    while ahead:
        here, before = ahead.pop()
        if here in came:
            continue
        came[here] = before
        count, ways = hops(recording, here, _FOLLOWED)
        zero = told.get(here) or _reason_here(recording, here, count, ways)
        if zero is not None:
            while here != element:
                told[here], here = zero, came[here]
            told[element] = zero
            return zero
        if count != 1 and end is None:
            end = here
        ahead += [(hop.target, here) for hop in reversed(ways)]
    return Zero(ZeroReason.NO_PATH, end or element, None, 0)


@remembered
def _told(recording: Recording) -> dict[Element, Zero]:
    """What has been found out about elements of a run."""
    return {}


def _reason_here(recording: Recording, element: Element, count: int, ways: list[Hop]) -> Zero | None:
    """Why a gradient becomes 0 at this very element; None where only 0 arrives, or nothing: of several ways, some may
    lead nowhere, as what an index leaves out."""
    if not count or (count == 1 and _is_zero(recording, ways[0].target)):
        return None
    if not _all_zero(recording, element):
        return Zero(ZeroReason.CANCELLED, element, None, count)
    # Where several ways bring 0, one with a reason of its own here says more than one from afar.
    hop = next((hop for hop in ways if not _is_zero(recording, hop.target)), None)
    return None if hop is None else Zero(_of_hop(recording, hop), element, hop, count)


def _is_zero(recording: Recording, element: Element) -> bool:
    return recording.trace.grad[element.value] is not None and recording.trace.derivative(element) == 0


def _all_zero(recording: Recording, element: Element) -> bool:
    """Whether every single term is 0, and not only their sum."""
    segments = gradient_segments(recording.trace, recording.graph.values[element.value], element.flat)
    return not any(contribution.any() for segment in segments for *_, contribution in segment.pieces())


def _of_hop(recording: Recording, hop: Hop) -> ZeroReason:
    """Something arrives at the hop's target, and the product is 0."""
    if hop.local != 0:
        return ZeroReason.UNDERFLOW
    if hop.factor is not None:
        parameter = recording.graph.values[hop.factor.value].role is Role.PARAMETER
        return ZeroReason.WEIGHT_ZERO if parameter else ZeroReason.INPUT_ZERO
    op = recording.graph.nodes[hop.node].op
    if op.gated:
        return ZeroReason.GATE_SHUT
    return ZeroReason.UNDERFLOW if _rounded(recording, hop) else ZeroReason.FLAT


def _rounded(recording: Recording, hop: Hop) -> bool:
    """Whether the local gradient is 0 only because it is rounded to it, as far out on a sigmoid: then
    it still is a little further on, and the slope of a smooth function is not."""
    trace, node = recording.trace, recording.graph.nodes[hop.node]
    if not isinstance(node.op, Elementwise | Reduce):
        # A softmax that is 0 or 1 to the last digit; but where all others are masked there is no choice.
        grid = trace.row(node, hop.slot, hop.target.flat).grid
        finite = np.isfinite(trace.data[hop.source.value].take(grid.take(0, grid.size)))
        return bool(finite.all() or (np.count_nonzero(finite) > 1 and isfinite(trace.number(hop.source))))
    term = term_of(trace, node, hop.slot, hop.source.flat, hop.target.flat)
    xs = numbers_at(trace, node, hop.target.flat, term)
    here = xs[hop.slot]
    xs[hop.slot] = np.asarray(here * here.dtype.type(1.001))
    with np.errstate(all="ignore"):
        slope = node.op.local(hop.slot, node.op.forward(xs), xs)
    return bool(xs[hop.slot] != here and slope == 0 and not node.op.kink)
