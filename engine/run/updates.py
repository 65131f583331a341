"""The updates of a training one after the other, of parameters that stay where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.run.packing import Packing, Row
from gradstep.engine.run.rules import Rules, State
from gradstep.engine.training.options import Training


class Standing(NamedTuple):
    """What is updated together: the numbers and the gradients of a row, and room for the numbers before an update,
    None where nobody asks for them."""

    row: Row
    numbers: Array
    gradients: Array
    before: Array | None


class Updates:
    """What `training` makes of all rows of parameters. The numbers are those of `Update`, bit for bit."""

    def __init__(self, training: Training, packing: Packing, dtype: np.dtype[Any], rows: Sequence[Standing]) -> None:
        self._training, self._packing, self._dtype, self.rows = training, packing, dtype, rows
        self._rules: Rules | None = None
        #: What the last update has left, and how many came one after the other.
        self._state: State | None = None
        self._count = 0

    def step(
        self, state: State, iteration: int, loss: float, buffers: Mapping[int, Array] = MappingProxyType({})
    ) -> tuple[Rules, State]:
        """Updates all of them, in an iteration (from 1), after `state`; `buffers` are running statistics as they are
        after it. Gives the rules, and what is kept for the next update. NumPy's warnings are for the caller to
        silence."""
        rules = self._of(state, iteration)
        kept, clips = rules.left(), rules.clips
        norm = rules.together(rules.begun(row, w, g) for row, w, g, _ in self.rows) if clips else 0.0
        for row, numbers, gradients, before in self.rows:
            n = rules.begun(row, numbers, gradients)
            n["into"] = numbers
            if clips:
                n["norm"] = norm
            if before is not None:
                np.copyto(before, numbers)
            new = rules.take(row, n, kept)
            if new is not numbers:
                np.copyto(numbers, new)
            for what, array in kept.items():
                if what[1] == row.key and np.may_share_memory(array, gradients):
                    kept[what] = array.copy()  # the next iteration writes to these
        rules.take_buffers(buffers, kept)
        self._state = rules.following(kept, loss)
        return rules, self._state

    def _of(self, state: State, iteration: int) -> Rules:
        """Those of an iteration. What is kept after one update is kept after all that follow, but for an average that
        begins later."""
        known = self._rules is not None and len(state.kept) == len(self._rules.state.kept)
        self._count = self._count + 1 if state is self._state and known else 0
        if self._rules is None or self._count < 2 or self._training.accumulate > 1:
            self._rules = Rules(self._training, self._packing, self._dtype, state, iteration)
        else:
            self._rules.go_on(state, iteration)
        return self._rules
