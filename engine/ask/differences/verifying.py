"""All gradients against finite differences, many at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.differences.precise import TOLERANCE, Precise, relative
from gradstep.engine.ask.differences.stretches import Way
from gradstep.engine.ask.differences.switches import switched
from gradstep.engine.errors import OpError
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Value
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.index import Array
from gradstep.engine.notation import defined
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario

#: Above this many elements a sample of them is checked, spread over all arrays.
BUDGET = 20_000
#: Step sizes, relative to the number; smaller ones are tried where a kink may lie within a larger.
_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
#: Numbers computed together when all gradients are verified.
_BATCH = 1 << 20
#: The five-point difference (Fornberg, Mathematics of Computation 51, 1988): offsets in steps, and
#: their weights.
_OFFSETS = np.array([1.0, -1.0, 2.0, -2.0])
_WEIGHTS = np.array([8.0, -8.0, -1.0, 1.0]) / 12


class Gradients(NamedTuple):
    """How gradients compare with finite differences. `failed` and `at` are names to type; at a kink
    there are two slopes and nothing to compare."""

    checked: int
    total: int
    max_rel_error: float
    at: str | None
    failed: tuple[tuple[str, float, float], ...] = ()
    kinks: int = 0
    nonfinite: int = 0

    @property
    def ok(self) -> bool:
        return not self.failed

    def lines(self) -> Iterator[str]:
        """For people."""
        worst = f", largest relative error {self.max_rel_error:.0e}" if self.checked else ""
        mark = "✓" if self.ok else "✗"
        yield f"{mark} {self.checked:,} of {self.total:,} gradients compared with finite differences{worst}"
        for name, backprop, difference in self.failed:
            yield f"  ✗ {name}: backprop {backprop!r}, finite difference {difference!r}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"ok": self.ok, "checked": self.checked, "max_rel_error": defined(self.max_rel_error)}


def verify(recording: Recording, progress: Callable[[int, int], bool] | None = None) -> Gradients:
    """The gradients of all parameters against the five-point difference; without those from which
    something that was set by hand cuts the loss off. Between batches `progress` is told how many of
    how many are done; where it says False, what is done so far is returned."""
    precise = Precise.of(recording.scenario, recording)
    return _compare(precise, [p for p in precise.graph.parameters if not precise.cut_off(p.id)], progress)


def every(scenario: Scenario) -> Gradients:
    """The same for every value of a scenario that has a gradient."""
    precise = Precise.of(scenario)
    values = [v for v in precise.graph.values if precise.trace.grad[v.id] is not None and v.id != precise.graph.loss.id]
    return _compare(precise, values, None)


def _compare(precise: Precise, values: Sequence[Value], progress: Callable[[int, int], bool] | None) -> Gradients:
    total, board = sum(v.size for v in values), Blackboard(precise.graph)
    if not math.isfinite(precise.trace.loss):
        return Gradients(0, total, 0.0, None, nonfinite=total)
    result, stride = Gradients(0, total, 0.0, None), _stride(precise.graph, total)
    budget = -(-total // stride)
    for value, ways, flats in _batches(precise, values, stride):
        errors, numeric = _differences(precise, value, ways, flats)
        grad = precise.trace.gradient(value.id)
        failed, kinks, nonfinite = list(result.failed), result.kinks, result.nonfinite
        for k, flat in enumerate(flats.tolist()):
            gradient, error, slope, kink = grad.item(flat), float(errors[k]), float(numeric[k]), False
            if not error <= TOLERANCE / 10:
                error, slope, kink = _closer(precise, value, ways, flat, gradient)
            kinks, nonfinite = kinks + kink, nonfinite + (not math.isfinite(error))
            if kink or not math.isfinite(error):
                continue
            name = board.typed(value.id, flat, "grad")
            if error > TOLERANCE:
                failed.append((name, gradient, slope))
            if error >= result.max_rel_error:
                result = result._replace(max_rel_error=error, at=name)
        result = result._replace(
            checked=result.checked + len(flats), failed=tuple(failed), kinks=kinks, nonfinite=nonfinite
        )
        if progress is not None and not progress(result.checked, budget):
            break
    return result


def _stride(graph: Graph, total: int) -> int:
    """Every so many-th element is compared."""
    stride = max(1, -(-total // BUDGET))
    # A stride that shares factors with the width of an array would visit a few columns only.
    while stride > 1 and any(math.gcd(stride, n) > 1 for v in graph.values for n in v.shape if n > 1):
        stride += 1
        if stride > 2 * total // BUDGET + 64:
            break
    return stride


def _batches(
    precise: Precise, values: Sequence[Value], stride: int
) -> Iterator[tuple[Value, tuple[Way, ...], Array]]:
    """As many elements together as fit, with the ways from them on: four copies of all that depends on each."""
    for value in values:
        flats, ways = np.arange(0, value.size, stride), precise.stretches.ways(value.id)
        size = value.size + max((sum(precise.graph.values[n.output].size for n in way.nodes) for way in ways), default=0)
        step = max(_BATCH // (4 * max(size, 1)), 1)
        for start in range(0, len(flats), step):
            yield value, ways, flats[start : start + step]


def _differences(precise: Precise, value: Value, ways: tuple[Way, ...], flats: Array) -> tuple[Array, Array]:
    """Relative errors and finite differences with the largest step, all at once."""
    base = precise.trace.data[value.id].reshape(-1)[flats]
    grad = precise.trace.gradient(value.id)
    step = _STEPS[0] * np.maximum(1.0, abs(base))
    numeric, loss = np.zeros(len(flats)), np.zeros(len(flats))
    with np.errstate(all="ignore"):
        for way in ways:
            try:
                offsets = (step[:, None] * _OFFSETS).reshape(-1)
                losses = precise.losses(value.id, np.repeat(flats, 4), offsets, way).reshape(-1, 4)
            except OpError:  # class numbers and the like, which are whole: `_closer` looks at each
                losses = np.full((len(flats), 4), math.nan)
            numeric += (losses * _WEIGHTS).sum(axis=1) / step
            loss += np.maximum(abs(losses[:, :2]).max(axis=1), way.size(precise.trace))
        gradient = grad.reshape(-1)[flats]
        noise = 8 * np.finfo(np.float64).eps * loss / step / TOLERANCE
        scale = np.maximum.reduce([abs(numeric), abs(gradient), noise, np.full(len(flats), 1e-300)])
        return np.asarray(abs(numeric - gradient) / scale), numeric


def _closer(
    precise: Precise, value: Value, ways: tuple[Way, ...], flat: int, gradient: float
) -> tuple[float, float, bool]:
    """Relative error, finite difference, and whether there is a kink: something is chosen differently
    even with the smallest step. Where nothing is, slopes that differ from side to side are curvature,
    and excuse nothing."""
    base = precise.trace.number(Element(value.id, flat))
    if not math.isfinite(base):
        return math.inf, math.nan, False  # as where a mask puts −∞: there is nothing to move
    best, numeric = math.inf, math.nan
    for size in _STEPS:
        step = size * max(1.0, abs(base))
        losses = [_losses(precise, value, flat, base + _OFFSETS * step, way) for way in ways]
        if not np.all(np.isfinite(losses)):
            continue
        slope = float(sum(np.dot(some, _WEIGHTS) / step for some in losses))
        large = sum(
            max(way.size(precise.trace), *abs(some[:2])) for way, some in zip(ways, losses, strict=True)
        )
        error = relative(slope, gradient, large, step)
        if error < best or math.isnan(numeric):
            best, numeric = error, slope
        if best <= TOLERANCE / 10:
            break
    if best <= TOLERANCE or not math.isfinite(best):
        return best, numeric, False
    reach = 2 * _STEPS[-1] * max(1.0, abs(base))
    return best, numeric, any(_switches(precise, value, flat, (base - reach, base + reach), way) for way in ways)


def _losses(precise: Precise, value: Value, flat: int, at: Array, way: Way) -> Array:
    """What comes out at the end of a way with one number at each of some others; NaN where it cannot be there."""
    try:
        with np.errstate(all="ignore"):
            return np.concatenate([way.out(precise.moved(value.id, flat, x, way.nodes), 1) for x in at.tolist()])
    except OpError:
        return np.full(len(at), math.nan)


def _switches(precise: Precise, value: Value, flat: int, ends: tuple[float, float], way: Way) -> bool:
    """Whether something on a way is chosen differently between two numbers."""
    below, above = (precise.moved(value.id, flat, end, way.nodes) for end in ends)
    return bool(switched(precise, way.nodes, above, below))
