"""Is every number right? Gradients against finite differences, results against printed numbers.

All of it in float64, whatever the scenario's dtype: a difference of two float32 losses has too few
digits left to judge anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradstep.engine.blackboard import Blackboard
from gradstep.engine.graph import Graph, Value
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number
from gradstep.engine.recording import Recording, record
from gradstep.engine.scenario import Expectation, Scenario
from gradstep.engine.trace import Trace, run

#: A gradient is right if it differs from the finite difference by no more than this share.
TOLERANCE = 1e-6
#: Above this many elements a sample of them is checked, spread over all arrays.
BUDGET = 20_000
#: Step sizes, relative to the number; smaller ones are tried where a kink may lie within a larger.
_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)


@dataclass(frozen=True, slots=True)
class Gradients:
    """How the gradients compare with finite differences. `failed` and `at` are names to type;
    at a kink there are two slopes and nothing to compare."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A printed number and the one computed here."""

    expectation: Expectation
    computed: Array
    ok: bool

    def line(self) -> str:
        """`✓ L  printed 0.0764`; where they differ, what was computed."""
        e = self.expectation
        text = f"  {'✓' if self.ok else '✗'} {e.of}  printed {_short(e.value)}"
        if e.misprint:
            return text + f", a known misprint; computed {_short(self.computed)}"
        return text if self.ok else text + f", computed {_short(self.computed)}"


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that `gradstep check` says about one scenario."""

    scenario: Scenario
    gradients: Gradients
    expect: tuple[Expected, ...]

    @property
    def ok(self) -> bool:
        return self.gradients.ok and all(e.ok for e in self.expect)

    def lines(self) -> Iterator[str]:
        """The report as text for people."""
        g = self.gradients
        yield f"{self.scenario.file}: {'ok' if self.ok else 'FAILED'}"
        at = f", largest relative error {g.max_rel_error:.0e} at {g.at}" if g.at else ""
        of = "" if g.checked == g.total else f" of {g.total:,}"
        yield f"  gradients  {g.checked:,}{of} compared with finite differences{at}"
        if g.kinks:
            yield f"             {g.kinks:,} at a kink, where there is no single slope to compare with"
        if g.nonfinite:
            yield f"             {g.nonfinite:,} not comparable, because something is not finite there"
        for name, backprop, numeric in g.failed:
            found, measured = number(backprop, Digits.FULL, True), number(numeric, Digits.FULL, True)
            yield f"  ✗ {name}: backpropagation {found}, finite difference {measured}"
        for e in self.expect:
            yield e.line()


def check(scenario: Scenario) -> Report:
    """Runs a scenario and verifies it."""
    recording = record(scenario)
    return Report(scenario, gradients(scenario), tuple(_expected(recording, e) for e in scenario.expectations))


# Finite differences -------------------------------------------------------------------------------


def gradients(scenario: Scenario) -> Gradients:
    """Compares ∂L/∂v, for each element of each value that has a gradient, with the five-point
    difference (Fornberg, Mathematics of Computation 51, 1988) of the loss in that element."""
    graph = Graph(scenario.graph.values, scenario.graph.nodes, scenario.graph.loss.name, np.dtype(np.float64))
    leaves = {v: np.asarray(a, dtype=np.float64) for v, a in scenario.leaves.items()}
    trace, board = run(graph, leaves), Blackboard(graph)
    result = Gradients(0, _count(trace), 0.0, None)
    if not math.isfinite(trace.loss):
        return replace(result, nonfinite=result.total)
    failed = []
    for value, flat, analytic in _elements(trace, result.total):
        name = f"{value.name}.grad{board.typed(value.id, flat).removeprefix(value.name)}"
        error, numeric, kink = _compare(graph, leaves, trace, value, flat, analytic)
        result = replace(
            result,
            checked=result.checked + 1,
            kinks=result.kinks + kink,
            nonfinite=result.nonfinite + (not math.isfinite(error)),
        )
        if kink or not math.isfinite(error):
            continue
        if error > TOLERANCE:
            failed.append((name, analytic, numeric))
        if error >= result.max_rel_error:
            result = replace(result, max_rel_error=error, at=name)
    return replace(result, failed=tuple(failed))


def _with_gradient(trace: Trace) -> Iterator[tuple[Value, Array]]:
    for value in trace.graph.values:
        grad = trace.grad[value.id]
        if grad is not None and value.id != trace.graph.loss.id:
            yield value, grad


def _count(trace: Trace) -> int:
    return sum(value.size for value, _ in _with_gradient(trace))


def _elements(trace: Trace, total: int) -> Iterator[tuple[Value, int, float]]:
    stride = max(1, -(-total // BUDGET))
    # A stride that shares factors with the width of an array would visit a few columns only.
    while stride > 1 and any(math.gcd(stride, n) > 1 for v in trace.graph.values for n in v.shape if n > 1):
        stride += 1
        if stride > 2 * total // BUDGET + 64:
            break
    for value, grad in _with_gradient(trace):
        for flat in range(0, value.size, stride):
            yield value, flat, float(grad.reshape(-1)[flat])


def _compare(
    graph: Graph, leaves: dict[int, Array], trace: Trace, value: Value, flat: int, analytic: float
) -> tuple[float, float, bool]:
    """Relative error, finite difference, and whether there is a kink: slopes differ on the sides."""
    data = trace.data[value.id]
    base = float(data.reshape(-1)[flat])

    def loss(at: float) -> float:
        moved = data.copy()
        moved.reshape(-1)[flat] = at
        if value.node < 0:
            return run(graph, {**leaves, value.id: moved}, backward=False).loss
        return run(graph, leaves, backward=False, instead={value.id: moved}).loss

    best, numeric = math.inf, math.nan
    for step in _STEPS:
        h = step * max(1.0, abs(base))
        above, below = loss(base + h), loss(base - h)
        slope = (8 * (above - below) - (loss(base + 2 * h) - loss(base - 2 * h))) / (12 * h)
        if not math.isfinite(slope):
            continue
        # What rounding of the losses alone can make of the difference: a gradient that small cannot
        # be told from 0 this way, so errors are not taken relative to anything smaller.
        noise = 8 * np.finfo(np.float64).eps * max(abs(trace.loss), abs(above), abs(below)) / h
        error = abs(slope - analytic) / max(abs(slope), abs(analytic), noise / TOLERANCE, 1e-300)
        if error < best or math.isnan(numeric):
            best, numeric = error, slope
        if best <= TOLERANCE / 10:
            break
    kink = False
    if best > TOLERANCE and math.isfinite(numeric):
        h = _STEPS[-1] * max(1.0, abs(base))
        right, left = (loss(base + h) - trace.loss) / h, (trace.loss - loss(base - h)) / h
        kink = abs(right - left) > 1e-3 * max(abs(right), abs(left))
    return best, numeric, kink


# Printed numbers ----------------------------------------------------------------------------------


def _expected(recording: Recording, expectation: Expectation) -> Expected:
    target = expectation.target
    match target.kind:
        case "grad":
            found = recording.trace.grad[target.value.id]
            assert found is not None, "an expectation of a gradient that is never written is refused at loading"
        case "next":
            found = recording.updated(target.value.id)
        case _:
            found = recording.trace.data[target.value.id]
    computed = np.asarray(found[target.index or ()], dtype=np.float64)
    agrees = _agrees(expectation, expectation.value, computed)
    if expectation.misprint:
        right = expectation.exact is None or _agrees(expectation, expectation.exact, computed)
        return Expected(expectation, computed, right and not agrees)
    return Expected(expectation, computed, agrees)


def _short(array: Array) -> str:
    return np.array2string(array, precision=8, separator=", ", threshold=16).replace("\n", "")


def _agrees(expectation: Expectation, printed: Array, computed: Array) -> bool:
    """Whether `computed` rounds to the printed number, or is within the relative tolerance."""
    same = (printed == computed) | (np.isnan(printed) & np.isnan(computed))
    with np.errstate(invalid="ignore"):
        gap = np.abs(computed - printed)
        if expectation.decimals is not None:
            # Half a unit of the last printed place, and the rounding of the decimal fraction itself.
            close = gap <= 0.5 * 10.0**-expectation.decimals * (1 + 1e-9) + 4 * np.spacing(np.abs(printed))
        else:
            close = gap <= expectation.rtol * np.maximum(np.abs(printed), np.abs(computed))
    return bool(np.all(same | close))
