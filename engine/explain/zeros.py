"""Why a gradient is exactly zero.

A zero has places where it became one: going towards the loss from it, along every way, the last element whose
gradient is 0 although something arrives. What stands between the two is a reason. Ways may have different ones: one
sample meets its target, the gate of another is shut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isinf
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import masks
from gradstep.engine.explain.constants import constant
from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.loss import PairLoss
from gradstep.engine.ops.moving import Masked
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.reading import gradient_segments, numbers_at, term_of
from gradstep.engine.run.recording import Recording, remembered

#: So many ways that meet are each followed to their reasons, and so many elements are looked at in all.
_FOLLOWED, _LOOKED_AT = 64, 4096
#: Of a network with more steps fewer elements are looked at: there each has many more ways.
_MANY, _LOOKED_AT_OF_MANY = 1 << 17, 128
#: What may only seem to be one of these where a function is constant.
_MAY_BE_CONSTANT = {ZeroReason.CANCELLED, ZeroReason.FLAT, ZeroReason.FITS, ZeroReason.CONSTANT}


class Zero(NamedTuple):
    """`reason` holds at `element`; `hop` is what multiplies with 0 there, None where nothing arrives or the parts
    cancel. `ways` counts the terms of ∂L/∂element. Where a function is constant, `node` computes it."""

    reason: ZeroReason
    element: Element
    hop: Hop | None
    ways: int
    node: int = -1


class Zeros(NamedTuple):
    """All reasons of a zero, and in how many `of` the terms that meet each of them holds; one term may have
    several, when it is a sum again. The first is that of the first term."""

    found: Mapping[Zero, int]
    of: int

    @property
    def kinds(self) -> frozenset[ZeroReason]:
        return frozenset(zero.reason for zero in self.found)


def reason(recording: Recording, element: Element) -> Zero | None:
    """Why ∂L/∂element is exactly 0, along the first way; None where it is not, or where it has no gradient."""
    found = reasons(recording, element)
    return None if found is None else next(iter(found.found))


def reasons(recording: Recording, element: Element) -> Zeros | None:
    """Why ∂L/∂element is exactly 0, along all ways; None where it is not, or where it has no gradient.

    There may be thousands of hops, and ways that meet again: each element is looked at once, and what is found holds
    for all on the way to it.
    """
    if not _is_zero(recording, element):
        return None
    most = _LOOKED_AT if recording.timeline.total <= _MANY else _LOOKED_AT_OF_MANY
    told, seen = _told(recording), dict[Element, _Ways]()
    ahead = [element]
    while ahead:
        here = ahead[-1]
        if here not in told:
            new = here not in seen
            ways = seen[here] if here in seen else seen.setdefault(here, _ways(recording, here))
            left = [target for target in ways.zeros if target not in told]
            if left and new and len(seen) < most:
                ahead += reversed(left)
                continue
            if left and not ways.own and not any(told[target].of for target in ways.zeros if target in told):
                ahead.append(left[0])
                continue
            told[here] = _together(recording, here, ways, told)
        ahead.pop()
    return told[element]


def settled(recording: Recording, element: Element) -> Zeros | None:
    """The same; and where everything on the way only cancels or is flat it is found out whether that is so whatever
    the numbers are. That computes what depends on the element a few times again."""
    found = reasons(recording, element)
    if found is None or not found.kinds <= _MAY_BE_CONSTANT or found.kinds == {ZeroReason.CONSTANT}:
        return found
    node = constant(recording, element)
    return found if node is None else Zeros({Zero(ZeroReason.CONSTANT, element, None, 0, node.id): found.of}, found.of)


@remembered
def _told(recording: Recording) -> dict[Element, Zeros]:
    """What has been found out about elements of a run."""
    return {}


class _Ways(NamedTuple):
    """How many terms a gradient of 0 has, and the hops that are followed: the targets of those to which 0 arrives,
    and those with a reason of their `own`. None of them where only the sum of the terms is 0."""

    terms: int
    hops: Sequence[Hop]
    zeros: Sequence[Element]
    own: Sequence[Hop]
    cancels: bool


def _ways(recording: Recording, element: Element) -> _Ways:
    count, found = hops(recording, element, _FOLLOWED)
    if _cancels(recording, element, count):
        return _Ways(count, (), (), (), True)
    zeros = [hop.target for hop in found if _is_zero(recording, hop.target)]
    return _Ways(count, found, zeros, [hop for hop in found if not _is_zero(recording, hop.target)], False)


def _together(recording: Recording, element: Element, ways: _Ways, told: Mapping[Element, Zeros]) -> Zeros:
    """Why a gradient is 0 whose ways are; `told` is what has been found out about those."""
    if not ways.terms:
        return Zeros({Zero(ZeroReason.NO_PATH, element, None, 0): 0}, 0)
    if ways.cancels:
        return Zeros({Zero(ZeroReason.CANCELLED, element, None, ways.terms): ways.terms}, ways.terms)
    found = dict[Zero, int]()
    if ways.terms == 1 and ways.zeros:
        return told[ways.zeros[0]]
    looked = 0
    # A reason of its own says more than one from afar.
    for hop in sorted(ways.hops, key=lambda hop: hop not in ways.own):
        if hop in ways.own:
            mine: Sequence[Zero] = [of_hop(recording, hop)._replace(ways=ways.terms)]
        else:
            mine = [*told[hop.target].found] if hop.target in told else []
        looked += bool(mine)
        for zero in {one.reason: one for one in reversed(mine)}.values():
            kept = next((one for one in found if one.reason is zero.reason), zero)
            found[kept] = found.get(kept, 0) + 1
    # Some ways may lead nowhere, as what an index leaves out: the others tell more.
    leads = {zero: n for zero, n in found.items() if zero.reason is not ZeroReason.NO_PATH}
    nowhere = sum(n for zero, n in found.items() if zero.reason is ZeroReason.NO_PATH)
    if not leads:
        return Zeros({Zero(ZeroReason.NO_PATH, element, None, 0): 0}, 0)
    return Zeros(leads, looked - nowhere)


def _is_zero(recording: Recording, element: Element) -> bool:
    return recording.trace.grad[element.value] is not None and recording.trace.derivative(element) == 0


def _cancels(recording: Recording, element: Element, count: int) -> bool:
    """Whether only the sum of the terms is 0, and not every single one."""
    if count < 2:
        return False
    segments = gradient_segments(recording.trace, recording.graph.values[element.value], element.flat)
    return any(contribution.any() for segment in segments for *_, contribution in segment.pieces())


def of_hop(recording: Recording, hop: Hop) -> Zero:
    """Why a product is 0 although something arrives at the hop's target."""
    return Zero(_of_hop(recording, hop), hop.source, hop, 1, hop.node)


def _of_hop(recording: Recording, hop: Hop) -> ZeroReason:
    node = recording.graph.nodes[hop.node]
    if hop.local != 0:
        return ZeroReason.UNDERFLOW
    if hop.factor is not None:
        parameter = recording.graph.values[hop.factor.value].role is Role.PARAMETER
        return ZeroReason.WEIGHT_ZERO if parameter else ZeroReason.INPUT_ZERO
    if isinstance(node.op, Masked) and node.op.masking:
        return ZeroReason.MASKED
    if isinstance(node.op, Rowwise) and node.op.shares and _masked(recording, hop):
        return ZeroReason.MASKED
    if node.op.gated:
        return ZeroReason.GATE_SHUT
    if isinstance(node.op, Rowwise):
        alone = recording.trace.row(node, hop.slot, hop.target.flat).grid.size == 1
        if node.op.reduced and not node.op.shares:
            return ZeroReason.FLAT
        return ZeroReason.CONSTANT if alone else ZeroReason.UNDERFLOW
    if isinstance(node.op, PairLoss) and _fits(recording, hop):
        return ZeroReason.FITS
    if isinf(recording.trace.number(hop.source)):
        return ZeroReason.BY_INFINITY
    return ZeroReason.UNDERFLOW if _rounded(recording, hop) else ZeroReason.FLAT


def _masked(recording: Recording, hop: Hop) -> bool:
    """Whether a score is masked, or is the only one of its row that is not: then there is nothing to choose."""
    mask = masks.masked(recording).get(hop.source.value)
    if mask is None:
        return False
    node = recording.graph.nodes[hop.node]
    grid = recording.trace.row(node, hop.slot, hop.target.flat).grid
    row = mask.take(grid.take(0, grid.size))
    return bool(mask.item(hop.source.flat) or np.count_nonzero(~row) == 1 or mask.item(hop.target.flat))


def _fits(recording: Recording, hop: Hop) -> bool:
    """Whether a prediction is exactly what it should be."""
    node = recording.graph.nodes[hop.node]
    term = term_of(recording.trace, node, hop.slot, hop.source.flat, hop.target.flat)
    y, t, *_ = numbers_at(recording.trace, node, hop.target.flat, term)
    return bool(y == t)


def _rounded(recording: Recording, hop: Hop) -> bool:
    """Whether the local gradient is 0 only because it is rounded to it, as far out on a sigmoid: then
    it still is a little further on, and the slope of a smooth function is not."""
    trace, node = recording.trace, recording.graph.nodes[hop.node]
    if not isinstance(node.op, Elementwise | Reduce):
        return False
    term = term_of(trace, node, hop.slot, hop.source.flat, hop.target.flat)
    xs = numbers_at(trace, node, hop.target.flat, term)
    here = xs[hop.slot]
    xs[hop.slot] = np.asarray(here * here.dtype.type(1.001))
    with np.errstate(all="ignore"):
        slope = node.op.local(hop.slot, node.op.forward(xs), xs)
    return bool(xs[hop.slot] != here and slope == 0 and not node.op.kink)
