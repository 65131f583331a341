"""All paths from an element to the loss: how many there are, and which are the strongest.

The gradient of an element is the sum, over all paths from it to the loss, of the product of the
local derivatives on the way (Bauer, Computational Graphs and Rounding Error, SIAM J. Numer. Anal.
11, 1974). A small network has thousands of paths and a deep one more than could ever be listed, so
both questions are answered from the loss backwards, for whole arrays at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import copysign, frexp, inf, isfinite, isnan, ldexp, nan
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.explain import path_sums
from gradstep.engine.explain.path_search import Search, ways_on
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import MINUS, Stale, counted, defined, number, percent, plain, said
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import marked


class PathFound(NamedTuple):
    """One path: the elements it leads `through`, its own and the loss included, and between each two
    of them the local derivative, in the same order: n + 1 elements, n `factors`.

    `product` is that of the factors, as float64 rounds it: 0 or ±∞ where it is too small or too large
    for one. `share` is product / gradient, its sign kept: shares of paths that pull the other way are
    negative, and all together add up to 1. It is NaN where the gradient is 0 or not finite.
    """

    through: tuple[Element, ...]
    factors: tuple[float, ...]
    product: float
    share: float


class SkipAndBlock(NamedTuple):
    """The parts of a gradient where a residual block begins: over its skip, and the other ways."""

    skip: float
    block: float


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """All paths from an `element` to the loss: how many (`count`), what they bring together (`total`, the
    gradient), some of the `strongest`, and where a residual block begins what its `skip` brings."""

    recording: Recording
    element: Element
    count: int
    total: float
    strongest: tuple[PathFound, ...]
    skip: SkipAndBlock | None

    def lines(self) -> Iterator[str]:
        """For people: how many there are, then a line a path."""
        board = self.recording.board
        together = number(self.total, signed=True)
        leads = f"{counted(self.count, 'path')} lead{'s' * (self.count == 1)}"
        yield f"{leads} from {board.element(*self.element)} to {board.loss}; together {together}"
        for path in self.strongest:
            through = " → ".join(board.element(*e) for e in path.through)
            factors = " × ".join(number(f, signed=True) for f in path.factors)
            share = "" if isnan(path.share) else f"   {_part(path.share)}"
            yield f"  {number(path.product, signed=True):>9}{share}  {through}   {factors}"
        if self.skip is not None:
            skip, block = (number(part, signed=True) for part in self.skip)
            yield f"  the skip brings {skip}, the block {block}"

    def document(self) -> dict[str, Any]:
        """For programs: plain data, as JSON has it."""
        paths = [
            {
                "through": [self.recording.typed(e) for e in path.through],
                "factors": plain(np.asarray(path.factors)),
                "product": plain(path.product),
                "share": defined(path.share),
                **({"stale": True} if isinstance(path.product, Stale) else {}),
            }
            for path in self.strongest
        ]
        stale = {"stale": True} if isinstance(self.total, Stale) else {}
        return {"count": self.count, "sum": plain(self.total), "paths": paths, **stale}


def paths_from(recording: Recording, element: Element, k: int = 5, go_on: GoOn | None = None) -> Paths:
    """What there is to say about all paths from an element, with the `k` strongest of them. Raises Interrupted."""
    skip, there = skip_and_block(recording, element), count(recording, element)
    return Paths(recording, element, there, total(recording, element), strongest(recording, element, k, go_on), skip)


def count(recording: Recording, element: Element) -> int:
    """How many paths lead from `element` to the loss. That of the loss itself is one of no hops.

    What is 0 only by its numbers, as behind a shut ReLU, is a path; where an operation does not
    connect two elements there is none.
    """
    counts = path_sums.counts(recording)
    return sum(
        int(counts(node.output).take(fed.grid.take(0, fed.grid.size)).sum())
        for node, fed in ways_on(recording.trace, element)
    ) + (element.value == recording.graph.loss.id)


def total(recording: Recording, element: Element) -> float:
    """∂L/∂element, the sum over all paths; also of an input, for which none is recorded."""
    if element.value not in recording.graph.active:
        return 0.0
    found = float(path_sums.gradients(recording)(element.value).item(element.flat))
    return marked(found, recording.trace.is_stale("grad", element))


def strongest(recording: Recording, element: Element, k: int, go_on: GoOn | None = None) -> tuple[PathFound, ...]:
    """The `k` paths from `element` with the largest |product|, strongest first; fewer if there are
    not so many.

    Products are compared as float64 with an exponent that has no bounds, multiplied from the loss
    on: 1e-400 is less than 1e-399. A NaN or infinite factor counts more than any finite number and a
    factor of 0 less: first come the paths with the most that are not finite, whatever else is on
    them; among those alike the ones with the fewest zeros; then the product of all other factors
    decides. Of equal ones the first is the one that turns off first, where they part, in the order
    of the terms of that element's gradient. Between two of them `go_on` is asked. Raises Interrupted.
    """
    if element.value not in recording.graph.active:
        return ()
    gradient = total(recording, element)
    search = Search(recording)
    found = []
    for rank in range(k):
        if go_on is not None and not go_on(rank / k):
            raise Interrupted
        way = search.path(element, rank)
        if way is None:
            break
        through, factors = way
        product = marked(_product(factors), any(isinstance(f, Stale) for f in factors))
        share = product / gradient if gradient and isfinite(gradient) else nan
        found.append(PathFound(through, factors, product, share))
    return tuple(found)


def skip_and_block(recording: Recording, element: Element) -> SkipAndBlock | None:
    """What ∂L/∂element gets over a skip and what by all other ways, where a residual block begins
    (He et al., Deep Residual Learning, CVPR 2016); None elsewhere.

    A skip is a use in a sum with a local derivative of exactly 1, where what is computed from the
    same value enters that sum as well. There must be one, and another use.
    """
    trace, uses = recording.trace, recording.graph.uses[element.value]
    parts = [trace.flow.get(use) for use in uses]
    onward = path_sums.onward(recording.graph, element.value) - {element.value}
    skips = [
        k
        for k, (node, fed) in enumerate(ways_on(trace, element))
        if fed.slot in node.op.summed
        and fed.factor is None
        and not onward.isdisjoint(node.inputs)
        and fed.grid.size
        and (fed.local(0, fed.grid.size) == 1).all()
    ]
    if len(skips) != 1 or any(part is None for part in parts):
        return None
    brought = [
        marked(part.item(element.flat), ("pass", node) in trace.stale)
        for (node, _), part in zip(uses, parts, strict=True)
        if part is not None
    ]
    skip = brought.pop(skips[0])
    return SkipAndBlock(skip, sum(brought))


def _part(share: float) -> str:
    """A share of a gradient: `24 %`, or `3.500 times` where others take most of it away again."""
    if abs(share) > 1 + 1e-9:
        return f"{said(share)} times"
    return f"{MINUS if share < 0 else ''}{percent(min(abs(share), 1.0))}"


def _product(factors: tuple[float, ...]) -> float:
    """The product from the last factor on, rounded to what a float can hold only at the end."""
    mantissa, exponent = 1.0, 0
    for factor in reversed(factors):
        part, more = frexp(factor)
        mantissa, carry = frexp(mantissa * part)
        exponent += more + carry
    try:
        return ldexp(mantissa, exponent)
    except OverflowError:
        return copysign(inf, mantissa)
