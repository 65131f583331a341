"""Rules about what numbers are: not finite, or exactly 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.ahead import after_update
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.divergence import beginning, of_first
from gradstep.engine.explain import nonfinite as bad
from gradstep.engine.explain import remarks, zeros
from gradstep.engine.explain.accounts import Account, account
from gradstep.engine.explain.advice import against, against_zero
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import is_or_are
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

_FOLLOW = (
    "zero vanish explode diverged overflow loss unchanged rate_large no_better_than_constant same_predictions died "
    "dead oscillates spike"
)


@rule(
    "nonfinite",
    "as Amazon SageMaker Debugger's rule ExplodingTensor",
    Severity.FAULT,
    explains=f"{_FOLLOW} nonfinite",
)
def nonfinite(evidence: Evidence) -> Iterator[Seen]:
    """The first NaN or infinity of a training, or of each pass of a single iteration, with the operation that made it.
    A mask is none, see `masks`."""
    if not evidence.trained:
        yield from _of_passes(evidence)
    elif evidence.trouble is not None and not evidence.trouble.grown and not evidence.trouble.overflow:
        yield of_first(evidence, evidence.trouble)


@rule(
    "overflow",
    "IEEE 754-2019, § 7.4: what is larger than the largest number of its type is infinite",
    Severity.FAULT,
    explains=f"{_FOLLOW} nonfinite",
)
def overflow(evidence: Evidence) -> Iterator[Seen]:
    """The same of a training that began with a number too large for its type, and no update had made it grow."""
    if evidence.trouble is not None and not evidence.trouble.grown and evidence.trouble.overflow:
        yield of_first(evidence, evidence.trouble)


def _of_passes(evidence: Evidence) -> Iterator[Seen]:
    """The first of each pass."""
    recording = evidence.here
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        found = bad.first(recording, phase)
        if found is not None:
            told = account(recording, found)
            name, row, said = beginning(evidence, told)
            text = f"step {found.step:,}, {told.began.blame.cause.value}. {remarks.told(told)}{said}"
            place = evidence.place(found.element, found.phase)._replace(sample=row)
            document = told.document()
            # What the backward pass tells follows from the forward pass, where it began with the same number or line.
            began = frozenset((name or _line(told),))
            yield Seen(place, {"step": found.step}, text, [against(told)], about=began, cause=document)


def _line(told: Account) -> str:
    """The value whose formula a trouble began at: what was computed, or what a slope is one of."""
    graph, began = told.there.graph, told.began
    slopes = [part.hop.target.value for part in began.blame.parts if part.hop is not None]
    return graph.values[slopes[0] if slopes else began.element.value].name


@rule(
    "zero",
    "exactly 0, no threshold; Amazon SageMaker Debugger's rule AllZero looks at the same",
    explains="no_better_than_constant unchanged loss same_predictions rate_small",
)
def zero(evidence: Evidence) -> Iterator[Seen]:
    """Parameters that get exactly 0 for another reason than a shut gate, which is `dead`'s to tell, a mask, which is
    there for that, or an input of 0, which is no harm unless all of a parameter's gradients are. Of a training those
    whose gradients were 0 in every iteration."""
    if evidence.trained and (evidence.converged or evidence.trouble is not None):
        return
    recording = evidence.last if evidence.trained else evidence.here
    for parameter in recording.graph.parameters:
        if evidence.trained and not _never_moved(evidence, parameter.id):
            continue
        grad = recording.trace.gradient(parameter.id)
        flats = np.flatnonzero(grad == 0)
        tally: dict[frozenset[ZeroReason], list[int]] = {}
        asked = _ASKED if recording.timeline.total <= _MANY else _ASKED_OF_MANY
        for flat in flats[:asked].tolist():
            found = zeros.reasons(recording, Element(parameter.id, flat))
            assert found is not None, "it is 0"
            tally.setdefault(found.kinds, []).append(flat)
        some = "at least " if len(flats) > asked else ""
        harmless = _ON_PURPOSE if len(flats) == grad.size else _ON_PURPOSE | {ZeroReason.INPUT_ZERO}
        for kinds, mine in tally.items():
            if not kinds <= (_SHUT if evidence.trained else harmless):
                seen = _of_zeros(evidence, Element(parameter.id, mine[0]), len(mine), some)
                fine = not evidence.trained and _passes(recording, parameter.id, kinds, len(flats) == grad.size)
                yield seen._replace(severity=Severity.INFORMATION if fine else None)


def _passes(recording: Recording, parameter: int, kinds: frozenset[ZeroReason], whole: bool) -> bool:
    """Whether zeros before a training are no harm: rows that are not looked up, answers that are certain and right,
    biases that a normalisation takes away again; and zeros that the first update takes away, as of a factor beside one
    that begins at 0 on purpose."""
    if kinds == {ZeroReason.NO_PATH} and not whole:
        return True
    if kinds <= _WELL:
        return True
    layer = recording.board.layer_of.get(parameter)
    bias = layer is not None and parameter == layer.bias and layer.weight >= 0
    if layer is not None and bias and recording.trace.gradient(layer.weight).any():
        return True
    return bool(after_update(recording).gradient(parameter).any())


def _never_moved(evidence: Evidence, value: int) -> bool:
    """Whether all gradients of a parameter that leads to the loss were 0 in all iterations."""
    summaries = evidence.summaries
    if value not in evidence.graph.active or not summaries.has(Phase.BACKWARD, value):
        return False
    return not summaries.norm(Phase.BACKWARD, value).high.any()


def _of_zeros(evidence: Evidence, element: Element, count: int, some: str) -> Seen:
    """Some zeros of a parameter that have the same reasons, told of the first of them."""
    recording = evidence.last if evidence.trained else evidence.here
    found = zeros.settled(recording, element)
    assert found is not None, "it is 0"
    size, whole = recording.graph.values[element.value].size, recording.board.whole(element.value)
    kinds = " and ".join(kind.value for kind in ZeroReason if kind in found.kinds)
    text = (
        f"{some}{count:,} of {size:,} gradients of {whole} {is_or_are(count)} exactly 0, {kinds}. "
        f"{remarks.zero_reason(recording, element)}"
    )
    place = evidence.place(element, Phase.BACKWARD)
    return Seen(place, {"zero": count, "of": size}, text, [against_zero(recording, found)])


#: So many zeros of a parameter are asked for their reasons.
_ASKED = 256
#: Of a network with more steps fewer are: each may have thousands of ways.
_MANY, _ASKED_OF_MANY = 1 << 17, 3
#: The loss asks for nothing more: the target is met, or the answer so certain that what is missing is no number.
_WELL = {ZeroReason.FITS, ZeroReason.UNDERFLOW}
#: What is told by another rule.
_SHUT = {ZeroReason.GATE_SHUT}
#: What is told by another rule, or is as it should be.
_ON_PURPOSE = {ZeroReason.GATE_SHUT, ZeroReason.MASKED}
