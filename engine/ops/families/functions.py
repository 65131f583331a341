"""The elementary functions of one number."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise, sign


class Exp(Elementwise):
    name = "exp"
    notation = "exp({0})"
    slopes = ("exp({0})",)
    label = "exp"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.exp(xs[0])

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return Cause.EXP_OVERFLOW if isfinite(xs[0]) and xs[0] > 80 else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return y


class Log(Elementwise):
    name = "log"
    notation = "ln({0})"
    slopes = ("1 / {0}",)
    label = "ln"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.log(xs[0])

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return Cause.LOG_OF_ZERO if xs[0] == 0 else Cause.LOG_OF_NEGATIVE if xs[0] < 0 else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return 1 / xs[0]


class Sqrt(Elementwise):
    name = "sqrt"
    notation = "√{0}"
    slopes = ("1 / (2 √{0})",)
    label = "√"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.sqrt(xs[0])

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return Cause.ROOT_OF_NEGATIVE if xs[0] < 0 else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(0.5 / y)


class Abs(Elementwise):
    name = "abs"
    notation = "|{0}|"
    slopes = ("sign({0})",)
    kink = "at 0 the slope is taken as 0"
    edge = "at NaN the slope is 0"
    label = "absolute value"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.abs(xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return sign(xs[0])


class Sin(Elementwise):
    name = "sin"
    notation = "sin({0})"
    slopes = ("cos({0})",)
    label = "sin"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.sin(xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.cos(xs[0])


class Cos(Elementwise):
    name = "cos"
    notation = "cos({0})"
    slopes = ("−sin({0})",)
    label = "cos"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.cos(xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return -np.sin(xs[0])
