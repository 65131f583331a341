"""Rules about what numbers are: not finite, or exactly 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.explain import nonfinite as bad
from gradstep.engine.explain import remarks, zeros
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.run.timeline import Phase


@rule(
    "nonfinite", "as Amazon SageMaker Debugger's rule ExplodingTensor", Severity.FAULT, explains="zero vanish explode"
)
def nonfinite(evidence: Evidence) -> Iterator[Seen]:
    """The first NaN or infinity of each pass, with its cause."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording = evidence.here
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        found = bad.first(recording, phase)
        if found is not None:
            hint = _HINTS.get(found.blame.cause, "look where it began: when nonfinite")
            text = f"step {found.step:,}, {found.blame.cause.value}. {remarks.trouble_in(recording, found)}"
            yield Seen(evidence.place(found.element, found.phase), {"step": found.step}, text, [hint])


_HINTS = {
    Cause.LOG_OF_ZERO: "a loss of logits (bce_with_logits, cross_entropy), or a lower bound: log(maximum(x, 1e-12))",
    Cause.LOG_OF_NEGATIVE: "make the argument positive first: exp, softplus, or a square",
    Cause.ROOT_OF_NEGATIVE: "choose with where() before the root, not after it: sqrt(where(x > 0, x, 1))",
    Cause.EXP_OVERFLOW: "subtract the largest first (softmax, log_softmax do), or a smaller learning rate",
    Cause.OVERFLOW: "smaller weights or learning rate, gradient clipping, or float64",
    Cause.DIVISION_BY_ZERO: "add a small number to the divisor, or under the root",
    Cause.ZERO_BY_ZERO: "add a small number to the divisor: eps in a normalisation",
    Cause.GIVEN: "mend the input or the parameter that is not finite",
}


@rule("zero", "exactly 0, no threshold; Amazon SageMaker Debugger's rule AllZero looks at the same")
def zero(evidence: Evidence) -> Iterator[Seen]:
    """Parameters that get exactly 0 for another reason than a shut gate, which is `dead`'s to tell."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording = evidence.here
    for parameter in recording.graph.parameters:
        grad = recording.trace.gradient(parameter.id)
        flats = np.flatnonzero(grad == 0)
        tally: dict[ZeroReason, list[int]] = {}
        for flat in flats[:_ASKED].tolist():
            found = zeros.reason(recording, Element(parameter.id, flat))
            assert found is not None, "it is 0"
            tally.setdefault(found.reason, []).append(flat)
        for reason, mine in tally.items():
            if reason is ZeroReason.GATE_SHUT:
                continue
            element = Element(parameter.id, mine[0])
            some, whole = "at least " if len(flats) > _ASKED else "", recording.board.whole(parameter.id)
            text = (
                f"{some}{len(mine):,} of {parameter.size:,} gradients of {whole} are exactly "
                f"0, {reason.value}. {remarks.zero_reason(recording, element) or ''}"
            )
            numbers = {"zero": len(mine), "of": parameter.size}
            yield Seen(evidence.place(element, Phase.BACKWARD), numbers, text, [_ZERO_HINTS[reason]])


#: So many zeros of a parameter are asked for their reason.
_ASKED = 256
_ZERO_HINTS = {
    ZeroReason.NO_PATH: "use it in the graph, or remove it: nothing it does reaches the loss",
    ZeroReason.WEIGHT_ZERO: "weights that are not all 0, or what leads into them never learns",
    ZeroReason.INPUT_ZERO: "no harm where the input is 0 in this batch only; else centre the inputs",
    ZeroReason.CANCELLED: "look at the terms: equal and opposite parts often are a mistake in the graph",
    ZeroReason.UNDERFLOW: "float64, a larger loss scale, or weights and activations that do not saturate",
    ZeroReason.FLAT: "it stands at a stationary point; symmetric or all-zero weights often do",
}
