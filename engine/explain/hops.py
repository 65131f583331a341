"""Where a gradient came from: hop by hop up to the loss.

A hop is one term of an element's gradient: the element it feeds, and the local derivative between
them. While every element on the way has only one such term, the product of the local derivatives
is the gradient: the chain rule, written out.
"""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.graph.element import Element
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.staleness import marked, stales
from gradstep.engine.run.terms import total

#: A chain longer than this starts at the gradient this many hops up.
LONGEST = 24
#: How many links a trail marks at most; beyond that the picture would be one thick blur anyway.
WIDEST = 160
#: Of so many elements the hops are kept.
_KEPT = 64


class Hop(NamedTuple):
    """`source` feeds `target`; `local` is ∂target/∂source, `contribution` the part of ∂L/∂source
    that came this way. `factor` is the element that supplies the local derivative, if one does."""

    source: Element
    target: Element
    node: int
    slot: int
    local: float
    contribution: float
    factor: Element | None = None


class Chain(NamedTuple):
    """names[k] × …: the product of `factors` is the gradient `product`."""

    names: tuple[str, ...]
    factors: tuple[float, ...]
    product: float


def hops(recording: Recording, element: Element, limit: int = WIDEST) -> tuple[int, tuple[Hop, ...]]:
    """How many terms ∂L/∂element has, and up to `limit` of them as hops. Found once for several who ask."""
    known = _known(recording)
    found = known.get((element, limit))
    if found is None:
        if len(known) >= _KEPT:
            known.clear()
        found = known[element, limit] = _hops(recording, element, limit)
    return found


@remembered
def _known(recording: Recording) -> dict[tuple[Element, int], tuple[int, tuple[Hop, ...]]]:
    """The hops that were found, by the element and how many were asked for."""
    return {}


def _hops(recording: Recording, element: Element, limit: int) -> tuple[int, tuple[Hop, ...]]:
    trace = recording.trace
    segments = gradient_segments(trace, trace.graph.values[element.value], element.flat)
    found: list[Hop] = []
    for segment in segments:
        count = min(segment.count, limit - len(found))
        if not count:
            continue  # a use that leaves this element out, or there are enough
        _, local, contribution = segment.read(0, count)
        assert local is not None, "a gradient's terms are products"
        via = segment.via.take(0, count)
        factor = segment.factor.take(0, count) if segment.factor is not None else None
        stale = stales(trace, segment, True)
        for k in range(count):
            found.append(
                Hop(
                    element,
                    Element(segment.via_value, int(via[k])),
                    segment.node,
                    segment.slot,
                    marked(float(local[k]), stale.local),
                    marked(float(contribution[k]), stale.contribution),
                    None if factor is None else Element(segment.factor_value, int(factor[k])),
                )
            )
    return total(segments), tuple(found)


def only_hops(recording: Recording, element: Element) -> list[Hop]:
    """The hops from `element` towards the loss for as long as there is just one way to go, and the gradient came it:
    one that was set by hand did not come."""
    found: list[Hop] = []
    while element.value != recording.graph.loss.id and len(found) < LONGEST and not recording.by_hand(element, "grad"):
        count, ways = hops(recording, element, 2)
        if count != 1:
            break
        found.append(ways[0])
        element = ways[0].target
    return found


def chain(recording: Recording, last: Hop) -> Chain:
    """The chain rule for the contribution of one hop: ∂L/∂y × ∂y/∂z₂ × w₂₂."""
    loss = recording.graph.loss.id
    way = [last, *only_hops(recording, last.target)]
    top = way[-1].target
    names, factors = [], []
    if top.value != loss:
        names.append(recording.board.gradient(*top))
        factors.append(recording.trace.derivative(top))
    for hop in reversed(way):
        names.append(slope_name(recording, hop))
        factors.append(hop.local)
    return Chain(tuple(names), tuple(factors), last.contribution)


def slope_name(recording: Recording, hop: Hop) -> str:
    """∂y/∂z₂, the local derivative of a hop as a fraction."""
    board = recording.board
    return f"∂{board.element(*hop.target)}/∂{board.element(*hop.source)}"


def trail(recording: Recording, element: Element) -> tuple[Hop, ...]:
    """All hops on all paths from `element` to the loss, as far as they can be shown; a gradient that was set by hand
    came none."""
    found: list[Hop] = []
    seen, front = {element}, [element]
    while front and len(found) < WIDEST:
        here = front.pop(0)
        if here.value == recording.graph.loss.id or recording.by_hand(here, "grad"):
            continue
        ways = hops(recording, here)[1][: WIDEST - len(found)]  # all of them, so that it is found once for every step
        found += ways
        for hop in ways:
            if hop.target not in seen:
                seen.add(hop.target)
                front.append(hop.target)
    return tuple(found)
