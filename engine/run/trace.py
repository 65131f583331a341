"""All numbers of one iteration, wherever they come from: `passes.run` computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array, Elements
from gradstep.engine.notation import Stale, as_typed, typed
from gradstep.engine.ops.links import Links


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """All numbers of one iteration. Indexed by value id; arrays are C-contiguous and read-only.

    `grad[v]` is None where the backward pass writes nothing. `flow` has, for a value with several
    uses, the part of its gradient that came through each (node, slot). `stale` are those that may be other numbers than
    they are here, because what an edit changes goes through an operation that is recorded and not explained: values
    and gradients by ("data", value id) and ("grad", value id), and what nodes passed on by ("pass", node id). Of those
    with a mask, of the value's shape, only where it is True: the others were set by hand, and are what they are.
    """

    graph: Graph
    data: Sequence[Array]
    grad: Sequence[Array | None]
    flow: Mapping[tuple[int, int], Array]
    stale: Mapping[tuple[str, int], Array | None] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        found = self.number(Element(self.graph.loss.id, 0))
        return found if isinstance(found, float) else float(found)

    def number(self, element: Element) -> float:
        """The value of an element; Stale where it is, and a truth or a whole number as such."""
        array = self.data[element.value]
        found = array.item(element.flat)
        if self.stale and self.is_stale("data", element):
            return Stale(found)
        kind = self.graph.values[element.value].kind or ("" if array.dtype.kind == "f" else "int64")
        shown: float = typed(found, kind) if kind else found
        return shown

    def shown(self, value: int) -> Array:
        """The numbers of a value, truths and whole numbers as such."""
        found: Array = as_typed(self.data[value], self.graph.values[value].kind)
        return found

    def derivative(self, element: Element) -> float:
        """∂L/∂element, of an element whose value has a gradient; Stale where it is."""
        found = float(self.gradient(element.value).item(element.flat))
        return Stale(found) if self.stale and self.is_stale("grad", element) else found

    def is_stale(self, kind: str, element: Element) -> bool:
        """Whether a number (`data`) or a gradient (`grad`) is stale."""
        if (kind, element.value) not in self.stale:
            return False
        mask = self.stale[kind, element.value]
        return mask is None or bool(mask.item(element.flat))

    def gradient(self, value: int) -> Array:
        """The gradient of a value that has one, of the value's shape: of all that the loss depends on, and of
        every parameter."""
        found = self.grad[value]
        assert found is not None, "only what has a gradient is asked for it"
        return found

    def inputs(self, node: Node) -> list[Array]:
        """The arrays that enter a node, one a slot."""
        return [self.data[i] for i in node.inputs]

    def output(self, node: Node) -> Array:
        """The array that a node computes."""
        return self.data[node.output]

    def row(self, node: Node, slot: int, flat: int) -> Links:
        """The elements of a node's input that feed element number `flat` of its output (see `Op.row`)."""
        return node.op.row(slot, flat, self.output(node), self.inputs(node))

    def rows(self, node: Node, flat: int) -> list[Elements]:
        """Those elements alone, of every input."""
        y, xs = self.output(node), self.inputs(node)
        return [node.op.row(slot, flat, y, xs).grid for slot in range(len(xs))]

    def column(self, node: Node, slot: int, flat: int) -> Links:
        """The elements of a node's output that element number `flat` of an input feeds (see `Op.column`)."""
        return node.op.column(slot, flat, self.output(node), self.inputs(node))
