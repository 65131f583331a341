"""Rules about what a network can learn at all, and what it learns by heart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradstep.engine.diagnosis.course import SHORTEST
from gradstep.engine.diagnosis.evidence import HEADROOM, Evidence, early
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.neighbours import LEAST
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.linearity import WEIGHTED, in_line
from gradstep.engine.diagnosis.rules.samples import alone
from gradstep.engine.diagnosis.written import made_by
from gradstep.engine.notation import counted, number

#: A loss that has fallen below so much of what one answer for all samples has has fitted something; our own.
_FITTED = 0.7
#: Less than so much of what one answer for what is held back has is no chance, however few there are; our own.
_HALF = 0.5
#: Where samples are held back that it does nothing for, so much of it is enough to be seen; our own.
_BEGUN = 0.9
#: Where nothing can be told of the targets from the inputs, what is held back is by chance a little better now and
#: then; our own.
_BY_CHANCE = 0.9
#: Fewer iterations have not had the time; our own.
_LONG = 50
#: Units of a hidden layer that are few whatever the task: they fold space once or twice (Montúfar et al., On the number
#: of linear regions of deep neural networks, NeurIPS 2014).
_FEW = 3


@rule(
    "shuffled_targets",
    "Zhang et al., Understanding deep learning requires rethinking generalization (ICLR 2017): random labels are "
    "fitted",
    Severity.FAULT,
    threshold=0.98,
    explains="overfit underfit too_few_iterations rate_small too_small outlier",
)
def shuffled_targets(evidence: Evidence) -> Iterator[Seen]:
    """Nothing learned of what is held back, while the training's own loss falls; or where nothing is held back, a loss
    that falls though neither nearest neighbours nor a plane tell anything of a sample that is left out."""
    course, best = evidence.course, evidence.task.constant
    held = evidence.summaries.validation.high if course is not None else np.zeros(0)
    held = held[np.isfinite(held)]
    fitted = _FITTED if len(held) < 3 else _BEGUN
    if course is None or best is None or not course.level < fitted or not course.last < course.start:
        return
    targets = evidence.task.targets
    if targets.ndim and alone(targets.reshape(len(targets), -1), evidence.at["outlier"]) is not None:
        return  # one row has most of their variance, and says nothing of the others
    blind = (len(held) >= 3 or _able(evidence)) and evidence.samples >= 2 * LEAST and evidence.task.silent
    limit = evidence.at["shuffled_targets"] if not blind else _BY_CHANCE
    own = evidence.task.held_constant or best
    known = min(best, own)  # few samples may vary less than the others, or more
    if len(held) >= 3 and not float(held.min()) >= max(limit * known, _HALF * own):
        return
    if len(held) < 3 and not blind:
        return
    numbers, text = {"trained": course.last, "constant": best}, f"the training's loss falls to {number(course.last)}, "
    if len(held) >= 3:
        numbers["held_back"] = float(held.min())
        text += f"and that of what is held back is never below {number(float(held.min()))}, "
    else:
        known = best
        text += "though neither nearest neighbours nor a plane tell anything of a sample that is left out, "
    text += (
        f"where one answer for all samples has {number(known)}: what is learned is by heart, as where targets do not "
        "belong to their inputs"
    )
    severity = None if len(held) >= 3 else Severity.WARNING
    yield Seen(Place(evidence.graph.loss.name), numbers, text, _APART, severity)


#: What to do where targets and inputs have nothing to do with each other.
_APART = (
    "look whether inputs and targets are in the same order",
    "other inputs: these may say nothing of the targets",
)


def _able(evidence: Evidence) -> bool:
    """Whether the network can know its samples by heart: with fewer parameters than numbers to give it cannot, as so
    many equations have no solution."""
    head = evidence.head
    width = (evidence.graph.values[head.outputs].shape or (1,))[-1] if head is not None else 0
    return sum(p.size for p in evidence.graph.parameters) >= evidence.samples * width


@rule(
    "too_small",
    "Goodfellow et al., Deep Learning (2016), ch. 5.2: a model of too little capacity underfits",
    Severity.WARNING,
    explains="underfit no_better_than_constant loss too_few_iterations same_predictions",
)
def too_small(evidence: Evidence) -> Iterator[Seen]:
    """A loss that stands still where the inputs say more of the targets, in a network of a few units, or without a
    hidden layer."""
    course = evidence.course
    if course is None or evidence.made < _LONG or evidence.head is None or course.learned:
        return
    few, held = evidence.task.few, evidence.summaries.validation.high
    held = held[np.isfinite(held)]
    if len(held) and float(held[-1]) >= (evidence.task.constant or np.inf):
        return  # more of what does no good where it is held back
    if evidence.converged and not few:
        return
    widths = _widths(evidence)
    slow = not course.falls or course.needed > evidence.made
    if widths and (min(widths) > _FEW or not slow or not (few or evidence.headroom >= HEADROOM)):
        return
    if not widths and not (evidence.task.bends > HEADROOM and in_line(evidence)):
        return
    parameters = sum(v.size for v in evidence.graph.parameters)
    what = f"its narrowest hidden layer has {counted(min(widths), 'unit')}" if widths else "it has no hidden layer"
    told = "" if few else f", of whose targets neighbours tell {evidence.task.explained:.0%}"
    text = (
        f"the loss {'stands' if slow else 'is'} at {number(course.last)}, between {number(evidence.task.floor)} and "
        f"the {number(evidence.task.constant or 0.0)} of one answer for all samples"
        f"{told}; the network has {parameters:,} parameters, and {what}"
    )
    advice = ["more units in the hidden layers" if widths else "a hidden layer with an activation"]
    yield Seen(Place(evidence.graph.loss.name, evidence.made), {"loss": course.last}, text, advice)


def _widths(evidence: Evidence) -> Sequence[int]:
    """The widths of the hidden layers."""
    board, graph, head = evidence.board, evidence.graph, evidence.head
    return [
        graph.values[layer.output].shape[-1]
        for layer in board.layers
        if layer.weight >= 0
        and layer.pre >= 0
        and graph.values[layer.output].shape
        and not (head is not None and layer.output == head.outputs)
    ]


@rule(
    "underfit",
    "Goodfellow et al., Deep Learning (2016), ch. 5.2: a training error that stays too high",
    Severity.WARNING,
    explains="loss same_predictions",
    symptom=True,
)
def underfit(evidence: Evidence) -> Iterator[Seen]:
    """A loss that stands still where the inputs say more of the targets, for no reason that another rule sees."""
    course = evidence.course
    if course is None or evidence.made < _LONG or evidence.converged or course.learned or course.stuck:
        return
    if course.falls or course.rises or evidence.headroom < HEADROOM or evidence.motion.decayed_at:
        return
    text = (
        f"the loss stands still at {number(course.last)}, and has learned {max(1 - course.level, 0):.0%} of what one "
        f"answer for all samples leaves; nearest neighbours tell {evidence.task.explained:.0%} of the targets' variance"
    )
    advice = ["more units or layers, or another start"]
    numbers = {"loss": course.last, "told": evidence.task.explained}
    severity = Severity.INFORMATION if early(evidence) else None
    yield Seen(Place(evidence.graph.loss.name, evidence.made), numbers, text, advice, severity)


#: Errors whose mean is so large a share of their size are off to one side: of a least-squares fit with a bias it is 0;
#: our own.
_ASIDE = 0.5


@rule(
    "no_bias",
    "of a fit with a constant term the residuals have mean 0 (Hastie et al., The Elements of Statistical Learning, 2nd "
    "ed., 2009, sect. 3.2)",
    Severity.WARNING,
    threshold=_ASIDE,
    allowed=(0.0, 1.0),
    explains="no_better_than_constant underfit loss too_few_iterations too_small target_scale rate_small rate_large "
    "same_predictions",
)
def no_bias(evidence: Evidence) -> Iterator[Seen]:
    """Outputs that are off to one side, made by a weighted sum to which no constant is added."""
    head, graph = evidence.head, evidence.graph
    if head is None or head.takes != "numbers" or head.activation is not None or not evidence.trained:
        return
    made = made_by(graph, head.outputs)
    if made is None or made.op.name not in WEIGHTED or len(made.inputs) > 2 or evidence.learned:
        return
    outputs, targets = (np.asarray(evidence.last.trace.data[v], np.float64) for v in (head.outputs, head.targets))
    if outputs.shape != targets.shape or not np.isfinite(outputs).all() or evidence.made < SHORTEST:
        return
    errors = targets - outputs
    aside, size = float(errors.mean()), float(np.sqrt(np.mean(errors**2)))
    course = evidence.course
    if size and abs(aside) > evidence.at["no_bias"] * size and course is not None and not course.falls:
        text = (
            f"{evidence.board.whole(head.outputs)} is off to one side, by {number(aside)} on average where its errors "
            f"have a size of {number(size)}, and no bias is added to it"
        )
        place = Place(graph.values[head.outputs].name, evidence.made)
        yield Seen(place, {"aside": aside, "size": size}, text, ["a bias in the last layer: + b, which begins at 0"])
