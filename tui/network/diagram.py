"""The network as boxes and edges, without a place on the screen yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import isfinite
from typing import NamedTuple

from gradstep.engine.graph import Element, Layer, Node, Role
from gradstep.engine.ops import Linear
from gradstep.engine.run import Recording, remembered

#: A network of up to this many boxes is drawn box by box.
MOST_UNITS = 64


class Unit(NamedTuple):
    """A box: one element of a layer's output. `pre` is the sum before its activation, `bias` the
    bias in it, each −1 where there is none."""

    number: int
    layer: int
    value: int
    flat: int
    pre: int
    bias: int
    column: int

    @property
    def element(self) -> Element:
        return Element(self.value, self.flat)


class Edge(NamedTuple):
    """`source` feeds `target`. `weight` is the element that scales it, None where none does;
    `local` the derivative along it, `flow` the part of ∂L/∂source that comes this way (None where
    the backward pass does not go)."""

    number: int
    source: int
    target: int
    weight: Element | None
    local: float
    flow: float | None


class Diagram:
    """Units in columns by depth, and the edges between them."""

    def __init__(self, recording: Recording, sample: int | None) -> None:
        self.recording = recording
        #: The samples it shows; boxes hold the elements of the first of them.
        self.samples = range(recording.samples.count) if sample is None else range(sample, sample + 1)
        self.everything = sample is None
        self.graph = recording.graph
        board = recording.board
        self.loss = self.graph.loss.id
        #: Inputs that only the loss looks at are written into its box.
        self.targets = tuple(
            v.id
            for v in self.graph.values
            if v.role is Role.INPUT and {self.graph.nodes[n].output for n, _ in self.graph.uses[v.id]} == {self.loss}
        )
        self.layers = tuple(layer for layer in board.layers if layer.output not in self.targets)
        self.size = sum(recording.samples.elements(layer.output, 0).size for layer in self.layers)

    @property
    def drawable(self) -> bool:
        return self.size <= MOST_UNITS

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """The column of each layer: one more than the deepest that feeds it; what is given stands
        right before its first use."""
        at = {layer.output: k for k, layer in enumerate(self.layers)}
        depth = [0] * len(self.layers)
        fed: dict[int, list[int]] = {}
        for k, layer in enumerate(self.layers):
            sources = [at[v] for v in self._sources(layer) if v in at]
            for s in sources:
                fed.setdefault(s, []).append(k)
            if layer.node >= 0:
                depth[k] = 1 + max((depth[s] for s in sources), default=0)
        for k, layer in enumerate(self.layers):
            if layer.node < 0 and k in fed:
                depth[k] = min(depth[t] for t in fed[k]) - 1
        used = {d: n for n, d in enumerate(sorted(set(depth)))}
        return tuple(used[d] for d in depth)

    def _sources(self, layer: Layer) -> Iterator[int]:
        if layer.node >= 0:
            for value in self.graph.nodes[layer.node].inputs:
                if value not in (layer.weight, layer.bias):
                    yield value

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        found: list[Unit] = []
        for k, layer in enumerate(self.layers):
            for flat in self._flats(layer.output):
                found.append(Unit(len(found), k, layer.output, flat, layer.pre, layer.bias, self.depths[k]))
        return tuple(found)

    def _flats(self, value: int) -> list[int]:
        """The elements of a value that have a box."""
        grid = self.recording.samples.elements(value, self.samples[0])
        flats: list[int] = grid.take(0, grid.size).tolist()
        return flats

    def shown(self, element: Element) -> Element:
        """The element that stands for one of another sample."""
        return Element(element.value, self.recording.samples.moved(*element, self.samples[0]))

    def name(self, element: Element) -> str:
        """What its box is called: h[2,1], or where all samples are shown h[:,1]."""
        axis = self.recording.samples.axis(element.value) if self.everything else None
        board = self.recording.board
        return board.element(*element) if axis is None else board.across(*element, axis)

    @cached_property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """The units of each column, top to bottom."""
        found: list[list[int]] = [[] for _ in range(max(self.depths, default=-1) + 1)]
        for unit in self.units:
            found[unit.column].append(unit.number)
        return tuple(map(tuple, found))

    @cached_property
    def unit_of(self) -> dict[Element, int]:
        """The box in which an element of a value is shown."""
        found = {}
        for unit in self.units:
            found[unit.element] = unit.number
            if unit.pre >= 0:
                found[Element(unit.pre, unit.flat)] = unit.number
        return found

    def home(self, element: Element | None) -> int | None:
        """The box an element belongs to: its own, or for a weight or bias the one it feeds."""
        if element is None:
            return None
        element = self.shown(element)
        if element in self.unit_of:
            return self.unit_of[element]
        layer = self.recording.board.layer_of.get(element.value)
        if layer is None or element.value not in (layer.weight, layer.bias):
            return self.unit_of.get(Element(self.loss, 0)) if element.value in self.targets else None
        shape = self.graph.values[element.value].shape
        row = element.flat // (shape[1] if len(shape) == 2 else 1)
        flats = self._flats(layer.output)
        return self.unit_of.get(Element(layer.output, flats[row])) if row < len(flats) else None

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        trace = self.recording.trace
        found: list[Edge] = []
        for unit in self.units:
            layer = self.layers[unit.layer]
            if layer.node < 0:
                continue
            node = self.graph.nodes[layer.node]
            y, xs = trace.data[node.output], trace.inputs(node)
            grad = trace.grad[node.output]
            for slot, value in enumerate(node.inputs):
                if value in (layer.weight, layer.bias) or self.graph.values[value].role is Role.LITERAL:
                    continue
                links = node.op.row(slot, unit.flat, y, xs)
                count = links.grid.size
                local = links.local(0, count)
                factor = None
                if isinstance(node.op, Linear) and layer.weight >= 0 and links.factor is not None:
                    factor = links.factor[1].take(0, count).tolist()
                for k, flat in enumerate(links.grid.take(0, count).tolist()):
                    source = self.unit_of.get(Element(value, flat))
                    if source is None:
                        continue
                    weight = None if factor is None else Element(layer.weight, factor[k])
                    flow = None
                    if trace.grad[value] is not None and grad is not None:
                        flow = float(local[k]) * grad.item(unit.flat)
                        flow += sum(self._flow(node, slot, unit, k, s) for s in self.samples[1:])
                    found.append(Edge(len(found), source, unit.number, weight, float(local[k]), flow))
        return tuple(found)

    def _flow(self, node: Node, slot: int, unit: Unit, link: int, sample: int) -> float:
        """What comes along an edge in another sample."""
        trace, flat = self.recording.trace, self.recording.samples.moved(node.output, unit.flat, sample)
        if flat == unit.flat:
            return 0.0
        grad = trace.gradient(node.output)
        links = node.op.row(slot, flat, trace.data[node.output], trace.inputs(node))
        return float(links.local(link, link + 1)[0]) * float(grad.item(flat))

    @cached_property
    def largest_weight(self) -> float:
        """The largest finite |weight| on an edge; 1 where there is none. Brightness is relative to it."""
        return max((abs(e.local) for e in self.edges if e.weight and isfinite(e.local)), default=1.0) or 1.0

    @cached_property
    def largest_flow(self) -> float:
        """The largest finite |gradient| along an edge, likewise."""
        return max((abs(e.flow) for e in self.edges if e.flow is not None and isfinite(e.flow)), default=1.0) or 1.0

    @cached_property
    def incoming(self) -> tuple[tuple[int, ...], ...]:
        """The edges that end at each unit, from top to bottom of their sources."""
        found: list[list[int]] = [[] for _ in self.units]
        for edge in self.edges:
            found[edge.target].append(edge.number)
        return tuple(map(tuple, found))

    @cached_property
    def between(self) -> dict[tuple[int, int], int]:
        """The edge from one unit to another."""
        return {(e.source, e.target): e.number for e in self.edges}

    def neighbour(self, start: int | None, direction: str) -> int:
        """The unit beside `start`: within its column, or in the next one at about the same height."""
        if start is None:
            return 0
        unit = self.units[start]
        column = self.columns[unit.column]
        row = column.index(start)
        if direction in ("up", "down"):
            return column[min(max(row + (1 if direction == "down" else -1), 0), len(column) - 1)]
        beside = unit.column + (1 if direction == "right" else -1)
        if not 0 <= beside < len(self.columns):
            return start
        other = self.columns[beside]
        return other[round((row + 0.5) / len(column) * len(other) - 0.5)]


@remembered
def diagram(recording: Recording, sample: int | None) -> Diagram:
    """The diagram of one sample of a recording, or of all (None); made once."""
    return Diagram(recording, sample)
