"""Why a number is not finite, as one object: what it was made of, why each of that is what it is, and where it began.

Captions, findings, `why`, `when` and JSON all tell from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from gradstep.engine.explain import nonfinite, noughts, zeros
from gradstep.engine.explain.culprit import Of, Part
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.explain.noughts import Nought
from gradstep.engine.explain.zeros import Zeros
from gradstep.engine.notation import plain
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


class Reason(NamedTuple):
    """Why a part is what it is. Of one that is not finite: the `trouble` that made it, and where that `began`, None
    where it is given so. Of one that is 0: why a gradient or a slope (`zeros`), or why a value is (`nought`)."""

    part: Part
    trouble: Trouble | None = None
    began: Trouble | None = None
    zeros: Zeros | None = None
    nought: Nought | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """A `trouble` of a `recording`; where it `began`, `there` in that iteration or one before; and the `reasons` for
    each part of that. Where nothing is carried on, both are the same."""

    recording: Recording
    trouble: Trouble
    there: Recording
    began: Trouble
    reasons: tuple[Reason, ...]

    def document(self) -> dict[str, Any]:
        """For programs."""
        there, began = self.there, self.began
        return {
            "kind": began.blame.cause.name.lower(),
            "at": there.typed(began.element, began.phase),
            "step": began.step,
            "iteration": began.iteration,
            "parts": [_part(there, reason) for reason in self.reasons],
        }


def account(recording: Recording, trouble: Trouble) -> Account:
    """The account of a trouble of a recording."""
    began = nonfinite.origin(recording, trouble)
    there = iteration_of(recording, began)
    return Account(recording, trouble, there, began, tuple(reason(there, part) for part in began.blame.parts))


def iteration_of(recording: Recording, trouble: Trouble) -> Recording:
    """The recording of the iteration in which a trouble is, that of a later one being given."""
    if trouble.iteration == recording.iteration:
        return recording
    assert recording.earlier is not None, "it is in an iteration before"
    return recording.earlier(trouble.iteration)


def reason(recording: Recording, part: Part) -> Reason:
    """Why a part is what it is."""
    if not isfinite(part.number):
        found = nonfinite.behind(recording, part)
        if found is None:
            return Reason(part)
        by, trouble = found
        return Reason(part, trouble, nonfinite.origin(by, trouble))
    if part.number:
        return Reason(part)
    if part.of is Of.GRADIENT:
        return Reason(part, zeros=zeros.settled(recording, part.element))
    if part.of is Of.SLOPE:
        assert part.hop is not None, "it is a slope"
        return Reason(part, zeros=Zeros({zeros.of_hop(recording, part.hop): 1}, 1))
    return Reason(part, nought=noughts.nought(recording, part.element))


def _part(recording: Recording, reason: Reason) -> dict[str, Any]:
    """A part of an account for programs."""
    part = reason.part
    found: dict[str, Any] = {
        "of": part.of.value,
        "name": recording.typed(part.element, Phase.BACKWARD if part.of is Of.GRADIENT else Phase.FORWARD),
        "number": plain(part.number),
    }
    if reason.began is not None:
        began = reason.began
        found |= {"because": began.blame.cause.name.lower(), "step": began.step, "iteration": began.iteration}
    elif reason.zeros is not None:
        found["because"] = [zero.reason.name.lower() for zero in reason.zeros.found]
    elif reason.nought is not None:
        found["because"] = [reason.nought.reason.name.lower()]
    else:
        found["because"] = "given"
    return found
