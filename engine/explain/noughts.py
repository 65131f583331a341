"""Why a value is exactly 0: followed back through what only carries a 0 on to where it became one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import masks
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.moving import Masked
from gradstep.engine.ops.narrow import wide
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.reading import forward_segments, numbers_at
from gradstep.engine.run.recording import Recording


class Nought(NamedTuple):
    """`reason` holds at `element`, which is 0 and whose `node` (−1: it is given) has made it that; `by` is the input
    that it is because of, None where it is none alone. `carried` says that the number asked about is another one, to
    which this 0 only came along."""

    reason: ZeroReason
    element: Element
    node: int
    by: Element | None
    carried: bool


def nought(recording: Recording, element: Element) -> Nought | None:
    """Why a value is exactly 0; None where it is not."""
    if recording.trace.number(element) != 0:
        return None
    here = element
    while True:
        made = recording.graph.values[here.value].node
        if made < 0:
            return Nought(ZeroReason.GIVEN, here, made, None, here != element)
        reason, by = _here(recording, recording.graph.nodes[made], here.flat)
        if reason is not None or by is None:
            return Nought(reason or ZeroReason.FLAT, here, made, by, here != element)
        here = by


def _here(recording: Recording, node: Node, flat: int) -> tuple[ZeroReason | None, Element | None]:
    """Why an output is 0, and the input that it is because of; no reason where that is 0 itself and only carried on."""
    op = node.op
    if op.summed:
        return _of_sum(recording, node, flat)
    if isinstance(op, Elementwise):
        return _of_numbers(recording, node, flat)
    grid = recording.trace.row(node, 0, flat).grid
    if isinstance(op, Rowwise):
        return _of_group(recording, node, flat)
    if isinstance(op, Masked):
        return _moved(recording, [Element(node.inputs[0], flat)], ZeroReason.GATE_SHUT)
    if op.reduces:
        return ZeroReason.FITS, None
    found = [
        Element(value, int(at))
        for slot, value in enumerate(node.inputs)
        for at in recording.trace.row(node, slot, flat).grid.take(0, 1 if grid.size > 1 else 2)
    ]
    return _moved(recording, found, ZeroReason.FLAT)


def _moved(
    recording: Recording, sources: Sequence[Element], otherwise: ZeroReason
) -> tuple[ZeroReason | None, Element | None]:
    """Of what is moved, its source, if that is 0."""
    zero = next((one for one in sources if recording.trace.number(one) == 0), None)
    return (otherwise, sources[0] if sources else None) if zero is None else (None, zero)


def _of_sum(recording: Recording, node: Node, flat: int) -> tuple[ZeroReason | None, Element | None]:
    segments = forward_segments(recording.trace, node, flat)
    if any(contribution.any() for segment in segments for *_, contribution in segment.pieces()):
        return ZeroReason.CANCELLED, None
    segment = next((segment for segment in segments if segment.count), None)
    if segment is None:
        return ZeroReason.FLAT, None
    factors = [segment.target(0)]
    if segment.factor is not None:
        factors.append(Element(segment.factor_value, int(segment.factor.take(0, 1)[0])))
    return _moved(recording, factors, ZeroReason.UNDERFLOW)


def _of_numbers(recording: Recording, node: Node, flat: int) -> tuple[ZeroReason | None, Element | None]:
    """Of a function of single numbers."""
    trace, op = recording.trace, node.op
    places = [Element(v, int(grid.take(0, 1)[0])) for v, grid in zip(node.inputs, trace.rows(node, flat), strict=True)]
    xs = [trace.number(place) for place in places]
    if op.gated:
        chosen = [k for k in range(len(xs)) if trace.row(node, k, flat).local(0, 1)[0] != 0]
        by = places[chosen[0]] if chosen and len(xs) > 1 else None
        literal = by is not None and recording.graph.values[by.value].role is Role.LITERAL
        return (None, by) if by is not None and not literal else (ZeroReason.GATE_SHUT, places[0])
    if op.name == "divide" and xs[0] != 0:
        infinite = np.isinf(xs[1])
        return (ZeroReason.BY_INFINITY, places[1]) if infinite else (ZeroReason.UNDERFLOW, places[0])
    if op.discrete and not op.agreed:
        return ZeroReason.FLAT, None
    zero = next((place for place, x in zip(places, xs, strict=True) if x == 0), None)
    if zero is not None and op.name != "log":
        return None, zero
    infinite_one = next((place for place, x in zip(places, xs, strict=True) if np.isinf(x)), None)
    if infinite_one is not None:
        return ZeroReason.BY_INFINITY, infinite_one
    return (ZeroReason.UNDERFLOW if _rounds(recording, node, flat) else ZeroReason.FLAT), places[0]


def _rounds(recording: Recording, node: Node, flat: int) -> bool:
    """Whether a function that is 0 would not be with more digits."""
    wider = np.float64 if recording.graph.dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"):
        exact = wide(node.op).forward([x.astype(wider) for x in numbers_at(recording.trace, node, flat)])
    return bool(exact != 0) or node.op.positive or node.op.name in ("multiply", "cast")


def _of_group(recording: Recording, node: Node, flat: int) -> tuple[ZeroReason | None, Element | None]:
    """Of an operation within groups."""
    grid = recording.trace.row(node, 0, flat).grid
    if node.op.shares and node.op.name == "softmax":
        score = Element(node.inputs[0], flat)
        mask = masks.masked(recording).get(score.value)
        masked = mask is not None and bool(mask.item(flat))
        return ZeroReason.MASKED if masked else ZeroReason.UNDERFLOW, score
    reduced = isinstance(node.op, Rowwise) and node.op.reduced
    if grid.size == 1 and (node.op.centres or not reduced):
        return ZeroReason.CONSTANT, None
    if reduced and not node.op.centres:
        sources = [Element(node.inputs[0], int(at)) for at in grid.take(0, grid.size)]
        return _moved(recording, sources, ZeroReason.FLAT)
    return (ZeroReason.CANCELLED if node.op.centres else ZeroReason.FLAT), None
