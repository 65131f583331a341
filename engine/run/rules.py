"""By which lines parameters are updated in an iteration, and what is kept from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.run.packing import Packing, Row
from gradstep.engine.training.averaging import AVERAGED
from gradstep.engine.training.clipping import LEFT, joined
from gradstep.engine.training.options import Training
from gradstep.engine.training.plateau import Plateau
from gradstep.engine.training.rule import Line, Numbers


class State(NamedTuple):
    """What is kept from one update to the next: how many were `done`, arrays by symbol and the key of a row (see
    `packing`), and what the schedule remembers of the losses."""

    done: int = 0
    kept: Mapping[tuple[str, int], Array] = {}
    plateau: Plateau | None = None

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in self.kept.values())


class Rules:
    """The lines of an iteration (from 1), after `state`, whatever the numbers are."""

    def __init__(
        self, training: Training, packing: Packing, dtype: np.dtype[Any], state: State, iteration: int
    ) -> None:
        self.training, self.packing, self.dtype = training, packing, dtype
        self.state, self.iteration = state, iteration
        #: The learning rate of each group.
        self.rates = training.rates(iteration, state.plateau)
        #: Whether the optimiser goes on in this iteration, and does not only gather gradients.
        self.steps = training.steps_in(iteration)
        #: The symbols of what is kept.
        self.symbols = tuple(dict.fromkeys(symbol for symbol, _ in state.kept))
        #: The lines that make g of the gradient.
        self.prepared = training.before(LEFT not in self.symbols, self.steps)
        #: The line that takes the new weights into their average.
        self.average = training.average(iteration)
        self._lines: dict[int, tuple[Line, ...]] = {}
        self._constants: dict[int, Numbers] = {}

    def go_on(self, state: State, iteration: int) -> None:
        """The same for a later iteration, after a state in which the same is kept, where each has its update."""
        training, self.state, self.iteration = self.training, state, iteration
        self.rates, self.average = training.rates(iteration, state.plateau), training.average(iteration)
        self._lines.clear()
        for group, found in self._constants.items():
            optimizer = training.groups.optimizers[group]
            found.update(optimizer.constants(state.done + 1))
            found.update(training.constants(iteration, optimizer), lr=self.rates[group])

    @property
    def lr(self) -> float:
        """The learning rate of the parameters in no group of their own."""
        return self.rates[0]

    @property
    def clips(self) -> bool:
        """Whether gradients are clipped by the norm of all together."""
        return self.steps and self.training.clip_norm is not None

    @property
    def plain(self) -> bool:
        """Whether all that it does is to go η times the gradient, by one rate for all parameters."""
        one = len(self.rates) == 1 and not self.training.optimizer.kept()
        return one and self.training.accumulate == 1 and len(self.of(0)) == 1 and self.training.zero_grad

    def of(self, group: int) -> tuple[Line, ...]:
        """All lines for a group of parameters, the last of which gives the new number."""
        found = self._lines.get(group)
        if found is None:
            rule = self.training.groups.optimizers[group].rule(self.state.done + 1) if self.steps else (self._waits,)
            found = self._lines[group] = (*self.prepared, *rule)
        return found

    @property
    def _waits(self) -> Line:
        at, every = (self.iteration - 1) % self.training.accumulate + 1, self.training.accumulate
        return Line("w", "{w}", lambda n: n["w"], f"no update yet: batch {at} of {every} is gathered")

    def constants(self, group: int) -> Numbers:
        """The numbers of a group's lines that are the same for all its elements; before the first update what is kept
        is one as well."""
        found = self._constants.get(group)
        if found is None:
            training = self.training
            optimizer = training.groups.optimizers[group]
            found = optimizer.constants(self.state.done + 1) | training.constants(self.iteration, optimizer)
            kept = {symbol: self.dtype.type(number) for symbol, number in optimizer.kept().items()}
            found |= {"lr": self.rates[group], LEFT: 0.0, **kept}
            self._constants[group] = found
        return found

    # Of a row ------------------------------------------------------------------------------------

    def begun(self, row: Row, numbers: Array, gradients: Array) -> Numbers:
        """What there is of a row before the first line."""
        n = self.constants(row.group).copy()
        n["w"], n["g"], n["grad"] = numbers, gradients, gradients
        if self.symbols:
            n.update(self.kept_of(row.key))
        return n

    def kept_of(self, key: int) -> Iterator[tuple[str, Array]]:
        """What is kept of a row, by symbol."""
        for symbol in self.symbols:
            array = self.state.kept.get((symbol, key))
            if array is not None:
                yield symbol, array

    def together(self, begun: Iterable[Numbers]) -> float:
        """‖g‖ of all parameters together, before it is clipped by its norm."""
        with np.errstate(all="ignore"):
            return joined(map(self._unclipped, begun), self.training.norm_type)

    def _unclipped(self, n: Numbers) -> Array:
        """What of a row's gradients is clipped by the norm."""
        for line in self.prepared:
            if "{norm}" in line.written:
                break
            n[line.symbol] = line.compute(n)
        return np.asarray(n["g"]).reshape(-1)

    def take(self, row: Row, n: Numbers, kept: dict[tuple[str, int], Array]) -> Array:
        """The new numbers of a row, by all lines; what is to be kept goes into `kept`."""
        prepared, leaves = len(self.prepared), self.training.leaves_gradients(self.iteration)
        for number, line in enumerate(self.of(row.group)):
            if leaves and number == prepared:
                kept[LEFT, row.key] = n["g"]
            n[line.symbol] = line.compute(n)
        if self.steps:
            for symbol in self.training.groups.optimizers[row.group].kept():
                kept[symbol, row.key] = np.asarray(n[symbol])
        if self.average is not None:
            kept[AVERAGED, row.key] = np.asarray(self.average.compute(n))
        return np.asarray(n["w"])

    def take_buffers(self, buffers: Mapping[int, Array], kept: dict[tuple[str, int], Array]) -> None:
        """Takes running statistics, by the value id of their leaf, into their averages, which go into `kept`."""
        if self.average is None or not self.training.use_buffers:
            return
        for leaf, array in buffers.items():
            kept[AVERAGED, leaf] = np.asarray(self.average.compute(self._of_buffer(leaf, array)))

    def _of_buffer(self, leaf: int, array: Array) -> Numbers:
        return {**self.constants(0), "w": array, AVERAGED: self.state.kept.get((AVERAGED, leaf))}

    def left(self) -> dict[tuple[str, int], Array]:
        """What stays of what is kept, where gradients are only gathered."""
        return {} if self.steps else dict(self.state.kept)

    def following(self, kept: Mapping[tuple[str, int], Array], loss: float) -> State:
        """What is kept for the next iteration."""
        plateau = self.training.watched(self.iteration, self.state.plateau, lambda: loss)
        return State(self.state.done + self.steps, kept, plateau)


def averages_of(packing: Packing, state: State) -> dict[int, Array]:
    """The averages of the weights, and of running statistics, by value id, at the start of an iteration; empty where
    there are none yet."""
    keys = {row.key for row in packing.rows}
    found = {key: array for (symbol, key), array in state.kept.items() if symbol == AVERAGED and key not in keys}
    for row in packing.rows:
        array = state.kept.get((AVERAGED, row.key))
        if array is not None:
            found.update((v, array[part].reshape(shape) if row.packed else array) for v, part, shape in row.members)
    return found
