"""What is wrong with a recorded step, or with the first iteration of a scenario, on one page: what this is, where
numbers stop being finite, the worst findings, what gets no gradient or is not moved, what is not explained, and which
commands lead on. Of what is healthy it says that, and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from gradstep.engine.ask.explained import Explained
from gradstep.engine.debugger.checking import Report, check_history
from gradstep.engine.debugger.norms import Norms
from gradstep.engine.debugger.overview import norm
from gradstep.engine.debugger.placing import place_of
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.explain.remarks import trouble_in
from gradstep.engine.files.shipped import builtin
from gradstep.engine.graph.graph import Value
from gradstep.engine.history.history import History
from gradstep.engine.notation import brief, counted, plain
from gradstep.engine.ops.precision import EPS
from gradstep.engine.run.observed import passes_in
from gradstep.engine.run.places import module_of, origin_of
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Phase

#: So many findings, and names of a kind, are told.
_TOLD = 5
#: A gradient is roundings where it is so many of them, of the largest one's size.
_ROUNDINGS = 64


def triage(scenario: Scenario, thresholds: Mapping[str, float] | None = None) -> Triage:
    """Runs a scenario and looks for what is wrong; `thresholds` replace those of rules. Raises ScenarioError and
    CommandError as `check` does."""
    history = History(scenario)
    return Triage(history.recording(1), check_history(history, thresholds))


class Triage:
    """All that is to be said of one iteration."""

    def __init__(self, recording: Recording, report: Report) -> None:
        self.recording, self.report, self._observed = recording, report, (observed := recording.scenario.observed)
        self.frozen = () if observed is None else observed.frozen
        self._about: Mapping[str, Any] = {} if observed is None else observed.about

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.report.ok and self.trouble is None and not self.findings and not (self.unmoved and self._rate != 0)

    @cached_property
    def trouble(self) -> Trouble | None:
        """The first number that is not finite, other than a mask's −∞."""
        phases = (Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE)
        return next(filter(None, (nonfinite.first(self.recording, phase) for phase in phases)), None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is more than information, the worst first."""
        return self.report.findings.faults

    @cached_property
    def without_gradient(self) -> tuple[str, ...]:
        """Parameters whose gradient is exactly 0 in all elements."""
        return tuple(p.name for p in self._parameters if not self.recording.trace.gradient(p.id).any())

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Parameters that the optimiser of a recorded update was not given."""
        if self._observed is None or not self._observed.following:
            return ()
        return tuple(p.name for p in self._parameters if p.id not in self._observed.following)

    @cached_property
    def unmoved(self) -> tuple[str, ...]:
        """Parameters that have a gradient which is more than roundings, and that the update leaves as they were."""
        if self._observed is not None and not self._observed.following:
            return ()
        norms = {p.id: norm(self.recording, p.id, True) for p in self._parameters}
        least = _ROUNDINGS * EPS[self.recording.graph.dtype.name] * max(filter(isfinite, norms.values()), default=0)
        others = {*self.without_gradient, *self.left_out}
        moving = [p for p in self._parameters if p.name not in others and not norms[p.id] <= least]
        return tuple(p.name for p in moving if self._stays(p))

    def _stays(self, parameter: Value) -> bool:
        old, new = self.recording.trace.data[parameter.id], self.recording.updated(parameter.id)
        return bool(np.isfinite(old).all()) and np.array_equal(old, new)

    @cached_property
    def _rate(self) -> float | None:
        """The learning rate, where the optimiser and its options are known."""
        update, optimizer = self.recording.update, self.recording.scenario.training.groups.optimizers[0]
        known = any(update.optimizer(p.id).known for p in self._parameters)
        return float(optimizer["lr"]) if known and "lr" in optimizer.options else None

    @property
    def _parameters(self) -> tuple[Value, ...]:
        return tuple(p for p in self.recording.graph.parameters if p.size)

    # For people ----------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """For people."""
        scenario = self.recording.scenario
        yield f"{scenario.file}: {scenario.title}"
        yield f"  {', '.join(self._what())}"
        if self.ok:
            yield f"nothing is wrong: {self._healthy()}"
            yield from self._notes()
            return
        if self.trouble is not None:
            yield from self._trouble(self.trouble)
        yield from self._findings()
        yield from self._unexplained()
        yield from Norms(self.recording).lines()
        yield from self._notes()
        yield "  next"
        yield from (f"    {command}" for command in self.commands)

    def _notes(self) -> Iterator[str]:
        """What may be on purpose, and is worth knowing."""
        if passes := passes_in(self._about):
            yield f"  {passes}"
        still = "not moved by the update, though there is a gradient" + (": the rate is 0" if self._rate == 0 else "")
        for names, says in (
            (self.without_gradient, "gradient 0 in all elements"),
            (self.left_out, "not given to this optimiser"),
            (self.frozen, "frozen, not trained (requires_grad is False)"),
            (self.unmoved, still),
        ):
            if names:
                yield f"  {says}: {_listed(names)}"

    def _what(self) -> Iterator[str]:
        scenario, graph = self.recording.scenario, self.recording.graph
        if "step" in self._about:
            yield f"step {self._about['step']}"
        yield f"{graph.loss.name} {brief(self.recording.trace.loss)}"
        kinds = {self.recording.kind(p.id) or graph.dtype.name for p in graph.parameters}
        yield " and ".join(sorted(kinds or {graph.dtype.name}))
        if "device" in self._about:
            yield f"on {self._about['device']}"
        rate = "" if self._rate is None else f", lr {brief(self._rate)}"
        if scenario.observed is None or "optimizer" in self._about:
            yield f"optimiser {self._about.get('optimizer', scenario.training.groups.optimizers[0].name)}{rate}"
        count, arrays = sum(p.size for p in self._parameters), len(self._parameters)
        yield f"{counted(count, 'parameter')} in {counted(arrays, 'array')}"
        yield f"{self.recording.timeline.total:,} steps"

    def _healthy(self) -> str:
        gradients, said = self.report.gradients, ["all numbers are finite"]
        if not self.without_gradient:
            said.append("every parameter has a gradient")
        if not isinstance(gradients, Explained):
            said.append(f"{counted(gradients.checked, 'gradient')} agree with finite differences")
        elif gradients.checked:
            said.append(f"{gradients.checked:,} of {gradients.total:,} lines give, each by itself, what was recorded")
        opaque = len(gradients.opaque) if isinstance(gradients, Explained) else 0
        more = f"; {counted(opaque, 'line')} recorded, not explained" if opaque else ""
        return f"{', '.join(said[:-1])}{' and ' if said[1:] else ''}{said[-1]}{more}"

    def _trouble(self, trouble: Trouble) -> Iterator[str]:
        name = self.recording.typed(trouble.element, trouble.phase)
        yield f"✗ not finite, first at {name}, step {trouble.step:,}: {trouble_in(self.recording, trouble)}"
        yield from self._from(trouble.element.value)
        hint = next((one.hint for one in self.findings if self._is_trouble(one)), "")
        if hint:
            yield f"    try   {hint}"

    def _is_trouble(self, finding: Finding) -> bool:
        """Whether a finding says what was said of the first number that is not finite."""
        found = self.trouble
        if found is None or finding.kind != "nonfinite":
            return False
        return finding.place.name == self.recording.typed(found.element, found.phase)

    def _from(self, value: int) -> Iterator[str]:
        """Where a value comes from in the user's program."""
        if place := place_of(self.recording, value):
            yield f"    from  {place}"

    def _findings(self) -> Iterator[str]:
        """One of each kind, with where else it is."""
        kinds: dict[str, list[Finding]] = {}
        for one in (one for one in self.findings if not self._is_trouble(one)):
            kinds.setdefault(one.kind, []).append(one)
        for number, same in enumerate(kinds.values()):
            if number == _TOLD:
                yield f"  and {len(kinds) - _TOLD:,} kinds more: {_call(self.recording, 'check')}"
                return
            first = same[0]
            yield f"{first.severity.sign} {first.kind} at {first.at}: {first.text}"
            if (value := self._value(first)) is not None:
                yield from self._from(value)
            if first.hint:
                yield f"    try   {first.hint}"
            if len(same) > 1:
                yield f"    also at {_listed([one.at for one in same[1:]])}"

    def _value(self, finding: Finding) -> int | None:
        """The value that a finding is about, where it is one."""
        name = finding.place.name.partition("[")[0]
        name = next((name.removesuffix(end) for end in (".grad", ".next") if name.endswith(end)), name)
        found = self.recording.graph.by_name.get(name)
        return None if found is None else found.id

    def _unexplained(self) -> Iterator[str]:
        gradients = self.report.gradients
        if not self.report.ok or (isinstance(gradients, Explained) and gradients.opaque):
            yield f"{'·' if gradients.ok else '✗'} {gradients.checked:,} of {gradients.total:,} {gradients.summary()}"
            yield from (f"    {line}" for line in gradients.details())
        yield from (one.line() for one in self.report.expect if not one.ok)

    # What next -----------------------------------------------------------------------------------

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """What to type next, the nearest first; none where nothing is wrong."""
        if self.ok:
            return ()
        return tuple(dict.fromkeys([*self._commands(), _call(self.recording, "check")]))

    def _commands(self) -> Iterator[str]:
        if self.trouble is not None:
            yield _run(self.recording, "goto end", "when first nonfinite")
            there = self.recording.typed(self.trouble.element, self.trouble.phase)
            yield f"{_call(self.recording, '')} --at {shlex.quote(there)}"
        kinds = {one.kind: one for one in reversed(self.findings) if one.go and not self._is_trouble(one)}
        yield from (_run(self.recording, one.go) for one in list(reversed(kinds.values()))[:2])
        for names in (self.without_gradient, self.left_out, self.unmoved):
            if names:
                value = self.recording.graph.by_name[names[0]]
                index = f"[{','.join('0' * len(value.shape))}]" if value.shape else ""
                yield _run(self.recording, "goto end", f"why {value.name}{index}")

    # For programs --------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """For programs."""
        scenario, graph, about = self.recording.scenario, self.recording.graph, self._about
        return {
            "file": scenario.file,
            "ok": self.ok,
            "title": scenario.title,
            "recorded": scenario.observed is not None,
            **{key: about[key] for key in ("model", "step", "rank", "world_size", "device", "torch") if key in about},
            "loss": plain(self.recording.trace.loss),
            "dtype": graph.dtype.name,
            "optimizer": about.get("optimizer", None if about else scenario.training.groups.optimizers[0].name),
            "parameters": sum(p.size for p in self._parameters),
            "steps": self.recording.timeline.total,
            "nonfinite": self._first_document(),
            "findings": [one.document() for one in self.findings],
            "gradients_by_module": Norms(self.recording).document(),
            "without_gradient": list(self.without_gradient),
            "not_in_optimizer": list(self.left_out),
            "frozen": list(self.frozen),
            "not_moved": list(self.unmoved),
            "check": {key: said for key, said in self.report.document().items() if key not in ("findings", "file")},
            "next": list(self.commands),
        }

    def _first_document(self) -> dict[str, Any] | None:
        found = self.trouble
        if found is None:
            return None
        origin = origin_of(self.recording, found.element.value)
        return {
            "at": self.recording.typed(found.element, found.phase),
            "step": found.step,
            "phase": found.phase.value,
            "value": plain(found.value),
            "text": trouble_in(self.recording, found),
            "module": module_of(self.recording, found.element.value),
            "where": "" if origin is None else origin.where,
        }


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:_TOLD]) + (f" and {len(names) - _TOLD:,} more" if len(names) > _TOLD else "")


def _run(recording: Recording, *commands: str) -> str:
    return f"{_call(recording, 'run')} {' '.join(f'-c {shlex.quote(one)}' for one in commands)}"


def _call(recording: Recording, call: str) -> str:
    scenario = recording.scenario
    name = scenario.name if builtin().get(scenario.name) == scenario.file else scenario.file
    return " ".join(filter(None, ("gradstep", call, shlex.quote(name))))
