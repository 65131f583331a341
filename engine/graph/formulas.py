"""From the tree of a formula to nodes: `W1 @ x + b1`.

Only the forms handled below are let through, and each of them only makes graph nodes. Everything else is refused
with its column.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep.engine.errors import ExpressionError, GraphError, OpError, nearest
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.calls import bind, called, renamed, unknown
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.graph.meant import instead, product
from gradstep.engine.graph.operands import ALLOWED, Operand, SeveralResults, Transposed, as_linear, number_of
from gradstep.engine.graph.parsing import dotted, parse, spelled, written
from gradstep.engine.notation import counted
from gradstep.engine.ops.composite import Given, Several
from gradstep.engine.ops.op import REGISTRY, Op

if TYPE_CHECKING:
    from gradstep.engine.graph.expansion import Expansion


_BINARY: Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("power", operator.pow),
}
#: Comparisons are only read as the condition of where().
_COMPARED: Mapping[type[ast.cmpop], str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


class Formulas:
    """Adds the lines of a [graph] table to a builder, top to bottom."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self._line = ""

    def add(self, name: str, text: str) -> Value:
        """Makes the nodes of the line `name = "text"`; the last of them is called `name`. Of a call that has several
        results each gets a name, "a, b", and the last is given back.

        Raises ExpressionError with the column of what is wrong: an unknown name, a form that is no
        formula, shapes that do not fit.
        """
        return self.add_tree(name, parse(text))

    def add_tree(self, name: str, tree: ast.expr) -> Value:
        """The same for a formula that has been parsed."""
        self._line, names = name, [one.strip() for one in name.split(",")]
        made = self._build(tree, name if len(names) == 1 else None)
        if len(names) > 1:
            return self._named(made, names, tree)
        if isinstance(made, Value) and made.name == name:
            return made
        if isinstance(made, Value) and made.role is not Role.LITERAL:
            raise ExpressionError(f"'{name}' is only another name for '{made.name}'; use '{made.name}' itself")
        if isinstance(made, Transposed):
            return self._apply("transpose", [made.value], tree, name)
        if isinstance(made, SeveralResults):
            raise ExpressionError(made.advice, tree.col_offset)
        raise ExpressionError(f"'{name}' is a constant; write it under [inputs]")

    def _named(self, made: Operand, names: Sequence[str], tree: ast.expr) -> Value:
        """The results of a call, each with a name of its own."""
        results = made.makers if isinstance(made, SeveralResults) else [made]
        if len(results) != len(names) or not isinstance(made, SeveralResults):
            raise ExpressionError(
                f"'{written(tree)}' has {counted(len(results), 'result')}, and there are {len(names)} names for it",
                tree.col_offset,
            )
        for one, make in zip(names, made.makers, strict=True):
            value = make(one)
            if value.name != one:
                raise ExpressionError(f"'{one}' is only another name for '{value.name}'; use '{value.name}' itself")
        return value

    def _build(self, node: ast.expr, name: str | None = None) -> Operand:
        """The value of a subtree. A node made for the whole of it is called `name`."""
        match node:
            case ast.Name() | ast.Attribute() if (known := dotted(node)) in self.builder.names:
                return self.builder.names[str(known)]
            case ast.Name() | ast.Attribute() | ast.Call() if constant := spelled(node):
                return number_of(constant)
            case ast.Name(id=unknown_):
                raise self._unknown(unknown_, node)
            case ast.Constant(value=constant) if constant is not ...:
                return number_of(node)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                operand = self._build(inner)
                return -operand if isinstance(operand, float | int) else self._apply("negative", [operand], node, name)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._build(inner, name)
            case ast.BinOp(op=ast.MatMult()):
                return self._matmul(node, name)
            case ast.BinOp(op=op) if type(op) in _BINARY:
                return self._binary(node, *_BINARY[type(op)], name)
            case ast.Attribute(attr="T", value=inner):
                operand = self._build(inner)
                if isinstance(operand, Transposed):
                    return operand.value
                if isinstance(operand, float | int):
                    raise ExpressionError("'.T' turns a value's axes round; a number has none", node.col_offset)
                return Transposed(self._value(operand, node))
            case ast.Attribute() if (dots := dotted(node)) and nearest(dots, self._with_dots()):
                raise self._unknown(dots, node)
            case ast.Subscript(value=inner, slice=inside):
                operand = self._build(inner)
                if isinstance(operand, SeveralResults):
                    return operand.taken(node, name)
                return self._part(self._value(operand, node), inside, node, name)
            case ast.Call():
                return self._call(node, name)
            case ast.Compare():
                return self._condition(node, name)
        said = instead(node) or f"; {ALLOWED}"
        raise ExpressionError(f"'{written(node)}' is not allowed here{said}", node.col_offset)

    def _part(self, array: Value, inside: ast.expr, node: ast.expr, name: str | None) -> Value:
        """`array[inside]`."""
        from gradstep.engine.graph.indices import indexed  # here: it brings the operations that take elements

        *before, (last, numbers) = indexed(inside, array.shape, lambda one: self._value(self._build(one), one))
        for step, others in before:
            array = self._apply(step, [array, *others], node, None, "index")
        return self._apply(last, [array, *numbers], node, name, "index")

    def _with_dots(self) -> Sequence[str]:
        """The names that Python would take for attributes."""
        return [name for name in self.builder.names if "." in name]

    def _unknown(self, name: str, node: ast.expr) -> ExpressionError:
        hint, operation = nearest(name, self.builder.names), called(name)
        if not hint and operation is not None:
            hint = f"; '{name}' is an operation: call it, as in {operation.signature()}"
        return ExpressionError(f"unknown name '{name}'{hint or '; a name is used below its own line'}", node.col_offset)

    def _binary(self, node: ast.BinOp, op: str, fold: Callable[[Any, Any], Any], name: str | None) -> Operand:
        if op == "add":
            for product, bias in ((node.left, node.right), (node.right, node.left)):
                if isinstance(product, ast.BinOp) and isinstance(product.op, ast.MatMult):
                    return self._weighted_sum(node, product, bias, name)
        left, right = self._build(node.left), self._build(node.right)
        if isinstance(left, float | int) and isinstance(right, float | int):
            if op in ("floor_divide", "remainder") and not right:
                raise ExpressionError(f"'{written(node)}' divides by 0", node.col_offset)
            with np.errstate(all="ignore"):
                folded = float(fold(np.float64(left), np.float64(right)))
            if math.isinf(folded) and math.isfinite(left) and math.isfinite(right):
                raise ExpressionError(f"'{written(node)}' is infinite; write inf if it is meant", node.col_offset)
            whole = isinstance(left, int) and isinstance(right, int) and op != "divide" and folded.is_integer()
            return int(folded) if whole else folded
        return self._apply(op, [left, right], node, name)

    def _weighted_sum(self, node: ast.BinOp, product: ast.BinOp, bias: ast.expr, name: str | None) -> Operand:
        """`W @ x + b` and `x @ W.T + b` are one node where b is a bias, one number an output."""
        operands = self._factors(product)
        added = self._build(bias)
        pair = as_linear(*operands)
        if pair and isinstance(added, Value) and added.shape == pair[1].shape[:1]:
            return self._apply("linear", [*pair, added], node, name)
        result = self._product(operands, product, None)
        first_is_product = node.left is product
        return self._apply("add", [result, added] if first_is_product else [added, result], node, name)

    def _matmul(self, node: ast.BinOp, name: str | None) -> Operand:
        return self._product(self._factors(node), node, name)

    def _factors(self, node: ast.BinOp) -> tuple[Operand, Operand]:
        return self._build(node.left), self._build(node.right)

    def _product(self, operands: tuple[Operand, Operand], node: ast.BinOp, name: str | None) -> Operand:
        pair = as_linear(*operands)
        if pair:
            return self._apply("linear", list(pair), node, name)
        try:
            return self._apply("matmul", list(operands), node, name)
        except ExpressionError as error:
            hint = product(*operands, (written(node.left), written(node.right)))
            raise ExpressionError(f"{error}{hint}", error.column) from None

    def _input(self, node: ast.expr) -> Operand:
        """An input of a call; several numbers in brackets stand beside one another."""
        several = node.elts if isinstance(node, ast.Tuple | ast.List) else []
        if several and all(isinstance(one, ast.Constant) for one in several):
            return self._apply("stack", [self._build(one) for one in several], node, None)
        return self._build(node)

    def _expansion(self, node: ast.Call, of: str, values: Mapping[str, Value], kernel: bool) -> Expansion:
        """What puts the operations of a composite into the graph."""
        from gradstep.engine.graph.expansion import Expansion  # here, because few operations are made of others

        return Expansion(self.builder, partial(self._apply, node=node, of=of), values, kernel)

    def _call(self, node: ast.Call, name: str | None) -> Operand:
        if not isinstance(node.func, ast.Name):
            hint = instead(node) or f"; {ALLOWED}"
            raise ExpressionError(f"'{written(node.func)}' cannot be called{hint}", node.col_offset)
        what = called(node.func.id)
        if what is None:
            raise ExpressionError(unknown(node.func.id), node.col_offset)
        try:
            inputs, options = bind(what, node, self.builder.in_use)
            made = what(**options)
        except OpError as error:
            said = renamed(str(error), what.name, node.func.id)
            raise ExpressionError(f"{said}; it is called as {what.signature()}", node.col_offset) from None
        operands = {slot: self._input(a) for slot, a in inputs.items()}
        if what.variadic:
            named = {} if isinstance(what, type) else {k: operands.pop(k) for k in what.named if k in operands}
            listed = [x for o in operands.values() for x in self._spread(o)]
            operands = {**{f"x{k}": operand for k, operand in enumerate(listed)}, **named}
        if isinstance(made, Op):
            return self._apply(made, list(operands.values()), node, name, node.func.id)
        values = {slot: self._value(operand, node) for slot, operand in operands.items()}
        given = {slot: Given(slot, v.shape) for slot, v in values.items()}
        try:
            assert not isinstance(what, type), "what is no operation is a composite"
            plan = what.planned(made, given)
        except OpError as error:
            said = renamed(str(error), what.name, node.func.id)
            raise ExpressionError(f"'{written(node)}': {said}", node.col_offset) from None
        expand = self._expansion(node, node.func.id, values, what.kernel)
        if isinstance(plan, Several):
            return SeveralResults(node.func.id, [partial(expand.result, one, what.name) for one in plan.plans])
        try:
            return expand.result(plan, what.name, name)
        except GraphError as error:  # what one of its parts says has the call before it
            said = str(error).removeprefix(f"'{written(node)}': ")
            raise ExpressionError(f"'{written(node)}': {said}", node.col_offset) from None

    @staticmethod
    def _spread(operand: Operand) -> Sequence[Operand]:
        """All results of a call where any number of inputs may stand, as in stack(unbind(x))."""
        return [make(None) for make in operand.makers] if isinstance(operand, SeveralResults) else [operand]

    def _condition(self, node: ast.Compare, name: str | None) -> Value:
        """A comparison: 1 where it holds and 0 where it does not, as True and False count in PyTorch."""
        if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARED:
            raise ExpressionError("a condition is one comparison, as in where(x > 0, x, 0)", node.col_offset)
        left, right = self._build(node.left), self._build(node.comparators[0])
        return self._apply(_COMPARED[type(node.ops[0])], [left, right], node, name)

    def _value(self, operand: Operand, node: ast.expr) -> Value:
        """An operand as a value: numbers become literals, and `W.T` an operation."""
        if isinstance(operand, Transposed):
            return self._apply("transpose", [operand.value], node, None)
        if isinstance(operand, SeveralResults):
            raise ExpressionError(operand.advice, node.col_offset)
        if not isinstance(operand, float | int):
            return operand
        with np.errstate(all="ignore"):
            held = self.builder.dtype.type(operand)
        if math.isfinite(operand) and not math.isfinite(held):
            raise ExpressionError(f"{operand:g} is too large for {self.builder.dtype}", node.col_offset)
        return self.builder.literal(operand)

    def _apply(
        self,
        op: str | Op,
        operands: Sequence[Operand],
        node: ast.expr,
        name: str | None,
        of: str = "",
        word: str = "",
        kind: str | None = None,
    ) -> Value:
        """A node; a mistake in it is one in the call `of` that it is a part of. What has no name is called by the
        `word` for it. Within a composite it may be of another `kind` than its inputs."""
        if isinstance(op, str):
            op = REGISTRY[op]()
        values = [self._value(operand, node) for operand in operands]
        text = written(node)
        try:
            return self.builder.apply(op, values, self._line, text, name, word, kind, node.col_offset)
        except GraphError as error:
            said = renamed(str(error), op.name, of or op.name)
            raise ExpressionError(f"'{text}': {said}", node.col_offset) from None
