"""A small network as boxes and edges, without a place on the screen yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import isfinite
from typing import NamedTuple

from gradstep.engine.explain import flows, sources
from gradstep.engine.graph import Element, Layer, Role
from gradstep.engine.run import Recording
from gradstep.tui.kept import kept_of_network, kept_of_run
from gradstep.tui.network.plan import plan

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

    @property
    def entered(self) -> Element:
        """What the edges into it lead to: the sum in it, itself where it has none of its own."""
        return Element(self.pre if self.pre >= 0 else self.value, self.flat)


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


class Units(NamedTuple):
    """All boxes, those of each column from top to bottom, and the box in which an element is shown."""

    all: tuple[Unit, ...]
    columns: tuple[tuple[int, ...], ...]
    of: Mapping[Element, int]


class Edges(NamedTuple):
    """All edges; those that end at each box, from top to bottom of their sources; the edge from one box to another;
    and the largest finite |weight| and |gradient| along one, 1 where there is none: brightness is relative to them."""

    all: tuple[Edge, ...]
    incoming: tuple[tuple[int, ...], ...]
    between: Mapping[tuple[int, int], int]
    largest_weight: float
    largest_flow: float


class Diagram:
    """The boxes and edges of one sample, or of all (None): boxes hold the elements of the first of them."""

    def __init__(self, recording: Recording, sample: int | None) -> None:
        self.recording, self.graph, self.sample = recording, recording.graph, sample
        self.everything = sample is None
        self.loss = self.graph.loss.id
        self.layers, self.targets, self.depths = plan(recording)
        self.units, self.columns, self.unit_of = _units(recording, sample)

    @property
    def samples(self) -> range:
        """The samples that it shows."""
        return _samples(self.recording, self.sample)

    @cached_property
    def edges(self) -> Edges:
        return _edges(self.recording, self.sample)

    def shown(self, element: Element) -> Element:
        """The element that stands for one of another sample."""
        return Element(element.value, self.recording.samples.moved(*element, self.samples[0]))

    def layer(self, unit: Unit) -> Layer:
        return self.layers[unit.layer]

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
        flats = _flats(self.recording, layer.output, self.samples[0])
        return self.unit_of.get(Element(layer.output, flats[row])) if row < len(flats) else None

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


@kept_of_network
def drawable(recording: Recording) -> bool:
    """Whether a network is small enough to be drawn box by box."""
    count = 0
    for layer in plan(recording).layers:
        count += recording.samples.elements(layer.output, 0).size
        if count > MOST_UNITS:
            return False
    return True


@kept_of_network
def mapped(recording: Recording) -> bool:
    """Whether a network has arrays that are no mere column of units: two axes or more besides that of samples."""
    shapes = (recording.samples.shape(layer.output) for layer in plan(recording).layers)
    return any(sum(length > 1 for length in shape) > 1 for shape in shapes)


@kept_of_network
def _units(recording: Recording, sample: int | None) -> Units:
    found: list[Unit] = []
    whole, first = plan(recording), _samples(recording, sample)[0]
    for k, layer in enumerate(whole.layers):
        for flat in _flats(recording, layer.output, first):
            found.append(Unit(len(found), k, layer.output, flat, layer.pre, layer.bias, whole.depths[k]))
    columns: list[list[int]] = [[] for _ in range(max(whole.depths, default=-1) + 1)]
    of = {}
    for unit in found:
        columns[unit.column].append(unit.number)
        of[unit.element] = of[unit.entered] = unit.number
    return Units(tuple(found), tuple(map(tuple, columns)), of)


def _samples(recording: Recording, sample: int | None) -> range:
    return range(recording.samples.count) if sample is None else range(sample, sample + 1)


def _flats(recording: Recording, value: int, sample: int) -> list[int]:
    """The elements of a value that have a box."""
    grid = recording.samples.elements(value, sample)
    flats: list[int] = grid.take(0, grid.size).tolist()
    return flats


@kept_of_run
def _edges(recording: Recording, sample: int | None) -> Edges:
    units, _, _ = _units(recording, sample)
    found = tuple(_numbered(recording, sample))
    incoming: list[list[int]] = [[] for _ in units]
    for edge in found:
        incoming[edge.target].append(edge.number)
    weights = [abs(e.local) for e in found if e.weight and isfinite(e.local)]
    gradients = [abs(e.flow) for e in found if e.flow is not None and isfinite(e.flow)]
    return Edges(
        found,
        tuple(map(tuple, incoming)),
        {(e.source, e.target): e.number for e in found},
        max(weights, default=1.0) or 1.0,
        max(gradients, default=1.0) or 1.0,
    )


def _numbered(recording: Recording, sample: int | None) -> Iterator[Edge]:
    """The edges into each unit; weights and biases are no sources of edges, but scale them."""
    graph, layers, samples = recording.graph, plan(recording).layers, _samples(recording, sample)
    units, _, unit_of = _units(recording, sample)
    number = 0
    for unit in units:
        layer = layers[unit.layer]
        for source in sources(recording, unit.entered):
            if source.value in (layer.weight, layer.bias) or graph.values[source.value].role is Role.LITERAL:
                continue
            weight = None
            if source.factor is not None and source.factor[0] == layer.weight:
                weight = source.factor[1].tolist()
            flow = flows(recording, unit.entered, source, samples)
            for k, element in enumerate(source.elements()):
                start = unit_of.get(element)
                if start is not None:
                    yield Edge(
                        number,
                        start,
                        unit.number,
                        None if weight is None else Element(layer.weight, weight[k]),
                        float(source.local[k]),
                        None if flow is None else float(flow[k]),
                    )
                    number += 1
