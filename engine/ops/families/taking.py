"""Elements whose numbers arrays have: by several axes, along one, or counted through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Indices, Shape
from gradstep.engine.ops.adding import add_along
from gradstep.engine.ops.choosing import Chosen, Listed, along
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.shapes import broadcast, check_one, counted_from_end, normal_axes, shape_text


@dataclass(frozen=True)
class Taken(Chosen):
    """x[ids], x[:, ids], x[rows, columns], x[[0, 2]]: the elements whose numbers arrays have, which broadcast together.
    `at` has for each axis from the first on None for all of it, numbers that are written out, or which of the inputs
    behind x has them. Their axes stand where the first of them stood, or come first if others lie between them. A
    number below 0 counts from the end; of True and False, which stand for as many axes as they have, True is taken."""

    name = "take_at"
    slots = ("x", "ids")
    slopes = ("1 to the one that is chosen, 0 to all others", "0")
    notation = "{0}[{1}]"
    label = "elements by their numbers"
    variadic = True

    at: tuple[int | Listed | None, ...] = (0,)

    def __post_init__(self) -> None:
        for one in self.at if isinstance(self.at, tuple) else ("",):
            if one is not None and type(one) is not int and not isinstance(one, Listed):
                raise OpError("take_at: write it as x[ids] or x[:, [0, 2]]")

    def template(self, inputs: int, dtype: np.dtype[Any]) -> str:
        return self.notation if inputs > 1 else "part of {0}"

    def _key(self, ids: Sequence[Array], shape: Shape) -> tuple[Any, ...]:
        """The index as NumPy takes it. Raises OpError."""
        key, axis = list[Any](), 0
        for one in self.at:
            array = one.array if isinstance(one, Listed) else None if one is None else ids[one]
            if array is None:
                key.append(slice(None))
            elif array.dtype == bool:
                if array.shape != tuple(shape[axis : axis + array.ndim]):
                    raise OpError(
                        f"index: {shape_text(array.shape)} of True and False do not fit the axes from {axis} on of "
                        f"shape {shape_text(shape)}"
                    )
                key.append(array)
                axis += array.ndim - 1
            else:
                if axis >= len(shape):
                    raise OpError(f"index: more indices than the {len(shape)} axes of shape {shape_text(shape)}")
                key.append(
                    counted_from_end(f"index: numbers on axis {axis} of {shape_text(shape)}", array, shape[axis])
                )
            axis += 1
        if axis > len(shape):
            raise OpError(f"index: {axis} indices for shape {shape_text(shape)}, which has {len(shape)} axes")
        return tuple(key)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if any(type(one) is int and one >= len(shapes) - 1 for one in self.at):
            raise OpError("index: the arrays of numbers are missing")
        broadcast([*shapes[1:], *(one.shape for one in self.at if isinstance(one, Listed) and not one.truths)], "index")
        ids = [np.broadcast_to(np.zeros(()), shape) for shape in shapes[1:]]
        try:
            return tuple(np.broadcast_to(np.zeros((), bool), shapes[0])[self._key(ids, shapes[0])].shape)
        except ValueError:
            raise OpError("index: an array of more elements than there can be") from None
        except IndexError:
            raise OpError("index: numbers, and as many of True as there are, must broadcast together") from None

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot and slot - 1 in self.at:
            before = self.at[: self.at.index(slot - 1)]
            axis = sum(len(one.shape) if isinstance(one, Listed) and one.truths else 1 for one in before)
            counted_from_end(f"index: numbers on axis {axis} of {shape_text(shapes[0])}", x, shapes[0][axis])

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0][self._key(xs[1:], xs[0].shape)])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if slot or len(xs) > 1:
            return super().vjp(slot, g, y, xs)
        flow = np.zeros_like(xs[0])  # the same elements each time
        np.add.at(flow.reshape(-1), _listed(self, xs[0].shape), g.reshape(-1))
        return flow

    def chosen(self, xs: Sequence[Array]) -> Indices:
        places = np.arange(xs[0].size).reshape(xs[0].shape)
        return np.asarray(places[self._key(xs[1:], xs[0].shape)])


@lru_cache(maxsize=16)
def _listed(op: Taken, shape: Shape) -> Indices:
    """What is chosen of an array of `shape` where all numbers are written out."""
    return op.chosen([np.empty(shape)]).reshape(-1)


@dataclass(frozen=True)
class Along(Chosen):
    """Elements whose numbers along one axis an array has."""

    slots = ("x", "ids")
    words: ClassVar[Mapping[str, str]] = {"index": "ids", "indices": "ids"}
    slopes = ("1 to the one that is chosen, 0 to all others", "0")
    notation = "{0}[{1}]"
    axis_second = True

    axis: int = 0

    def __post_init__(self) -> None:
        check_one(self.name, axis=self.axis)

    def _axis(self, shape: Shape) -> int:
        return normal_axes(self.name, self.axis, len(shape))[0] if shape else 0

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot:
            self._ids(x, shapes[0])

    def _ids(self, ids: Array, shape: Shape) -> Array:
        axis = self._axis(shape)
        what = f"{self.name}: ids on axis {axis} of {shape_text(shape)}"
        return counted_from_end(what, ids, shape[axis] if shape else 1)


class Gather(Along):
    """out[i, j] = x[i, ids[i, j]] with axis 1, as torch.gather: ids has as many axes as x, and is no longer along the
    others."""

    name = "gather"
    label = "gather"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, ids = shapes
        axis = self._axis(x)
        if (len(x) or 1) != (len(ids) or 1) or any(
            n > m for a, (n, m) in enumerate(zip(ids, x, strict=False)) if a != axis
        ):
            raise OpError(
                f"gather: ids {shape_text(ids)} must have as many axes as x {shape_text(x)}, and be no longer but on "
                f"axis {axis}"
            )
        return tuple(ids)

    def chosen(self, xs: Sequence[Array]) -> Indices:
        shape, ids = xs[0].shape, self._ids(xs[1], xs[0].shape)
        return along(ids, self._axis(shape), shape) if ids.ndim and shape else ids


class IndexSelect(Along):
    """The parts of x along an axis whose numbers `ids` has."""

    name = "index_select"
    label = "index select"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, ids = shapes
        if len(ids) > 1:
            raise OpError(f"index_select: ids are a row of numbers, but they are {shape_text(ids)}")
        if not x:
            if ids not in ((), (1,)):
                raise OpError(f"index_select: of a single number one is taken, but ids are {shape_text(ids)}")
            return ()
        axis = self._axis(x)
        return (*x[:axis], prod(ids), *x[axis + 1 :])

    def forward(self, xs: Sequence[Array]) -> Array:
        x, ids = xs
        if x.ndim < 2 or self._axis(x.shape) == x.ndim - 1:
            return super().forward(xs)
        return np.asarray(x.take(self._ids(ids, x.shape).reshape(-1), axis=self._axis(x.shape)))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x, ids = xs
        if slot == 0 and x.ndim:
            flow = np.zeros(x.shape, g.dtype)
            if add_along(flow, self._ids(ids, x.shape), g, self._axis(x.shape)):
                return flow
        return super().vjp(slot, g, y, xs)

    def chosen(self, xs: Sequence[Array]) -> Indices:
        shape, ids = xs[0].shape, self._ids(xs[1], xs[0].shape)
        if not shape:
            return ids.reshape(())
        return np.arange(xs[0].size).reshape(shape).take(ids.reshape(-1), axis=self._axis(shape))


class Take(Chosen):
    """The elements of x whose numbers, counted through all axes in C order, `ids` has; the shape is that of ids."""

    name = "take"
    slots = ("x", "ids")
    words: ClassVar[Mapping[str, str]] = {"index": "ids", "indices": "ids"}
    slopes = ("1 to the one that is chosen, 0 to all others", "0")
    notation = "{0}[{1}]"
    label = "take"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[1])

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot:
            self._ids(x, shapes[0])

    @staticmethod
    def _ids(ids: Array, shape: Shape) -> Array:
        return counted_from_end(f"take: ids, counted through {shape_text(shape)},", ids, prod(shape))

    def chosen(self, xs: Sequence[Array]) -> Indices:
        return self._ids(xs[1], xs[0].shape)


@composite(index="ids", indices="ids")
def take_along_dim(x: Given, ids: Given, *, axis: int | None = None) -> Plan:
    """out[i, j] = x[i, ids[i, j]] with axis 1, the other axes broadcast.

    Without an axis the elements are counted through, and stand in a row."""
    if axis is None:
        return (Take(), [x, (Reshape((prod(ids.shape),)), [ids])])
    if len(x.shape) != len(ids.shape):
        raise OpError(f"take_along_dim: x {shape_text(x.shape)} and ids {shape_text(ids.shape)} have not as many axes")
    if not x.shape:
        raise OpError("take_along_dim: x is a single number and has no axis; leave the axis out")
    (at,) = normal_axes("take_along_dim", axis, len(x.shape))
    wide = broadcast(
        [tuple(1 if a == at else n for a, n in enumerate(s)) for s in (x.shape, ids.shape)], "take_along_dim"
    )
    shapes = [tuple(one.shape[a] if a == at else n for a, n in enumerate(wide)) for one in (x, ids)]
    parts: list[Plan] = [
        one if one.shape == to else (Expand(to), [one]) for one, to in zip((x, ids), shapes, strict=True)
    ]
    return (Gather(at), parts)
