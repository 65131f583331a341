"""What a case is: a scenario with a bug, the same one mended, and the truth about it, written down before any rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gradstep.engine.diagnosis.finding import Finding, Place
from tests.diagnosis.vocabulary import CAUSES


@dataclass(frozen=True)
class Where:
    """Where a finding has to point. `name` is a regular expression that the beginning of the place's name has to fit
    (`W1` fits W1, W1[0,3] and W1.grad, `L` fits L:subtract); the iteration lies between `first` and `last`; the sample
    is one of `rows`. What is None says nothing."""

    name: str | None = None
    first: int | None = None
    last: int | None = None
    rows: tuple[int, ...] | None = None

    def fits(self, finding: Finding) -> bool:
        place: Place = finding.place
        if self.name is not None:
            # Where the place has no name, the step has one, and the text says it.
            found, where = (re.match, place.name) if place.name else (re.search, finding.text)
            if not found(rf"(?<!\w)(?:{self.name})(?!\w)", where):
                return False
        if self.first is not None and not self.first <= (place.iteration or 0) <= (self.last or self.first):
            return False
        return self.rows is None or place.sample in self.rows


@dataclass(frozen=True)
class Case:
    """A bug. `text` is the scenario, `mended` the same without it: a whole scenario, or what to replace in the text by
    what. `cause` is one of the vocabulary, and with it come the kinds that name it; `kinds` says others. Findings of
    the kinds in `also` are true too, but not the cause. `says` has to be found in the text or the advice of the finding
    that names it, `never` in no advice at all. `source` is where people have met it. `harmless` says why it
    learns as well as its twin all the same."""

    name: str
    cause: str
    text: str
    mended: str | Mapping[str, str]
    source: str
    where: Where = Where()
    kinds: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    says: str = ""
    never: str = ""
    harmless: str = ""

    @property
    def twin(self) -> str:
        """The mended scenario."""
        if isinstance(self.mended, str):
            return self.mended
        text = self.text
        for old, new in self.mended.items():
            assert old in text, f"{self.name}: there is no {old!r} to mend"
            text = text.replace(old, new)
        return text

    @property
    def accepted(self) -> tuple[str, ...]:
        """Kinds of findings that name the cause, the best first."""
        return self.kinds or CAUSES[self.cause].kinds

    @property
    def true(self) -> frozenset[str]:
        """Kinds of findings that are not wrong here."""
        return frozenset((*self.accepted, *CAUSES[self.cause].also, *self.also))


@dataclass(frozen=True)
class Healthy:
    """A training that nothing is wrong with. At its end the loss, the mean of the last tenth of its iterations, is at
    most `reaches`, and `why` says from where one knows that this is near the best there is, or on the way to it."""

    name: str
    text: str
    reaches: float
    why: str
