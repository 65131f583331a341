"""Rules about the data: scales, rows, batches, and what one sample does to all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.head import Head, summed
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.linearity import WEIGHTED
from gradstep.engine.diagnosis.rules.steps import largest_move, steps_follow
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array
from gradstep.engine.notation import number

#: Columns whose largest spread is above this, and whose spreads differ by so many times the allowed size, are of
#: very different scale; our own.
_WIDE, _APART = 5.0, 5.0
#: Of so many first iterations one whose update moves a weight by more than this share shows that the steps are too
#: large: a hundred times what CS231n (Neural Networks Part 3) calls healthy.
_FIRST, _LARGE = 20, 0.1


def weighed_inputs(evidence: Evidence) -> Iterator[tuple[Value, Array]]:
    """The inputs of the batch that go into a weighted sum as they are, with all samples that are trained on."""
    graph = evidence.graph
    head = evidence.head
    for name in evidence.scenario.batch:
        value = graph.by_name[name]
        if head is not None and value.id == head.targets:
            continue
        array = np.asarray(evidence.scenario.pool.get(value.id, evidence.here.trace.data[value.id]), dtype=np.float64)
        weighed = any(value.id in node.inputs[:2] and node.op.name in WEIGHTED for node in graph.nodes)
        if weighed and array.ndim > 1 and len(array) > 3 and np.isfinite(array).all():
            yield value, array


@rule(
    "input_scale",
    "LeCun et al., Efficient BackProp (1998), sect. 4.3: inputs with mean 0 and spread 1",
    Severity.WARNING,
    threshold=20.0,
    explains="rate_large diverged saturated dead died oscillates explode loss no_better_than_constant same_predictions "
    "rate_small vanish weight_scale too_few_iterations",
)
def input_scale(evidence: Evidence) -> Iterator[Seen]:
    """Inputs of very different scale, or far from 1."""
    most = evidence.at["input_scale"]
    for value, array in weighed_inputs(evidence):
        columns = array.reshape(len(array), -1)
        spread = columns.std(axis=0)
        size = float(np.sqrt((columns**2).mean()))
        some = spread[spread > 0]
        ratio = float(some.max() / some.min()) if len(some) > 1 and array.ndim == 2 and len(some) <= 64 else 1.0
        wide = float(spread.max()) > _WIDE and ratio > _APART * most
        tiny = 0 < float(np.abs(columns).max()) < 1 / most and not evidence.learned
        if size <= most and not wide and not tiny:
            continue
        severity = Severity.INFORMATION if evidence.converged else None
        if size > most:
            text = (
                f"{value.name} has a size of {number(size)} ({number(float(array.min()))} to "
                f"{number(float(array.max()))})"
            )
        elif tiny:
            text = f"{value.name} is no larger than {number(float(np.abs(columns).max()))}"
        else:
            largest = int(spread.argmax())
            text = (
                f"the columns of {value.name} differ in scale by {number(ratio)}: column {largest} has a spread of "
                f"{number(float(spread.max()))}, the smallest {number(float(some.min()))}"
            )
        text += "; next to nothing of it arrives" if tiny else "; no rate fits all weights, and units saturate or die"
        advice = ["standardise the inputs: subtract each column's mean, divide by its spread"]
        yield Seen(Place(value.name), {"size": size, "ratio": ratio}, text, advice, severity)


def alike(rows: Array) -> Array:
    """A number for each row, the same for those that are equal: told by a sum with weights drawn by lot, which two
    different ones have alike by a chance of about 1e-16."""
    weights = np.random.default_rng(0).normal(size=rows.shape[1])
    _, group = np.unique((rows * weights).sum(axis=1), return_inverse=True)
    return np.asarray(group).reshape(-1)


@rule(
    "identical_rows",
    "our own: samples with the same inputs cannot be told apart; three tenths of the targets' variance is theirs",
    Severity.WARNING,
    threshold=0.3,
    allowed=(0.0, 1.0),
    explains="no_better_than_constant same_predictions loss underfit too_small too_few_iterations rate_large "
    "oscillates shuffled_targets",
)
def identical_rows(evidence: Evidence) -> Iterator[Seen]:
    """Many samples with the same inputs and other targets."""
    head = evidence.head
    for value, array in weighed_inputs(evidence):
        rows = array.reshape(len(array), -1)
        group = alike(rows)
        count = int(group.max()) + 1
        if count == len(rows) or head is None:
            continue
        targets = evidence.task.targets
        if targets.shape[:1] != (len(rows),):
            continue
        flat = targets.reshape(len(rows), -1)
        if head.classes and targets.ndim == 1:
            flat = (targets[:, None] == np.unique(targets)).astype(np.float64)
        # What is left of the targets' variance within rows that are the same: no network gets below it.
        means = np.stack([np.bincount(group, column) for column in flat.T], axis=1) / np.bincount(group)[:, None]
        total = float(((flat - flat.mean(axis=0)) ** 2).sum())
        if ((flat - means[group]) ** 2).sum() <= evidence.at["identical_rows"] * total:
            continue
        first = flat[np.unique(group, return_index=True)[1]]
        differ = len(np.unique(group[(flat != first[group]).any(axis=1)]))
        if differ:
            text = (
                f"{len(rows):,} samples have only {count:,} different rows of {value.name}, and {differ:,} of these "
                "have "
                "different targets: no network can tell them apart"
            )
            yield Seen(Place(value.name), {"rows": count, "of": len(rows)}, text, ["look how the inputs are made"])


#: Targets are alike within a batch where so little of their variance is there, of which a random batch of b has
#: (b − 1) / b; our own.
_WITHIN = 0.2
#: Of so many different targets at most a batch is told to have one.
_CLASSES = 20


@rule(
    "one_class_batches",
    "Bengio, Practical recommendations (2012), sect. 3.1: samples in random order",
    Severity.WARNING,
    threshold=_WITHIN,
    allowed=(0.0, 1.0),
    explains="oscillates loss no_better_than_constant spike same_predictions too_few_iterations rate_large underfit "
    "target_scale",
)
def one_class_batches(evidence: Evidence) -> Iterator[Seen]:
    """Sorted data that is not shuffled: a batch has one class only, or targets that are nearly the same."""
    head, size = evidence.head, evidence.training.batch_size
    if head is None or size is None or size < 2 or evidence.training.shuffle is not None:
        return
    targets = evidence.task.targets
    targets = targets.reshape(len(targets), -1) if targets.ndim else targets
    if targets.ndim != 2 or len(targets) < 2 * size or not np.isfinite(targets).all():
        return
    batches = [targets[k : k + size] for k in range(0, len(targets) - size + 1, size)]
    pure = sum(bool((batch == batch[:1]).all()) for batch in batches)
    few = len(np.unique(targets, axis=0)) <= min(_CLASSES, len(targets) // 4)
    total = float(targets.var(axis=0).sum())
    within = float(np.mean([batch.var(axis=0).sum() for batch in batches])) / total if total else 1.0
    if few and pure > len(batches) / 2:
        what = f"{pure} of {len(batches)} batches have samples of one class only"
    elif not few and len(batches) > 2 and within < evidence.at["one_class_batches"]:
        what = f"targets are alike in a batch, which has {within:.0%} of their variance"
    else:
        return
    if not total:
        return
    text = f"{what}, because the data is sorted and not shuffled: each batch unlearns what the ones before have taught"
    place = Place(evidence.graph.values[head.targets].name)
    yield Seen(place, {"pure": pure, "of": len(batches), "within": within}, text, ["shuffle = 0"])


@rule(
    "broadcast_samples",
    "NumPy's broadcasting: (N, 1) against (N,) is (N, N); PyTorch's mse_loss warns of it",
    Severity.FAULT,
    explains="no_better_than_constant loss same_predictions underfit rate_large oscillates rate_small",
)
def broadcast_samples(evidence: Evidence) -> Iterator[Seen]:
    """Each sample against all others."""
    graph, samples, head = evidence.graph, evidence.here.samples, evidence.head
    if samples.count < 2:
        return
    apart = head is not None and samples.count in graph.values[head.outputs].shape[:1]  # each against all, on purpose
    if head is not None and not apart and samples.axis(head.outputs) is None and samples.axis(head.targets) == 0:
        yield _mixed(evidence, head)
        return
    for node in graph.nodes:
        shapes = [graph.values[v].shape for v in node.inputs]
        counted = [k for k, v in enumerate(node.inputs) if samples.axis(v) == 0]
        if (
            len(counted) < 2
            or len({len(shapes[k]) for k in counted}) < 2
            or node.op.name in ("linear", "matmul", "concat")
        ):
            continue
        least, most = min(len(shapes[k]) for k in counted), max(len(shapes[k]) for k in counted)
        wide = next(shapes[k] for k in counted if len(shapes[k]) == most)
        if least < most and wide[-1] == 1 and node.op.name not in ("nll", "embedding", "reshape", "index"):
            text = (
                f"{evidence.board.whole(node.output)} sets {wide} against {(samples.count,)}, which makes "
                f"{(samples.count, samples.count)}: each sample is compared with every other"
            )
            advice = ["one shape for both: [:, 0] or reshape(…)"]
            yield Seen(Place(graph.values[node.output].name), {"samples": samples.count}, text, advice)
            return


def _mixed(evidence: Evidence, head: Head) -> Seen:
    """Outputs that have no axis of the samples, which were reduced away on the way."""
    graph, samples = evidence.graph, evidence.here.samples
    mixing = [n for n in graph.nodes if samples.axis(n.output) is None and any(samples.axis(v) == 0 for v in n.inputs)]
    by = f": {evidence.board.whole(mixing[0].output)} takes them together" if mixing else ""
    text = (
        f"{evidence.board.whole(head.outputs)} is one answer for all {samples.count} samples, whose targets differ{by}"
    )
    advice = ["reduce over the features of a sample (axis=1), and not over the samples"]
    return Seen(Place(graph.values[head.outputs].name), {"samples": samples.count}, text, advice, Severity.FAULT)


@rule(
    "sum_over_samples",
    "PyTorch's reduction = 'sum': the gradient, and with it the step, grows with the number of samples",
    Severity.WARNING,
    explains="rate_large diverged overflow explode oscillates loss died saturated no_better_than_constant",
)
def sum_over_samples(evidence: Evidence) -> Iterator[Seen]:
    """A loss that is a sum over many samples. Of a single iteration its update shows whether that is too much."""
    graph, count = evidence.graph, evidence.here.samples.count
    if summed(evidence.here) is None:
        return
    follows = steps_follow(evidence.here)
    moved = evidence.motion.update_ratios[:_FIRST] if evidence.trained else np.array([largest_move(evidence.here)])
    large = bool(np.nanmax(moved) > _LARGE) and (evidence.trained or follows)
    text = (
        f"{graph.loss.name} is a sum over {count} samples, where a mean is usual: its gradients"
        f"{', and the steps,' if follows else ''} are {count} times as large"
    )
    severity = None if large and not evidence.converged else Severity.INFORMATION
    yield Seen(Place(graph.loss.name), {"samples": count}, text, ["mean instead of sum"], severity)
