"""The update phase of one iteration: from parameters, gradients and what is kept, to new parameters.

Computed when asked for, of all parameters or of a single element, by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, Shape, read_only
from gradstep.engine.run.packing import Row, packing
from gradstep.engine.run.rules import Rules, State
from gradstep.engine.run.staleness import marked
from gradstep.engine.run.trace import Trace
from gradstep.engine.training.averaging import AVERAGED
from gradstep.engine.training.optimizer import Optimizer
from gradstep.engine.training.options import Training
from gradstep.engine.training.rule import Line, Numbers


class Stage(NamedTuple):
    """One line of one number's update: the line, the numbers it used, what it made; and the symbols of what is stale in
    it, which `made` then is as well."""

    line: Line
    used: Numbers
    made: float
    stale: frozenset[str] = frozenset()


class Updated(NamedTuple):
    """All of an update: the new parameters by value id, what is kept for the next one, and by the keys of rows (see
    `packing`) the numbers before and after."""

    parameters: Mapping[int, Array]
    state: State
    before: Mapping[int, Array]
    after: Mapping[int, Array]


class Update(Rules):
    """What `training` makes of the gradients of `trace` in an iteration (from 1), after `state`."""

    def __init__(self, training: Training, trace: Trace, state: State, iteration: int) -> None:
        super().__init__(training, packing(trace.graph, training.groups), trace.graph.dtype, state, iteration)
        self.trace = trace

    def optimizer(self, value: int) -> Optimizer:
        """That of a parameter's group."""
        return self.training.groups.optimizers[self.packing.places[value][0].group]

    def rate(self, value: int) -> float:
        """The learning rate of a parameter's group."""
        return self.rates[self.packing.places[value][0].group]

    def rule(self, value: int) -> tuple[Line, ...]:
        """The lines for a parameter, the last of which gives the new number."""
        return self.of(self.packing.places[value][0].group)

    def lines(self, value: int) -> tuple[Line, ...]:
        """The same, and what takes the new number into an average."""
        return self.rule(value) if self.average is None else (*self.rule(value), self.average)

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
        before = self._before(row) if row.packed else self.trace.data[row.key]
        return self.begun(row, before, row.gathered(self.trace.grad))

    @property
    def buffers(self) -> dict[int, Array]:
        """Running statistics as they are after the iteration, by the value id of their leaf."""
        return {leaf: self.trace.data[value] for leaf, value in self.trace.graph.keeps.items()}

    @cached_property
    def norm(self) -> float:
        """‖g‖ of all parameters together, before it is clipped by its norm."""
        return self.together(map(self._numbers, self.packing.rows))

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
        before, after, kept = dict[int, Array](), dict[int, Array](), self.left()
        with np.errstate(all="ignore"):
            for row in self.packing.rows:
                n = self._numbers(row)
                before[row.key] = n["w"]
                if self.clips:
                    n["norm"] = self.norm
                after[row.key] = new = read_only(self.take(row, n, kept))
                for value, part, shape in row.members:
                    parameters[value] = new[part].reshape(shape) if row.packed else new
            self.take_buffers(self.buffers, kept)
        return Updated(parameters, self.following(kept, self.trace.loss), before, after)

    # What is stale -------------------------------------------------------------------------------

    def moves_by_stale(self, value: int) -> bool:
        """Whether something that a parameter's update is made of is stale: its gradient, or that of another one where
        all are clipped together."""
        stale = self.trace.stale
        return ("grad", value) in stale or (self._together_stale and bool(stale))

    def is_stale(self, element: Element) -> bool:
        """Whether the new number of an element is."""
        if not self.trace.stale or not self.moves_by_stale(element.value):
            return False
        return self._together_stale or self.optimizer(element.value).whole or self.trace.is_stale("grad", element)

    @cached_property
    def _together_stale(self) -> bool:
        """Whether the norm that all gradients are clipped by is stale."""
        return self.clips and any(("grad", p.id) in self.trace.stale for p in self.trace.graph.parameters)

    def _stale_symbols(self, element: Element) -> set[str]:
        """What is stale before the first line."""
        found = {"norm"} if self._together_stale else set()
        gradient = self.trace.is_stale("grad", element) or (
            ("grad", element.value) in self.trace.stale and self.optimizer(element.value).whole
        )
        return found | ({"grad", "g"} if gradient else set())

    # One parameter, or one element of it ---------------------------------------------------------

    def _of(self, value: int, flat: int | None) -> Numbers:
        grad = self.trace.gradient(value)
        row, (_, part, shape) = self.packing.places[value]
        n = self.constants(row.group).copy()
        n["w"], n["grad"] = _part(self.trace.data[value], flat), _part(grad, flat)
        n["g"] = n["grad"]
        if row.packed:
            n.update((symbol, _part(array[part].reshape(shape), flat)) for symbol, array in self.kept_of(row.key))
        else:
            n.update((symbol, _part(array, flat)) for symbol, array in self.kept_of(row.key))
        if self.clips:
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
            for line in self.rule(value):
                n[line.symbol] = line.compute(n)
        return _part(np.asarray(n["w"]), flat if whole else None)

    def average_before(self, value: int, flat: int | None = None) -> Array | None:
        """The average of a parameter's weights before this update, in its shape, or that of one element, shape (1,);
        None where none has begun."""
        row, _ = self.packing.places[value]
        return self.kept(AVERAGED, value, flat) if (AVERAGED, row.key) in self.state.kept else None

    def averaged(self, value: int, flat: int | None = None) -> Array:
        """The same after it, also that of running statistics. Where none has begun it is the new numbers themselves."""
        if value not in self.packing.places:
            return self._averaged_buffer(value)
        if self.average is None:
            before = self.average_before(value, flat)
            return self.new(value, flat) if before is None else before
        with np.errstate(all="ignore"):
            n = self._of(value, flat)
            n["w"] = self.new(value, flat)
            return np.asarray(self.average.compute(n))

    def _averaged_buffer(self, leaf: int) -> Array:
        now, before = self.buffers[leaf], self.state.kept.get((AVERAGED, leaf))
        if self.average is None:
            return now if before is None else before
        with np.errstate(all="ignore"):
            return np.asarray(self.average.compute(self._of_buffer(leaf, now)))

    def stages(self, value: int, flat: int) -> Iterator[Stage]:
        """The update of one element line by line."""
        whole, shape = self.optimizer(value).whole, self.trace.data[value].shape
        with np.errstate(all="ignore"):
            n = self._of(value, None if whole else flat)
            stale = self._stale_symbols(Element(value, flat)) if self.trace.stale else set()
            for line in self.lines(value):
                of = frozenset(symbol for _, symbol in line.pieces if symbol in stale)
                used = {k: _part(v, flat) if whole and _shaped(v, shape) else v for k, v in n.items()}
                n[line.symbol] = line.compute(n)
                made = np.asarray(n[line.symbol])
                (stale.add if of else stale.discard)(line.symbol)
                number = float(made.item(flat if whole and made.shape == shape else 0))
                yield Stage(line, used, marked(number, bool(of)), of)


def _shaped(number: object, shape: Shape) -> bool:
    """Whether it has a number for each element of a parameter."""
    return isinstance(number, np.ndarray) and number.shape == shape


def _part(array: Array, flat: int | None) -> Array:
    return array if flat is None else array.reshape(-1)[flat : flat + 1]
