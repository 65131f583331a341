"""Rules about what a network can learn at all, and what it learns by heart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradstep.engine.diagnosis.evidence import HEADROOM, Evidence, early
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.neighbours import LEAST
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.linearity import in_line
from gradstep.engine.notation import counted, number

#: A loss that has fallen below so much of what one answer for all samples has has fitted something; our own.
_FITTED = 0.7
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
    if course is None or best is None or not course.level < _FITTED or not course.last < course.start:
        return
    held = evidence.summaries.validation.high
    held = held[np.isfinite(held)]
    # With fewer parameters than numbers to give nothing is known by heart: so many equations have no solution.
    wanted = evidence.samples * (evidence.graph.values[evidence.head.outputs].shape or (1,))[-1] if evidence.head else 0
    able = len(held) >= 3 or sum(p.size for p in evidence.graph.parameters) >= wanted
    blind = able and evidence.samples >= 2 * LEAST and evidence.task.explained <= 0
    limit = evidence.at["shuffled_targets"] if not blind else _BY_CHANCE
    if len(held) >= 3 and not float(held.min()) >= limit * best:
        return
    if len(held) < 3 and not blind:
        return
    text = f"the training's loss falls to {number(course.last)}, "
    numbers = {"trained": course.last, "constant": best}
    if len(held) >= 3:
        numbers["held_back"] = float(held.min())
        text += f"and that of what is held back is never below {number(float(held.min()))}, "
    else:
        text += "though neither nearest neighbours nor a plane tell anything of a sample that is left out, "
    text += (
        f"where one answer for all samples has {number(best)}: what is learned is by heart, as where targets do not "
        "belong to their inputs"
    )
    advice = [
        "look whether inputs and targets are in the same order",
        "other inputs: these may say nothing of the targets",
    ]
    severity = None if len(held) >= 3 else Severity.WARNING
    yield Seen(Place(evidence.graph.loss.name, evidence.made), numbers, text, advice, severity)


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
