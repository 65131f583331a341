"""Rules about a training whose numbers stop being finite because updates made them grow."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.trouble import First
from gradstep.engine.explain import remarks
from gradstep.engine.explain.accounts import Account
from gradstep.engine.explain.advice import against
from gradstep.engine.ops.causes import Cause


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
    name, row, said = beginning(evidence, told)
    place = Place(name or found.name, found.iteration, found.step, row)
    numbers = {"iteration": found.iteration}
    return Seen(place, numbers, f"{text}{said}", [against(told)], cause=told.document())


def beginning(evidence: Evidence, told: Account) -> tuple[str, int | None, str]:
    """Where it began: the number that is given so as one types it, else empty; the row of the data, None where it is no
    single one's; and a sentence about the row, where a sample of the batch is another row of the data."""
    there, began = told.there, told.began
    given = began.blame.source if began.blame.cause is Cause.GIVEN else None
    element = began.element if given is None else given.element
    name = "" if given is None else there.typed(element)
    sample = there.samples.of(*element) if there.samples.count > 1 else None
    if sample is None:
        return name, None, ""
    row = evidence.task.row(sample, there.iteration)
    return name, row, f" That is row {row} of the data." if row != sample else ""
