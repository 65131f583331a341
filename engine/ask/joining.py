"""Parts of an expression put together: arithmetic, comparisons, and truth.

Truth follows Kleene's three values (Introduction to Metamathematics, 1952, §64): false and unknown is false, true or
unknown is true, and where the whole is unknown, it does not hold.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradstep.engine.ask.language import ELEMENTWISE, REDUCING
from gradstep.engine.ask.scope import Part
from gradstep.engine.errors import CommandError

#: What a mistake in the expression is, from what is said of it.
Bad = Callable[[str], CommandError]


#: What makes whole numbers of whole numbers.
_WHOLE = (operator.add, operator.sub, operator.mul)


def judged(part: Part, node: ast.expr, bad: Bad) -> Part:
    """A part that has to be true or false, once at each step."""
    if np.asarray(part.value).dtype.kind == "b" and part.single:
        return part.one
    written = ast.unparse(node)
    if np.asarray(part.value).dtype.kind != "b":
        raise bad(f"'{written}' is a number; compare it, as in {written} == 0")
    raise bad(f"'{written}' has {np.size(part.value):,} truth values; say any({written}) or all({written})")


def paired(a: Part, b: Part, left: ast.expr, right: ast.expr, bad: Bad) -> tuple[Part, Part]:
    """Two parts that have to go together: whole arrays, or numbers of each step with such and with single ones."""
    if a.stepwise == b.stepwise:
        return a, b
    whole, node, at_steps = (a, left, right) if b.stepwise else (b, right, left)
    if not whole.single:
        written, field = ast.unparse(node), ast.unparse(at_steps)
        raise bad(
            f"'{written}' has {np.size(whole.value):,} numbers, and '{field}' is one at each step; "
            f"name one of them, or say max({written})"
        )
    return a.one, b.one


def joined(act: Callable[..., Any], a: Part, b: Part) -> Part:
    """Two parts that go together, in arithmetic or in a comparison. Raises ValueError where their shapes do not fit."""
    one, other = np.asarray(a.value), np.asarray(b.value)
    value = act(one.astype(float), other.astype(float))
    if act in _WHOLE and one.dtype.kind in "biu" and other.dtype.kind in "biu" and (abs(value) < 2**53).all():
        value = value.astype(np.int64)
    return Part(value, _both(a.known, b.known), a.stepwise or b.stepwise)


def chained(parts: Sequence[Part], node: ast.expr, bad: Bad) -> Part:
    """`a < b < c`: both comparisons, number by number."""
    if all(part.single for part in parts):
        return all_of([part.one for part in parts])
    if any(part.stepwise for part in parts):
        raise bad(f"in '{ast.unparse(node)}' there are whole arrays beside numbers of steps")
    try:
        value = np.logical_and.reduce(np.broadcast_arrays(*(part.value for part in parts)))
    except ValueError:
        shapes = " and ".join(str(np.shape(part.value)) for part in parts)
        raise bad(f"shapes {shapes} do not fit in '{ast.unparse(node)}'") from None
    return Part(value, reduce(np.logical_and, (part.known for part in parts)))


def applied(name: str, part: Part, node: ast.expr, bad: Bad) -> Part:
    """A function of a part: of each of its numbers, or of all of them."""
    if name in ELEMENTWISE:
        array = np.asarray(part.value)
        return part._replace(value=ELEMENTWISE[name](array.astype(float) if array.dtype.kind == "b" else array))
    if part.stepwise:
        raise bad(f"'{ast.unparse(node)}' is one number at each step; {name} is for a whole array")
    array = np.asarray(part.value)
    if array.size == 0 and name in ("max", "min", "mean", "std"):
        raise bad(f"'{ast.unparse(node)}' is empty")
    if name == "norm":
        array = array.reshape(-1)
    return Part(REDUCING[name](array), part.known)


def all_of(parts: Sequence[Part]) -> Part:
    """Whether all hold: false where one is false, even where others are unknown."""
    result = parts[0]
    for part in parts[1:]:
        both = _both(result.known, part.known)
        false = [np.logical_and(p.known, np.logical_not(p.value)) for p in (result, part)]
        holds = np.logical_and(result.holds, part.holds)
        result = Part(holds, both | false[0] | false[1], _at_steps(result, part, both))
    return result


def any_of(parts: Sequence[Part]) -> Part:
    """Whether one holds: true where one is true, even where others are unknown."""
    result = parts[0]
    for part in parts[1:]:
        both, holds = _both(result.known, part.known), result.holds | part.holds
        result = Part(holds, both | holds, _at_steps(result, part, both))
    return result


def _both(a: Any, b: Any) -> Any:
    """Where both are known; most are known anywhere, which needs no array."""
    return b if a is True else a if b is True else np.logical_and(a, b)


def _at_steps(a: Part, b: Part, known: Any) -> bool:
    """Whether what is made of two parts is another one at each step."""
    return a.stepwise or b.stepwise or np.ndim(known) > 0
