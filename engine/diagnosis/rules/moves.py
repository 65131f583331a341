"""Rules about what updates do to the parameters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Place
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import number
from gradstep.engine.run.observed import Observed
from gradstep.engine.training.clipping import LEFT


@rule(
    "accumulates",
    "zero_grad = false in the scenario, or something in .grad when a recorded step began",
    explains="rate_large diverged overflow explode loss oscillates no_better_than_constant",
)
def accumulates(evidence: Evidence) -> Iterator[Seen]:
    """Gradients that are not zeroed, and how much of what the update takes is not of its own iteration."""
    if evidence.scenario.observed is not None:
        yield from _left_in(evidence, evidence.scenario.observed)
        return
    if evidence.training.zero_grad or evidence.training.steps < 2:
        return
    advice = [Advice("zero_grad = true", "zero_grad = true")]
    if not evidence.trained:
        text = "gradients are not zeroed: from iteration 2 on an update takes the sum of all gradients up to it"
        yield Seen(Place("", 1), {}, text, advice)
        return
    history, go_on = evidence.iterations, evidence.go_on
    update = history.recording(history.made, go_on).update
    own, taken = update.sizes()
    text = (
        f"gradients are not zeroed: in iteration {history.made:,} the update takes gradients of size {number(taken)}, "
        f"and those of the iteration itself have {number(own)}; the rest is left over from before"
    )
    yield Seen(Place("", 2), {"own": own, "taken": taken}, text, advice)


def _left_in(evidence: Evidence, observed: Observed) -> Iterator[Seen]:
    """What stood in `.grad` when a recorded step began, and was added to its gradients."""
    trace, own, left, worst = evidence.here.trace, 0.0, 0.0, ("", -1.0)
    names = {value.name: value.id for value in evidence.graph.parameters if (LEFT, value.id) in observed.kept}
    for name, value in names.items():
        size = float(np.sum(np.square(observed.kept[LEFT, value], dtype=np.float64)))
        own += float(np.sum(np.square(trace.gradient(value), dtype=np.float64)))
        left, worst = left + size, max(worst, (name, size), key=lambda one: one[1])
    if not left:
        return
    own, left = own**0.5, left**0.5
    stepped = not evidence.training.zero_grad
    text = (
        f"{'the update takes' if stepped else 'there is'} what was left in .grad from before this step, of size "
        f"{number(left)}, beside this step's own gradients, of size {number(own)}: zero_grad() was not called, or "
        "gradients are accumulated"
    )
    advice = ["optimizer.zero_grad() in each step, unless gradients of several steps are meant to be added"]
    yield Seen(
        Place(worst[0]), {"own": own, "left": left}, text, advice, go=f"goto {worst[0]}.{'next' if stepped else 'grad'}"
    )


@rule(
    "unchanged",
    "not one bit, no threshold; Amazon SageMaker Debugger's rule UnchangedTensor looks at the same",
    symptom=True,
)
def unchanged(evidence: Evidence) -> Iterator[Seen]:
    """A parameter of which not one number has changed."""
    if not evidence.trained or evidence.converged or (evidence.course is not None and evidence.course.done):
        return
    history, go_on = evidence.iterations, evidence.go_on
    before, after = history.snapshot(1, go_on).leaves, history.snapshot(history.made + 1, go_on).leaves
    for value in history.start.graph.parameters:
        old, new = before[value.id], after[value.id]
        same = int(np.count_nonzero(old == new))
        if value.size and same == value.size:
            text = (
                f"{value.name} is after {history.made:,} iterations what it was: "
                f"not one of its {value.size:,} numbers changed"
            )
            hint = "look why its gradient is 0 (why), or whether η is so small that nothing is left of it"
            yield Seen(Place(value.name), {"unchanged": same, "of": value.size}, text, [hint])
