"""Rules about a training whose numbers stop being finite because updates made them grow."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.trouble import First
from gradstep.engine.explain import remarks
from gradstep.engine.explain.advice import against


@rule(
    "diverged",
    "as Amazon SageMaker Debugger's rule ExplodingTensor, over all iterations",
    Severity.FAULT,
    explains="loss oscillates explode vanish unchanged died",
)
def diverged(evidence: Evidence) -> Iterator[Seen]:
    """The first iteration in which something is not finite, where updates had made the numbers grow until then."""
    found = evidence.trouble
    if found is not None and found.grown:
        yield of_first(evidence, found)


def of_first(evidence: Evidence, found: First) -> Seen:
    """What is said of the first number that is not finite."""
    told = found.account
    text = (
        f"from iteration {found.iteration:,} on something is not finite, first {found.name} "
        f"({told.began.blame.cause.value}); nothing is learned after that. {remarks.told(told)}"
    )
    there, began = told.there, told.began
    sample = there.samples.of(*began.element) if there.samples.count > 1 else None
    if sample is not None and (row := evidence.task.row(sample, there.iteration)) != sample:
        sample, text = row, f"{text} That is row {row} of the data."
    place = Place(found.name, found.iteration, found.step, sample)
    return Seen(place, {"iteration": found.iteration}, text, [against(told)], cause=told.document())
