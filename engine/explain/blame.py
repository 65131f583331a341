"""Why a gradient is what it is: followed hop by hop to the loss, each time along the strongest term.

Where the chain shrinks, grows, stops or ceases to be a number stands out as its worst link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import isfinite, log, nan
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import CommandError
from gradstep.engine.explain import nonfinite, remarks, zeros
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against, against_zero
from gradstep.engine.explain.formula import relation
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, Stale, number, plain
from gradstep.engine.run import flow
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import stales
from gradstep.engine.run.terms import Segment, total
from gradstep.engine.run.timeline import Phase


class Link(NamedTuple):
    """One hop of the chain, from `source` to `target` one nearer to the loss; or a run of so many
    `hops` through which the gradient passes unchanged.

    `upstream` = ∂L/∂target, times `local` = ∂target/∂source, is `product`: what comes this way. At the
    source it is one of 1 + `others` terms, and `share` is its part of their sum, the sign kept: NaN
    where the sum is 0 or not finite.
    """

    source: Element
    target: Element
    hops: int
    upstream: float
    local: float
    product: float
    others: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Blame:
    """How the `gradient` of an `element` came about: the `chain` from it to the loss, empty where no
    path leads there and for the loss itself.

    `worst` is the number of the link that has changed the gradient most: where it stops being finite
    or becomes exactly 0; else where it shrinks or grows most for good on its way from what the loss compares, the first
    of equal ones. None where it passes unchanged all the way. `reason` says why the gradient is exactly 0 or not
    finite, and `hint` what to try; both are empty where it is neither.
    """

    recording: Recording
    element: Element
    gradient: float
    chain: tuple[Link, ...]
    worst: int | None
    reason: str
    hint: str

    @property
    def stops(self) -> int | None:
        """The value that is computed where the gradient becomes 0; None where it does not, or parts cancel."""
        zero = zeros.reason(self.recording, self.element)
        return None if zero is None or zero.hop is None else zero.hop.target.value

    def links(self) -> Iterator[str]:
        """A text for each link of the chain."""
        board = self.recording.board
        for k, link in enumerate(self.chain):
            up, local, product = (number(v, signed=True) for v in (link.upstream, link.local, link.product))
            equals = relation((link.upstream, link.local), link.product, Digits.MATH)
            text = f"{board.gradient(*link.source)} ← {board.gradient(*link.target)} {up} × {local} {equals} {product}"
            text += f", the largest of {link.others + 1} ways" if link.others else ""
            text += f", {link.hops} hops with local gradient 1" if link.hops > 1 else ""
            made = self.recording.graph.values[link.target.value].node
            if link.hops == 1 and self.recording.graph.nodes[made].op.opaque:
                text += ", recorded and not explained"
            if isinstance(link.product, Stale):
                text += ", stale"
            yield text + (f"   ◂ {self._change(k)}" if k == self.worst else "")

    def _change(self, number_of: int) -> str:
        """What the worst link, by its number, does to the gradient."""
        link = self.chain[number_of]
        mine = self.chain[number_of - 1].upstream if number_of else self.gradient
        if not isfinite(mine):
            return "here it stops being finite"
        if mine == 0:
            return "here the ways cancel" if link.product else "here it becomes 0"
        return f"here it {'shrinks' if abs(link.local) < 1 else 'grows'} most"

    def lines(self) -> Iterator[str]:
        """For people: the gradient, each link, and the reason of what is 0 or not finite."""
        yield f"{self.recording.board.gradient(*self.element)} = {number(self.gradient, signed=True)}"
        yield from (f"  {text}" for text in self.links())
        if self.reason:
            yield f"  {self.reason}"
            yield f"  try: {self.hint}"

    def document(self) -> dict[str, Any]:
        """For programs: plain data, as JSON has it."""
        chain = [
            {
                "name": self.recording.typed(link.source, Phase.BACKWARD),
                "upstream": plain(link.upstream),
                "local": plain(link.local),
                "product": plain(link.product),
                "others": link.others,
                "hops": link.hops,
                "worst": k == self.worst,
                **({"stale": True} if isinstance(link.product, Stale) else {}),
            }
            for k, link in enumerate(self.chain)
        ]
        return {"chain": chain, "reason": self.reason or None, "hint": self.hint or None}


def why(recording: Recording, element: Element) -> Blame:
    """The blame chain of ∂L/∂element.

    Of several terms the one with the largest |contribution| is followed, NaN being the largest of all
    and the first of equal ones taken. Where all are 0 that is the first at which something arrives,
    which is the place where the gradient became 0.

    A chain has no more hops than the graph has nodes in a row, and a hop reads the terms of one sum.
    Raises CommandError where no gradient is computed for the element.
    """
    if recording.trace.grad[element.value] is None:
        name = recording.board.element(*element)
        if recording.graph.values[element.value].frozen:
            raise CommandError(f"'{name}' has no gradient: it is frozen (requires_grad = false)")
        raise CommandError(f"'{name}' has no gradient; ask about a parameter, or what the loss is computed from")
    gradient = at = recording.trace.derivative(element)
    here = element
    links: list[Link] = []
    while (link := _link(recording, here, at)) is not None:
        here, at = link.target, link.upstream
        if links and links[-1].local == link.local == 1 and not link.others:
            run = links.pop()
            link = run._replace(target=here, hops=run.hops + 1, upstream=at)
        links.append(link)
    worst = _worst(recording, gradient, links)
    return Blame(recording, element, gradient, tuple(links), worst, *_reason(recording, element))


def _reason(recording: Recording, element: Element) -> tuple[str, str]:
    """Why a gradient is exactly 0 or not finite, and what to try; empty where it is neither."""
    zero = zeros.settled(recording, element)
    if zero is not None:
        return remarks.zero_reason(recording, element) or "", against_zero(recording, zero)
    step = recording.timeline.step_of(Phase.BACKWARD, *element)
    trouble = None if step is None else nonfinite.at(recording, step)
    if trouble is None:
        return "", ""
    told = account(recording, trouble)
    return remarks.told(told), against(told)


def _link(recording: Recording, source: Element, gradient: float) -> Link | None:
    """The strongest term of ∂L/∂source, which is `gradient`; None where there is none, as at the loss."""
    segments = gradient_segments(recording.trace, recording.graph.values[source.value], source.flat)
    best = _largest(segments, lambda upstream, contribution: np.abs(contribution))
    best = best or _largest(segments, lambda upstream, contribution: upstream != 0)
    best = best or _first_alive(recording, segments)
    if best is None:
        return None
    segment, at = best
    upstream, local, contribution = segment.read(at, at + 1)
    assert upstream is not None, "a gradient's terms are products"
    assert local is not None, "a gradient's terms are products"
    (target,) = _targets(segment, at, at + 1)
    marks = stales(recording.trace, segment, True)
    up, slope, product = marks.mark(float(upstream[0]), float(local[0]), float(contribution[0]))
    share = product / gradient if gradient and isfinite(gradient) else nan
    return Link(source, target, 1, up, slope, product, total(segments) - 1, share)


def _targets(segment: Segment, start: int, stop: int) -> list[Element]:
    return [Element(segment.via_value, flat) for flat in segment.via.take(start, stop).tolist()]


def _largest(segments: tuple[Segment, ...], measure: Callable[[Array, Array], Array]) -> tuple[Segment, int] | None:
    """The first of all terms with the largest `measure` of its upstream and its contribution, NaN
    being the largest: its segment and its number there. None where all are 0."""
    best, most = None, 0.0
    for segment in segments:
        for start, upstream, _, contribution in segment.pieces():
            assert upstream is not None, "a gradient's terms are products"
            measured = measure(upstream, contribution)
            at = int(measured.argmax())  # the first NaN, if there is one
            size = float(measured[at])
            if size != size:
                return segment, start + at
            if size > most:
                best, most = (segment, start + at), size
    return best


def _first_alive(recording: Recording, segments: tuple[Segment, ...]) -> tuple[Segment, int] | None:
    """The first term that comes from the loss at all: some elements lead nowhere, as what is left
    out by an index. Asked only where nothing arrives."""
    dead: set[Element] = set()
    for segment in segments:
        for at in range(segment.count):
            if not _is_dead(recording, _targets(segment, at, at + 1), dead):
                return segment, at
    return None


def _is_dead(recording: Recording, front: list[Element], dead: set[Element]) -> bool:
    """Whether no path to the loss begins at the elements in `front`. If so, all there is behind them is
    put into `dead`."""
    trace = recording.trace
    while front:
        here = front.pop()
        if trace.derivative(here) != 0:  # as that of the loss, which is 1
            return False
        if here not in dead:
            dead.add(here)
            for segment in gradient_segments(trace, trace.graph.values[here.value], here.flat):
                front += _targets(segment, 0, segment.count)
    return True


def _worst(recording: Recording, gradient: float, links: list[Link]) -> int | None:
    gradients = [gradient, *(link.upstream for link in links)]
    for breaks in (lambda value: not isfinite(value), lambda value: value == 0):
        for k, (mine, upstream) in enumerate(pairwise(gradients)):
            if breaks(mine) and not breaks(upstream):
                return k
    return _changes_most(recording, links)


def _changes_most(recording: Recording, links: list[Link]) -> int | None:
    """The link that does most of what is left of all of them for good, without those of the loss itself: with its slope
    every gradient begins, however far off its targets are."""
    mine = links[: len(links) - _of_the_loss(recording, links)]
    if not mine or not all(link.local and isfinite(link.local) for link in mine):
        return None
    logs = [*accumulate((log(abs(link.local)) for link in reversed(mine)), initial=0.0)][::-1]
    changes = [abs(near - far) for far, near in pairwise(flow.lasting(logs))]
    most = max(changes)
    return changes.index(most) if most > _ROUNDING else None


#: Logarithms of local gradients add up to 0 but for so much, where these take one another back.
_ROUNDING = 1e-9


def _of_the_loss(recording: Recording, links: list[Link]) -> int:
    """How many of the last links of a chain are the loss's own: those of its line, without what of the network is
    written there."""
    graph, stations = recording.graph, recording.board.depth.stations
    line, output = graph.nodes[graph.loss.node].line, max(stations[-1:], default=-1)
    targets = (graph.values[link.target.value] for link in links)
    return sum(graph.nodes[value.node].line == line and value.id > output for value in targets)
