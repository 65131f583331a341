"""An operation of another program that is shown as it was recorded, and not explained.

Its value, and what it passed on to each of its inputs, are known for the numbers that it had then, and for no others:
it computes nothing. Whoever runs it with other numbers takes what was recorded, and marks it as stale, or stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Shape, picked
from gradstep.engine.ops.links import Links, none
from gradstep.engine.ops.op import Op


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What was recorded of one operation: its output, the gradient that arrived at the output, and of each input the
    part of its gradient that came through here; None where there was no gradient."""

    output: Array
    upstream: Array | None
    parts: tuple[Array | None, ...]


@dataclass(frozen=True)
class Recorded(Op, listed=False):
    """What the operation `of` made of its inputs, an array of shape `size`."""

    name = "recorded"
    slots = ("x",)
    variadic = True
    opaque = True
    notation = "recorded({0} …)"
    slopes = ("recorded",)
    label = "recorded"

    of: str = ""
    size: tuple[int, ...] = ()
    numbers: Numbers | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.of, str) or not self.of:
            raise OpError("recorded: of is the name of an operation, in quotes")
        if not isinstance(self.size, tuple) or any(type(n) is not int or n < 0 for n in self.size):
            raise OpError("recorded: size is a shape, as in size=(2, 3)")
        self.__dict__["label"] = self.of  # what it is called where its like has a label

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Those that are written: the numbers are not."""
        return {"of": "", "size": ()}

    def template(self, inputs: int, dtype: np.dtype[Any]) -> str:
        """The name of the operation, and all inputs."""
        return f"{self.of}({', '.join(f'{{{k}}}' for k in range(inputs))})"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return self.size

    @property
    def known(self) -> Numbers:
        """What was recorded. Raises OpError where nothing is."""
        if self.numbers is None:
            raise self.unexplained()
        return self.numbers

    def forward(self, xs: Sequence[Array]) -> Array:
        """Raises OpError: what it makes of numbers is not known."""
        raise self.unexplained()

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        """Raises OpError: what it makes of gradients is not known."""
        raise self.unexplained()

    def unexplained(self) -> OpError:
        """What is said where it would have to be computed."""
        if self.numbers is None:
            return OpError(f"{self.of} is recorded, and there are no recorded numbers beside this file")
        return OpError(f"{self.of} is recorded, not explained: what follows from other numbers is not known")

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        """All elements: which of them it looked at is not known."""
        return Links(slot, Grid(0, (xs[slot].size,), (1,)), none(xs[slot]))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        """One element of the output, as if all came through it: the one in the same place, else the one with the
        largest gradient. The local derivative is what was passed on, divided by what arrived there."""
        known = self.known
        part, up = known.parts[slot], known.upstream
        if part is None or up is None or not up.size:
            return Links(slot, Grid(0, (0,), (1,)), none(y))
        through = at if xs[slot].shape == self.size and up.item(at) else int(np.abs(up).argmax())
        with np.errstate(all="ignore"):
            local = np.divide(part.reshape(-1)[at : at + 1], up.reshape(-1)[through : through + 1])
        if not up.item(through):
            local = np.zeros(1, dtype=y.dtype)
        return Links(slot, picked(through), lambda start, stop: local[start:stop])

    def workspace(self, shapes: Sequence[Shape], out: Shape) -> int:
        return prod(out)
