"""How parameters are trained: which samples an iteration takes, and what an optimiser makes of a
gradient.

Each optimiser is one class; `OPTIMIZERS` is what scenario files may name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from gradstep.engine.index import Array, Indices


class Optimizer(ABC):
    """An update rule, element by element. `lr` is the learning rate η."""

    def __init__(self, lr: float = 0.1) -> None:
        self.lr = lr

    @abstractmethod
    def updated(self, value: Array, grad: Array) -> Array:
        """The new numbers of a parameter, in the shape and dtype of `value`."""


class Sgd(Optimizer):
    """w ← w − η·∂L/∂w: gradient descent (Robbins and Monro, 1951)."""

    def updated(self, value: Array, grad: Array) -> Array:
        step = np.multiply(grad, value.dtype.type(self.lr))
        # In its place: of a large parameter there is one new array and not two.
        return np.asarray(np.subtract(value, step, out=step if step.ndim else None))


OPTIMIZERS: Mapping[str, type[Optimizer]] = {"sgd": Sgd}


def drawn(samples: int, size: int, shuffle: int | None, iteration: int = 0) -> Indices:
    """Which `size` of the `samples` the batch of an iteration (from 0) holds, shape (size,).

    In file order, or in an order of its own for each pass over the data, drawn from the seed
    `shuffle`. What is left over at the end of a pass and fills no batch is skipped in that pass, as
    PyTorch's DataLoader does with drop_last.
    """
    epoch, number = divmod(iteration, samples // size)
    if shuffle is None:
        return np.arange(number * size, (number + 1) * size, dtype=np.intp)
    order = np.random.Generator(np.random.PCG64([shuffle, epoch])).permutation(samples)
    return order[number * size : (number + 1) * size].astype(np.intp)
