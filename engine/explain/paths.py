"""All paths from an element to the loss: how many there are, and which are the strongest.

The gradient of an element is the sum, over all paths from it to the loss, of the product of the
local derivatives on the way (Bauer, Computational Graphs and Rounding Error, SIAM J. Numer. Anal.
11, 1974). A small network has thousands of paths and a deep one more than could ever be listed, so
both questions are answered from the loss backwards, for whole arrays at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from heapq import heappop, heappush
from itertools import product as boxes
from math import copysign, frexp, inf, isfinite, ldexp, nan, prod
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array, Indices, Shape
from gradstep.engine.ops.op import Affine, Links, Masked, Move, Reduce
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.trace import Trace

#: So many links are looked at together.
_PIECE = 1 << 16


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


def count(recording: Recording, element: Element) -> int:
    """How many paths lead from `element` to the loss. That of the loss itself is one of no hops.

    What is 0 only by its numbers, as behind a shut ReLU, is a path; where an operation does not
    connect two elements there is none.
    """
    counts = _counts(recording.trace)
    return sum(
        int(counts(node.output).take(links.grid.take(0, links.grid.size)).sum())
        for node, links in _links(recording.trace, element)
    ) + (element.value == recording.graph.loss.id)


def total(recording: Recording, element: Element) -> float:
    """∂L/∂element, the sum over all paths; also of an input, for which none is recorded."""
    if element.value not in recording.graph.active:
        return 0.0
    return float(_gradients(recording.trace)(element.value).reshape(-1)[element.flat])


def strongest(recording: Recording, element: Element, k: int) -> tuple[PathFound, ...]:
    """The `k` paths from `element` with the largest |product|, strongest first; fewer if there are
    not so many.

    Products are compared as float64 with an exponent that has no bounds, multiplied from the loss
    on: 1e-400 is less than 1e-399. A NaN or infinite factor counts more than any finite number and a
    factor of 0 less: first come the paths with the most that are not finite, whatever else is on
    them; among those alike the ones with the fewest zeros; then the product of all other factors
    decides. Of equal ones the first is the one that turns off first, where they part, in the order
    of the terms of that element's gradient.
    """
    if element.value not in recording.graph.active:
        return ()
    gradient = total(recording, element)
    search = _Search(recording.trace)
    found = []
    for rank in range(k):
        way = search.path(element, rank)
        if way is None:
            break
        through, factors = way
        product = _product(factors)
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
    onward = _onward(recording.graph, element.value) - {element.value}
    skips = [
        number
        for number, (node, links) in enumerate(_links(trace, element))
        if links.slot in node.op.summed
        and links.factor is None
        and not onward.isdisjoint(node.inputs)
        and links.grid.size
        and (links.local(0, links.grid.size) == 1).all()
    ]
    if len(skips) != 1 or any(part is None for part in parts):
        return None
    brought = [part.item(element.flat) for part in parts if part is not None]
    skip = brought.pop(skips[0])
    return SkipAndBlock(skip, sum(brought))


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


# From the loss backwards --------------------------------------------------------------------------


def _links(trace: Trace, element: Element) -> Iterator[tuple[Node, Links]]:
    """Whom an element feeds, use by use."""
    for number, slot in trace.graph.uses[element.value]:
        node = trace.graph.nodes[number]
        xs = trace.inputs(node)
        yield node, node.op.column(slot, element.flat, trace.data[node.output], xs)


def _onward(graph: Graph, value: int) -> set[int]:
    """`value` and all that is computed from it on the way to the loss."""
    found = {value}
    for node in graph.nodes:
        if node.output in graph.active and not node.op.discrete and not found.isdisjoint(node.inputs):
            found.add(node.output)
    return found


class _Backward:
    """Arrays that go from the loss backwards as gradients do: `pull(node, slot, array of the output)`
    is what comes through one use, `join` puts several uses together. Kept once computed, and
    computed only for what lies between a value that is asked for and the loss.
    """

    def __init__(
        self,
        trace: Trace,
        known: dict[int, Array],
        pull: Callable[[Trace, Node, int, Array], Array],
        join: Callable[[Array, Array], Array],
    ) -> None:
        self._trace, self._known, self._pull, self._join = trace, known, pull, join
        self._dtype = known[trace.graph.loss.id].dtype

    def __call__(self, value: int) -> Array:
        """The array of a value on a path to the loss, in its shape and C-contiguous."""
        if value not in self._known:
            graph = self._trace.graph
            between = _onward(graph, value) - self._known.keys()
            for each in [*(n.output for n in reversed(graph.nodes) if n.output in between), value]:
                parts = (
                    self._pull(self._trace, graph.nodes[node], slot, self._known[graph.nodes[node].output])
                    for node, slot in graph.uses[each]
                )
                with np.errstate(all="ignore"):
                    joined = reduce(self._join, parts)
                # With its dtype, because NumPy makes scalars, and of small ones machine integers, of
                # results without axes.
                self._known[each] = np.asarray(joined, dtype=self._dtype, order="C")
        return self._known[value]


@lru_cache(maxsize=2)
def _gradients(trace: Trace) -> _Backward:
    """Gradients, also of what the backward pass leaves out."""
    known = {value: grad for value, grad in enumerate(trace.grad) if grad is not None}

    def pull(trace: Trace, node: Node, slot: int, g: Array) -> Array:
        return node.op.vjp(slot, g, trace.data[node.output], trace.inputs(node))

    return _Backward(trace, known, pull, np.add)


def _seen(array: Array, extent: Shape, strides: Shape) -> Array:
    """A contiguous array as it is seen, through `strides` in elements, from a box of points."""
    return np.lib.stride_tricks.as_strided(array, extent, [s * array.itemsize for s in strides])


def _rows(trace: Trace, node: Node, slot: int) -> Iterator[tuple[int, Links]]:
    """The links of a node, output by output, for the operations that are no box of points."""
    y, xs = trace.data[node.output], trace.inputs(node)
    for at in range(y.size):
        yield at, node.op.row(slot, at, y, xs)


# How many ------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def _counts(trace: Trace) -> _Backward:
    """The number of paths from each element, as Python's integers, which have no largest."""
    one = np.ones(trace.graph.loss.shape, dtype=object)
    return _Backward(trace, {trace.graph.loss.id: one}, _pull_counts, np.add)


def _pull_counts(trace: Trace, node: Node, slot: int, out: Array) -> Array:
    op, y, xs = node.op, trace.data[node.output], trace.inputs(node)
    if isinstance(op, Move):
        return op.vjp(slot, out, y, xs)
    if isinstance(op, Masked):
        return out
    found = np.zeros(xs[slot].shape, dtype=object)
    if not isinstance(op, Affine):
        for at, links in _rows(trace, node, slot):
            found.reshape(-1)[links.grid.take(0, links.grid.size)] += out.reshape(-1)[at]
        return found
    # The points of a box that are one element of x differ along some axes: along those on which
    # the output varies its counts are added up, and along the others each is there several times.
    extent, operands, seen = op.space(slot, [x.shape for x in xs])
    mine = operands[slot]
    sums = out.reshape([n if s else 1 for n, s in zip(extent, seen, strict=True)])
    sums = sums.sum(axis=tuple(a for a, s in enumerate(mine) if not s), keepdims=True)
    several = prod(n for n, s, t in zip(extent, mine, seen, strict=True) if not s and not t)
    _seen(found, tuple(n if s else 1 for n, s in zip(extent, mine, strict=True)), mine)[...] = sums * several
    return found


# How strong ----------------------------------------------------------------------------------------

# The size of a product is one complex number, exponent + i·mantissa with 0.5 ≤ mantissa < 1, because
# NumPy orders complex numbers as needed here: by their real parts, equal ones by their imaginary parts.
# Multiplying keeps that order up to ties, so the largest product is made of the largest of what follows.

#: The exponents that a factor of 0 and one that is not finite count as. All exponents of a path of
#: 8,000 hops together do not make up for one 0, nor that many zeros for one NaN; and sums of that
#: many are still exact.
_ZERO, _NONFINITE = -(2.0**26), 2.0**40
_ONE = 1 + 0.5j
#: From where no path leads to the loss.
_NO_PATH = complex(-inf, 0)


def _size(local: Array) -> Array:
    size = np.abs(local).astype(np.float64)
    mantissa, exponent = np.frexp(size)
    odd, zero = ~np.isfinite(size), size == 0
    exponent = np.where(odd, _NONFINITE, np.where(zero, _ZERO, exponent))
    return np.asarray(exponent + 1j * np.where(odd | zero, 0.5, mantissa))


def _times(a: Array, b: Array) -> Array:
    mantissa = a.imag * b.imag
    low = mantissa < 0.5
    return np.asarray((a.real + b.real - low) + 1j * (mantissa * (1 + low)))


@lru_cache(maxsize=2)
def _sizes(trace: Trace) -> _Backward:
    """The size of the strongest path from each element."""
    one = np.full(trace.graph.loss.shape, _ONE)
    return _Backward(trace, {trace.graph.loss.id: one}, _pull_sizes, np.maximum)


def _pull_sizes(trace: Trace, node: Node, slot: int, out: Array) -> Array:
    op, y, xs = node.op, trace.data[node.output], trace.inputs(node)
    if isinstance(op, Move):
        moved = np.array(op.vjp(slot, out, y, xs))
        moved[moved.imag == 0] = _NO_PATH
        return moved
    if isinstance(op, Masked):
        return _times(_size(op.slopes_at(y.shape, y.dtype)), out)
    found = np.full(xs[slot].shape, _NO_PATH)
    if isinstance(op, Affine):
        _through_box(op, slot, y, xs, out, found)
    else:
        for at, source, local in _in_pieces(_rows(trace, node, slot)):
            np.maximum.at(found.reshape(-1), source, _times(_size(local), out.take(at)))
    return found


def _in_pieces(rows: Iterator[tuple[int, Links]]) -> Iterator[tuple[Indices, Indices, Array]]:
    """Links as arrays, many rows together: the output, the input, the local derivative."""
    ats, sources, locals_, size = [], [], [], 0
    for at, links in rows:
        n = links.grid.size
        ats.append(np.full(n, at))
        sources.append(links.grid.take(0, n))
        locals_.append(links.local(0, n))
        size += n
        if size >= _PIECE:
            yield np.concatenate(ats), np.concatenate(sources), np.concatenate(locals_)
            ats, sources, locals_, size = [], [], [], 0
    if size:
        yield np.concatenate(ats), np.concatenate(sources), np.concatenate(locals_)


def _through_box(op: Affine, slot: int, y: Array, xs: list[Array], out: Array, found: Array) -> None:
    """Raises `found` to the largest, over the points that see each element, of local × out."""
    extent, operands, seen = op.space(slot, [x.shape for x in xs])
    mine = operands[slot]
    outs, ys = _seen(out, extent, seen), _seen(y, extent, seen)
    read = [_seen(x, extent, s) for x, s in zip(xs, operands, strict=False)]
    into = _seen(found, extent, mine)
    taken = tuple(a for a, s in enumerate(mine) if not s)
    scale = op.scale(prod(extent) // max(y.size, 1)) if isinstance(op, Reduce) else 1.0
    for block in _blocks(extent):
        with np.errstate(all="ignore"):
            local = np.asarray(op.local(slot, ys[block], [x[block] for x in read]), dtype=y.dtype)
            local = local if scale == 1.0 else local * scale
            best = _times(_size(local), outs[block]).max(axis=taken, keepdims=True)
        here = tuple(slice(0, 1) if a in taken else s for a, s in enumerate(block))
        into[here] = np.maximum(into[here], best)


def _blocks(extent: Shape) -> Iterator[tuple[slice, ...]]:
    """A box cut into blocks of at most `_PIECE` points, each as long as possible on the last axes."""
    room, lengths = _PIECE, []
    for n in reversed(extent):
        lengths.append(max(min(n, room), 1))
        room //= lengths[-1]
    cuts = (
        [slice(at, min(at + length, n)) for at in range(0, n, length)]
        for n, length in zip(extent, reversed(lengths), strict=True)
    )
    return boxes(*cuts)


# Which ones ----------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """A path of an element: along link number `link` to its target, and from there on along that
    one's path number `rank`."""

    size: complex
    link: int
    rank: int


class _Ways:
    """The ways on from one element, link by link, and its strongest paths as far as they are found.

    `waiting` has, of every link that was opened, the best path over it that is not found yet; links
    are opened one at a time, the one with the strongest path first. `done` if there are no more.
    """

    def __init__(self, trace: Trace, element: Element, sizes: _Backward) -> None:
        self.found: list[_Found] = []
        self.done = False
        if element.value == trace.graph.loss.id:
            self.found, self.done = [_Found(_ONE, 0, 0)], True
            return
        values, flats, locals_, onward = [], [], [], []
        for node, links in _links(trace, element):
            n = links.grid.size
            values.append(np.full(n, node.output))
            flats.append(links.grid.take(0, n))
            locals_.append(links.local(0, n))
            onward.append(sizes(node.output).take(flats[-1]))
        self._values, self._flats = np.concatenate(values), np.concatenate(flats)
        self.locals = np.concatenate(locals_)
        self.sizes = _size(self.locals)
        self._first = _times(self.sizes, np.concatenate(onward))
        order = np.argsort(-self._first, kind="stable")
        self._closed = iter(order[self._first[order].imag > 0].tolist())
        self._waiting: list[tuple[float, float, int, int]] = []

    def target(self, link: int) -> Element:
        return Element(int(self._values[link]), int(self._flats[link]))

    def open(self) -> None:
        """Opens the next link, if there is one."""
        link = next(self._closed, None)
        if link is not None:
            self.wait(self._first[link], link, 0)

    def wait(self, size: Array, link: int, rank: int) -> None:
        heappush(self._waiting, (-float(size.real), -float(size.imag), link, rank))

    def find(self) -> None:
        """Takes the strongest of what is waiting."""
        if self._waiting:
            exponent, mantissa, link, rank = heappop(self._waiting)
            self.found.append(_Found(complex(-exponent, -mantissa), link, rank))
        else:
            self.done = True


class _Search:
    """The strongest paths, one after the other, by the recursive enumeration of Jiménez and Marzal
    (Computing the K Shortest Paths, WAE 1999): the next path of an element needs at most the next
    one of one target, so k paths through n hops cost k·n steps however many there are. It begins
    with the sizes of all strongest paths, and recursion is a loop, as there may be thousands of hops.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._sizes = _sizes(trace)
        self._ways: dict[Element, _Ways] = {}

    def path(self, element: Element, rank: int) -> tuple[tuple[Element, ...], tuple[float, ...]] | None:
        """Path number `rank` of `element`, those before having been asked for: its elements and its
        factors. None if there are not so many."""
        if rank >= len(self._of(element).found) and not self._of(element).done:
            self._advance(element)
        if rank >= len(self._of(element).found):
            return None
        through, factors = [element], []
        while element.value != self._trace.graph.loss.id:
            ways = self._of(element)
            _, link, rank = ways.found[rank]
            element = ways.target(link)
            through.append(element)
            factors.append(float(ways.locals[link]))
        return tuple(through), tuple(factors)

    def _of(self, element: Element) -> _Ways:
        if element not in self._ways:
            self._ways[element] = _Ways(self._trace, element, self._sizes)
        return self._ways[element]

    def _advance(self, element: Element) -> None:
        """Finds one more path of `element`, if there is one."""
        # What was found last leaves its link to the next path of that link's target, which must be
        # found before, and so on.
        chain = [element]
        while found := self._of(chain[-1]).found:
            target = self._of(chain[-1]).target(found[-1].link)
            onward = self._of(target)
            if onward.done or len(onward.found) > found[-1].rank + 1:
                break
            chain.append(target)
        for each in reversed(chain):
            self._next(each)
            # Every path that is found has one to go on with.
            while found := self._of(each).found:
                target = self._of(each).target(found[-1].link)
                if self._of(target).found:
                    break
                self._next(target)
                each = target

    def _next(self, element: Element) -> None:
        ways = self._of(element)
        if not ways.found:
            ways.open()
        else:
            _, link, rank = ways.found[-1]
            if rank == 0:
                ways.open()
            onward = self._of(ways.target(link)).found
            if len(onward) > rank + 1:
                ways.wait(_times(ways.sizes[link], np.asarray(onward[rank + 1].size)), link, rank + 1)
        ways.find()
