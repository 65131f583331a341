"""What an equation is: both sides, the right one with numbers put in, and the result."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Shape
from gradstep.engine.notation import Truth, number, rounded
from gradstep.engine.run.recording import Recording

#: Sums of up to this many terms are written out; longer ones with Σ.
WRITTEN_OUT = 3


class Num(NamedTuple):
    """A number inside a line of text; whoever shows it chooses the digits and the colour."""

    value: float
    signed: bool = True
    parens: bool = False

    def text(self, digits: int) -> str:
        shown = number(self.value, digits, self.signed)
        return f"({shown})" if self.parens else shown


Parts = tuple[str | Num, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """`left` = `right`, the same with numbers put in, and the result.

    `remade` computes the result again from numbers as they are printed: it is given the rounding.
    """

    left: str
    right: str
    numbers: Parts
    result: float
    relation: str = "="
    remade: Callable[[Callable[[float], float]], float] | None = None

    def replaced(self, by: str) -> Equation:
        """That the result comes from elsewhere, in place of what the right side would give."""
        return Equation(self.left, f"{by}, in place of {self.right}", (), self.result, "←")

    def equals(self, digits: int) -> str:
        """`=`, or `≈` where the printed numbers do not give exactly the printed result."""
        if self.remade is None:
            return "="
        with np.errstate(all="ignore"):
            again = self.remade(lambda x: rounded(x, digits))
        if isinstance(self.result, Truth | np.integer):
            return "=" if again == self.result else "≈"
        return "=" if number(again, digits) == number(float(self.result), digits) else "≈"


def number_at(recording: Recording, value: int, flat: int) -> Num:
    """The number of an element, in brackets where it is negative."""
    found = recording.trace.number(Element(value, flat))
    return Num(found, False, found < 0)


def equation_text(parts: Parts, digits: int) -> str:
    """The plain text of parts."""
    return "".join(p if isinstance(p, str) else p.text(digits) for p in parts)


def fill(template: str, parts: Sequence[str | Num]) -> Parts:
    """`template` with {0}, {1} … replaced by parts."""
    pieces = re.split(r"\{(\d+)\}", template)
    return tuple(parts[int(p)] if k % 2 else p for k, p in enumerate(pieces) if p)


def relation(factors: Sequence[float], product: float, digits: int) -> str:
    """`=` where the printed factors multiply to the printed product, else `≈`."""
    return (
        "=" if number(math.prod(rounded(f, digits) for f in factors), digits) == number(float(product), digits) else "≈"
    )


def divided(node: Node, template: str, shapes: Sequence[Shape], at: int = 0) -> str:
    """A template with the number of terms of a mean, that of output `at`, in the place of its n; none is divided
    by 1."""
    count = node.op.divisor(shapes, at)
    return re.sub(r"\bn\b", str(count), template if count != 1 else re.sub(r" ?/ ?n\b", "", template))
