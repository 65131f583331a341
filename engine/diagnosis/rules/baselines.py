"""Rules about what a loss can be at best, and what one answer for all samples would have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence, early
from gradstep.engine.diagnosis.finding import Advice, Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import counted, number

#: Shorter trainings have not had the time; our own.
_SHORTEST = 20
#: Where nothing can be told of the targets from the inputs, so much of the constant's loss is left all the same: a
#: parameter takes about one sample's share of it; our own.
_BY_CHANCE = 0.9


#: Of fewer samples one answer is as good as another; our own.
_FEW = 4
#: Where one answer for all samples has no more loss than this, targets are as good as equal; our own.
_NOTHING = 1e-6


@rule(
    "unbounded_loss",
    "a cross-entropy and a mean of squares are never below 0 (Goodfellow et al., Deep Learning, 2016, ch. 3.13)",
    Severity.FAULT,
    explains="diverged overflow loss nonfinite explode",
)
def unbounded_loss(evidence: Evidence) -> Iterator[Seen]:
    """A loss that falls below what such a loss can be: a wrong sign, or wrong targets."""
    graph, head = evidence.graph, evidence.head
    if head is None:
        return
    place, name = Place(graph.loss.name), head.name
    if head.sign < 0 and head.takes in ("numbers", "logits", "class scores", "probabilities", "class probabilities"):
        text = (
            f"the loss is the negative of {_NAMES.get(name, name)}: training makes it worse on purpose, without bound"
        )
        yield Seen(place, {"loss": evidence.first.trace.loss}, text, [Advice(_SIGN)])
    elif head.alone and evidence.trained and name not in ("nll", "hinge"):
        last = float(evidence.losses[-1])
        if np.isfinite(last) and last < 0:
            text = (
                f"{_NAMES.get(name, name)} is {number(last)} in iteration {evidence.made:,}, and cannot be below 0 for "
                "targets that it is made for"
            )
            advice = ["look at the range of the targets and of the outputs"]
            yield Seen(place._replace(iteration=evidence.made), {"loss": last}, text, advice)


#: In words, where a loss is written by hand.
_NAMES = {
    "bce": "a cross-entropy (bce)", "nll": "a cross-entropy", "mse": "a mean of squares (mse)",
    "kl_div": "a divergence (kl_div)",
}  # fmt: skip
_SIGN = "the other sign before the loss"


@rule(
    "no_better_than_constant",
    "Karpathy, A Recipe for Training Neural Networks (2019): verify the loss at init, compare with an "
    "input-independent baseline",
    Severity.WARNING,
    threshold=0.98,
    allowed=(0.0, 1.0),
    explains="same_predictions loss unchanged",
    symptom=True,
)
def no_better_than_constant(evidence: Evidence) -> Iterator[Seen]:
    """After a training the loss is what one answer for all samples would have."""
    course, found = evidence.course, evidence.task.baseline
    if course is None or found is None or evidence.samples < _FEW or evidence.made < _SHORTEST:
        return
    if not found[0] > _NOTHING or evidence.converged:
        return
    # Of targets that the inputs say nothing of, a few samples are fitted by chance.
    blind = evidence.task.silent and not course.falls
    if not course.level > (_BY_CHANCE if blind else 1.0) * evidence.at["no_better_than_constant"]:
        return
    now = course.last
    text = (
        f"after {counted(evidence.made, 'iteration')} the loss is {number(now)}; one answer for all samples has "
        f"{number(found[0])} ({found[1]}): nothing of the inputs is used yet"
    )
    place = Place(evidence.graph.loss.name, evidence.made)
    numbers = {"loss": now, "constant": found[0]}
    if evidence.task.explained > 0:
        text += f", though their nearest neighbours alone tell {evidence.task.explained:.0%} of the targets' variance"
        advice = [Advice("look whether the inputs reach the output: paths, dead units, the size of the gradients")]
    elif evidence.task.silent:
        text += ". Nor do nearest neighbours, or a plane, tell anything of a target: the inputs may say nothing of it"
        advice = [Advice("look whether inputs and targets are in the same order, and how they are made")]
    else:
        advice = [Advice("train on few samples first, until they are known by heart")]
    yield Seen(place, numbers, text, advice, Severity.INFORMATION if early(evidence) else None)


@rule(
    "same_predictions",
    "our own: outputs differ by less than a thousandth of what the targets differ by",
    Severity.WARNING,
    threshold=1e-3,
    allowed=(0.0, 1.0),
    explains="loss",
    symptom=True,
)
def same_predictions(evidence: Evidence) -> Iterator[Seen]:
    """After a training all samples get the same answer."""
    head = evidence.head
    if head is None or evidence.here.samples.count < _FEW:
        return
    if not evidence.trained or evidence.made < _SHORTEST or evidence.converged:
        return
    outputs = np.asarray(evidence.last.trace.data[head.outputs], dtype=np.float64)
    targets = np.asarray(evidence.last.trace.data[head.targets], dtype=np.float64)
    if evidence.last.samples.axis(head.outputs) != 0 or not np.isfinite(outputs).all() or not len(targets):
        return
    with np.errstate(all="ignore"):
        spread, wanted = float(outputs.std(axis=0).max()), float(targets.std(axis=0).max())
    if wanted > 0 and spread <= evidence.at["same_predictions"] * (1.0 if head.classes else wanted):
        text = (
            f"all {len(outputs)} samples of iteration {evidence.made:,} get nearly the same "
            f"{evidence.board.whole(head.outputs)}: they differ by {number(spread)}"
        )
        advice = ["look where the samples become equal: dead units, a saturated layer, inputs of very different scale"]
        yield Seen(Place(evidence.graph.values[head.outputs].name, evidence.made), {"spread": spread}, text, advice)
