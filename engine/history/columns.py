"""Which numbers are kept of every iteration of a training, and in which column of its row they stand: the loss, that
over the samples held back, with the weights and with their average, the learning rate; of each array that the iteration
writes ‖·‖₂, the least and the largest element, and how many are not finite; how far each parameter moved.

Beside these, for each unit of a layer, in how many samples its sum is above 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import masks
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep

#: Arrays of more elements are looked at one by one; smaller ones together, which saves calls.
LARGE = 1 << 14
#: Of values with more units none are counted one by one.
UNITS = 1024
_FORWARD = (Phase.FORWARD, Phase.LOSS)
#: The columns before those of the sweeps.
LOSS, VALIDATION, AVERAGED, RATE, FIRST = range(5)
#: Those of what is not taken in every iteration.
HELD = slice(VALIDATION, RATE)


class Counted(NamedTuple):
    """A value whose units are counted: the axis of its samples (None: it has none), where its units stand among
    all that are counted, its shape, and where it begins in the row of all small arrays (−1: it is none of them)."""

    axis: int | None
    units: slice
    shape: tuple[int, ...]
    start: int


class Columns:
    """The columns of a training whose iterations all have the steps of `recording`.

    Of sweep k, in the order of `sweeps`, the norm stands in column `norm` + k, the least element in `low` + k, the
    largest in `high` + k, and how many are not finite in `bad` + k; of parameter k, in the order of `parameters`,
    how far it moved in `moved` + k. The first `small` sweeps are those of small arrays. Laid out one after the
    other they are a row of ends[-1] numbers, in which sweep k has ends[k] to ends[k + 1]. At its end are the
    gradients, and then the new numbers, of parameters that are updated together, each such row in one piece.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        graph = recording.graph
        packed = [row for row in recording.update.packing.rows if row.packed]
        rows = dict.fromkeys(
            (phase, value) for phase in (Phase.BACKWARD, Phase.UPDATE) for row in packed for value, _, _ in row.members
        )
        sweeps = {(s.phase, s.value): s for s in recording.timeline.sweeps if s.size}
        first = [key for key, s in sweeps.items() if s.size <= LARGE and key not in rows]
        together = dict.fromkeys([*first, *(key for key in rows if key in sweeps)])
        self.sweeps: list[Sweep] = [
            *(sweeps[k] for k in together),
            *(s for k, s in sweeps.items() if k not in together),
        ]
        self.place = {(s.phase, s.value): k for k, s in enumerate(self.sweeps)}
        self.small = len(together)
        self.ends = np.cumsum([0, *(s.size for s in self.sweeps[: self.small])]).astype(np.intp)
        self.parameters = [p for p in graph.parameters if p.size]
        self.order = {p.id: k for k, p in enumerate(self.parameters)}
        #: Values that a mask leaves something of out, and the sweeps that write infinities on purpose.
        self.masks = frozenset(masks.masked(recording)) if self._infinite() else frozenset[int]()
        self.masked = [k for k, s in enumerate(self.sweeps) if s.value in self.masks and s.phase in _FORWARD]
        self.counted: dict[int, Counted] = {}
        self.units = self._count()
        count = len(self.sweeps)
        self.norm, self.low, self.high, self.bad, self.moved = (FIRST + k * count for k in range(5))
        self.width = self.moved + len(self.parameters)

    def _infinite(self) -> bool:
        """Whether the forward pass writes an infinity that is on purpose."""
        first = self.recording.trace.data
        with np.errstate(all="ignore"):
            finite = all(np.isfinite(float(first[s.value].sum())) for s in self.sweeps if s.phase in _FORWARD)
        return not finite and bool(masks.deliberate(self.recording))

    def _count(self) -> int:
        """Finds the values whose units are counted: what enters gates, and the sums of layers. Gives how many
        units these are."""
        graph, samples, board = self.recording.graph, self.recording.samples, self.recording.board
        gates = [node.inputs[0] for node in graph.nodes if node.op.rectifier]
        start = 0
        for value in dict.fromkeys([*gates, *(layer.pre for layer in board.layers if layer.pre >= 0)]):
            whole, axis = graph.values[value], samples.axis(value)
            units = whole.size // (samples.count if axis is not None else 1)
            if whole.node < 0 or not 0 < units <= UNITS or value == graph.loss.id:
                continue
            phase = Phase.LOSS if (Phase.LOSS, value) in self.place else Phase.FORWARD
            k = self.place[phase, value]
            there = int(self.ends[k]) if k < self.small else -1
            self.counted[value] = Counted(axis, slice(start, start + units), whole.shape, there)
            start += units
        return start
