"""The language of expressions: `abs(W1.grad).max()`, `grad == 0 and op == relu`, read as data, never run.

Which signs and functions there are, and how a text becomes a tree. What the tree means is said in `evaluate`.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.graph.parsing import tree_of
from gradstep.engine.graph.typed import LETTERS

MAX_LENGTH = 10_000
MAX_DEPTH = 100

ARITHMETIC: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.mod,
    ast.MatMult: operator.matmul,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
COMPARISONS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
#: Element by element; and to a single number, over all elements.
ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite,
}  # fmt: skip
REDUCING: Mapping[str, Callable[..., Any]] = {
    "max": np.max, "min": np.min, "sum": np.sum, "mean": np.mean, "std": np.std, "norm": np.linalg.norm,
    "median": np.median, "any": np.any, "all": np.all,
}  # fmt: skip
FUNCTIONS = (*ELEMENTWISE, *REDUCING)


def parse(text: str) -> ast.expr:
    """The tree of a text; `₀₁…`, `−`, `×`, `∂L/∂h` and `∂h` are read as well. Raises CommandError where it is none."""
    if not text:
        raise CommandError("an expression is needed, as in h.grad[1] or abs(W1.grad).max()")
    if len(text) > MAX_LENGTH:
        raise CommandError(f"the expression is {len(text):,} characters long; at most {MAX_LENGTH:,} are read")
    colon = _COLON
    while colon in text:
        colon += _COLON
    plain = _PART.sub(rf"\1{colon}", text.translate(_PLAIN))
    plain = _SLOPE.sub(r"\1.grad", plain)
    plain = _SHORT.sub(r"\1.grad", plain)
    try:
        tree = tree_of(plain)
    except (SyntaxError, ValueError, RecursionError):
        written = "conditions are written like grad == 0 and op == relu"
        raise CommandError(f"cannot read '{shortened(text)}'; {written}") from None
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise CommandError(f"the expression is nested too deeply; at most {MAX_DEPTH} levels are read")
        for node in level:
            if isinstance(node, ast.Name):
                node.id = node.id.replace(colon, ":")
            elif isinstance(node, ast.Attribute):
                node.attr = node.attr.replace(colon, ":")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = node.value.replace(colon, ":")
            elif isinstance(node, ast.Constant) and not _fits(node.value):
                raise too_large(ast.get_source_segment(plain, node) or "")
        level = [c for node in level for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
    return tree


def _fits(constant: object) -> bool:
    """Whether float64 has room for it, if it is a number."""
    try:
        return not isinstance(constant, int | float) or not math.isinf(constant)
    except OverflowError:
        return False


def too_large(written: str) -> CommandError:
    """What is said of a number that float64 has no room for."""
    return CommandError(f"'{shortened(written)}' is too large for a number; the largest is 1.8e308")


def literal(node: ast.expr) -> float | None:
    """The number that stands there, with its sign; None where something else does."""
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError):
        return None
    return None if isinstance(found, bool) or not isinstance(found, int | float) else float(found)


#: A letter that stands for the colon of a name while Python reads it: a part of the formula of h is called h:add.
_COLON = "ǃ"
#: The name of a line before a colon and the name of its part; and a gradient as the screen writes it.
_PART = re.compile(rf"(?<![{LETTERS}.])([^\W\d][{LETTERS}]*(?:\.[{LETTERS}]+)*):(?=[^\W\d])")
_SLOPE = re.compile(
    rf"∂[{LETTERS}.]+/∂([^\W\d][{LETTERS}]*(?:\.(?!(?:T|data|grad|next)\b)[{LETTERS}]+(?![{LETTERS}(]))*)"
)
#: As the tape has it where there is little room.
_SHORT = re.compile(rf"∂([^\W\d][{LETTERS}]*)(?!/)\b")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉−×·", "0123456789-**")
