"""One array becomes several: each result is a part of it, and a node of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import ceil

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.ops.composite import Given, Plan, Several, composite
from gradstep.engine.ops.families.indexing import Index
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.shapes import broadcast, normal_axes, shape_text

#: More parts than that are not meant.
_MOST = 4096


def axis_of(name: str, axis: int, shape: Shape) -> int:
    """An axis that there is, from 0 on. Raises OpError."""
    if not shape:
        raise OpError(f"{name}: a single number has no axis to take apart")
    return normal_axes(name, axis, len(shape))[0]


def part(x: Given, axis: int, start: int, stop: int) -> Plan:
    """x[:, …, start:stop] on an axis."""
    return (Index((*(((None,) * 3),) * axis, (start, stop, None))), [x])


def _check_count(name: str, x: Given, count: int) -> None:
    if count > _MOST:
        raise OpError(f"{name}: {count:,} parts of {shape_text(x.shape)}; at most {_MOST:,} are made")


def _parts(name: str, x: Given, axis: int, sizes: Sequence[int]) -> Several:
    _check_count(name, x, len(sizes))
    return Several([part(x, axis, stop - size, stop) for size, stop in zip(sizes, accumulate(sizes), strict=True)])


@composite(split_size_or_sections="size", split_size="size", split_sizes="size")
def split(x: Given, *, size: int | tuple[int, ...] = 1, axis: int = 0) -> Several:
    """Parts of so many along an axis, the last one smaller where that does not divide; or of these sizes."""
    at = axis_of("split", axis, x.shape)
    there = x.shape[at]
    if isinstance(size, tuple):
        if sum(size) != there or any(n < 0 for n in size):
            raise OpError(
                f"split: sizes {size} must add up to {there}, the length of axis {at} of {shape_text(x.shape)}"
            )
        return _parts("split", x, at, size)
    if size < 0 or (size == 0 and there):
        raise OpError(f"split: size is a whole number from 1 on, not {size}")
    if not there:
        return _parts("split", x, at, [0])
    _check_count("split", x, -(-there // size))
    return _parts("split", x, at, [min(size, there - start) for start in range(0, there, size)])


@composite()
def chunk(x: Given, *, chunks: int = 2, axis: int = 0) -> Several:
    """At most so many parts along an axis, all but the last of one size."""
    at = axis_of("chunk", axis, x.shape)
    if chunks < 1:
        raise OpError(f"chunk: chunks is a whole number from 1 on, not {chunks}")
    there = x.shape[at]
    _check_count("chunk", x, min(chunks, there or chunks))
    if not there:
        return _parts("chunk", x, at, [0] * chunks)
    size = ceil(there / chunks)
    return _parts("chunk", x, at, [min(size, there - start) for start in range(0, there, size)])


@composite(indices_or_sections="sections", indices="sections")
def tensor_split(x: Given, *, sections: int | tuple[int, ...] = 2, axis: int = 0) -> Several:
    """So many parts along an axis, the first ones longer by one where that does not divide; or cut at these places."""
    return _cut("tensor_split", x, sections, axis_of("tensor_split", axis, x.shape))


def _cut(name: str, x: Given, sections: int | tuple[int, ...], at: int) -> Several:
    there = x.shape[at]
    if isinstance(sections, tuple):
        ends = [slice(None, stop).indices(there)[1] for stop in sections]
        pairs = list(zip([0, *ends], [*ends, there], strict=True))
        return Several([part(x, at, start, max(start, stop)) for start, stop in pairs])
    if sections < 1:
        raise OpError(f"{name}: sections is a whole number from 1 on, not {sections}")
    _check_count(name, x, sections)
    size, more = divmod(there, sections)
    return _parts(name, x, at, [size + (k < more) for k in range(sections)])


def _cut_evenly(name: str, x: Given, sections: int | tuple[int, ...], least: int, axis: int) -> Several:
    if len(x.shape) < least:
        raise OpError(f"{name}: at least {least} axes are needed, but the shape is {shape_text(x.shape)}")
    if isinstance(sections, int) and (sections < 1 or x.shape[axis] % sections):
        raise OpError(f"{name}: axis {axis} of {shape_text(x.shape)} does not come apart into {sections} equal parts")
    return _cut(name, x, sections, axis)


@composite(indices_or_sections="sections", indices="sections")
def hsplit(x: Given, *, sections: int | tuple[int, ...] = 2) -> Several:
    """Equal parts along axis 1, or along 0 where that is the only one; or cut at these places."""
    return _cut_evenly("hsplit", x, sections, 1, min(1, len(x.shape) - 1))


@composite(indices_or_sections="sections", indices="sections")
def vsplit(x: Given, *, sections: int | tuple[int, ...] = 2) -> Several:
    """Equal parts along axis 0, or cut at these places."""
    return _cut_evenly("vsplit", x, sections, 2, 0)


@composite(indices_or_sections="sections", indices="sections")
def dsplit(x: Given, *, sections: int | tuple[int, ...] = 2) -> Several:
    """Equal parts along axis 2, or cut at these places."""
    return _cut_evenly("dsplit", x, sections, 3, 2)


@composite()
def unbind(x: Given, *, axis: int = 0) -> Several:
    """The parts x[0], x[1] … along an axis, which is gone."""
    at = axis_of("unbind", axis, x.shape)
    _check_count("unbind", x, x.shape[at])
    return Several([(Index((*(((None,) * 3),) * at, k)), [x]) for k in range(x.shape[at])])


@composite()
def meshgrid(*x: Given, indexing: str = "ij") -> Several:
    """Each of several rows spread over a grid of all.

    The axes of the grid are those of the rows in order, the first two in each other's place with indexing="xy"."""
    if indexing not in ("ij", "xy"):
        raise OpError(f"meshgrid: indexing is 'ij' or 'xy', not {indexing!r}")
    if wrong := next((one for one in x if len(one.shape) > 1), None):
        raise OpError(f"meshgrid: rows or single numbers are needed, but one is {shape_text(wrong.shape)}")
    lengths = [one.shape[0] if one.shape else 1 for one in x]
    order = list(range(len(x)))
    if indexing == "xy" and len(x) > 1:
        order[:2] = [1, 0]
    to = tuple(lengths[k] for k in order)
    wide = [tuple(lengths[k] if j == k else 1 for j in order) for k in range(len(x))]
    return Several([(Expand(to), [(Reshape(shape), [one])]) for one, shape in zip(x, wide, strict=True)])


@composite()
def broadcast_tensors(*x: Given) -> Several:
    """Each of several arrays in the shape that they broadcast to together."""
    to = broadcast([one.shape for one in x], "broadcast_tensors")
    return Several([(Expand(to), [one]) for one in x])
