"""Rules about how parameters begin: equal, or all at 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.ahead import after_update
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.linearity import weight_of
from gradstep.engine.graph.graph import Node, Role, Value
from gradstep.engine.index import Array
from gradstep.engine.run.trace import Trace


@rule(
    "equal_initialisation",
    "Goodfellow et al., Deep Learning (2016), ch. 8.4: parameters are drawn at random to break the symmetry",
    Severity.FAULT,
    explains="symmetric zero no_better_than_constant loss same_predictions dead unchanged vanish",
)
def equal_initialisation(evidence: Evidence) -> Iterator[Seen]:
    """A hidden layer whose units begin equal."""
    for node, weight in _hidden(evidence):
        rows = _units(evidence, node, weight, evidence.first.trace)
        if len(rows) < 2 or not (rows == rows[:1]).all():
            continue
        if not rows.any():
            continue  # zero_initialisation tells it
        yield Seen(
            Place(weight.name),
            {"units": len(rows)},
            f"all {len(rows):,} units of {evidence.board.whole(node.output)} begin with the same weights "
            f"({weight.name}): they get the same gradient, and stay one unit",
            ["weights drawn at random: he_normal, xavier_normal"],
            about=frozenset((weight.name,)),
        )


@rule(
    "zero_initialisation",
    "CS231n, Neural Networks Part 2: the pitfall of all-zero initialization",
    Severity.FAULT,
    explains="symmetric zero no_better_than_constant loss same_predictions dead unchanged vanish",
)
def zero_initialisation(evidence: Evidence) -> Iterator[Seen]:
    """A hidden layer whose weights begin at 0, or an embedding whose rows do."""
    for node, weight in (*_hidden(evidence), *_looked_up(evidence)):
        rows = _units(evidence, node, weight, evidence.first.trace)
        if rows.any() or len(rows) < 2:
            continue
        fine = evidence.converged or _parted(evidence, node, weight)
        what = "rows" if node.op.name == "embedding" else f"units of {evidence.board.whole(node.output)}"
        stay = ", and become different by the updates" if fine else ", and stay so"
        yield Seen(
            Place(weight.name),
            {"weights": rows.size},
            f"{weight.name} begins at 0: all {what} are equal{stay}",
            [] if fine else ["weights drawn at random: he_normal, xavier_normal"],
            Severity.INFORMATION if fine else None,
            about=frozenset((weight.name,)),
        )


def _looked_up(evidence: Evidence) -> Iterator[tuple[Node, Value]]:
    """The lookups whose rows are trained, with their tables."""
    for node in evidence.graph.nodes:
        table = evidence.graph.values[node.inputs[0]]
        if node.op.name == "embedding" and table.role is Role.PARAMETER and node.output in evidence.graph.active:
            yield node, table


def _parted(evidence: Evidence, node: Node, weight: Value) -> bool:
    """Whether all units have weights that are not 0 by now, and no two the same: as where a factor beside them is drawn
    at random, and a branch begins at 0 on purpose (Zhang et al., Fixup, ICLR 2019; Hu et al., LoRA, ICLR 2022). Before
    a training an update is looked ahead. Of an embedding the rows that no sample has stay where they are."""
    after = evidence.last.trace if evidence.trained else after_update(evidence.here)
    rows = _units(evidence, node, weight, after)
    moved = rows[rows.any(axis=1)]
    enough = len(moved) > 0 if node.op.name == "embedding" else len(moved) == len(rows)
    return enough and len(np.unique(moved, axis=0)) == len(moved)


def _hidden(evidence: Evidence) -> Iterator[tuple[Node, Value]]:
    """The weighted sums whose result goes through an activation into another weighted sum, with their weights."""
    graph = evidence.graph
    sums = [(node, weight) for node in graph.nodes if (weight := weight_of(evidence, node)) is not None]
    for node, weight in sums:
        reached = {node.output}
        for later in graph.nodes[node.id + 1 :]:
            if reached & set(later.inputs):
                if any(later.id == other.id for other, _ in sums):
                    yield node, weight
                    break
                reached.add(later.output)


def _units(evidence: Evidence, node: Node, weight: Value, trace: Trace) -> Array:
    """The weights in a trace, a row a unit, shape (units, numbers)."""
    array = np.asarray(trace.data[weight.id], dtype=np.float64)
    out = evidence.graph.values[node.output].shape
    if node.op.name in ("conv1d", "conv2d", "conv3d", "embedding"):
        return array.reshape(len(array), -1)
    if node.op.name == "linear" or (
        array.ndim > 1 and out and array.shape[0] == out[-1] and array.shape[-1] != out[-1]
    ):
        return array.reshape(len(array), -1)
    return array.reshape(-1, array.shape[-1]).T if array.ndim > 1 else array.reshape(1, -1)
