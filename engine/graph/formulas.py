"""From the text of a formula to nodes: `W1 @ x + b1` read as data, never run.

The standard library parses the text into a tree; only the forms handled below are let through, and
each of them only makes graph nodes. Everything else is refused with its column.
"""

from __future__ import annotations

import ast
import dataclasses
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradstep.engine.errors import ExpressionError, GraphError, OpError, nearest
from gradstep.engine.graph.graph import GraphBuilder, Role, Value
from gradstep.engine.ops import REGISTRY, Op, composite
from gradstep.engine.ops.composite import COMPOSITES

MAX_LENGTH = 10_000
MAX_DEPTH = 200

_BINARY: Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
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
_ALLOWED = "a formula has names, numbers, + - * / ** @, x[0], .T and calls of the listed operations"


def parse(text: str) -> ast.expr:
    """The tree of one formula. Raises ExpressionError if it is no single expression, or too long
    (10,000 characters) or too deep (200 levels)."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the formula is {len(text):,} characters long; at most {MAX_LENGTH:,} are read")
    if not text.strip():
        raise ExpressionError("the formula is empty")
    # Line ends become spaces so that a long formula may be broken over lines; columns stay right.
    flat = text.replace("\r", " ").replace("\n", " ")
    if "#" in flat:
        raise ExpressionError("a formula has no comments; write them behind its closing quote", flat.index("#"))
    lead = len(flat) - len(flat.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python's parser thinks of style is no matter here
            tree = ast.parse(flat.strip(), mode="eval").body
    except SyntaxError as error:
        message = "is not a formula" if error.msg.startswith("invalid syntax") else error.msg
        # Offset 0 is the parser's way to say: after the last character.
        column = min(error.offset - 1 + lead, len(text)) if error.offset else len(text)
        raise ExpressionError(f"cannot read '{_brief(text)}': {message}", column) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError(f"the formula is nested too deeply; at most {MAX_DEPTH} levels are read") from None
    _check_depth(tree)
    for node in ast.walk(tree):
        # ast counts UTF-8 bytes, people count characters.
        if isinstance(node, ast.expr):
            node.col_offset = len(flat.strip().encode()[: node.col_offset].decode(errors="ignore")) + lead
    return tree


def _check_depth(tree: ast.AST) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH + 1):
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if not level:
            return
    raise ExpressionError(f"the formula is nested too deeply; at most {MAX_DEPTH} levels are read")


def _brief(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


@dataclasses.dataclass(frozen=True, slots=True)
class _Transposed:
    """`W.T` before it is known what it is for."""

    value: Value


_Operand = Value | _Transposed | float


class Formulas:
    """Adds the lines of a [graph] table to a builder, top to bottom."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self._line = ""

    def add(self, name: str, text: str) -> Value:
        """Makes the nodes of the line `name = "text"`; the last of them is called `name`.

        Raises ExpressionError with the column of what is wrong: an unknown name, a form that is no
        formula, shapes that do not fit.
        """
        self._line = name
        tree = parse(text)
        made = self._build(tree, name)
        if isinstance(made, Value) and made.name == name:
            return made
        if isinstance(made, Value) and made.role is not Role.LITERAL:
            raise ExpressionError(f"'{name}' is only another name for '{made.name}'; use '{made.name}' itself")
        if isinstance(made, _Transposed):
            return self._apply("transpose", [made.value], tree, name)
        raise ExpressionError(f"'{name}' is a constant; write it under [inputs]")

    def _build(self, node: ast.expr, name: str | None = None) -> _Operand:
        """The value of a subtree. A node made for the whole of it is called `name`."""
        match node:
            case ast.Name(id=word):
                known = self.builder.names.get(word)
                if known is None:
                    hint = nearest(word, self.builder.names)
                    if not hint and word in _CALLED:
                        hint = f"; '{word}' is an operation: call it, as in {_called(word)}"
                    raise ExpressionError(
                        f"unknown name '{word}'{hint or '; a name is used below its own line'}", node.col_offset
                    )
                return known
            case ast.Constant(value=bool() | complex() | str() | bytes() | None):
                raise ExpressionError(f"{node.value!r} is no number; {_ALLOWED}", node.col_offset)
            case ast.Constant(value=int() | float() as number):
                try:
                    read = float(number)
                except OverflowError:
                    read = math.inf
                if math.isinf(read):
                    raise ExpressionError("the number is too large; infinity is written as an input", node.col_offset)
                return read
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                operand = self._build(inner)
                return -operand if isinstance(operand, float) else self._apply("negative", [operand], node, name)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._build(inner, name)
            case ast.BinOp(op=ast.MatMult()):
                return self._matmul(node, name)
            case ast.BinOp(op=op) if type(op) in _BINARY:
                return self._binary(node, *_BINARY[type(op)], name)
            case ast.Attribute(attr="T", value=inner):
                operand = self._build(inner)
                if isinstance(operand, _Transposed):
                    return operand.value
                if not isinstance(operand, Value):
                    raise ExpressionError("'.T' turns a value's axes round; a number has none", node.col_offset)
                return _Transposed(operand)
            case ast.Subscript(value=inner, slice=inside):
                return self._apply(_index(inside), [self._build(inner)], node, name)
            case ast.Call():
                return self._call(node, name)
        raise ExpressionError(f"'{_brief(ast.unparse(node))}' is not allowed here; {_ALLOWED}", node.col_offset)

    def _binary(self, node: ast.BinOp, op: str, fold: Callable[[Any, Any], Any], name: str | None) -> _Operand:
        if op == "add":
            for product, bias in ((node.left, node.right), (node.right, node.left)):
                if isinstance(product, ast.BinOp) and isinstance(product.op, ast.MatMult):
                    return self._weighted_sum(node, product, bias, name)
        left, right = self._build(node.left), self._build(node.right)
        if isinstance(left, float) and isinstance(right, float):
            with np.errstate(all="ignore"):
                return float(fold(np.float64(left), np.float64(right)))
        return self._apply(op, [left, right], node, name)

    def _weighted_sum(self, node: ast.BinOp, product: ast.BinOp, bias: ast.expr, name: str | None) -> _Operand:
        """`W @ x + b` and `x @ W.T + b` are one node where b is a bias, one number an output."""
        operands = self._factors(product)
        added = self._build(bias)
        pair = _as_linear(*operands)
        if pair and isinstance(added, Value) and added.shape == pair[1].shape[:1]:
            return self._apply("linear", [*pair, added], node, name)
        result = self._product(operands, product, None)
        first_is_product = node.left is product
        return self._apply("add", [result, added] if first_is_product else [added, result], node, name)

    def _matmul(self, node: ast.BinOp, name: str | None) -> _Operand:
        return self._product(self._factors(node), node, name)

    def _factors(self, node: ast.BinOp) -> tuple[_Operand, _Operand]:
        return self._build(node.left), self._build(node.right)

    def _product(self, operands: tuple[_Operand, _Operand], node: ast.BinOp, name: str | None) -> _Operand:
        pair = _as_linear(*operands)
        if pair:
            return self._apply("linear", list(pair), node, name)
        return self._apply("matmul", list(operands), node, name)

    def _call(self, node: ast.Call, name: str | None) -> _Operand:
        if not isinstance(node.func, ast.Name):
            raise ExpressionError(f"'{_brief(ast.unparse(node.func))}' cannot be called; {_ALLOWED}", node.col_offset)
        called = node.func.id
        if called not in _CALLED:
            hint = nearest(called, _CALLED) or f"; there are {', '.join(sorted(_CALLED))}"
            raise ExpressionError(f"unknown operation '{called}'{hint}", node.col_offset)
        try:
            inputs, options = _bind(called, node)
            made = REGISTRY[called](**options) if called in REGISTRY else None
        except OpError as error:
            raise ExpressionError(f"{error}; it is called as {_called(called)}", node.col_offset) from None
        operands = [
            self._condition(a) if called == "where" and k == 0 else self._build(a) for k, a in enumerate(inputs)
        ]
        if made is not None:
            return self._apply(made, operands, node, name)
        values = [self._value(operand, node) for operand in operands]
        try:
            plan = COMPOSITES[called](*(composite.Given(k, v.shape) for k, v in enumerate(values)), **options)
        except OpError as error:
            raise ExpressionError(f"'{_brief(ast.unparse(node))}': {error}", node.col_offset) from None
        return self._expand(plan, values, node, name)

    def _condition(self, node: ast.expr) -> _Operand:
        """The first argument of where(): a comparison, or any value, which holds where it is not 0."""
        if not isinstance(node, ast.Compare):
            return self._build(node)
        if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARED:
            raise ExpressionError("a condition is one comparison, as in where(x > 0, x, 0)", node.col_offset)
        left, right = self._build(node.left), self._build(node.comparators[0])
        return self._apply(_COMPARED[type(node.ops[0])], [left, right], node, None)

    def _expand(self, plan: composite.Plan, values: list[Value], node: ast.expr, name: str | None) -> Value:
        """The nodes of a composite; the last of them is called `name`."""
        if isinstance(plan, composite.Given):
            return values[plan.slot]
        if isinstance(plan, float):
            return self.builder.literal(plan)
        op, parts = plan
        return self._apply(op, [self._expand(part, values, node, None) for part in parts], node, name)

    def _value(self, operand: _Operand, node: ast.expr) -> Value:
        """An operand as a value: numbers become literals, and `W.T` an operation."""
        if isinstance(operand, _Transposed):
            return self._apply("transpose", [operand.value], node, None)
        return self.builder.literal(operand) if isinstance(operand, float) else operand

    def _apply(self, op: str | Op, operands: list[_Operand], node: ast.expr, name: str | None) -> Value:
        if isinstance(op, str):
            op = REGISTRY[op]()
        values = [self._value(operand, node) for operand in operands]
        text = _brief(ast.unparse(node))
        try:
            return self.builder.apply(op, values, self._line, text, name)
        except GraphError as error:
            raise ExpressionError(f"'{text}': {error}", node.col_offset) from None


def _as_linear(left: _Operand, right: _Operand) -> tuple[Value, Value] | None:
    """(x, W) where `left @ right` is a weighted sum of x with the rows of a weight matrix W."""
    if isinstance(right, _Transposed) and isinstance(left, Value):
        return (left, right.value) if len(right.value.shape) == 2 else None
    if isinstance(left, Value) and isinstance(right, Value) and len(left.shape) == 2 and len(right.shape) == 1:
        return right, left
    return None


_CALLED = {**REGISTRY, **COMPOSITES}


def _called(name: str) -> str:
    """How an operation is called."""
    return REGISTRY[name].signature() if name in REGISTRY else composite.signature(name)


def _index(inside: ast.expr) -> Op:
    """The operation that takes the part `[inside]` of an array."""
    found: list[int | tuple[int | None, ...]] = []
    for part in inside.elts if isinstance(inside, ast.Tuple) else [inside]:
        try:
            if isinstance(part, ast.Slice):
                ends = (part.lower, part.upper, part.step)
                found.append(tuple(None if end is None else ast.literal_eval(end) for end in ends))
            else:
                found.append(ast.literal_eval(part))
        except (ValueError, TypeError, RecursionError):
            raise ExpressionError(
                "an index is written in whole numbers, as in x[0] or x[:, 1:3]", part.col_offset
            ) from None
    try:
        return REGISTRY["index"](tuple(found))  # type: ignore[call-arg]
    except OpError as error:
        raise ExpressionError(str(error), inside.col_offset) from None


def _bind(called: str, call: ast.Call) -> tuple[list[ast.expr], dict[str, Any]]:
    """The inputs and the options of a call, by place and by name. Raises OpError."""
    op = REGISTRY.get(called)
    slots, optional = (op.slots, op.optional) if op else composite.inputs(COMPOSITES[called])
    fields = [f.name for f in dataclasses.fields(op)] if op else list(composite.options(COMPOSITES[called]))
    if op is not None and op.variadic:
        slots = tuple(f"x{k}" for k in range(max(len(call.args), 1)))
    given: dict[str, ast.expr] = {}
    places = [*slots, *fields]
    if len(call.args) > len(places):
        raise OpError(f"{called} takes at most {len(places)} arguments, not {len(call.args)}")
    for place, argument in zip(places, call.args, strict=False):
        given[place] = argument
    for keyword in call.keywords:
        if keyword.arg not in places:
            hint = nearest(keyword.arg or "**", places)
            raise OpError(f"{called} has no argument '{keyword.arg or '**'}'{hint}")
        if keyword.arg in given:
            raise OpError(f"{called} is given '{keyword.arg}' twice")
        given[keyword.arg] = keyword.value
    required = slots[: len(slots) - optional]
    missing = [s for s in required if s not in given]
    if missing:
        raise OpError(f"{called} needs {' and '.join(missing)}")
    options = {}
    for field in fields:
        if field in given:
            try:
                found = ast.literal_eval(given[field])
                options[field] = tuple(found) if isinstance(found, list) else found
            except (ValueError, TypeError, RecursionError):
                raise OpError(f"{called}: option '{field}' must be written out as a number") from None
    return [given[s] for s in slots if s in given], options
