"""The kinds of steps that one can stop at: a mask function each, and a line in the table below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.fields import Slice
from gradstep.engine.ask.thresholds import LARGER, SHARE, Allowed
from gradstep.engine.explain import nonfinite
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.op import Op
from gradstep.engine.run import flow
from gradstep.engine.run.timeline import Phase


class Measure(NamedTuple):
    """What a threshold is compared with: what that is, its numbers over the elements of a slice, and on which side of
    the threshold they lie where the kind holds."""

    what: str
    of: Callable[[Slice], Array]
    sign: str


class Kind(NamedTuple):
    """A kind of step: its mask over the elements of a slice (or over its terms, `by_term`), the
    default of its threshold, what it says, and between what the threshold lies. One about `units` holds for a neuron
    in all samples. `measure` is what a threshold is compared with."""

    mask: Callable[[Slice, float], Array]
    default: float | None
    by_term: bool
    says: str
    allowed: Allowed | None = None
    units: bool = False
    measure: Measure | None = None


def _nothing(at: Slice) -> Array:
    return np.zeros(at.count, dtype=bool)


def _slopes(at: Slice, wanted: Callable[[Op], bool]) -> Iterator[Array]:
    """The local gradients of the activations that the slice's steps compute or go back through, of the shape of
    the value that the sweep writes."""
    graph, trace = at.recording.graph, at.recording.trace
    if at.sweep.phase is Phase.BACKWARD:
        nodes = [graph.nodes[n] for n, _ in graph.uses[at.sweep.value]]
    else:
        nodes = [] if at.sweep.phase is Phase.UPDATE else [graph.nodes[at.sweep.node]]
    for node in nodes:
        if isinstance(node.op, Elementwise) and wanted(node.op):
            yield np.asarray(node.op.local(0, trace.data[node.output], trace.inputs(node)))


def _dead(at: Slice, threshold: float) -> Array:
    found = _nothing(at)
    for local in _slopes(at, lambda op: op.rectifier):
        found |= _for_every_sample(at, local == 0)
    return found


def _for_every_sample(at: Slice, mask: Array) -> Array:
    """Of a mask over a whole value, the slice's part: at the last sample, if it holds for all."""
    samples, flats = at.recording.samples, np.arange(at.start, at.stop)
    axis = samples.axis(at.sweep.value)
    if axis is None or samples.count == 1:
        return mask.reshape(-1)[flats]
    everywhere = np.zeros_like(mask)
    last = tuple(-1 if k == axis else slice(None) for k in range(mask.ndim))
    everywhere[last] = mask.all(axis=axis)
    return everywhere.reshape(-1)[flats]


def _saturated(at: Slice, threshold: float) -> Array:
    return np.asarray(_slope(at) < threshold)


def _slope(at: Slice) -> Array:
    """The least |slope| of what saturates; ∞ where nothing does."""
    found = np.full(at.count, np.inf)
    for local in _slopes(at, lambda op: op.saturates):
        found = np.minimum(found, abs(local.reshape(-1)[at.start : at.stop]))
    return found


def _flip(at: Slice, threshold: float) -> Array:
    if not at.by_term:
        return _nothing(at)
    # At the loss itself a gradient begins, with whatever sign it has: nothing turns there.
    loss = at.recording.graph.values[at.recording.graph.loss.id].node
    return np.asarray((at.table.contribution * np.sign(at.table.upstream) < 0) & (at.table.node != loss))


def _arriving(at: Slice, compare: Callable[[float], bool]) -> Array:
    """All gradients but 0 of a layer's input or sum, or of a parameter, where what arrives there is of some size beside
    what arrives at the network's output (see `flow.ratios`): products along all paths from one to the other, and no
    single slope, which the next one may take back."""
    if at.sweep.phase is not Phase.BACKWARD or not compare(_ratio(at)):
        return _nothing(at)
    return np.asarray(np.asarray(at.grad) != 0)


def _ratio(at: Slice) -> float:
    return flow.ratios(at.recording).get(at.sweep.value, np.nan)


def _arrives(at: Slice) -> Array:
    """What `_arriving` compares, for each element the same."""
    return np.full(at.count, _ratio(at))


def _vanish(at: Slice, threshold: float) -> Array:
    return _arriving(at, lambda ratio: ratio < threshold)


def _explode(at: Slice, threshold: float) -> Array:
    return _arriving(at, lambda ratio: ratio > threshold)


def _cancel(at: Slice, threshold: float) -> Array:
    if at.sweep.phase is not Phase.BACKWARD:
        return _nothing(at)
    sizes = np.bincount(at.table.owner, abs(at.table.contribution), minlength=at.count)
    many = np.bincount(at.table.owner, minlength=at.count) > 1
    return many & (abs(np.asarray(at.grad)) < (1 - threshold) * sizes)


def _cancelled(at: Slice) -> Array:
    """The share of what meets that cancels."""
    sizes = np.bincount(at.table.owner, abs(at.table.contribution), minlength=at.count)
    return np.asarray(1 - abs(np.asarray(at.grad)) / sizes)


def _zero(at: Slice, threshold: float) -> Array:
    return np.asarray(at.grad) == 0 if at.sweep.phase is Phase.BACKWARD else _nothing(at)


def _nonfinite(at: Slice, threshold: float) -> Array:
    found = _nothing(at)
    first = nonfinite.first(at.recording, at.sweep.phase)
    if first is None or at.sweep.value != first.element.value or at.sweep.phase is not first.phase:
        return found
    if at.start <= first.element.flat < at.stop:
        found[first.element.flat - at.start] = True
    return found


#: Every kind of step that a condition may name.
KINDS: Mapping[str, Kind] = {
    "dead": Kind(_dead, None, False, "a ReLU's gate is shut, in every sample of the batch", units=True),
    "flip": Kind(_flip, None, True, "a contribution has the other sign than its upstream gradient"),
    "vanish": Kind(
        _vanish, 1e-3, False, "below {r:g} of the output's gradient arrives at a layer", SHARE,
        measure=Measure("ratio", _arrives, "<"),
    ),
    "explode": Kind(
        _explode, 1e3, False, "above {r:g} times the output's gradient arrives at a layer", LARGER,
        measure=Measure("ratio", _arrives, ">"),
    ),
    "saturated": Kind(
        _saturated, 0.01, False, "the slope of a sigmoid or tanh is below {r:g}", SHARE,
        measure=Measure("slope", _slope, "<"),
    ),
    "cancel": Kind(
        _cancel, 0.9, False, "more than {r:.0%} of what meets cancels", SHARE,
        measure=Measure("share", _cancelled, ">"),
    ),
    "nonfinite": Kind(_nonfinite, None, False, "the first NaN or infinity"),
    "zero": Kind(_zero, None, False, "a gradient is exactly 0"),
}  # fmt: skip
