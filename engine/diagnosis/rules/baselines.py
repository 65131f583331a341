"""Rules about what a loss can be at best, and what one answer for all samples would have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Place, Severity
from gradstep.engine.diagnosis.head import all_targets, best_constant, made_by
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import counted, number


@rule(
    "unbounded_loss",
    "a cross-entropy and a mean of squares are never below 0 (Goodfellow et al., Deep Learning, 2016, ch. 3.13)",
    Severity.FAULT,
    explains="diverged loss nonfinite explode",
)
def unbounded_loss(evidence: Evidence) -> Iterator[Seen]:
    """A loss that falls below what such a loss can be: a wrong sign, or wrong targets."""
    graph = evidence.graph
    flipped = made_by(graph, graph.loss.id)
    if flipped is not None and flipped.op.name == "negative" and evidence.head is not None:
        inner = made_by(graph, flipped.inputs[0])
        if inner is not None and inner.id == evidence.head.node.id:
            text = f"the loss is the negative of {inner.op.name}: training makes it worse on purpose, without bound"
            yield Seen(Place(graph.loss.name), {}, text, ["leave out the minus sign"])
            return
    if evidence.head is None:
        yield from _logarithms(evidence)
    if evidence.head is None or not evidence.head.alone or not evidence.trained:
        return
    last = float(evidence.losses[-1])
    if np.isfinite(last) and last < 0 and evidence.head.node.op.name != "nll":
        text = (
            f"{evidence.head.node.op.name} is {number(last)} in iteration {evidence.made:,}, and cannot be below 0 for "
            "targets that it is made for"
        )
        advice = ["look at the range of the targets and of the outputs"]
        yield Seen(Place(graph.loss.name, evidence.made), {"loss": last}, text, advice)


def _logarithms(evidence: Evidence) -> Iterator[Seen]:
    """A loss that is a mean of logarithms of probabilities, without the minus: training makes them ever smaller."""
    graph = evidence.graph
    made = made_by(graph, graph.loss.id)
    inner = made_by(graph, made.inputs[0]) if made is not None and made.op.name in ("sum", "mean") else None
    if inner is not None and inner.op.name == "multiply":
        parts = [made_by(graph, value) for value in inner.inputs]
        inner = next((p for p in parts if p is not None and p.op.name in ("log", "log_softmax")), None)
    if inner is None or inner.op.name not in ("log", "log_softmax"):
        return
    loss = evidence.first.trace.loss
    if loss < 0:
        text = (
            f"the loss is {number(loss)}, a {made.op.name if made else 'sum'} of logarithms of probabilities: "
            "training makes "
            "them smaller, without bound; a cross-entropy is the negative of it"
        )
        yield Seen(Place(graph.loss.name), {"loss": loss}, text, ["a minus sign before the loss"])


@rule(
    "no_better_than_constant",
    "Karpathy, A Recipe for Training Neural Networks (2019): verify the loss at init, compare with an "
    "input-independent baseline",
    Severity.WARNING,
    threshold=0.98,
    allowed=(0.0, 1.0),
    explains="same_predictions loss",
)
def no_better_than_constant(evidence: Evidence) -> Iterator[Seen]:
    """After a training the loss is what one answer for all samples would have."""
    head = evidence.head
    if head is None or not head.alone or not evidence.trained or evidence.samples < 4:
        return
    width = (evidence.graph.values[head.outputs].shape or (1,))[-1]
    found = best_constant(head, all_targets(evidence.here, head), width)
    now = evidence.recent_loss
    if found is None or not found[0] > 1e-6 or not np.isfinite(now) or evidence.made < 20:
        return
    if now > evidence.at["no_better_than_constant"] * found[0]:
        text = (
            f"after {counted(evidence.made, 'iteration')} the loss is {number(now)}; one answer for all samples has "
            f"{number(found[0])} ({found[1]}): nothing of the inputs is used yet"
        )
        advice = [
            Advice("look whether the inputs reach the output: paths, dead units, the size of the gradients"),
            Advice("train on few samples first, until they are known by heart"),
        ]
        place = Place(evidence.graph.loss.name, evidence.made)
        yield Seen(place, {"loss": now, "constant": found[0]}, text, advice)


@rule(
    "same_predictions",
    "our own: outputs differ by less than a thousandth of what the targets differ by",
    Severity.WARNING,
    threshold=1e-3,
    allowed=(0.0, 1.0),
)
def same_predictions(evidence: Evidence) -> Iterator[Seen]:
    """After a training all samples get the same answer."""
    head = evidence.head
    if head is None or not evidence.trained or evidence.made < 20 or evidence.here.samples.count < 4:
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
