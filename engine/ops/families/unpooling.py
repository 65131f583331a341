"""What max pooling took, put back where it stood."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.scattering import Scatter
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.putting import Pairs, Put
from gradstep.engine.ops.shapes import listed, shape_text

_Lengths = int | tuple[int, ...]


class Unpooled(Scatter):
    """x, and at the places that ids has along an axis the elements of src instead; where windows overlap and several of
    them, which are equal, go to one place, each gets all of its gradient."""

    name = "unpool"
    kink = "several in one place are equal: each gets all of the gradient"
    label = "unpooling"
    typed_by = (0, 2)

    def factors(self, x: Array, pairs: Pairs, source: Array, y: Array) -> tuple[Array, Array]:
        return super().factors(x, pairs, source, y)[0], np.ones_like(source)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return Put.vjp(self, slot, g, y, xs)  # by its factors, and not by which of several was written last


def _each(name: str, option: str, value: _Lengths, count: int) -> tuple[int, ...]:
    found = listed(value)
    if len(found) not in (1, count):
        raise OpError(f"{name}: {option} is a whole number or {count} of them, not {value!r}")
    return found if len(found) == count else found * count


def _unpooled(
    x: Given, ids: Given, count: int, size: _Lengths, stride: _Lengths | None, padding: _Lengths, out: Shape | None
) -> Plan:
    name = f"max_unpool{count}d"
    if len(x.shape) not in (count + 1, count + 2) or ids.shape != x.shape:
        raise OpError(
            f"{name}: x must be (channels, …) or (samples, channels, …) with {count} more axes and ids as large, "
            f"but x is {shape_text(x.shape)} and ids {shape_text(ids.shape)}"
        )
    sizes, pads = _each(name, "kernel_size", size, count), _each(name, "padding", padding, count)
    steps = sizes if stride is None else _each(name, "stride", stride, count)
    there = x.shape[-count:]
    to = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(there, steps, pads, sizes, strict=True))
    if out is not None:
        if len(out) not in (count, count + 1, count + 2):
            raise OpError(f"{name}: output_size is {count} lengths, not {out!r}")
        if any(not n - s < m < n + s for m, n, s in zip(out[-count:], to, steps, strict=True)):
            raise OpError(f"{name}: output_size {out[-count:]} is too far from {to}, what x and the windows make")
        to = out[-count:]
    rows = prod(x.shape[:-count])
    flat = [(Reshape((rows, prod(there))), [one]) for one in (x, ids)]
    put: Plan = (Unpooled(1), [(Expand((rows, prod(to))), [0.0]), flat[1], flat[0]])
    return (Reshape((*x.shape[:-count], *to)), [put])


@composite(indices="ids")
def max_unpool1d(
    x: Given,
    ids: Given,
    *,
    kernel_size: int | tuple[int, ...] = 2,
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    output_size: tuple[int, ...] | None = None,
) -> Plan:
    """The elements of x where ids, counted through the positions, says; 0 elsewhere."""
    return _unpooled(x, ids, 1, kernel_size, stride, padding, output_size)


@composite(indices="ids")
def max_unpool2d(
    x: Given,
    ids: Given,
    *,
    kernel_size: int | tuple[int, ...] = 2,
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    output_size: tuple[int, ...] | None = None,
) -> Plan:
    """The same in an image: ids are counted through its rows."""
    return _unpooled(x, ids, 2, kernel_size, stride, padding, output_size)


@composite(indices="ids")
def max_unpool3d(
    x: Given,
    ids: Given,
    *,
    kernel_size: int | tuple[int, ...] = 2,
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    output_size: tuple[int, ...] | None = None,
) -> Plan:
    """The same in a volume: ids are counted through its rows and layers."""
    return _unpooled(x, ids, 3, kernel_size, stride, padding, output_size)
