"""What the parts of a formula are before it is known what they are for: values, numbers, `W.T`, several results."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradstep.engine.errors import ExpressionError, shortened
from gradstep.engine.graph.graph import Value
from gradstep.engine.notation import counted

#: What is said of what is no formula.
ALLOWED = "a formula has names, numbers, + - * / // % ** @, x[0], .T and calls of the listed operations"


@dataclass(frozen=True, slots=True)
class Transposed:
    """`W.T` before it is known what it is for."""

    value: Value


@dataclass(frozen=True, slots=True)
class SeveralResults:
    """The results of a call that has several: each is made where it is taken, and called by a name if it has one."""

    call: str
    makers: Sequence[Callable[[str | None], Value]]

    def taken(self, node: ast.Subscript, name: str | None) -> Value:
        """The one with the number in brackets."""
        try:
            number = ast.literal_eval(node.slice)
        except ValueError:
            number = None
        if type(number) is not int or not -len(self.makers) <= number < len(self.makers):
            raise ExpressionError(
                f"{self.call} has {len(self.makers)} results: one is taken by its number, from 0 on", node.col_offset
            )
        return self.makers[number](name)

    @property
    def advice(self) -> str:
        """What is said where they are used as if they were one."""
        names = ", ".join("abcdef"[: len(self.makers)]) + (", …" if len(self.makers) > 6 else "")
        return (
            f"{self.call} has {counted(len(self.makers), 'result')}: take one, as in {self.call}(…)[0], "
            f'or name them, as in "{names}" = "{self.call}(…)"'
        )


Operand = Value | Transposed | SeveralResults | float


def number_of(node: ast.Constant) -> float:
    """A number, whole or not, or a truth."""
    if not isinstance(node.value, int | float):
        raise ExpressionError(f"{shortened(repr(node.value), 60)} is no number; {ALLOWED}", node.col_offset)
    return node.value


def as_linear(left: Operand, right: Operand) -> tuple[Value, Value] | None:
    """(x, W) where `left @ right` is a weighted sum of x with the rows of a weight matrix W."""
    if isinstance(right, Transposed) and isinstance(left, Value):
        return (left, right.value) if len(right.value.shape) == 2 else None
    if isinstance(left, Value) and isinstance(right, Value) and len(left.shape) == 2 and len(right.shape) == 1:
        return right, left
    return None
