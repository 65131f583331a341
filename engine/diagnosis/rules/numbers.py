"""Rules about what numbers are: not finite, or exactly 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.explain import nonfinite as bad
from gradstep.engine.explain import remarks, zeros
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against, against_zero
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.run.timeline import Phase


@rule(
    "nonfinite", "as Amazon SageMaker Debugger's rule ExplodingTensor", Severity.FAULT, explains="zero vanish explode"
)
def nonfinite(evidence: Evidence) -> Iterator[Seen]:
    """The first NaN or infinity of each pass, with its cause. A mask is none, see `masks`."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording = evidence.here
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        found = bad.first(recording, phase)
        if found is not None:
            told = account(recording, found)
            text = f"step {found.step:,}, {told.began.blame.cause.value}. {remarks.told(told)}"
            place = evidence.place(found.element, found.phase)
            yield Seen(place, {"step": found.step}, text, [against(told)], cause=told.document())


@rule("zero", "exactly 0, no threshold; Amazon SageMaker Debugger's rule AllZero looks at the same")
def zero(evidence: Evidence) -> Iterator[Seen]:
    """Parameters that get exactly 0 for another reason than a shut gate, which is `dead`'s to tell, or a mask, which is
    there for that."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording = evidence.here
    for parameter in recording.graph.parameters:
        grad = recording.trace.gradient(parameter.id)
        flats = np.flatnonzero(grad == 0)
        tally: dict[frozenset[ZeroReason], list[int]] = {}
        for flat in flats[:_ASKED].tolist():
            found = zeros.reasons(recording, Element(parameter.id, flat))
            assert found is not None, "it is 0"
            tally.setdefault(found.kinds, []).append(flat)
        some = "at least " if len(flats) > _ASKED else ""
        for kinds, mine in tally.items():
            if not kinds <= _ON_PURPOSE:
                yield _of_zeros(evidence, Element(parameter.id, mine[0]), len(mine), some)


def _of_zeros(evidence: Evidence, element: Element, count: int, some: str) -> Seen:
    """Some zeros of a parameter that have the same reasons, told of the first of them."""
    recording = evidence.here
    found = zeros.settled(recording, element)
    assert found is not None, "it is 0"
    size, whole = recording.graph.values[element.value].size, recording.board.whole(element.value)
    kinds = " and ".join(kind.value for kind in ZeroReason if kind in found.kinds)
    text = (
        f"{some}{count:,} of {size:,} gradients of {whole} are exactly 0, {kinds}. "
        f"{remarks.zero_reason(recording, element)}"
    )
    place = evidence.place(element, Phase.BACKWARD)
    return Seen(place, {"zero": count, "of": size}, text, [against_zero(recording, found)])


#: So many zeros of a parameter are asked for their reasons.
_ASKED = 256
#: What is told by another rule, or is as it should be.
_ON_PURPOSE = {ZeroReason.GATE_SHUT, ZeroReason.MASKED}
