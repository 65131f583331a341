"""Rules about what a network can learn at all, and what it learns by heart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.graph import Role
from gradstep.engine.notation import counted, number


@rule(
    "shuffled_targets",
    "Zhang et al., Understanding deep learning requires rethinking generalization (ICLR 2017): random labels are "
    "fitted",
    Severity.FAULT,
    threshold=0.98,
    explains="overfit underfit",
)
def shuffled_targets(evidence: Evidence) -> Iterator[Seen]:
    """Nothing learned of what is held back, while the training's own loss falls."""
    if not evidence.trained or evidence.best_constant is None:
        return
    held = evidence.summaries.validation.high
    held = held[np.isfinite(held)]
    first, last = float(evidence.losses[0]), evidence.recent_loss
    if len(held) < 3 or not last < 0.7 * evidence.best_constant or not last < first:
        return
    if float(held.min()) < evidence.at["shuffled_targets"] * evidence.best_constant:
        return
    text = (
        f"the training's loss falls to {number(last)}, and that of what is held back is never below "
        f"{number(float(held.min()))}, "
        f"where one answer for all samples has {number(evidence.best_constant)}: what is learned is by heart, as where "
        "targets do not belong to their inputs"
    )
    advice = [
        "look whether inputs and targets are in the same order",
        "other inputs: these may say nothing of the targets",
    ]
    numbers = {"trained": last, "held_back": float(held.min()), "constant": evidence.best_constant}
    yield Seen(Place(evidence.graph.loss.name, evidence.made), numbers, text, advice)


@rule(
    "too_small",
    "Goodfellow et al., Deep Learning (2016), ch. 5.2: a model of too little capacity underfits",
    Severity.WARNING,
    explains="underfit no_better_than_constant loss",
)
def too_small(evidence: Evidence) -> Iterator[Seen]:
    """A loss that stands still far above 0 in a network of a few units, or without a hidden layer."""
    best = evidence.best_constant
    if not evidence.trained or evidence.made < 50 or best is None or not evidence.full_batch:
        return
    losses = evidence.losses
    part = max(len(losses) // 5, 1)
    before, last = float(losses[-2 * part : -part].mean()), float(losses[-part:].mean())
    if not (0.05 * best < last < 0.97 * best) or abs(before - last) > 0.02 * abs(last):
        return
    widths = [
        evidence.graph.values[layer.output].shape[-1]
        for layer in evidence.board.layers
        if layer.weight >= 0 and layer.pre >= 0 and evidence.graph.values[layer.output].shape
        and not (evidence.head is not None and layer.output == evidence.head.outputs)
    ]  # fmt: skip
    parameters = sum(v.size for v in evidence.graph.values if v.role is Role.PARAMETER)
    if last < (0.25 if widths else 0.6) * best or (widths and min(widths) > 3):
        return
    what = f"its narrowest hidden layer has {counted(min(widths), 'unit')}" if widths else "it has no hidden layer"
    text = (
        f"the loss stands still at {number(last)}, between 0 and the {number(best)} of one answer for all samples; "
        "the network "
        f"has {parameters:,} parameters, and {what}"
    )
    advice = ["more units in the hidden layers" if widths else "a hidden layer with an activation"]
    severity = None if widths else Severity.INFORMATION
    yield Seen(Place(evidence.graph.loss.name, evidence.made), {"loss": last, "constant": best}, text, advice, severity)
