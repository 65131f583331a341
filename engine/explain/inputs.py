"""What one element is computed from: which elements feed it, what it weighs them with, and how much of
their gradient comes back through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array, Indices
from gradstep.engine.run.recording import Recording

#: A neuron of more weights has too many to look at together.
_WEIGHTS = 1 << 16
#: So many of the elements that one is computed from are a window; of more, the first.
_WINDOW = 1 << 14


class Source(NamedTuple):
    """Elements of the input `value`, in `slot` of its node, that feed one element: `flats`, and the `local`
    derivative of that element with respect to each. Where the derivative is an element of another input, `factor`
    says of which value, and which elements. Arrays of shape (n,)."""

    slot: int
    value: int
    flats: Indices
    local: Array
    factor: tuple[int, Indices] | None

    def elements(self) -> list[Element]:
        return [Element(self.value, flat) for flat in self.flats.tolist()]


def sources(recording: Recording, element: Element, limit: int | None = None) -> tuple[Source, ...]:
    """What feeds an element, an entry for each input of its node, with at most `limit` elements each; nothing where
    it is given."""
    node = _node(recording, element.value)
    if node is None:
        return ()
    found = []
    for slot, value in enumerate(node.inputs):
        links = recording.trace.row(node, slot, element.flat)
        count = links.grid.size if limit is None else min(links.grid.size, limit)
        factor = None
        if links.factor is not None:
            factor = node.inputs[links.factor[0]], links.factor[1].take(0, count)
        found.append(Source(slot, value, links.grid.take(0, count), links.local(0, count), factor))
    return tuple(found)


def flows(recording: Recording, element: Element, source: Source, samples: Sequence[int]) -> Array | None:
    """The part of ∂L/∂source that comes through an element, shape (n,); None where the backward pass does not go.

    It is upstream × local, summed over `samples`: `element` belongs to the first of them, and the same element of
    each other sample adds its own.
    """
    trace, node = recording.trace, _node(recording, element.value)
    if node is None or trace.grad[element.value] is None or trace.grad[source.value] is None:
        return None
    rest = np.zeros(source.local.shape)
    with np.errstate(all="ignore"):
        for sample in samples[1:]:
            flat = recording.samples.moved(element.value, element.flat, sample)
            if flat != element.flat:
                local = recording.trace.row(node, source.slot, flat).local(0, len(rest))
                rest += local.astype(float) * trace.derivative(Element(element.value, flat))
        return source.local.astype(float) * trace.derivative(element) + rest


def weights(recording: Recording, element: Element) -> Array | None:
    """What a neuron weighs its inputs with, shape (inputs,); None where it adds up nothing weighted, or more than can
    be looked at together."""
    node = _node(recording, element.value)
    if node is None or not node.op.summed or node.op.reduces:
        return None
    links = recording.trace.row(node, 0, element.flat)
    if links.factor is None or not 1 < links.grid.size <= _WEIGHTS:
        return None
    return links.local(0, links.grid.size)


def window(recording: Recording, element: Element, value: int) -> Indices | None:
    """Which elements of a value an element is directly computed from; None where it is not. Of a convolution it is
    the receptive field."""
    node = _node(recording, element.value)
    if node is None or value not in node.inputs:
        return None
    grid = recording.trace.row(node, node.inputs.index(value), element.flat).grid
    return grid.take(0, min(grid.size, _WINDOW))


def _node(recording: Recording, value: int) -> Node | None:
    made = recording.graph.values[value].node
    return recording.graph.nodes[made] if made >= 0 else None
