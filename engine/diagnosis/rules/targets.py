"""Rules about targets: what the outputs can reach, and what the loss expects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.reach import SLACK, reach
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.written import made_by
from gradstep.engine.graph.graph import Node
from gradstep.engine.notation import number

#: Activations after which another one has little left to give.
_BOUND = ("sigmoid", "softmax", "tanh", "hard_tanh", "hardsigmoid", "relu", "softplus")
#: Of all targets, so many may lie outside, as slips do; our own.
_MOST_OUTSIDE = 0.01


@rule(
    "exclusive_labels",
    "a softmax shares 1 among the classes; labels that go together need a sigmoid each",
    Severity.FAULT,
    explains="no_better_than_constant loss",
)
def exclusive_labels(evidence: Evidence) -> Iterator[Seen]:
    """Softmax and labels of which several are right."""
    head = evidence.head
    if head is None:
        return
    made = made_by(evidence.graph, head.outputs)
    soft = head.classes or (made is not None and made.op.name == "softmax")
    targets = evidence.task.targets
    if not soft or targets.ndim < 2 or targets.shape[-1] < 2 or not np.isin(targets, (0, 1)).all():
        return
    rights = targets.sum(axis=-1)
    several, none = int((rights > 1).sum()), int((rights == 0).sum())
    name = evidence.graph.values[head.outputs].name
    if none and not several:
        text = (
            f"{none:,} of {rights.size:,} samples have no right label, all of theirs being 0: a class cross-entropy "
            "counts them for nothing, as where classes are shifted by one"
        )
        advice = ["one right label for each sample, or a sigmoid for each label: bce_with_logits"]
        yield Seen(Place(name), {"none": none, "of": rights.size}, text, advice, Severity.WARNING)
    if several:
        text = (
            f"{several:,} of {rights.size:,} samples have more than one right label, and a softmax shares 1 among "
            f"them: none can come near 1"
        )
        advice = ["a sigmoid for each label: bce_with_logits"]
        yield Seen(Place(name), {"several": several, "of": rights.size}, text, advice)


@rule("wrong_loss", "UMLAUT (Schoop et al., CHI 2021): a loss that fits the kind of targets", Severity.WARNING)
def wrong_loss(evidence: Evidence) -> Iterator[Seen]:
    """A loss for numbers where targets are classes."""
    head = evidence.head
    if head is None or head.takes != "numbers":
        return
    targets = evidence.task.targets
    if targets.size < 4 or not np.isin(targets, (0, 1)).all() or np.ptp(targets) == 0:
        return
    name, place = head.name, Place(evidence.graph.values[head.node.output].name)
    if name == "mae":
        share = float(targets.mean())
        text = (
            f"the targets are 0 and 1, and mae is lowest where every output is the more frequent of them ("
            f"{int(share > 0.5)}): it does not push towards the right probability"
        )
        yield Seen(place, {"share": share}, text, ["bce_with_logits for 0/1 targets"], Severity.FAULT)
    elif targets.ndim > 1 and targets.shape[-1] > 2 and (targets.sum(axis=-1) == 1).all():
        text = f"the targets are one class of {targets.shape[-1]}, and {name} compares numbers: it learns, but slowly"
        yield Seen(place, {"classes": targets.shape[-1]}, text, ["cross_entropy"], Severity.INFORMATION)


@rule(
    "equal_labels",
    "where all targets are equal there is nothing to tell apart",
    Severity.FAULT,
    explains="same_predictions too_few_iterations rate_small rate_large",
)
def equal_labels(evidence: Evidence) -> Iterator[Seen]:
    """All samples have the same target."""
    head = evidence.head
    if head is None or evidence.samples < _FEW:
        return
    targets = evidence.task.targets
    if targets.size and targets.shape[:1] == (evidence.samples,) and bool((targets == targets[:1]).all()):
        value = f"{number(float(targets.reshape(-1)[0]))}" if targets[0].size == 1 else "the same"
        text = (
            f"all {evidence.samples:,} samples have the target {value}: one answer is right, and all there is to learn"
        )
        name = evidence.graph.values[head.targets].name
        yield Seen(Place(name), {"samples": evidence.samples}, text, ["look how the targets are made"])


#: Fewer samples may well have one target; our own.
_FEW = 4


def _maker(evidence: Evidence, made: Node) -> str:
    """What makes the outputs, with the activation that goes into it, where there is one."""
    before = made_by(evidence.graph, made.inputs[0])
    own = "normalisation" if made.op.name == "standardize" else made.op.name
    twice = before is not None and len(before.inputs) == 1 and before.op.name in _BOUND
    return f"{own} of {before.op.name}" if before is not None and twice else own


@rule(
    "unreachable_targets",
    "UMLAUT and DeepFD: an output layer that cannot give what it is asked for",
    Severity.FAULT,
    explains="saturated loss no_better_than_constant died dead vanish target_scale too_small rate_small "
    "too_few_iterations underfit no_bias",
)
def unreachable_targets(evidence: Evidence) -> Iterator[Seen]:
    """Targets outside what the last activation can give."""
    head = evidence.head
    if head is None or head.takes not in ("numbers", "probabilities"):
        return
    low, high = reach(evidence.graph, head.outputs)
    targets = evidence.task.targets
    targets = targets[np.isfinite(targets)]
    slack = SLACK * max(abs(low) if np.isfinite(low) else 1.0, 1.0)
    outside = int(((targets < low - slack) | (targets > high + slack)).sum())
    if head.takes == "probabilities" and (low, high) == (0.0, 1.0):
        return  # what is no probability `target_range` tells
    if outside > _MOST_OUTSIDE * targets.size:
        ends = f"from {low:.4g} to {high:.4g}" if np.isfinite(high) else f"from {low:.4g} on"
        ends = ends if np.isfinite(low) else f"up to {high:.4g}"
        made = made_by(evidence.graph, head.outputs)
        what = _maker(evidence, made) if made is not None else evidence.board.whole(head.outputs)
        text = (
            f"{outside:,} of {targets.size:,} targets lie outside what {what} can give ({ends}): "
            f"they go from {number(float(targets.min()))} to {number(float(targets.max()))}"
        )
        advice = [f"no {what} at the output", "targets scaled into its range"]
        yield Seen(
            Place(evidence.graph.values[head.outputs].name), {"outside": outside, "of": targets.size}, text, advice
        )


#: Where so many draws of equally frequent classes miss one of them more often than this, it says nothing; our own.
_CHANCE = 1e-3


@rule(
    "target_range",
    "PyTorch's documentation of BCELoss (targets between 0 and 1) and CrossEntropyLoss (classes from 0 on)",
    Severity.FAULT,
    explains="unbounded_loss diverged overflow loss no_better_than_constant rate_large rate_small too_few_iterations "
    "saturated died dead same_predictions zero",
)
def target_range(evidence: Evidence) -> Iterator[Seen]:
    """Targets that the loss does not expect."""
    head = evidence.head
    if head is None:
        return
    targets = evidence.task.targets
    if not targets.size:
        return
    name, low, high = evidence.graph.values[head.targets].name, float(targets.min()), float(targets.max())
    if head.takes in ("probabilities", "logits") and (low < 0 or high > 1):
        text = (
            f"the targets go from {number(low)} to {number(high)}, and {head.name} takes them for "
            "probabilities: between 0 and 1"
        )
        two = np.unique(targets)
        advice = [f"0 for {low:g} and 1 for {high:g}" if len(two) == 2 else f"divide {name} by {high:g}"]
        if len(two) > 2 and low < 0:
            advice = [f"({name} − {number(low)}) / {number(high - low)}"]
        yield Seen(Place(name), {"low": low, "high": high}, text, advice)
    elif head.takes == "margins" and not np.isin(targets, (-1, 1)).all():
        text = f"hinge takes targets of −1 and 1, and these go from {number(low)} to {number(high)}"
        yield Seen(Place(name), {"low": low, "high": high}, text, ["2 × t − 1"])
    elif head.classes and low >= 1 and targets.ndim <= 1 and len(np.unique(targets)) > 1:
        width = evidence.graph.values[head.outputs].shape[-1]
        drawn = evidence.scenario.observed is not None  # a batch, and not all that there is
        by_chance = drawn and (1 - 1 / width) ** targets.size > _CHANCE
        if high == width - 1 and width > 2 and len(np.unique(targets)) == width - 1 and not by_chance:
            text = (
                f"the classes go from {low:g} to {high:g} and there are {width} outputs: class 0 never comes, as where "
                "classes are counted from 1"
            )
            yield Seen(Place(name), {"low": low, "high": high}, text, ["count classes from 0"], Severity.WARNING)


#: A target beyond so many is far from what fresh weights give; our own, of standardised targets next to none is.
_FAR = 10.0
#: Outputs that begin so many times larger than all targets; our own.
_TINY = 100.0


@rule(
    "target_scale",
    "LeCun et al., Efficient BackProp (1998), sect. 4: outputs and targets of the size that weights give at first",
    Severity.WARNING,
    threshold=_FAR,
    explains="diverged explode rate_large loss too_few_iterations rate_small no_better_than_constant died "
    "same_predictions",
)
def target_scale(evidence: Evidence) -> Iterator[Seen]:
    """Targets that are far larger than what the network gives."""
    head = evidence.head
    if head is None or head.takes != "numbers" or not evidence.samples > 1:
        return
    targets = evidence.task.targets
    outputs = np.asarray(evidence.first.trace.data[head.outputs], dtype=np.float64)
    if not targets.size or not np.isfinite(targets).all():
        return
    size = float(np.sqrt((targets**2).mean()))
    with np.errstate(all="ignore"):
        given = float(np.sqrt((outputs**2).mean()))
    if 0 < size < min(given, 1.0) / _TINY and not evidence.converged:
        text = (
            f"the targets have a size of {number(size)}, the outputs began at {number(given)}: a loss that looks small "
            "is far from fitting them"
        )
        advice = ["standardise the targets: subtract their mean, divide by their spread"]
        yield Seen(Place(evidence.graph.values[head.targets].name), {"size": size, "outputs": given}, text, advice)
    if size > evidence.at["target_scale"] and size > evidence.at["target_scale"] * max(given, 1.0):
        settled = evidence.converged
        text = (
            f"the targets have a size of {number(size)} (mean {number(float(targets.mean()))}), the outputs began at "
            f"{number(given)}: the first updates only carry the outputs there"
        )
        severity = Severity.INFORMATION if settled else None
        yield Seen(Place(evidence.graph.values[head.targets].name), {"size": size, "outputs": given}, text,
                   ["standardise the targets: subtract their mean, divide by their spread"], severity)  # fmt: skip
