"""Comparisons, which formulas have as the condition of where()."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise


class Comparison(Elementwise):
    """True where it holds, else false. It has no slope to speak of, and passes no gradient."""

    slots = ("a", "b")
    of_whole = "bool"
    slopes = ("0", "0")
    discrete = True
    kink = "a comparison jumps, and its slope is 0 everywhere else"

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.zeros_like(y)

    def holds(self, holds: Array, xs: Sequence[Array]) -> Array:
        return holds.astype(xs[0].dtype)


class Greater(Comparison):
    name = "greater"
    notation = "{0} > {1}"
    label = "greater"

    def forward(self, xs: Sequence[Array]) -> Array:
        return self.holds(np.asarray(xs[0] > xs[1]), xs)


class GreaterEqual(Comparison):
    name = "greater_equal"
    notation = "{0} ≥ {1}"
    label = "greater or equal"

    def forward(self, xs: Sequence[Array]) -> Array:
        return self.holds(np.asarray(xs[0] >= xs[1]), xs)


class Less(Comparison):
    name = "less"
    notation = "{0} < {1}"
    label = "less"

    def forward(self, xs: Sequence[Array]) -> Array:
        return self.holds(np.asarray(xs[0] < xs[1]), xs)


class LessEqual(Comparison):
    name = "less_equal"
    notation = "{0} ≤ {1}"
    label = "less or equal"

    def forward(self, xs: Sequence[Array]) -> Array:
        return self.holds(np.asarray(xs[0] <= xs[1]), xs)


class Equal(Comparison):
    name = "equal"
    notation = "{0} = {1}"
    label = "equal"

    def forward(self, xs: Sequence[Array]) -> Array:
        return self.holds(np.asarray(xs[0] == xs[1]), xs)


class NotEqual(Comparison):
    name = "not_equal"
    notation = "{0} ≠ {1}"
    label = "not equal"

    def forward(self, xs: Sequence[Array]) -> Array:
        return self.holds(np.asarray(xs[0] != xs[1]), xs)
