"""Is every number right? Gradients against finite differences, results against printed numbers.

The gradients as they are shown, in the scenario's dtype; the differences in float64, see `judging`. Of a recording,
whose numbers another program had, instead: whether the operations explain them, line by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradstep.engine.ask.differences.verifying import Gradients, every
from gradstep.engine.ask.explained import Explained, explained
from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Diagnosis
from gradstep.engine.files.stopping import stops_of
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.notation import plain
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Expectation, Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A printed number and the one computed here."""

    expectation: Expectation
    computed: Array
    ok: bool

    def line(self) -> str:
        """`✓ L  printed 0.0764`; where they differ, what was computed."""
        e = self.expectation
        when = f" in iteration {e.iteration:,}" if e.iteration > 1 else ""
        text = f"  {'✓' if self.ok else '✗'} {e.of}{when}  printed {_short(e.value)}"
        if e.misprint:
            return text + f", a known misprint; computed {_short(self.computed)}"
        return text if self.ok else text + f", computed {_short(self.computed)}"


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that `gradstep check` says about one scenario."""

    scenario: Scenario
    gradients: Gradients | Explained
    expect: tuple[Expected, ...]
    findings: Diagnosis = field(default_factory=Diagnosis)

    @property
    def ok(self) -> bool:
        return self.gradients.ok and all(e.ok for e in self.expect)

    def lines(self) -> Iterator[str]:
        """The report as text for people."""
        g = self.gradients
        yield f"{self.scenario.file}: {'ok' if self.ok else 'FAILED'}"
        of = "" if g.checked == g.total else f" of {g.total:,}"
        yield f"  {'gradients' if isinstance(g, Gradients) else 'lines    '}  {g.checked:,}{of} {g.summary()}"
        yield from (f"  {line}" if line.startswith("✗") else f"             {line}" for line in g.details())
        for e in self.expect:
            yield e.line()
        yield from (f"  {line}" for line in self.findings.lines())

    def document(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "file": self.scenario.file,
            "ok": self.ok,
            "gradients" if isinstance(self.gradients, Gradients) else "explained": self.gradients.document(),
            "expect": [
                {
                    "of": e.expectation.of,
                    "ok": e.ok,
                    "misprint": e.expectation.misprint,
                    "printed": plain(e.expectation.value),
                    "exact": plain(e.computed),
                }
                | ({"iteration": e.expectation.iteration} if e.expectation.iteration > 1 else {})
                for e in self.expect
            ],
            "findings": self.findings.document(),
        }


def check(scenario: Scenario, thresholds: Mapping[str, float] | None = None) -> Report:
    """Runs a scenario and verifies it; `thresholds` replace those of rules. Raises ScenarioError where its breakpoints
    cannot be read."""
    return check_history(History(scenario), thresholds)


def check_history(history: History, thresholds: Mapping[str, float] | None = None) -> Report:
    """The same of a training that is there, by its first iteration."""
    scenario, first = history.scenario, history.recording(1)
    stops_of(scenario, first)
    expected = tuple(_expected(history.recording(e.iteration), e) for e in scenario.expectations)
    verified = every(first) if scenario.observed is None else explained(first)
    return Report(scenario, verified, expected, diagnose(history, thresholds, here=first))


# Printed numbers ----------------------------------------------------------------------------------


def _expected(recording: Recording, expectation: Expectation) -> Expected:
    target = expectation.target
    match target.kind:
        case "grad":
            found = recording.trace.gradient(target.value.id)
        case "next":
            found = recording.updated(target.value.id)
        case "averaged":
            found = recording.update.averaged(target.value.id)
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
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(computed - printed)
        if expectation.decimals is not None:
            # Half a unit of the last printed place, and the rounding of the decimal fraction itself.
            close = gap <= 0.5 * 10.0**-expectation.decimals * (1 + 1e-9) + 4 * np.spacing(np.abs(printed))
        else:
            close = gap <= expectation.rtol * np.maximum(np.abs(printed), np.abs(computed))
    return bool(np.all(same | close))
