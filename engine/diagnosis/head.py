"""Where a network ends: the loss, what it compares, and what made that; found in the graph before anything runs."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from gradstep.engine.diagnosis.written import is_leaf, made_by, written_loss
from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording

#: What operations that compare outputs with targets take for outputs: numbers of any size, probabilities, their
#: logarithms, scores before a sigmoid or a softmax, or scores beside targets of −1 and 1.
TAKES = {
    "mse": "numbers", "half_squared_error": "numbers", "mae": "numbers", "huber": "numbers", "smooth_l1": "numbers",
    "bce": "probabilities", "bce_with_logits": "logits", "nll": "log-probabilities", "hinge": "margins",
}  # fmt: skip


class Head(NamedTuple):
    """A loss `node`, the value of its `outputs` and of its `targets`, and the `activation` node that made the outputs,
    None where they are a sum or given. `takes` says what the loss takes outputs for; of class scores that go through
    log_softmax into nll, as cross_entropy writes it, `outputs` are the scores. `alone`: the loss is this and nothing
    else, no penalty added, no factor."""

    node: Node
    outputs: int
    targets: int
    takes: str
    activation: Node | None
    alone: bool

    #: The usual name of the loss, also where it is written by hand; and the sign before it, −1 where training makes it
    #: larger.
    name: str = ""
    sign: int = 1

    @property
    def classes(self) -> bool:
        """Whether targets say which of several classes is right."""
        return self.name in ("nll", "cross_entropy", "kl_div")


#: What a loss that is written by hand takes its outputs for.
_WRITTEN = {"cross_entropy": "class scores", "nll": "class probabilities"}


def find_head(graph: Graph) -> Head | None:
    """The comparison that the loss is made of; the first, where there are several. None where the loss is written by
    hand in a way that is not known."""
    for node in graph.nodes:
        if node.op.name in TAKES and node.output in graph.active:
            return _of(graph, node)
    found = written_loss(graph)
    if found is None:
        return None
    takes = found.takes or _WRITTEN.get(found.name) or TAKES[found.name]
    activation = _activation(made_by(graph, found.outputs))
    return Head(
        found.node,
        found.outputs,
        found.targets,
        takes,
        activation,
        found.mean and found.sign > 0,
        found.name,
        found.sign,
    )


def _of(graph: Graph, node: Node) -> Head:
    outputs, targets, takes = node.inputs[0], node.inputs[1], TAKES[node.op.name]
    if is_leaf(graph, outputs) and not is_leaf(graph, targets):
        outputs, targets = targets, outputs  # the other way round, which most losses do not mind
    producer = made_by(graph, outputs)
    if node.op.name == "nll" and producer is not None and producer.op.name == "log_softmax":
        outputs, takes = producer.inputs[0], "class scores"
        producer = made_by(graph, outputs)
    name = "cross_entropy" if takes == "class scores" else node.op.name
    return Head(
        node, outputs, targets, takes, _activation(producer), node.output == graph.loss.id, name, _sign(graph, node)
    )


def _activation(producer: Node | None) -> Node | None:
    """What made the outputs, where it is a function of one array and no sum of it."""
    if producer is None or len(producer.inputs) != 1 or producer.op.reduces:
        return None
    return None if producer.op.name in ("sum", "mean", "max", "min", "negative") else producer


def _sign(graph: Graph, node: Node) -> int:
    """−1 where the loss is the negative of what a node compares."""
    flipped = made_by(graph, graph.loss.id)
    inner = made_by(graph, flipped.inputs[0]) if flipped is not None and flipped.op.name == "negative" else None
    return -1 if inner is not None and inner.id == node.id else 1


#: A sum over fewer samples is near enough to a mean; our own.
_MANY = 16


def summed(recording: Recording) -> Node | None:
    """The node that makes the loss, or a summand of it, a sum over many samples; None where it is none, as where the
    sum is divided by something."""
    graph, samples = recording.graph, recording.samples
    ahead = [graph.loss.id] if samples.count >= _MANY else []
    while ahead:
        made = made_by(graph, ahead.pop())
        if made is None:
            continue
        adds = made.op.name in ("sum", "half_squared_error") or getattr(made.op, "reduction", "") == "sum"
        if adds and any(_counts(recording, value) for value in made.inputs):
            return made
        if made.op.name in ("add", "negative") and graph.values[made.output].shape == ():
            ahead += made.inputs
    return None


def _counts(recording: Recording, value: int) -> bool:
    """Whether a value has an axis of the samples, or had one before it was moved or reshaped."""
    made = made_by(recording.graph, value)
    return any(recording.samples.axis(one) is not None for one in (value, -1 if made is None else made.output))


def all_targets(recording: Recording, head: Head) -> Array:
    """The targets of all samples that are trained on, in float64; those of the iteration where they are computed."""
    scenario = recording.scenario
    found = scenario.pool.get(head.targets)
    if found is None:
        found = recording.trace.data[head.targets]
    return np.asarray(found, dtype=np.float64)


def best_constant(head: Head, targets: Array, width: int) -> tuple[float, str] | None:
    """The lowest loss of one answer for all samples, and what it is in words; None where that is not known."""
    if not targets.size or not np.isfinite(targets).all():
        return None
    targets = np.atleast_1d(targets)
    name = head.name
    if head.classes:
        if not targets.min() >= 0:
            return None
        if targets.ndim > 1 and targets.shape[-1] == width:
            shares = targets.reshape(-1, width).mean(axis=0)
        else:
            shares = np.bincount(targets.reshape(-1).astype(int), minlength=width) / targets.size
        some = shares[shares > 0]
        entropy = float(-(some * np.log(some)).sum())
        if name == "kl_div":  # beyond what the targets' own entropy is
            return entropy - _entropy(targets), "the entropy of the classes' shares, less that of the targets"
        even = abs(entropy - log(len(some))) < 1e-3 and len(some) > 1
        return entropy, f"ln {len(some)}" if even else "the entropy of the classes' shares"
    if head.takes in ("probabilities", "logits") and targets.min() >= 0 and targets.max() <= 1:
        share = targets.mean(axis=0)
        with np.errstate(all="ignore"):
            parts = np.nan_to_num(-share * np.log(share)) + np.nan_to_num(-(1 - share) * np.log1p(-share))
        return float(np.mean(parts)), "the entropy of the targets' shares"
    if name == "mse":
        return float(((targets - targets.mean(axis=0)) ** 2).mean()), "the variance of the targets"
    if name == "half_squared_error":
        return float(((targets - targets.mean(axis=0)) ** 2).sum()) / 2, "half the targets' squares about their mean"
    if name == "huber":
        return _huber(targets, float(getattr(head.node.op, "delta", 1.0))), "the targets' distance from their middle"
    if name == "smooth_l1":
        beta = float(getattr(head.node.op, "beta", 1.0))
        middle = _huber(targets, beta) / beta if beta else float(np.abs(targets - np.median(targets, axis=0)).mean())
        return middle, "the targets' distance from their middle"
    if name == "mae":
        return float(np.abs(targets - np.median(targets, axis=0)).mean()), "the mean distance from the median"
    return None


def floor(head: Head, targets: Array) -> float:
    """The lowest loss that there can be: of targets that are shares, their mean entropy (Cover and Thomas, Elements of
    Information Theory, 2nd ed., 2006, eq. 2.136: a cross-entropy is the entropy and a divergence ≥ 0)."""
    if not targets.size or not targets.min() >= 0 or not targets.max() <= 1 or head.name == "kl_div":
        return 0.0
    with np.errstate(all="ignore"):
        if head.classes and targets.ndim > 1:
            return _entropy(targets)
        if head.takes in ("probabilities", "logits"):
            parts = np.nan_to_num(targets * np.log(targets)) + np.nan_to_num((1 - targets) * np.log1p(-targets))
            return float(-parts.mean())
    return 0.0


def _entropy(shares: Array) -> float:
    """The mean entropy of targets that are shares of classes, shape (samples, classes)."""
    with np.errstate(all="ignore"):
        return float(-np.nan_to_num(shares * np.log(shares)).sum(axis=-1).mean())


def _huber(targets: Array, delta: float) -> float:
    """The lowest mean of Huber's loss of one answer in each column: by halving, as it is convex (Huber, Robust
    Estimation of a Location Parameter, 1964)."""
    low, high = targets.min(axis=0), targets.max(axis=0)
    for _ in range(50):
        middle = (low + high) / 2
        up = np.clip(targets - middle, -delta, delta).mean(axis=0) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    away = np.abs(targets - (low + high) / 2)
    return float(np.where(away <= delta, away**2 / 2, delta * (away - delta / 2)).mean())
