"""Which parameters are updated together: of a group all small ones, as one row of all their elements.

An update rule works element by element, and on one row it takes a few calls instead of a few for each parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.graph import Graph
from gradstep.engine.index import Array, Shape
from gradstep.engine.training.groups import Groups

#: In the place of a value's id: all small parameters of the first group; of the others the numbers below it.
PACKED = -1


class Member(NamedTuple):
    """A parameter: its place in its row, and its shape."""

    value: int
    part: slice
    shape: Shape


class Row(NamedTuple):
    """What one update goes through: a large parameter in its own shape, `key` its value id; or all small ones of a
    group as a row, with a key below 0."""

    key: int
    group: int
    members: tuple[Member, ...]

    @property
    def packed(self) -> bool:
        return self.key < 0

    @property
    def size(self) -> int:
        """How many elements it has."""
        return int(self.members[-1].part.stop)

    def gathered(self, arrays: Sequence[Array | None]) -> Array:
        """The members' arrays, by value id, as the row."""
        if not self.packed:
            found = arrays[self.key]
            assert found is not None, "parameters have numbers and gradients"
            return found
        return np.concatenate([arrays[member.value] for member in self.members], axis=None)


class Packing(NamedTuple):
    """All rows, and for each parameter by value id the row that it is in and its place there."""

    rows: tuple[Row, ...]
    places: Mapping[int, tuple[Row, Member]]


@lru_cache(maxsize=8)
def packing(graph: Graph, groups: Groups) -> Packing:
    """How the parameters of a graph are updated together. Both are compared by identity."""
    small = {value for value, _, _ in graph.packed}
    number = {value.id: groups.of(value.name) for value in graph.parameters}
    alone = [v for v in graph.parameters if v.id not in small or groups.optimizers[number[v.id]].whole]
    rows = [Row(v.id, number[v.id], (Member(v.id, slice(0, v.size), v.shape),)) for v in alone]
    apart = {row.key for row in rows}
    for group in range(len(groups.optimizers)):
        members, start = [], 0
        for value in graph.parameters:
            if number[value.id] == group and value.id not in apart:
                members.append(Member(value.id, slice(start, start + value.size), value.shape))
                start += value.size
        if members:
            rows.append(Row(PACKED - group, group, tuple(members)))
    return Packing(tuple(rows), {member.value: (row, member) for row in rows for member in row.members})
