"""Optimisers: from a parameter and its gradient to its new number.

Each is one class; `OPTIMIZERS` is what scenario files may name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradstep.engine.index import Array


@dataclass(frozen=True, slots=True)
class Optimizer(ABC):
    """An update rule, element by element. `lr` is the learning rate η."""

    lr: float = 0.1

    @abstractmethod
    def updated(self, value: Array, grad: Array) -> Array:
        """The new numbers of a parameter, in the shape and dtype of `value`."""


@dataclass(frozen=True, slots=True)
class Sgd(Optimizer):
    """w ← w − η·∂L/∂w: gradient descent (Robbins and Monro, 1951)."""

    def updated(self, value: Array, grad: Array) -> Array:
        return np.asarray(value - value.dtype.type(self.lr) * grad)


OPTIMIZERS: Mapping[str, type[Optimizer]] = {"sgd": Sgd}
