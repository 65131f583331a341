"""What a diagnosis says: findings with their severity, place, cause and advice; the first line is the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from gradstep.engine.notation import counted, plain


class Severity(IntEnum):
    """How bad it is: a fault keeps the network from learning, a warning may, an information is worth knowing."""

    INFORMATION = 1
    WARNING = 2
    FAULT = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def sign(self) -> str:
        return {Severity.FAULT: "✗", Severity.WARNING: "!", Severity.INFORMATION: "·"}[self]


class Advice(NamedTuple):
    """What to try, in words; and as a `change` that can be run: `lr = 0.01` for a line of [training], or an edit as
    `set` takes it (`set b1 = 0`), or weights drawn anew (`init W1 = he_normal`), several with `;` between them. Empty
    where there is no such change. `tried` says what came of it, where that is known. Of a change that other advice
    says in words the text is empty."""

    text: str
    change: str = ""
    tried: str = ""

    def __str__(self) -> str:
        text = self.text or (in_short(self.change) if self.tried else "")
        return f"{text} ({self.tried})" if self.tried else text

    def document(self) -> dict[str, str]:
        """For programs."""
        return {"text": self.text, "change": self.change, **({"tried": self.tried} if self.tried else {})}


def in_short(change: str) -> str:
    """A change with its first part, where it has several."""
    first, *others = change.split("; ")
    return f"{first} and {len(others)} more" if others else first


class Place(NamedTuple):
    """Where something is: what it is about as one types it (an element, a value, a parameter; empty for the training
    as a whole), the iteration and step, and the sample of the batch or the row of the data, where they are known."""

    name: str = ""
    iteration: int | None = None
    step: int | None = None
    sample: int | None = None

    @property
    def typed(self) -> str:
        """As `goto` takes it."""
        when = f"@{self.iteration}" if self.iteration is not None else ""
        what = str(self.step) if self.step is not None else self.name
        return f"{when} {what}".strip()


class Finding(NamedTuple):
    """Something that a rule has seen. Its `kind` is the rule's name, `source` where the rule is from; `text` is the
    cause in words with its numbers, `follows` is what follows from it. Where a number is not finite, `cause` is why,
    for programs."""

    kind: str
    severity: Severity
    place: Place
    numbers: Mapping[str, float]
    text: str
    advice: tuple[Advice, ...]
    source: str
    go: str = ""
    follows: tuple[Finding, ...] = ()
    cause: Mapping[str, Any] | None = None

    @property
    def at(self) -> str:
        return self.place.typed

    @property
    def hint(self) -> str:
        """All advice in a line."""
        return "; or ".join(filter(None, map(str, self.advice)))

    @property
    def changes(self) -> tuple[Advice, ...]:
        """The advice that can be run."""
        return tuple(one for one in self.advice if one.change)

    def lines(self, indent: str = "", number: int = 0) -> Iterator[str]:
        """For people. With its `number` among all, how its advice is run."""
        at = f" at {self.at}" if self.at else ""
        yield f"{indent}{self.severity.sign} {self.severity.word} {self.kind}{at}: {self.text}"
        if self.hint:
            yield f"{indent}    try: {self.hint}"
        if number and self.changes:
            copies = ", one with ".join(in_short(one.change) for one in self.changes)
            yield f"{indent}    run: try {number} trains a copy with {copies}"
        if self.go:
            yield f"{indent}    see: {self.go}"
        yield f"{indent}    rule: {self.source}"
        for one in self.follows:
            yield f"{indent}  └ {one.kind}{f' at {one.at}' if one.at else ''} follows from it: {one.text}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "kind": self.kind,
            "severity": self.severity.word,
            "at": self.at,
            "place": {key: value for key, value in self.place._asdict().items() if value not in (None, "")},
            "numbers": {name: plain(value) for name, value in self.numbers.items()},
            "text": self.text,
            "hint": self.hint,
            "try": [
                {key: text for key, text in one._asdict().items() if text or key != "tried"} for one in self.advice
            ],
            "go": self.go,
            "source": self.source,
            "follows": [one.document() for one in self.follows],
            "cause": self.cause,
        }


class Diagnosis(tuple[Finding, ...]):
    """All that rules have seen, the worst and the first cause first."""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What is more than information."""
        return tuple(one for one in self if one.severity > Severity.INFORMATION)

    def lines(self) -> Iterator[str]:
        """For people. The first line is the answer to "why does it not learn?"."""
        if not self.faults:
            also = f"; {counted(len(self), 'note')} below" if self else ""
            yield f"nothing is wrong by all rules{also}"
        for number, one in enumerate(self, 1):
            yield from one.lines(number=number)

    def document(self) -> list[dict[str, Any]]:
        """For programs."""
        return [one.document() for one in self]
