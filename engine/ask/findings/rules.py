"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, ParamSpec

from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.notation import plain

P = ParamSpec("P")
#: By the names of rules.
Thresholds = Mapping[str, float]


class Finding(NamedTuple):
    """Something that a rule has seen: at which element (as it is typed), its numbers, why it matters
    and what to try. Its `kind` is the rule's name, and `source` where the rule's threshold is from."""

    kind: str
    at: str
    numbers: Mapping[str, float]
    text: str
    hint: str
    source: str

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"● {self.kind} at {self.at}: {self.text}"
        yield f"    try: {self.hint}"
        yield f"    rule: {self.source}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        numbers = {name: plain(value) for name, value in self.numbers.items()}
        return {"kind": self.kind, "at": self.at, "numbers": numbers, "text": self.text, "hint": self.hint}


class Findings(tuple[Finding, ...]):
    """All that rules have seen, in their order."""

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self:
            yield "nothing to find: every rule is quiet"
        for one in self:
            yield from one.lines()

    def document(self) -> list[dict[str, Any]]:
        """For programs."""
        return [one.document() for one in self]


class Seen(NamedTuple):
    """What a rule's function says: a finding without what the rule itself knows."""

    at: str
    numbers: Mapping[str, float]
    text: str
    hint: str


@dataclass(frozen=True)
class Rule(Generic[P]):
    """A function that yields what it sees in what it is given. Its name is the kind of its findings, and what
    its `threshold` is set by; None where it has none."""

    name: str
    source: str
    threshold: float | None
    look: Callable[P, Iterator[Seen]]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Iterator[Finding]:
        for seen in self.look(*args, **kwargs):
            yield Finding(self.name, *seen, self.source)


def rule(name: str, source: str, threshold: float | None = None) -> Callable[[Callable[P, Iterator[Seen]]], Rule[P]]:
    """Makes a function the rule of a name, beside the default of its threshold and where that is from."""
    return lambda look: Rule(name, source, threshold, look)


class Rules(tuple[Rule[P], ...]):
    """The rules about one kind of thing, in the order in which their findings are told."""

    @property
    def defaults(self) -> dict[str, float]:
        """The thresholds that can be set."""
        return {one.name: one.threshold for one in self if one.threshold is not None}

    def thresholds(self, given: Thresholds | None = None) -> dict[str, float]:
        """The defaults, with those that are given in their place. Raises CommandError for a rule that has none."""
        known = self.defaults
        for name in given or {}:
            if name not in known:
                raise CommandError(f"'{name}' has no threshold{nearest(name, known)}; there are {', '.join(known)}")
        return known | dict(given or {})
