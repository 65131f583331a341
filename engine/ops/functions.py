"""Functions of single numbers as entries of a table: how each is written, its value, and its slopes.

Most of what a network applies element by element is one formula with one derivative. Such an operation is one call of
`function`; what has options is a class, as other operations are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import new_class
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.links import parted

#: Whoever looks for a NaN wants to see where it goes on.
OPEN = "a NaN is no shut gate: the slope there is 1"

#: Of what is made of two parts, through both of which the gradient comes.
PARTED: Mapping[str, Any] = {
    "beyond": staticmethod(parted), "edge": "of an infinite gradient NaN comes through, ∞ − ∞"
}  # fmt: skip

#: How a local derivative is written, and what gives it from the output and the inputs.
Slope = tuple[str, Callable[..., Array]]


class Function(Elementwise):
    """An operation of the table. `value` takes the inputs, each of `derivatives` the output and the inputs; what comes
    of them is taken in the dtype of the inputs. `domain` says what is wrong with single numbers, if anything."""

    value: ClassVar[Callable[..., Array]]
    derivatives: ClassVar[Sequence[Callable[..., Array]]]
    domain: ClassVar[Callable[..., Cause | None]]

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(self.value(*xs), dtype=xs[0].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(self.derivatives[slot](y, *xs), dtype=y.dtype)

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return self.domain(*xs)


def function(
    name: str,
    notation: str,
    value: Callable[..., Array],
    *slopes: Slope,
    label: str = "",
    undefined: Callable[..., Cause | None] = lambda *_: None,
    **traits: Any,
) -> type[Function]:
    """Makes the operation `name` of the module that calls, one slot for each slope: x, or a and b. `traits` are other
    attributes of `Op`."""
    members = {
        "__module__": sys._getframe(1).f_globals["__name__"],
        "name": name,
        "notation": notation,
        "slots": ("x",) if len(slopes) == 1 else ("a", "b"),
        "slopes": tuple(written for written, _ in slopes),
        "label": label or name,
        "value": staticmethod(value),
        "ufunc": value if isinstance(value, np.ufunc) else None,
        "derivatives": tuple(derivative for _, derivative in slopes),
        "domain": staticmethod(undefined),
    }
    made: type[Function] = new_class(
        name.title().replace("_", ""), (Function,), exec_body=lambda body: body.update(members | traits)
    )
    return made


def jumps(name: str, notation: str, value: Callable[..., Array], label: str, kink: str = "", **traits: Any) -> None:
    """Makes an operation that is constant between its jumps and passes no gradient."""
    home = sys._getframe(1).f_globals["__name__"]
    kink = kink or "it jumps, and its slope is 0 everywhere else"
    flat = ("0", lambda y, _: np.zeros_like(y))
    function(name, notation, value, flat, label=label, kink=kink, discrete=True, __module__=home, **traits)
