"""Where a network ends: the loss, what it compares, and what made that; found in the graph before anything runs."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.graph import Graph, Node, Role
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording

#: What operations that compare outputs with targets take for outputs: numbers of any size, probabilities, their
#: logarithms, scores before a sigmoid or a softmax, or scores beside targets of −1 and 1.
TAKES = {
    "mse": "numbers", "half_squared_error": "numbers", "mae": "numbers", "huber": "numbers",
    "bce": "probabilities", "bce_with_logits": "logits", "nll": "log-probabilities", "hinge": "margins",
}  # fmt: skip
#: What passes an array on with other axes, or only a part of it.
_MOVES = ("reshape", "flatten", "transpose", "index")


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

    @property
    def classes(self) -> bool:
        """Whether targets say which of several classes is right."""
        return self.node.op.name == "nll"


def find_head(graph: Graph) -> Head | None:
    """The comparison that the loss is made of; the first, where there are several. None where the loss is written by
    hand in another way."""
    for node in graph.nodes:
        if node.op.name in TAKES and node.output in graph.active:
            return _of(graph, node)
    return None


def _of(graph: Graph, node: Node) -> Head:
    outputs, targets, takes = node.inputs[0], node.inputs[1], TAKES[node.op.name]
    if _is_leaf(graph, outputs) and not _is_leaf(graph, targets):
        outputs, targets = targets, outputs  # the other way round, which most losses do not mind
    producer = made_by(graph, outputs)
    if node.op.name == "nll" and producer is not None and producer.op.name == "log_softmax":
        outputs, takes = producer.inputs[0], "class scores"
        producer = made_by(graph, outputs)
    activation = producer if producer is not None and len(producer.inputs) == 1 and not producer.op.reduces else None
    if activation is not None and activation.op.name in ("sum", "mean", "max", "min", "negative"):
        activation = None
    return Head(node, outputs, targets, takes, activation, node.output == graph.loss.id)


def made_by(graph: Graph, value: int) -> Node | None:
    """The node that made a value's numbers: the one before reshaping, transposing and taking parts."""
    at = graph.values[value].node
    while at >= 0 and graph.nodes[at].op.name in _MOVES:
        at = graph.values[graph.nodes[at].inputs[0]].node
    return graph.nodes[at] if at >= 0 else None


def _is_leaf(graph: Graph, value: int) -> bool:
    return graph.values[value].role in (Role.INPUT, Role.LITERAL)


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
    name = head.node.op.name
    if head.classes:
        if targets.ndim > 1 and targets.shape[-1] == width:
            shares = targets.reshape(-1, width).mean(axis=0)
        else:
            shares = np.bincount(targets.reshape(-1).astype(int), minlength=width) / targets.size
        some = shares[shares > 0]
        entropy = float(-(some * np.log(some)).sum())
        even = abs(entropy - log(len(some))) < 1e-3 and len(some) > 1
        return entropy, f"ln {len(some)}" if even else "the entropy of the classes' shares"
    if head.takes in ("probabilities", "logits") and targets.min() >= 0 and targets.max() <= 1:
        share = targets.mean(axis=0)
        with np.errstate(all="ignore"):
            parts = np.nan_to_num(-share * np.log(share)) + np.nan_to_num(-(1 - share) * np.log1p(-share))
        return float(np.mean(parts)), "the entropy of the targets' shares"
    if name in ("mse", "half_squared_error"):
        spread = ((targets - targets.mean(axis=0)) ** 2).mean() if name == "mse" else 0.0
        return (float(spread), "the variance of the targets") if name == "mse" else None
    if name == "mae":
        return float(np.abs(targets - np.median(targets, axis=0)).mean()), "the mean distance from the median"
    return None
