"""What rounding makes of a loss and of gradients: measured, by computing them again with more digits.

Longer numbers are `np.longdouble`: 11 bits more than float64 on x86, 60 under Linux on other processors. Where they are
no longer, as under Windows and on Apple's processors, or a network is too large for them, what is known of rounding is
that of the loss itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.errors import OpError
from gradstep.engine.index import Array

EPS = float(np.finfo(np.float64).eps)
#: The loss is computed twice at so many places besides, and how far they are from here, relative to a number.
_PLACES, _FAR = 4, 2.0**-12
#: Rounding errors elsewhere are taken to be at most so many times the largest that was measured.
_AT_MOST = 4.0
#: Above so many numbers and products, which take fifty times as long with more digits, nothing is measured; then a
#: loss is taken to be right to so many units in the last place.
_WORK, _UNITS = 1 << 25, 16


class Rounding:
    """The same run with more digits, where there are any, and how far rounding moves the loss of either."""

    def __init__(self, precise: Precise) -> None:
        self._precise = self.longer = precise
        values = sum(v.size for v in precise.graph.values)
        work = values + sum(precise.products(node) for node in precise.graph.nodes)
        self._places = min(max(_WORK // max(work, 1), 1), _PLACES)
        if work <= _WORK and np.finfo(np.longdouble).eps < EPS:
            try:
                self.longer = Precise(precise.recording, np.longdouble)
            except OpError:  # what is computed is a class number only as it is rounded
                return

    def gradient(self, value: int) -> Array:
        """What the formulas of backpropagation give for a value that has a gradient, almost without rounding."""
        with np.errstate(all="ignore"):
            return np.asarray(self.longer.trace.gradient(value), dtype=np.float64)

    def loss(self) -> float:
        """How far rounding may move the loss, here and near here. At other places as well, each leaf moved by its
        own: numbers that happen to be round here are not so there."""
        least = EPS * abs(self._precise.trace.loss)
        if self.longer is self._precise:
            return _UNITS * least
        with np.errstate(all="ignore"):
            apart = [abs(longer - rounded) for rounded, longer in self._both()]
        return max(_AT_MOST * max((float(gap) for gap in apart if math.isfinite(gap)), default=0.0), least)

    def _both(self) -> Iterator[tuple[np.floating[Any], np.floating[Any]]]:
        """The loss as it is rounded, and with more digits."""
        rng = np.random.Generator(np.random.PCG64(1))
        graph, leaves, loss = self._precise.graph, self._precise.leaves, self._precise.graph.loss.id
        yield self._precise.trace.data[loss].flat[0], self.longer.trace.data[loss].flat[0]
        for _ in range(self._places):
            moved = {
                v: x + _FAR * np.maximum(abs(x), 1) * rng.uniform(-1, 1, x.shape)
                for v, x in leaves.items()
                if graph.gets_gradient(graph.values[v])
            }
            try:
                yield self._precise.elsewhere(moved), self.longer.elsewhere(moved)
            except OpError:  # what must be whole is not, when it is moved
                return
