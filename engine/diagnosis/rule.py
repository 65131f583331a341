"""What a rule is: one function that looks at the evidence, under its name and the source of what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.thresholds import SIZE, Allowed, checked
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Finding, Place, Severity
from gradstep.engine.errors import CommandError, OpError, nearest, shortened

#: By the names of rules.
Thresholds = Mapping[str, float]


class Seen(NamedTuple):
    """What a rule's function says. `severity` where it is another than the rule's; `go` is the command that goes
    there, by default `goto` its place; `about` are the parameters and values it is about, so that what follows from
    it can be told from what does not; `cause` is why a number is not finite, as an account has it for programs. An
    `effect` is what other things bring about, whatever its rule, and explains nothing."""

    place: Place
    numbers: Mapping[str, float]
    text: str
    advice: Sequence[Advice | str]
    severity: Severity | None = None
    go: str = ""
    about: frozenset[str] = frozenset()
    cause: Mapping[str, Any] | None = None
    effect: bool = False


@dataclass(frozen=True)
class Rule:
    """A function of the evidence that yields what it sees. Its name is the kind of its findings, and what its
    `threshold` is set by; None where it has none. `allowed` are the thresholds that make sense, inclusive. What the
    rules in `explains` find later, or about the same things, follows from it. A `symptom` is what nearly every cause
    has as its consequence: it follows from whatever else is found that is more than worth knowing."""

    name: str
    source: str
    severity: Severity
    look: Callable[[Evidence], Iterator[Seen]]
    threshold: float | None = None
    allowed: Allowed = SIZE
    explains: frozenset[str] = frozenset()
    symptom: bool = False

    def findings(self, evidence: Evidence) -> Iterator[tuple[Finding, Seen]]:
        """What it sees, as findings."""
        with np.errstate(all="ignore"):  # NaN and infinities are among what it looks for
            try:
                found = list(self.look(evidence))
            except OpError:
                if not evidence.graph.opaque:
                    raise
                found = []  # it would have to compute what is recorded and not explained
        stale = bool(evidence.here.trace.stale)
        for seen in found:
            advice = tuple(_advice(one) if isinstance(one, str) else one for one in seen.advice)
            go = seen.go or _go(evidence, seen.place)
            severity = self.severity if seen.severity is None else seen.severity
            text = f"{seen.text}; stale numbers are among those that were looked at" if stale else seen.text
            one = Finding(self.name, severity, seen.place, seen.numbers, text, advice, self.source, go)
            yield one._replace(cause=seen.cause), seen


def _go(evidence: Evidence, place: Place) -> str:
    """The command that goes to a place: of what is given, and no step writes, to the gradient of a parameter, or to the
    first that an input enters."""
    if place.step is None and place.name:
        graph, target = evidence.graph, evidence.board.resolve(place.name)
        if target.kind == "data" and target.value.node < 0:
            name, bracket, index = place.name.partition("[")
            users = graph.users[target.value.id]
            if graph.gets_gradient(target.value):
                place = place._replace(name=f"{name}.grad{bracket}{index}")
            elif users:
                place = place._replace(name=graph.values[graph.nodes[users[0][0]].output].name)
    return f"goto {place.typed}" if place.typed else ""


def _advice(text: str) -> Advice:
    """Advice in words; a line of [training] is what is to be changed as well."""
    return Advice(text, text if re.fullmatch(r"[a-z]\w* = \S+", text) else "")


def rule(
    name: str,
    source: str,
    severity: Severity = Severity.WARNING,
    *,
    threshold: float | None = None,
    allowed: Allowed = SIZE,
    explains: str = "",
    symptom: bool = False,
) -> Callable[[Callable[[Evidence], Iterator[Seen]]], Rule]:
    """Makes a function the rule of a name."""
    return lambda look: Rule(name, source, severity, look, threshold, allowed, frozenset(explains.split()), symptom)


class Rules(tuple[Rule, ...]):
    """Rules in their order: of two of the same severity the earlier is told first."""

    @property
    def defaults(self) -> dict[str, float]:
        """The thresholds that can be set."""
        return {one.name: one.threshold for one in self if one.threshold is not None}

    def thresholds(self, given: Thresholds | None = None) -> dict[str, float]:
        """The defaults, with those that are given in their place. Raises CommandError for a rule that has none, and
        for one that makes no sense."""
        known, ranges = self.defaults, {one.name: one.allowed for one in self}
        for name in given or {}:
            if name not in known:
                raise CommandError(f"'{name}' has no threshold{nearest(name, known)}; there are {', '.join(known)}")
        return known | {name: checked(name, number, ranges[name]) for name, number in (given or {}).items()}

    def read(self, texts: Iterable[str]) -> dict[str, float]:
        """The thresholds that are given, each written NAME=VALUE. Raises CommandError as `thresholds` does, and where
        one is written in another way."""
        found: dict[str, float] = {}
        for text in texts:
            name, _, value = text.partition("=")
            try:
                found[name.strip()] = float(value)
            except ValueError:
                written = "a threshold is written NAME=VALUE, as in vanish=1e-4"
                raise CommandError(f"{written}, not '{shortened(text)}'") from None
        self.thresholds(found)
        return found
