"""What a person meant by a form that no formula has, as it is written here: methods, `torch.relu(x)`, `w^2`, and
products of matrices that fit the other way round."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradstep.engine.graph.calls import called
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.graph.operands import Operand
from gradstep.engine.graph.parsing import written

#: Modules that people call operations from.
_MODULES = ("torch", "np", "numpy", "F", "nn", "jnp", "jax", "tf", "math", "functional")


def instead(node: ast.expr) -> str:
    """`; write sum(w)` for the form that is meant, or nothing."""
    found = _form(node)
    return f"; write {found}" if found else ""


def _form(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(value=of, attr=name), args=args, keywords=keywords) if called(name):
            arguments = [written(a) for a in args] + [f"{k.arg}={written(k.value)}" for k in keywords if k.arg]
            if not _is_module(of):
                arguments.insert(0, written(of))
            return f"{name}({', '.join(arguments)})"
        case ast.BinOp(op=ast.BitXor(), left=left, right=right):
            return f"{written(left)} ** {written(right)} for a power"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"where({written(test)}, {written(body)}, {written(orelse)})"
        case ast.BoolOp(op=op, values=values) if all(isinstance(one, ast.Compare) for one in values):
            return _both([written(one) for one in values], isinstance(op, ast.And))
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() as op, left=left, right=right):
            return _both([written(left), written(right)], isinstance(op, ast.BitAnd))
        case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=of):
            return f"where({written(of)}, 0, 1)"
    return ""


def _both(texts: Sequence[str], both: bool) -> str:
    """Truths of which all are to hold, or one of them."""
    parts = [text if text.isidentifier() else f"({text})" for text in texts]
    if both:
        return " * ".join(parts)
    found = texts[0]
    for text in texts[1:]:
        found = f"maximum({found}, {text})"
    return found


def _is_module(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in _MODULES


def product(left: Operand, right: Operand, texts: Sequence[str]) -> str:
    """`; write x @ W1.T` where two matrices, or one and a vector, fit in another way than the one in which they were
    multiplied."""
    if not (isinstance(left, Value) and isinstance(right, Value)):
        return ""
    a, b = texts
    if sorted((len(left.shape), len(right.shape))) == [1, 2]:  # a vector stands behind a matrix, or before it
        last, first = right.shape[-1], left.shape[0]
        return f"; write {b} @ {a}" if last == first else ""
    if not len(left.shape) == len(right.shape) == 2:
        return ""
    ways = [
        (right.shape, left.shape[::-1], f"{b} @ {a}.T"),
        (left.shape, right.shape[::-1], f"{a} @ {b}.T"),
        (left.shape[::-1], right.shape, f"{a}.T @ {b}"),
        (right.shape, left.shape, f"{b} @ {a}"),
    ]
    if left.role is not Role.PARAMETER:  # weights are (out, in), and stand behind, turned round
        ways[0], ways[1] = ways[1], ways[0]
    return next((f"; write {text}" for one, other, text in ways if one[1] == other[0]), "")
