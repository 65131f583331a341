"""The update phase of one iteration: from parameters, gradients and what is kept, to new parameters.

Computed when asked for, of all parameters or of a single element, by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array, read_only
from gradstep.engine.run.packing import Packing, Row, packing
from gradstep.engine.run.trace import Trace
from gradstep.engine.training.clipping import LEFT, joined
from gradstep.engine.training.optimizer import Optimizer
from gradstep.engine.training.options import Training
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.schedules import Plateau


class State(NamedTuple):
    """What is kept from one update to the next: how many were `done`, arrays by symbol and the key of a row (see
    `packing`), and what the schedule remembers of the losses."""

    done: int = 0
    kept: Mapping[tuple[str, int], Array] = {}
    plateau: Plateau | None = None

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
    parameters (see `Graph.packed`) the gradients, the new numbers and the old ones as one row each."""

    parameters: dict[int, Array]
    state: State
    gradients: Array | None
    numbers: Array | None
    before: Array | None


class Update:
    """What `training` makes of the gradients of `trace` in an iteration (from 1), after `state`."""

    def __init__(self, training: Training, trace: Trace, state: State, iteration: int) -> None:
        self.training, self.trace, self.state, self.iteration = training, trace, state, iteration
        #: The learning rate of each group.
        self.rates = training.rates(iteration, state.plateau)
        self.lr = self.rates[0]
        self._rules: dict[int, tuple[Line, ...]] = {}
        self._options: dict[int, Numbers] = {}

    @cached_property
    def _packing(self) -> Packing:
        return packing(self.trace.graph, self.training.groups)

    @property
    def steps(self) -> bool:
        """Whether the optimiser goes on in this iteration, and does not only gather gradients."""
        return self.training.steps_in(self.iteration)

    @cached_property
    def prepared(self) -> tuple[Line, ...]:
        """The lines that make g of the gradient."""
        return self.training.before(LEFT not in self.symbols, self.steps)

    def optimizer(self, value: int) -> Optimizer:
        """That of a parameter's group."""
        return self.training.groups.optimizers[self._packing.places[value][0].group]

    def rate(self, value: int) -> float:
        """The learning rate of a parameter's group."""
        return self.rates[self._packing.places[value][0].group]

    def lines(self, value: int) -> tuple[Line, ...]:
        """All lines for a parameter, the last of which gives the new number."""
        return self._lines(self._packing.places[value][0].group)

    @property
    def plain(self) -> bool:
        """Whether all that it does is to go η times the gradient, by one rate for all parameters."""
        one = len(self.rates) == 1 and not self.training.optimizer.kept()
        return one and self.training.accumulate == 1 and len(self._lines(0)) == 1 and self.training.zero_grad

    def _lines(self, group: int) -> tuple[Line, ...]:
        found = self._rules.get(group)
        if found is None:
            rule = self.training.groups.optimizers[group].rule(self.state.done + 1) if self.steps else (self._waits,)
            found = self._rules[group] = (*self.prepared, *rule)
        return found

    @property
    def _waits(self) -> Line:
        at, every = (self.iteration - 1) % self.training.accumulate + 1, self.training.accumulate
        return Line("w", "{w}", lambda n: n["w"], f"no update yet: batch {at} of {every} is gathered")

    def _constants(self, group: int) -> Numbers:
        """The numbers of a group's lines that are the same for all its elements; before the first update what is kept
        is one as well."""
        found = self._options.get(group)
        if found is None:
            training = self.training
            optimizer = training.groups.optimizers[group]
            found = optimizer.constants(self.state.done + 1) | training.constants(self.iteration, optimizer)
            kept = {symbol: self.trace.graph.dtype.type(number) for symbol, number in optimizer.kept().items()}
            found |= {"lr": self.rates[group], LEFT: 0.0, **kept}
            self._options[group] = found
        return found

    # Whole arrays --------------------------------------------------------------------------------

    def _before(self, row: Row) -> Array:
        """The small parameters as one row: the one that the update before has made, if they are parts of it. Nothing
        else may be taken for it: gradients are often parts of one array as well, in another order."""
        data, members = self.trace.data, row.members
        base = data[members[0].value].base
        if (
            self.state.done
            and base is not None
            and base.shape == (members[-1].part.stop,)
            and all(data[member.value].base is base for member in members)
        ):
            return base
        return row.gathered(data)

    def _numbers(self, row: Row) -> Numbers:
        """The numbers of a large parameter, or of all small ones of a group, before the first line."""
        n = self._constants(row.group).copy()
        n["w"] = self._before(row) if row.packed else self.trace.data[row.key]
        n["g"] = n["grad"] = row.gathered(self.trace.grad)
        n.update(self._kept(row.key))
        return n

    def _kept(self, key: int) -> Iterator[tuple[str, Array]]:
        """What is kept of a row, by symbol."""
        for symbol in self.symbols:
            array = self.state.kept.get((symbol, key))
            if array is not None:
                yield symbol, array

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of what is kept."""
        return tuple(dict.fromkeys(symbol for symbol, _ in self.state.kept))

    @cached_property
    def norm(self) -> float:
        """‖g‖ of all parameters together, before it is clipped by its norm."""
        with np.errstate(all="ignore"):
            return joined(self._unclipped(), self.training.norm_type)

    def _unclipped(self) -> Iterator[Array]:
        """What of all gradients is clipped by the norm, a row of its own for each that is updated together."""
        for row in self._packing.rows:
            n = self._numbers(row)
            for line in self.prepared:
                if "{norm}" in line.written:
                    break
                n[line.symbol] = line.compute(n)
            yield n["g"].reshape(-1)

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
        kept: dict[tuple[str, int], Array] = {} if self.steps else dict(self.state.kept)
        gradients = numbers = before = None
        prepared, clipped = len(self.prepared), self.steps and self.training.clip_norm is not None
        leaves = self.training.leaves_gradients(self.iteration)
        with np.errstate(all="ignore"):
            for row in self._packing.rows:
                n = self._numbers(row)
                old = n["w"]
                if clipped:
                    n["norm"] = self.norm
                for number, line in enumerate(self._lines(row.group)):
                    if number == prepared and leaves:
                        kept[LEFT, row.key] = n["g"]
                    n[line.symbol] = line.compute(n)
                new = np.asarray(n["w"])
                read_only(new)
                for symbol in self.training.groups.optimizers[row.group].kept() if self.steps else ():
                    kept[symbol, row.key] = np.asarray(n[symbol])
                if not row.packed:
                    parameters[row.key] = new
                    continue
                gradients, numbers, before = n["grad"], new, old
                for value, part, shape in row.members:
                    parameters[value] = new[part].reshape(shape)
        if not self._packing.alone:
            gradients, numbers, before = self._rows(parameters)
        return Updated(parameters, self._following(kept), gradients, numbers, before)

    def _rows(self, new: Mapping[int, Array]) -> tuple[Array, Array, Array]:
        """Of all small parameters, whatever their group, the gradients, the new numbers and the old ones."""
        trace, values = self.trace, [value for value, _, _ in self.trace.graph.packed]
        rows = ([trace.gradient(v) for v in values], [new[v] for v in values], [trace.data[v] for v in values])
        gradients, numbers, before = (np.concatenate(arrays, axis=None) for arrays in rows)
        return gradients, numbers, before

    def _following(self, kept: Mapping[tuple[str, int], Array]) -> State:
        """What is kept for the next iteration."""
        plateau = self.training.watched(self.iteration, self.state.plateau, lambda: self.trace.loss)
        return State(self.state.done + self.steps, kept, plateau)

    # One parameter, or one element of it ---------------------------------------------------------

    def _of(self, value: int, flat: int | None) -> Numbers:
        grad = self.trace.gradient(value)
        row, (_, part, shape) = self._packing.places[value]
        n = self._constants(row.group).copy()
        n["w"], n["grad"] = _part(self.trace.data[value], flat), _part(grad, flat)
        n["g"] = n["grad"]
        if row.packed:
            n.update((symbol, _part(array[part].reshape(shape), flat)) for symbol, array in self._kept(row.key))
        else:
            n.update((symbol, _part(array, flat)) for symbol, array in self._kept(row.key))
        if self.steps and self.training.clip_norm is not None:
            n["norm"] = self.norm
        return n

    def kept(self, symbol: str, value: int, flat: int | None = None) -> Array:
        """What updates before have left, by its symbol: for all of a parameter in its shape, or for one element,
        shape (1,); a single number before the first."""
        return np.asarray(self._of(value, flat)[symbol])

    def new(self, value: int, flat: int | None = None) -> Array:
        """The new numbers of a parameter in its shape, or of one element, shape (1,)."""
        whole = self.optimizer(value).whole
        with np.errstate(all="ignore"):
            n = self._of(value, None if whole else flat)
            for line in self.lines(value):
                n[line.symbol] = line.compute(n)
        return _part(np.asarray(n["w"]), flat if whole else None)

    def stages(self, value: int, flat: int) -> Iterator[Stage]:
        """The update of one element line by line."""
        whole, shape = self.optimizer(value).whole, self.trace.data[value].shape
        with np.errstate(all="ignore"):
            n = self._of(value, None if whole else flat)
            for line in self.lines(value):
                used = {k: _part(v, flat) if whole and np.shape(v) == shape else v for k, v in n.items()}
                n[line.symbol] = line.compute(n)
                yield Stage(line, used, float(_part(np.asarray(n[line.symbol]), flat if whole else 0).item()))


def _part(array: Array, flat: int | None) -> Array:
    return array if flat is None else array.reshape(-1)[flat : flat + 1]
