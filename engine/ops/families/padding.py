"""Elements around an array: numbers, or its own once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.moving import Move, Placed
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.reach import Reach, Weighing, places_of
from gradstep.engine.ops.shapes import is_number, shape_text
from gradstep.engine.ops.windows import Window, per_axis, sliding, spots

_MODES = ("constant", "reflect", "replicate", "circular")


@dataclass(frozen=True)
class Pad(Weighing, Move):
    """x with elements before and behind, those of the last axis first: (left, right, top, bottom, …). They are `value`,
    or x's own: mirrored at its ends, its last ones repeated, or those of the other end. Below 0 some are cut off."""

    name = "pad"
    notation = "{0} padded"
    slopes = ("1",)
    summed = ()
    weighs = False
    label = "padding"
    of_whole = KEPT
    words: ClassVar[Mapping[str, str]] = {"padding": "pad"}

    pad: tuple[int, ...] = ()
    mode: str = "constant"
    value: float | None = None

    def __post_init__(self) -> None:
        if self.mode not in _MODES:
            raise OpError(f"pad: mode is one of {', '.join(_MODES)}, not {self.mode!r}")
        if not isinstance(self.pad, tuple) or len(self.pad) % 2 or any(type(n) is not int for n in self.pad):
            raise OpError(f"pad: it is (left, right) for the last axis, then for the one before, not {self.pad!r}")
        if self.value is not None and not is_number(self.value):
            raise OpError(f"pad: value is a number, not {self.value!r}")
        if self.value and self.mode != "constant":
            raise OpError(f"pad: value is for mode 'constant', not {self.mode!r}")

    @property
    def nothing(self) -> float:
        return 0.0 if self.value is None else float(self.value)

    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        pads = self.pad
        if len(pads) > 2 * len(x):
            raise OpError(f"pad: {pads} is for {len(pads) // 2} axes, but x {shape_text(x)} has {len(x)}")
        pairs = list(zip(pads[::2], pads[1::2], strict=True))[::-1]
        return tuple(
            self._reach(x, axis, before, behind)
            for axis, (before, behind) in zip(range(-len(pairs), 0), pairs, strict=True)
        )

    def _reach(self, x: Shape, axis: int, before: int, behind: int) -> Reach:
        extent, most = x[axis], max(before, behind)
        allowed = {"reflect": extent - 1, "circular": extent, "replicate": most if extent else 0, "constant": most}
        if most > max(allowed[self.mode], 0) or extent + before + behind < 0:
            many = f"at most {max(allowed[self.mode], 0)}" if most > 0 else "no more taken off than there are"
            raise OpError(
                f"pad: ({before}, {behind}) does not suit axis {axis} of x {shape_text(x)}: {many} "
                f"with mode {self.mode!r}"
            )
        at = places_of("pad", -before, extent + behind)
        if self.mode == "constant":
            index = np.where(at < extent, np.maximum(at, -1), -1)
        elif self.mode == "replicate":
            index = np.clip(at, 0, extent - 1)
        elif self.mode == "circular":
            first, last = max(-before, 0), extent + min(behind, 0)  # of what is left the ends are joined
            index = first + (at - first) % max(last - first, 1)
        else:
            index = extent - 1 - np.abs(extent - 1 - np.abs(at))
        return Reach(extent, index[:, None])

    def forward(self, xs: Sequence[Array]) -> Array:
        found = xs[0]
        for reach, axis in self._order(xs[0].shape):
            found = reach.gather(found, axis, start=self.nothing)
        return found

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        found, _ = self.box(at, self.shape(shapes), tuple(shapes[0]))
        return (0, int(found.take(0, 1)[0])) if found.size else (-1, 0)

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        found, _ = self.places(at, self.shape(shapes), tuple(shapes[0]))
        return int(found.take(0, 1)[0]) if found.size else None


@dataclass(frozen=True)
class Unfold(Placed):
    """What lies under each window of an image as a column: x (…, C, H, W) becomes (…, C · KH · KW, windows),
    0 where there is padding."""

    name = "unfold"
    notation = "windows of {0}"
    label = "unfold"

    kernel_size: int | tuple[int, ...] = 2
    dilation: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    stride: int | tuple[int, ...] = 1

    def __post_init__(self) -> None:
        self._options()

    def _options(self) -> tuple[Shape, Shape, Shape, Shape]:
        return (
            per_axis("unfold", "kernel_size", self.kernel_size, 2, 1),
            per_axis("unfold", "dilation", self.dilation, 2, 1),
            per_axis("unfold", "padding", self.padding, 2, 0),
            per_axis("unfold", "stride", self.stride, 2, 1),
        )

    def _windows(self, x: Shape) -> tuple[Window, ...]:
        if len(x) not in (3, 4):
            raise OpError(f"unfold: x must be (C, H, W) or (N, C, H, W), but it is {shape_text(x)}")
        sizes, dilations, pads, strides = self._options()
        return sliding("unfold", x, sizes, strides, tuple((n, n) for n in pads), dilations)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = tuple(shapes[0])
        windows = self._windows(x)
        return (*x[:-3], x[-3] * prod(w.size for w in windows), prod(w.places for w in windows))

    def placed(self, x: Array, nothing: int) -> Array:
        windows = self._windows(x.shape)
        found = np.full((*x.shape[:-2], *(w.size for w in windows), *(w.places for w in windows)), nothing, x.dtype)
        for places, elements, offsets in spots(windows):
            here: tuple[Any, ...] = (..., *offsets, *places)
            there: tuple[Any, ...] = (..., *elements)
            found[here] = x[there]
        return found.reshape(self.shape([x.shape]))
