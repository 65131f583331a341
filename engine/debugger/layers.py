"""All layers at a glance: over which range the sizes of their gradients reach."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.pictures import Kind, numbers, peak, told_of
from gradstep.engine.graph.graph import Role
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.sizes import norm_of
from gradstep.engine.run.staleness import marked
from gradstep.engine.run.timeline import Phase

#: Arrays of up to this many numbers are measured together: there may be thousands of them.
_TOGETHER = 1 << 12


class _Sizes:
    """Of the gradients of `values`, in one sample or summed over all: the largest finite |number| and ‖·‖₂ of each,
    shape (values,), once they are asked for; `row` is where each value is among them."""

    def __init__(self, recording: Recording, sample: int | None, values: list[int]) -> None:
        self._recording, self._sample, self._values = recording, sample, values
        self.row = {value: k for k, value in enumerate(values)}
        self.peaks, self.norms = np.zeros(len(values)), np.zeros(len(values))
        self._known = np.zeros(len(values), dtype=bool)

    def measure(self, rows: Array | None = None) -> _Sizes:
        """These, with those in some rows, or all, measured: what is not on the screen yet need not be read."""
        asked = np.arange(len(self._values)) if rows is None else rows
        missing = asked[~self._known[asked]].tolist()
        if not missing:
            return self
        self._known[missing] = True
        arrays = {k: numbers(self._recording, self._values[k], Kind.GRAD, self._sample) for k in missing}
        small = [k for k, array in arrays.items() if 0 < array.size <= _TOGETHER]
        if small:
            self.peaks[small], self.norms[small] = _together([arrays[k] for k in small])
        for k, array in arrays.items():
            if array.size > _TOGETHER:
                told = told_of(self._recording, self._values[k], Kind.GRAD)
                self.peaks[k], self.norms[k] = (peak(array), norm_of(array)) if told is None else (told.peak, told.norm)
        return self


class _Rows(NamedTuple):
    """Of each layer that is no parameter and gets a gradient, shape (layers,): when the gradient of its output is
    complete; when that of the sum before its activation begins and is complete (never, where it has none); and in which
    rows of `_Sizes` both are. Times are numbers of steps that are done."""

    there: Array
    pre_begun: Array
    pre_there: Array
    row: Array
    pre_row: Array


@remembered
def gradient_range(recording: Recording, sample: int | None) -> tuple[float, float]:
    """The least and the largest, over all layers, of the largest finite |∂| > 0 of each; 0 and 0 where there is
    none."""
    peaks = _sizes(recording, sample).measure().peaks
    peaks, stale = peaks[peaks > 0], _any_stale(recording)
    return (marked(float(peaks.min()), stale), marked(float(peaks.max()), stale)) if len(peaks) else (0.0, 0.0)


def norm_range(frame: Frame) -> tuple[float, float]:
    """The least and the largest finite ‖∂‖ > 0 of the layers, of each as it is shown at this moment: of its sum, once
    that has begun to come, else of its output. 1 and 1 while there is none."""
    rows, done = _rows(frame.recording, frame.sample), frame.done
    begun = done >= rows.pre_begun
    known = np.where(begun, done >= rows.pre_there, done >= rows.there)
    shown = np.where(begun, rows.pre_row, rows.row)[known].astype(int)
    norms = _sizes(frame.recording, frame.sample).measure(shown).norms[shown]
    norms, stale = norms[np.isfinite(norms) & (norms > 0)], _any_stale(frame.recording)
    return (marked(float(norms.min()), stale), marked(float(norms.max()), stale)) if len(norms) else (1.0, 1.0)


def _any_stale(recording: Recording) -> bool:
    """Whether any gradient may be another one by now, which then may be the least or the largest of all."""
    return any(kind == "grad" for kind, _ in recording.trace.stale)


@remembered
def _sizes(recording: Recording, sample: int | None) -> _Sizes:
    graph = recording.graph
    shown = dict.fromkeys(v for layer in recording.board.layers for v in (layer.output, layer.pre) if v >= 0)
    return _Sizes(recording, sample, [v for v in shown if graph.gets_gradient(graph.values[v])])


def _together(arrays: list[Array]) -> tuple[Array, Array]:
    """`peak` and `norm_of` of each of many arrays, none of them empty."""
    counts = np.array([array.size for array in arrays])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    size = abs(np.concatenate(arrays).astype(float))
    with np.errstate(all="ignore"):
        most = np.maximum.reduceat(size, starts)
        scale = np.where(np.isfinite(most) & (most > 0), most, 1.0)
        norms = scale * np.sqrt(np.add.reduceat((size / np.repeat(scale, counts)) ** 2, starts))
        return np.maximum.reduceat(np.where(np.isfinite(size), size, 0.0), starts), norms


@remembered
def _rows(recording: Recording, sample: int | None) -> _Rows:
    graph, sizes, found = recording.graph, _sizes(recording, sample), []
    for layer in recording.board.layers:
        if layer.output in sizes.row and graph.values[layer.output].role is not Role.PARAMETER:
            _, there = _when(recording, layer.output, sample)
            begun, complete, row = np.inf, np.inf, 0
            if layer.pre in sizes.row:
                begun, complete = _when(recording, layer.pre, sample)
                row = sizes.row[layer.pre]
            found.append((there, begun, complete, sizes.row[layer.output], row))
    return _Rows(*np.array(found, dtype=float).reshape(-1, 5).T)


def _when(recording: Recording, value: int, sample: int | None) -> tuple[float, float]:
    """After how many steps the first and the last number of a gradient is there that `picture` shows."""
    sweep, samples = recording.timeline.sweep_of(Phase.BACKWARD, value), recording.samples
    if sweep is None:
        return np.inf, np.inf
    if sweep.stop == sweep.start:
        return np.inf, 0.0
    first, last = samples.ends(value, samples.count - 1 if sample is None else sample)
    return sweep.start + first + 1, sweep.start + last + 1
