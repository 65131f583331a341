"""Where the training of a recording stood: what its optimiser had kept, and what it made of the parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from gradstep.engine.graph.graph import Graph
from gradstep.engine.index import Array
from gradstep.engine.run.observed import Observed
from gradstep.engine.run.packing import Row, packing
from gradstep.engine.run.rules import State
from gradstep.engine.run.update import Update
from gradstep.engine.training.clipping import LEFT
from gradstep.engine.training.groups import Group, Groups
from gradstep.engine.training.moved import Moved
from gradstep.engine.training.options import Training

#: So many roundings may a new number be off.
_ROUNDINGS = 8


def training_of(training: Training, observed: Observed, moved: Collection[str]) -> Training:
    """The training with the parameters in `moved` in a group that takes their new numbers as they were recorded."""
    if not moved:
        return training
    group = Group(tuple(sorted(moved)), Moved(observed.done + 1, bool(observed.following)))
    return training._replace(groups=Groups(training.optimizer, (group, *training.groups.others)))


def misses(update: Update, observed: Observed) -> list[str]:
    """The parameters for which the optimiser's rule does not give the new numbers that were recorded."""
    found = []
    for value in update.trace.graph.parameters:
        wanted = observed.following.get(value.id)
        if wanted is None or not update.optimizer(value.id).known:
            continue
        old, new = update.trace.data[value.id], update.new(value.id)
        with np.errstate(all="ignore"):
            moved = np.abs(wanted - old)
            # What moves a number may cancel: beside it there are others that show how large its parts are.
            size = np.abs(wanted) + np.abs(old) + _ROUNDINGS * moved.max(initial=0, where=np.isfinite(moved))
            near = _ROUNDINGS * np.finfo(wanted.dtype).eps * size
            same = (np.abs(new - wanted) <= near) | (new == wanted) | (np.isnan(new) & np.isnan(wanted))
        if not same.all():
            found.append(value.name)
    return found


def state_of(graph: Graph, leaves: Mapping[int, Array], training: Training, observed: Observed) -> State:
    """What was kept before the recorded update."""
    kept: dict[tuple[str, int], Array] = {}
    for row in packing(graph, training.groups).rows:
        optimizer = training.groups.optimizers[row.group]
        left = {} if training.zero_grad else {LEFT: 0.0}
        for symbol, begins in {**optimizer.kept(), **left}.items():
            if isinstance(optimizer, Moved) and symbol != LEFT:
                arrays = {m.value: observed.following.get(m.value, leaves[m.value]) for m in row.members}
            else:
                there = [m.value for m in row.members if (symbol, m.value) in observed.kept]
                arrays = {value: observed.kept[symbol, value] for value in there}
            if arrays:
                kept[symbol, row.key] = _gathered(graph, row, arrays, begins)
    return State(observed.done, kept)


def _gathered(graph: Graph, row: Row, arrays: Mapping[int, Array], begins: float) -> Array:
    """The arrays as the row; those that are not there are what they begin with."""
    whole: list[Array | None] = [None] * len(graph.values)
    for member in row.members:
        found = arrays.get(member.value)
        whole[member.value] = np.full(member.shape, begins, graph.dtype) if found is None else found
    return row.gathered(whole)
