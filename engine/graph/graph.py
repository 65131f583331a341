"""The network as data: values, the nodes that compute them, and how they hang together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import GraphError
from gradstep.engine.index import Array, Shape, read_only
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.promotion import is_whole

#: Parameters of no more elements are updated together.
_SMALL = 1 << 13


class Role(Enum):
    """Where a value comes from. A literal is a number written inside a formula."""

    INPUT = "input"
    PARAMETER = "parameter"
    NODE = "node"
    LITERAL = "literal"


class Value(NamedTuple):
    """One array of the network. `node` is what computes it, −1 for leaves; a literal has its
    `number`.

    `kind` is its type where that is another than the graph's, as float16, int64 or bool: all its numbers are such, and
    held in the graph's.

    A value is differentiable if a leaf that gets gradients is somewhere in its past. A parameter that is none is
    frozen: no update changes it.
    """

    id: int
    name: str
    shape: Shape
    role: Role
    node: int
    differentiable: bool
    number: float | None = None
    kind: str = ""

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def narrow(self) -> str:
        """The type that its numbers are rounded to where that has fewer digits than the graph's; empty where none is,
        and where they are whole."""
        return "" if is_whole(self.kind) else self.kind

    @property
    def trained(self) -> bool:
        """Whether it is a parameter that updates change."""
        return self.role is Role.PARAMETER and self.differentiable

    @property
    def frozen(self) -> bool:
        """Whether it is a parameter that no update changes."""
        return self.role is Role.PARAMETER and not self.differentiable

    @property
    def part(self) -> bool:
        """Whether it is made within a formula, and named after the line and what makes it, as in h:linear."""
        return ":" in self.name


class Node(NamedTuple):
    """One operation applied: output = op(inputs). `line` is the graph line it was written on, and `column` where in its
    formula `text` begins, from 0."""

    id: int
    op: Op
    inputs: tuple[int, ...]
    output: int
    line: str
    text: str
    column: int = 0


class Pullback(NamedTuple):
    """A node's part of the backward pass: its `vjp` (see `Op.vjp`) gives a gradient to each of its `slots`, which
    are (slot, value, joined). Where the value has several uses what comes through them is added up, and each sum
    rounded to the type that is `joined`, empty for the graph's; None where it has one use."""

    node: Node
    vjp: Callable[[int, Array, Array, Sequence[Array]], Array]
    slots: tuple[tuple[int, int, str | None], ...]


class Graph:
    """A directed acyclic graph, its nodes in the order of evaluation, and the loss.

    Immutable once built. Raises GraphError if the loss is not one number.
    """

    def __init__(
        self,
        values: Sequence[Value],
        nodes: Sequence[Node],
        loss: str,
        dtype: np.dtype[Any],
        keeps: Mapping[int, int] | None = None,
    ) -> None:
        self.values = tuple(values)
        self.nodes = tuple(nodes)
        self.dtype = np.dtype(dtype)
        #: The inputs that are something else in the next iteration, by value id: the value that they then are.
        self.keeps = dict(keeps or {})
        self.by_name = {v.name: v for v in self.values if v.role is not Role.LITERAL}
        self.loss = self.by_name[loss]
        if self.loss.size != 1:
            raise GraphError(
                f"the loss must be one number, but '{loss}' has shape {self.loss.shape}; wrap it in sum(…) or mean(…)"
            )
        if self.loss.role is not Role.NODE:
            raise GraphError(f"the loss must be computed in [graph], but '{loss}' is a leaf")

    @cached_property
    def opaque(self) -> bool:
        """Whether something in it is only shown as it was recorded: with other numbers it cannot be computed."""
        return any(node.op.opaque for node in self.nodes)

    @cached_property
    def active(self) -> frozenset[int]:
        """The values from which a path leads to the loss. Through a comparison none does."""
        found = {self.loss.id}
        for node in reversed(self.nodes):
            if node.output in found and not node.op.discrete:
                found.update(node.inputs)
        return frozenset(found)

    @cached_property
    def uses(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each value the (node, slot) pairs on a path to the loss, nearest the loss first.

        This is the order in which gradients arrive, and in which they are added up.
        """
        found: list[list[tuple[int, int]]] = [[] for _ in self.values]
        for node in reversed(self.nodes):
            if node.output in self.active and not node.op.discrete:
                for slot, value in enumerate(node.inputs):
                    found[value].append((node.id, slot))
        return tuple(map(tuple, found))

    @cached_property
    def users(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each value all (node, slot) pairs that it enters, whether or not they lead to the loss."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.values]
        for node in self.nodes:
            for slot, value in enumerate(node.inputs):
                found[value].append((node.id, slot))
        return tuple(map(tuple, found))

    @cached_property
    def leaves(self) -> tuple[tuple[int, float | None], ...]:
        """The values that are given: their ids, and the number where it is a literal."""
        return tuple((v.id, v.number) for v in self.values if v.node < 0)

    @cached_property
    def literals(self) -> dict[int, Array]:
        """The numbers written in formulas, as arrays without axes."""
        return {v: read_only(np.asarray(n, dtype=self.dtype)) for v, n in self.leaves if n is not None}

    @cached_property
    def one(self) -> Array:
        """The gradient of the loss with respect to itself."""
        return read_only(np.ones(self.loss.shape, dtype=self.dtype))

    @cached_property
    def pullbacks(self) -> tuple[Pullback, ...]:
        """The backward pass in its order."""
        found = []
        for node in reversed(self.nodes):
            if node.output in self.active and self.values[node.output].differentiable:
                slots = tuple(
                    (slot, value, self.values[value].narrow if len(self.uses[value]) > 1 else None)
                    for slot, value in enumerate(node.inputs)
                    if self.values[value].differentiable
                )
                found.append(Pullback(node, node.op.vjp, slots))
        return tuple(found)

    @cached_property
    def _varies(self) -> bool:
        return any(node.op.varies for node in self.nodes)

    def at(self, iteration: int) -> Graph:
        """The graph as it is in an iteration of a training, from 1 on: the same values and the same steps."""
        if iteration == 1 or not self._varies:
            return self
        nodes = [node._replace(op=node.op.in_iteration(iteration)) for node in self.nodes]
        return Graph(self.values, nodes, self.loss.name, self.dtype, self.keeps)

    @cached_property
    def parameters(self) -> tuple[Value, ...]:
        """Those that are trained: the frozen ones are given, as inputs are."""
        return tuple(v for v in self.values if v.trained)

    @cached_property
    def trained(self) -> frozenset[int]:
        """The values that depend on a parameter, and the parameters."""
        found = {value.id for value in self.parameters}
        for node in self.nodes:
            if not found.isdisjoint(node.inputs):
                found.add(node.output)
        return frozenset(found)

    @cached_property
    def packed(self) -> tuple[tuple[int, slice, Shape], ...]:
        """The small parameters, each with its place in a row of all their elements, and its shape. An update
        rule works element by element, and on one row it takes a few calls instead of a few for each."""
        found, start = [], 0
        for value in self.parameters:
            if value.size <= _SMALL:
                found.append((value.id, slice(start, start + value.size), value.shape))
                start += value.size
        return tuple(found)

    def gets_gradient(self, value: Value) -> bool:
        """Whether the backward pass writes a gradient for `value`: it can change, and either the
        loss depends on it or it is a parameter, whose gradient is then exactly 0. That of the loss
        itself is 1 and is not written."""
        if value is self.loss or not value.differentiable:
            return False
        return value.id in self.active or value.role is Role.PARAMETER

    @cached_property
    def after_loss(self) -> frozenset[int]:
        """The nodes that depend on the loss, itself included."""
        found, values = set(), {self.loss.id}
        for node in self.nodes:
            if node.output == self.loss.id or any(i in values for i in node.inputs):
                found.add(node.id)
                values.add(node.output)
        return frozenset(found)
