"""The update phase of one iteration: from parameters, gradients and what is kept, to new parameters.

Computed when asked for, of all parameters or of a single element, by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.graph import PACKED
from gradstep.engine.index import Array, read_only
from gradstep.engine.run.trace import Trace
from gradstep.engine.training.options import Training
from gradstep.engine.training.rule import Line, Numbers

#: The gradients that were not zeroed are kept beside what an optimiser keeps.
LEFT = "left"


class State(NamedTuple):
    """What is kept from one update to the next: how many were `done`, and arrays by symbol and parameter,
    all small parameters together as one row (see `Graph.packed`)."""

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


class Updated(NamedTuple):
    """All of an update: the new parameters by value id, what is kept for the next one; and of the small
    parameters the gradients, the new numbers and the old ones as one row each."""

    parameters: dict[int, Array]
    state: State
    gradients: Array | None
    numbers: Array | None
    before: Array | None


class Update:
    """What `training` makes of the gradients of `trace` in an iteration (from 1), after `state`."""

    def __init__(self, training: Training, trace: Trace, state: State, iteration: int) -> None:
        self.training, self.trace, self.state, self.iteration = training, trace, state, iteration
        self.lr = training.lr(iteration)

    @cached_property
    def prepared(self) -> tuple[Line, ...]:
        """The lines that make g of the gradient."""
        return self.training.before(LEFT not in self._symbols)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines, the last of which gives the new number."""
        return (*self.prepared, *self.training.optimizer.rule(self.state.done + 1))

    @cached_property
    def _constants(self) -> Numbers:
        training = self.training
        found: Numbers = training.optimizer.constants(self.state.done + 1)
        found |= {"lr": self.lr, "clip_value": training.clip_value, "clip_norm": training.clip_norm, LEFT: 0.0}
        found.update(training.optimizer.kept())
        return found

    # Whole arrays --------------------------------------------------------------------------------

    def _row(self, arrays: Sequence[Array | None]) -> Array:
        """The small parameters' arrays as one row."""
        found = [arrays[value] for value, _, _ in self.trace.graph.packed]
        return np.concatenate(found, axis=None)  # type: ignore[arg-type]  # parameters have gradients

    def _before(self) -> Array:
        """The small parameters as one row: the one that the update before has made, if they are parts of it. Nothing
        else may be taken for it: gradients are often parts of one array as well, in another order."""
        data, packed = self.trace.data, self.trace.graph.packed
        base = data[packed[0][0]].base
        if (
            self.state.done
            and base is not None
            and base.shape == (packed[-1][1].stop,)
            and all(data[value].base is base for value, _, _ in packed)
        ):
            return base
        return self._row(data)

    def _numbers(self, key: int) -> Numbers:
        """The numbers of a large parameter, or of all small ones, before the first line."""
        trace = self.trace
        small = key == PACKED
        grad = self._row(trace.grad) if small else trace.grad[key]
        assert grad is not None, "parameters have gradients"
        n = self._constants.copy()
        n["w"] = self._before() if small else trace.data[key]
        n["g"] = n["grad"] = grad
        n.update(self._kept(key))
        return n

    def _kept(self, key: int) -> Iterator[tuple[str, Array]]:
        """What is kept of a large parameter, or of all small ones, by symbol."""
        for symbol in self._symbols:
            array = self.state.kept.get((symbol, key))
            if array is not None:
                yield symbol, array

    @cached_property
    def _symbols(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(symbol for symbol, _ in self.state.kept))

    @cached_property
    def norm(self) -> float:
        """‖g‖ of all parameters together, before it is clipped by its norm."""
        squares = 0.0
        with np.errstate(all="ignore"):
            for key in self.trace.graph.updated:
                n = self._numbers(key)
                for line in self.prepared:
                    if "{norm}" in line.written:
                        break
                    n[line.symbol] = line.compute(n)
                g = n["g"].reshape(-1)
                squares += float(np.dot(g, g))
            return float(np.sqrt(squares))

    def sizes(self) -> tuple[float, float]:
        """‖·‖ of all gradients of the iteration together, and of what the optimiser gets of them."""
        own = taken = 0.0
        with np.errstate(all="ignore"):
            for value in self.trace.graph.parameters:
                n = self._of(value.id, None)
                own += float(np.sum(np.square(n["grad"])))
                for line in self.prepared:
                    n[line.symbol] = line.compute(n)
                taken += float(np.sum(np.square(n["g"])))
            return float(np.sqrt(own)), float(np.sqrt(taken))

    def all(self) -> Updated:
        """All new parameters, read-only, and what is kept for the next update."""
        parameters: dict[int, Array] = {}
        kept: dict[tuple[str, int], Array] = {}
        gradients = numbers = before = None
        symbols, lines, prepared = (*self.training.optimizer.kept(),), self.lines, len(self.prepared)
        clipped = self.training.clip_norm is not None
        with np.errstate(all="ignore"):
            for key in self.trace.graph.updated:
                n = self._numbers(key)
                old = n["w"]
                if clipped:
                    n["norm"] = self.norm
                for number, line in enumerate(lines):
                    if number == prepared and not self.training.zero_grad:
                        kept[LEFT, key] = n["g"]
                    n[line.symbol] = line.compute(n)
                new = np.asarray(n["w"])
                read_only(new)
                for symbol in symbols:
                    kept[symbol, key] = np.asarray(n[symbol])
                if key != PACKED:
                    parameters[key] = new
                    continue
                gradients, numbers, before = n["grad"], new, old
                for value, part, shape in self.trace.graph.packed:
                    parameters[value] = new[part].reshape(shape)
        return Updated(parameters, State(self.state.done + 1, kept), gradients, numbers, before)

    # One parameter, or one element of it ---------------------------------------------------------

    def _of(self, value: int, flat: int | None) -> Numbers:
        grad = self.trace.gradient(value)
        n = self._constants.copy()
        n["w"], n["grad"] = _part(self.trace.data[value], flat), _part(grad, flat)
        n["g"] = n["grad"]
        place = self.trace.graph.places.get(value)
        if place is None:
            n.update((symbol, _part(array, flat)) for symbol, array in self._kept(value))
        else:
            part, shape = place
            n.update((symbol, _part(array[part].reshape(shape), flat)) for symbol, array in self._kept(PACKED))
        if self.training.clip_norm is not None:
            n["norm"] = self.norm
        return n

    def kept(self, symbol: str, value: int, flat: int | None = None) -> Array:
        """What updates before have left, by its symbol: for all of a parameter in its shape, or for one element,
        shape (1,); a single number before the first."""
        return np.asarray(self._of(value, flat)[symbol])

    def new(self, value: int, flat: int | None = None) -> Array:
        """The new numbers of a parameter in its shape, or of one element, shape (1,)."""
        with np.errstate(all="ignore"):
            n = self._of(value, flat)
            for line in self.lines:
                n[line.symbol] = line.compute(n)
        return np.asarray(n["w"])

    def stages(self, value: int, flat: int) -> Iterator[Stage]:
        """The update of one element line by line."""
        with np.errstate(all="ignore"):
            n = self._of(value, flat)
            for line in self.lines:
                used = dict(n)
                n[line.symbol] = line.compute(n)
                yield Stage(line, used, float(np.asarray(n[line.symbol]).item(0)))


def _part(array: Array, flat: int | None) -> Array:
    return array if flat is None else array.reshape(-1)[flat : flat + 1]
