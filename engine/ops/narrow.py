"""Operations on numbers of narrower types: computed in the file's precision, and rounded as they are written, forward
and backward, as PyTorch's kernels do for halves."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.op import COUNTED, RECKONED, Op
from gradstep.engine.ops.precision import rounded, too_many_digits
from gradstep.engine.ops.precision import unheld as not_held
from gradstep.engine.ops.promotion import held, is_whole


class Narrow(Op if TYPE_CHECKING else object):  # type: ignore[misc]  # it stands before an operation
    """What is put before the class of an operation: its output is rounded to the type `made`, and gradients of its
    inputs to the types `taken`; where one is empty, not at all. One that is `smooth` has the gradient of the operation
    itself, of which a difference tells: nothing of it is rounded, nor made of an output that is."""

    made: ClassVar[str] = ""
    taken: ClassVar[tuple[str, ...]] = ()
    smooth: ClassVar[bool] = False

    def forward(self, xs: Sequence[Array]) -> Array:
        if is_whole(self.made):  # of whole numbers float32 has fewer than the types that are in use
            exact, given = type(self).exactly, np.int64 if self.of_whole in (RECKONED, COUNTED) else np.float64
            numbers = [x.astype(given) for x in xs]
            y: Array = super().forward(numbers) if exact is None else exact(self, numbers)
            return self._whole(held(np.asarray(y), self.made), np.result_type(*xs))
        y = super().forward(xs)
        return rounded(y, self.made) if self.made else y

    def _whole(self, y: Array, dtype: np.dtype[Any]) -> Array:
        """Whole numbers in the dtype of a file. Raises OpError where that has not all of their digits."""
        lost = not_held(y, dtype) if y.dtype.kind == "i" and dtype.kind == "f" else None
        if lost is not None:
            raise OpError(f"{self.name}: {too_many_digits(lost, dtype)}")
        return y.astype(dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if self.smooth:
            part: Array = super().vjp(slot, g, super().forward(xs), xs)
            return part
        g = rounded(g, self.made) if self.made else g
        part = super().vjp(slot, g, y, xs)
        kind = self.taken[slot]
        return rounded(part, kind) if kind else part


def narrow(op: Op, made: str, taken: Sequence[str]) -> Op:
    """An operation whose output, and the gradients of whose inputs, are rounded to these types; itself where all are
    those of the file. Of whole numbers, which get no gradient, those that the type holds."""
    if not made and not any(taken):
        return op
    if op.by_type and made and not is_whole(made):
        unsaid = {option: of(made) for option, of in op.by_type.items() if getattr(op, option) is None}
        op = replace(op, **unsaid)
    return _as(op, _class(type(op), made, tuple(taken), False))


def wide(op: Op) -> Op:
    """The operation on numbers of the file's precision, where it is one on those of a narrower type that is not of
    whole numbers."""
    return op if isinstance(op, Narrow) and is_whole(op.made) else unheld(op)


def unheld(op: Op) -> Op:
    """The operation as it is on any numbers, where it is one on those of a type."""
    return _as(op, type(op).__mro__[2]) if isinstance(op, Narrow) else op


def unrounded(op: Op) -> Op:
    """The operation with gradients that are not rounded, where it rounds them."""
    if isinstance(op, Narrow):
        return _as(op, _class(type(op).__mro__[2], op.made, op.taken, True))
    return _with(op, "smooth", True) if op.rounds_to else op


def of_kind(op: Op, kind: str) -> Op:
    """A cast of numbers of a type; any other operation itself."""
    return _with(op, "source", kind) if op.rounds_to else op


def _with(op: Op, name: str, value: object) -> Op:
    other = copy(op)
    object.__setattr__(other, name, value)
    return other


def _as(op: Op, of: type[Op]) -> Op:
    other: Op = object.__new__(of)
    other.__dict__.update(op.__dict__)  # its options
    return other


@cache
def _class(of: type[Op], made: str, taken: tuple[str, ...], smooth: bool) -> type[Op]:
    members: dict[str, object] = {
        "__module__": of.__module__,
        "__doc__": of.__doc__,
        "made": made,
        "taken": taken,
        "smooth": smooth,
    }
    if is_whole(made):
        members["discrete"] = True  # whole numbers take no gradient
    found: type[Op] = new_class(of.__name__, (Narrow, of), exec_body=lambda body: body.update(members))
    return found
