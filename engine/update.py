"""The update phase of one iteration: from parameters, gradients and what is kept, to new parameters.

Computed when asked for, of a whole array or of a single element, by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array, read_only
from gradstep.engine.optimizers import Line, Numbers
from gradstep.engine.trace import Trace
from gradstep.engine.training import Training

#: The gradients that were not zeroed are kept beside what an optimiser keeps.
LEFT = "left"


class State(NamedTuple):
    """What is kept from one update to the next: how many were `done`, and arrays by symbol and value id."""

    done: int = 0
    kept: Mapping[tuple[str, int], Array] = {}

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in self.kept.values())


class Stage(NamedTuple):
    """One line of one number's update: the line, the numbers it used, and what it made."""

    line: Line
    used: Numbers
    made: float


class Update:
    """What `training` makes of the gradients of `trace` in an iteration (from 1), after `state`."""

    def __init__(self, training: Training, trace: Trace, state: State, iteration: int) -> None:
        self.training, self.trace, self.state, self.iteration = training, trace, state, iteration
        self.lr = training.lr(iteration)

    @cached_property
    def prepared(self) -> tuple[Line, ...]:
        """The lines that make g of the gradient."""
        return self.training.before(not any(symbol == LEFT for symbol, _ in self.state.kept))

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines, the last of which gives the new number."""
        return (*self.prepared, *self.training.optimizer.lines(self.state.done + 1))

    @cached_property
    def norm(self) -> float:
        """‖g‖ of all parameters together, before it is clipped by its norm."""
        squares = 0.0
        with np.errstate(all="ignore"):
            for value in self.trace.graph.parameters:
                n = self._numbers(value.id, None, norm=False)
                for line in self.prepared:
                    if "{norm}" not in line.written:
                        n[line.symbol] = line.compute(n)
                g = np.asarray(n["g"]).reshape(-1)
                squares += float(np.dot(g, g))
            return float(np.sqrt(squares))

    @cached_property
    def _constants(self) -> Numbers:
        found = self.training.optimizer.constants(self.state.done + 1)
        clips = {"clip_value": self.training.clip_value, "clip_norm": self.training.clip_norm}
        return {**found, "lr": self.lr, **clips}

    def _numbers(self, value: int, flat: int | None, norm: bool = True) -> Numbers:
        grad = self.trace.grad[value]
        assert grad is not None, "parameters have gradients"
        n: Numbers = dict(self._constants)
        n["w"], n["grad"] = _part(self.trace.data[value], flat), _part(grad, flat)
        n["g"] = n["grad"]
        for symbol, first in (*self.training.optimizer.kept().items(), (LEFT, 0.0)):
            array = self.state.kept.get((symbol, value))
            n[symbol] = first if array is None else _part(array, flat)
        if norm and self.training.clip_norm is not None:
            n["norm"] = self.norm
        return n

    def new(self, value: int, flat: int | None = None) -> Array:
        """The new numbers of a parameter in its shape, or of one element, shape (1,)."""
        with np.errstate(all="ignore"):
            n = self._numbers(value, flat)
            for line in self.lines:
                n[line.symbol] = line.compute(n)
        return np.asarray(n["w"], dtype=self.trace.graph.dtype)

    def stages(self, value: int, flat: int) -> Iterator[Stage]:
        """The update of one element line by line."""
        with np.errstate(all="ignore"):
            n = self._numbers(value, flat)
            for line in self.lines:
                used = dict(n)
                n[line.symbol] = line.compute(n)
                yield Stage(line, used, float(np.asarray(n[line.symbol]).reshape(-1)[0]))

    def after(self) -> tuple[dict[int, Array], State]:
        """All new parameters (read-only) and what is kept for the next update."""
        parameters: dict[int, Array] = {}
        kept: dict[tuple[str, int], Array] = {}
        symbols, lines, left = (*self.training.optimizer.kept(),), self.lines, not self.training.zero_grad
        prepared = len(self.prepared)
        with np.errstate(all="ignore"):
            for value in self.trace.graph.parameters:
                n = self._numbers(value.id, None)
                for number, line in enumerate(lines):
                    if left and number == prepared:
                        kept[LEFT, value.id] = n["g"]
                    n[line.symbol] = line.compute(n)
                new = n["w"]
                parameters[value.id] = read_only(new if type(new) is np.ndarray else np.asarray(new))
                for symbol in symbols:
                    kept[symbol, value.id] = _array(n[symbol])
        return parameters, State(self.state.done + 1, kept)


def _part(array: Array, flat: int | None) -> Array:
    return array if flat is None else array.reshape(-1)[flat : flat + 1]


def _array(number: Any) -> Array:
    return number if type(number) is np.ndarray else np.asarray(number)
