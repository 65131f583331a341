"""Which sample of a batch an element belongs to.

The inputs named in `batch` count samples on axis 0. For what is computed from them the axis is
found by asking the operations: if the element at sample k along an axis depends, of everything
that has samples, on sample k alone, then that axis counts them. So it is found behind a transpose
or a concatenation as well, and not in what a sum over the batch leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import overload

from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Grid, Indices, Shape, ravel, strides, unravel
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.trace import Trace

#: So many of the elements that feed an output are looked at.
_LOOKED_AT = 4096


class Samples:
    """The samples of one trace: `count` of them, 1 and no axis anywhere where there is no batch. The axes
    are those of `like`, the samples of another trace of the same network, where there is one."""

    count: int
    _axes: dict[int, int]

    def __init__(self, trace: Trace, batch: Sequence[str], like: Samples | None = None) -> None:
        self._trace = trace
        if like is not None:
            self.count, self._axes = like.count, like._axes
            return
        values = [trace.graph.by_name[name] for name in batch]
        self.count = values[0].shape[0] if values else 1
        self._axes = {value.id: 0 for value in values}
        for node in trace.graph.nodes if values else ():
            axis = self._found(node)
            if axis is not None:
                self._axes[node.output] = axis

    def _found(self, node: Node) -> int | None:
        sources = [slot for slot, value in enumerate(node.inputs) if value in self._axes]
        shape = self._trace.graph.values[node.output].shape
        if not sources:
            return None
        for axis, extent in enumerate(shape):
            if extent == self.count and all(self._follows(node, sources, axis, k) for k in {0, extent - 1}):
                return axis
        # Normalised over the batch every sample depends on all, and is still its own row.
        if isinstance(node.op, Rowwise) and not node.op.reduced:
            return self._axes[node.inputs[0]]
        return None

    def _follows(self, node: Node, sources: Sequence[int], axis: int, sample: int) -> bool:
        """Whether the first element at `sample` along `axis` of the output depends on that sample only."""
        shape = self._trace.graph.values[node.output].shape
        if 0 in shape:
            return False
        at = sample * strides(shape)[axis]
        for slot in sources:
            grid, value = self._trace.row(node, slot, at).grid, node.inputs[slot]
            whole, counted = self._trace.graph.values[value].shape, self._axes[value]
            flats = grid.take(0, min(grid.size, _LOOKED_AT))
            if (flats // prod(whole[counted + 1 :]) % whole[counted] != sample).any():
                return False
        return True

    def axis(self, value: int) -> int | None:
        """The axis of a value that counts samples."""
        return self._axes.get(value)

    def shape(self, value: int) -> Shape:
        """The shape of a value in one sample."""
        shape, axis = self._trace.graph.values[value].shape, self._axes.get(value)
        return shape if axis is None else shape[:axis] + shape[axis + 1 :]

    def element(self, value: int, sample: int, position: int) -> int:
        """The element (flat, of the whole array) at a position, in C order, among those of one sample."""
        return int(self.elements(value, sample).take(position, position + 1)[0])

    @overload
    def position(self, value: int, flat: int) -> int: ...
    @overload
    def position(self, value: int, flat: Indices) -> Indices: ...
    def position(self, value: int, flat: int | Indices) -> int | Indices:
        """Where elements are among those of their sample: the inverse of `element`, whatever the sample."""
        axis = self._axes.get(value)
        if axis is None:
            return flat
        shape = self._trace.graph.values[value].shape
        after = prod(shape[axis + 1 :])
        return flat // (after * shape[axis]) * after + flat % after

    def of(self, value: int, flat: int) -> int | None:
        """The sample that an element belongs to; None if it is no single one's."""
        axis = self._axes.get(value)
        return None if axis is None else unravel(flat, self._trace.graph.values[value].shape)[axis]

    def moved(self, value: int, flat: int, sample: int) -> int:
        """The same element of another sample; itself where it belongs to none."""
        axis = self._axes.get(value)
        if axis is None:
            return flat
        shape = self._trace.graph.values[value].shape
        index = unravel(flat, shape)
        return ravel((*index[:axis], sample, *index[axis + 1 :]), shape)

    def elements(self, value: int, sample: int) -> Grid:
        """The elements of one sample, in C order; all of them where the value has no samples."""
        shape, axis = self._trace.graph.values[value].shape, self._axes.get(value)
        steps = strides(shape)
        if axis is None:
            return Grid(0, (prod(shape),), (1,))
        return Grid(sample * steps[axis], shape[:axis] + shape[axis + 1 :], steps[:axis] + steps[axis + 1 :])

    def ends(self, value: int, sample: int) -> tuple[int, int]:
        """The first and the last of these `elements`; there is one at least."""
        shape, axis = self._trace.graph.values[value].shape, self._axes.get(value)
        if axis is None:
            return 0, prod(shape) - 1
        after = prod(shape[axis + 1 :])
        first = sample * after
        return first, first + (prod(shape[:axis]) - 1) * after * shape[axis] + after - 1

    def over(self, value: int, flat: int) -> Grid:
        """The same element of every sample; only itself where it belongs to none."""
        axis = self._axes.get(value)
        if axis is None:
            return Grid(flat, (), ())
        return Grid(self.moved(value, flat, 0), (self.count,), (strides(self._trace.graph.values[value].shape)[axis],))
