"""A graph in the making: leaves and nodes in the order in which they are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError, OpError
from gradstep.engine.graph.graph import Graph, Node, Role, Value
from gradstep.engine.graph.kinds import joint_kind, kind_of, rounding
from gradstep.engine.index import Shape, check_shape
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.precision import rounded, too_many_digits
from gradstep.engine.ops.promotion import is_whole

#: A network has no more operations: beyond, opening it takes long.
MAX_NODES = 1 << 15
#: How some numbers are written.
_SPELLED = {"inf": "∞", "-inf": "−∞", "nan": "NaN", "True": "true", "False": "false"}


def _shape(op: Op, inputs: Sequence[Value]) -> Shape:
    """The shape of what an operation makes. Raises GraphError."""
    shapes = [value.shape for value in inputs]
    try:
        found = op.shape(shapes)
    except MemoryError:
        raise GraphError(f"{op.name}: there is no room for what it reads of {' and '.join(map(str, shapes))}") from None
    check_shape(found)
    return found


class GraphBuilder:
    """Collects leaves and nodes in the order they are written, checking each as it comes."""

    def __init__(self, dtype: np.dtype[Any], in_use: bool = False, recorded: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        #: Whether it is of a recording: of which types its numbers were is then told apart from the formulas, and a
        #: weighted sum of several is what took place.
        self.recorded = recorded
        #: Whether it is a network as it is used, and not as it is trained.
        self.in_use = in_use
        #: See `Graph.keeps`.
        self.keeps: dict[int, int] = {}
        self.values: list[Value] = []
        self.nodes: list[Node] = []
        self.names: dict[str, Value] = {}
        self.literals: dict[str, Value] = {}
        #: How many parts of a line are called so, each with a number behind the name.
        self._parts: dict[str, int] = {}

    def leaf(self, name: str, shape: Shape, role: Role, differentiable: bool, kind: str = "") -> Value:
        value = Value(len(self.values), name, tuple(shape), role, -1, differentiable, None, kind)
        self.values.append(value)
        self.names[name] = value
        return value

    def literal(self, number: float) -> Value:
        """A number written in a formula; equal numbers share one value, but 0 and −0 are two, and 1, 1.0 and true."""
        key = repr(number)
        if key not in self.literals:
            text = f"{number:g}" if float(f"{number:g}") == number else key
            text = _SPELLED.get(key, text.replace("-", "−"))
            kind = "bool" if type(number) is bool else "int64" if type(number) is int else ""
            given = number if kind == "int64" else float(number)
            value = Value(len(self.values), text, (), Role.LITERAL, -1, False, given, kind)
            self.values.append(value)
            self.literals[key] = value
        return self.literals[key]

    def _check_digits(self, op: Op, inputs: Sequence[Value]) -> None:
        """Raises OpError where a number of a formula, beside whole numbers, has more digits than there are."""
        for value in inputs:
            if value.role is Role.LITERAL and type(value.number) is int and abs(value.number) > 1 << 24:
                with np.errstate(all="ignore"):
                    held = float(self.dtype.type(value.number))
                if not math.isfinite(held) or int(held) != value.number:
                    raise OpError(f"{op.name}: {too_many_digits(value.number, self.dtype)}")

    def _held(self, literal: Value, kind: str) -> Value:
        """A number of a formula as a type holds it, which is called as it is written."""
        assert literal.number is not None, "it is a literal"
        number = float(rounded(np.asarray(literal.number), kind))
        if number == literal.number or number != number:
            return literal
        key = f"{literal.name} {kind}"
        if key not in self.literals:
            self.literals[key] = literal._replace(id=len(self.values), number=number)
            self.values.append(self.literals[key])
        return self.literals[key]

    def apply(
        self,
        op: Op,
        inputs: Sequence[Value],
        line: str,
        text: str,
        name: str | None = None,
        word: str = "",
        kind: str | None = None,
        column: int = 0,
    ) -> Value:
        """A node computing op(inputs). Without a name it is a part of its line, called after the line and the
        operation, or the `word` for what it is: h:add, the next one h:add2. A line may name several values: "a, b". Its
        type follows from those of its inputs; where a `kind` is given it is that, unless they make it whole.

        Raises GraphError where the shapes or the types do not fit, or what comes of them is no shape that an array can
        have.
        """
        if len(self.nodes) >= MAX_NODES:
            raise GraphError(f"the network has more than {MAX_NODES:,} operations")
        if op.variadic and not inputs:
            raise GraphError(f"{op.name}: there is no array at all")
        shape = _shape(op, inputs)
        name = name or self._part(f"{line.partition(',')[0]}:{word or op.name}")
        common, kind = joint_kind(inputs, self.dtype.name), kind_of(op, inputs, self.dtype.name, kind, self.recorded)
        if common and not is_whole(common):
            # As PyTorch's kernels: a number of a formula is compared as one of the other side's type, and computed with
            # as float32 where that is a narrower one.
            common = common if kind == "bool" else "float32"
            inputs = [self._held(v, common) if v.role is Role.LITERAL and not v.kind else v for v in inputs]
        if is_whole(kind) and all(is_whole(v.kind) for v in inputs):
            self._check_digits(op, inputs)
        op = rounding(op, kind, inputs)
        node = Node(len(self.nodes), op, tuple(v.id for v in inputs), len(self.values), line, text, column)
        differentiable = not op.discrete and not is_whole(kind) and any(v.differentiable for v in inputs)
        value = Value(node.output, name, shape, Role.NODE, node.id, differentiable, None, kind)
        self.values.append(value)
        self.nodes.append(node)
        self.names[name] = value
        return value

    def keep(self, leaf: Value, value: Value, slot: str) -> None:
        """Makes `leaf` what `value` is, in the next iteration of a training. Raises GraphError."""
        if leaf.role is not Role.INPUT:
            raise GraphError(f"{slot} is kept from one iteration to the next: it must be an array under [inputs]")
        if leaf.id in self.keeps:
            raise GraphError(f"{slot} '{leaf.name}' is kept by another operation already")
        self.keeps[leaf.id] = value.id

    def kind(self, inputs: Sequence[Value]) -> str:
        """The type of what a composite makes of inputs. Only that is rounded, not what it computes on its way."""
        found = joint_kind(inputs, self.dtype.name)
        return "" if is_whole(found) else found

    def _part(self, name: str) -> str:
        """A name that is not taken: itself, or with the next number behind it."""
        number = self._parts.get(name, 1)
        while (one := name if number == 1 else f"{name}{number}") in self.names:
            number += 1
        self._parts[name] = number
        return one

    def build(self, loss: str) -> Graph:
        return Graph(self.values, self.nodes, loss, self.dtype, self.keeps)
