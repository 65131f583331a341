"""An operation on arrays that stay where they are, as in a training, where it is computed again and again.

What writes its output, and its gradients, is bound once to the arrays; an iteration then only calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from gradstep.engine.index import Array

#: What is called one after the other, each writing into arrays that it is bound to.
Calls = Sequence[Callable[[], object]]


class Computed(Protocol):
    """What an operation computes; see `Op`."""

    def forward(self, xs: Sequence[Array]) -> Array: ...

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array: ...


class Bound:
    """An operation whose output is y and whose inputs are xs, C-contiguous arrays of one dtype. `ever` has for each
    input all numbers that it will ever hold, where they are known: for one that is drawn from samples, all of them.

    This one can be used for any operation: it copies what `forward` and `vjp` give. An operation whose numbers can be
    written where they belong has a class of its own in `Op.bound`, which comes to the same bits. Its `vjp` is called
    after its `forward`, so what that found out is known.
    """

    def __init__(self, op: Any, y: Array, xs: Sequence[Array], ever: Sequence[Array | None]) -> None:
        #: Of an operation that `varies` it is the one of the iteration.
        self.op, self.y, self.xs, self.ever = op, y, xs, ever
        self.dtype = y.dtype

    def forward(self) -> Calls:
        """What writes the output into y."""
        return [self._copy]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        """What writes the gradient of xs[slot] into `flow`, when g is that of y."""
        return [partial(self._copy_flow, slot, g, flow)]

    def number(self, value: float) -> Array:
        """A number as an array without axes, so that nothing has to make one of it again and again."""
        return np.asarray(value, dtype=self.dtype)

    def _copy(self) -> None:
        self.y[...] = self.op.forward(self.xs)

    def _copy_flow(self, slot: int, g: Array, flow: Array) -> None:
        flow[...] = self.op.vjp(slot, g, self.y, self.xs)
