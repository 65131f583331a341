"""The strongest paths from an element to the loss, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain.path_sizes import ONE, size, sizes, times
from gradstep.engine.explain.path_sums import Backward
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array
from gradstep.engine.ops.links import Links
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import is_local_stale, marked
from gradstep.engine.run.trace import Trace


def ways_on(trace: Trace, element: Element) -> Iterator[tuple[Node, Links]]:
    """Whom an element feeds, use by use."""
    for number, slot in trace.graph.uses[element.value]:
        node = trace.graph.nodes[number]
        yield node, trace.column(node, slot, element.flat)


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

    def __init__(self, trace: Trace, element: Element, sizes: Backward) -> None:
        self.found: list[_Found] = []
        self.done = False
        if element.value == trace.graph.loss.id:
            self.found, self.done = [_Found(ONE, 0, 0)], True
            return
        values, flats, locals_, onward, stale = [], [], [], [], []
        for node, links in ways_on(trace, element):
            n = links.grid.size
            factor = -1 if links.factor is None else node.inputs[links.factor[0]]
            stale.append(np.full(n, bool(trace.stale) and is_local_stale(trace, node, links.slot, factor)))
            values.append(np.full(n, node.output))
            flats.append(links.grid.take(0, n))
            locals_.append(links.local(0, n))
            onward.append(sizes(node.output).take(flats[-1]))
        self._values, self._flats = np.concatenate(values), np.concatenate(flats)
        self.locals, self.stale = np.concatenate(locals_), np.concatenate(stale)
        self.sizes = size(self.locals)
        self._first = times(self.sizes, np.concatenate(onward))
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


class Search:
    """The strongest paths, one after the other, by the recursive enumeration of Jiménez and Marzal
    (Computing the K Shortest Paths, WAE 1999): the next path of an element needs at most the next
    one of one target, so k paths through n hops cost k·n steps however many there are. It begins
    with the sizes of all strongest paths, and recursion is a loop, as there may be thousands of hops.
    """

    def __init__(self, recording: Recording) -> None:
        self._trace = recording.trace
        self._sizes = sizes(recording)
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
            factors.append(marked(float(ways.locals[link]), bool(ways.stale[link])))
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
                ways.wait(times(ways.sizes[link], np.asarray(onward[rank + 1].size)), link, rank + 1)
        ways.find()
