"""batch = […]: the inputs whose axis 0 counts samples, and which samples are trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradstep.engine.errors import nearest
from gradstep.engine.files.arrays.leaf import Leaf
from gradstep.engine.files.draft import Draft
from gradstep.engine.files.tables.graph import add_lines
from gradstep.engine.files.tables.leaves import TABLES
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Graph, Role
from gradstep.engine.index import Array, read_only
from gradstep.engine.run.scenario import HeldBack
from gradstep.engine.training.batches import held_back
from gradstep.engine.training.options import Training


def check_batch(
    draft: Draft, builder: GraphBuilder, makers: Mapping[str, Leaf], names: Sequence[str], training: Training
) -> None:
    """Notes where one of the names is no input with an axis of samples, or where there are not enough of them."""
    counts: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in draft.broken:
            continue
        value = builder.names.get(name)
        if value is None or value.role is not Role.INPUT:
            hint = nearest(name, draft.table("inputs").said)
            draft.top.bad("batch", f"batch: '{name}' is no input{hint}; it lists inputs whose axis 0 counts samples")
        elif not value.shape:
            draft.top.bad("batch", f"batch: '{name}' is a single number and has no axis to count samples on")
        elif name in names[:number]:
            draft.top.bad("batch", f"batch: '{name}' is listed twice")
        else:
            counts[name] = makers[name].shape[0]
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{name} has {count}" for name, count in counts.items())
        draft.top.bad("batch", f"batch: the inputs differ in their number of samples: {shown}")
    elif counts:
        _check_enough(draft, min(counts.values()), training)


def _check_enough(draft: Draft, there: int, training: Training) -> None:
    """That there are samples enough to draw from and to hold back."""
    table, left = draft.table("training"), f"{there} samples"
    if training.validation is not None:
        rows, back = map(len, held_back(there, training.validation))
        if not rows or not back:
            table.bad(
                "validation",
                f"validation {training.validation:g} holds back {back} of the {there} samples; "
                "some must be held back, and some must be left to train on",
            )
            return
        there, left = rows, f"{rows} samples that are left to train on"
    if training.batch_size is not None and training.batch_size > there:
        table.bad("batch_size", f"batch_size {training.batch_size} is more than the {left}")


def divide(
    draft: Draft, builder: GraphBuilder, graph: Graph, pool: Mapping[int, Array], training: Training
) -> tuple[Mapping[int, Array], HeldBack | None]:
    """Of all samples, by value id, those to train on and those held back. Raises ScenarioError."""
    if training.validation is None:
        return pool, None
    rows, back = held_back(len(next(iter(pool.values()))), training.validation)
    inputs = {value: read_only(array[back]) for value, array in pool.items()}
    held = HeldBack(_in_use(draft, builder, graph, pool, len(back)), inputs)
    return {value: read_only(array[rows]) for value, array in pool.items()}, held


def _in_use(draft: Draft, builder: GraphBuilder, graph: Graph, pool: Mapping[int, Array], count: int) -> Graph:
    """The same network for another number of samples, and as it is used and not as it is trained."""
    other = GraphBuilder(builder.dtype, in_use=True)
    for value in builder.values:
        if value.role in TABLES.values():
            shape = (count, *value.shape[1:]) if value.id in pool else value.shape
            other.leaf(value.name, shape, value.role, value.differentiable)
    add_lines(draft, other, f"for the {count:,} samples that are held back: ")
    draft.stop_if_bad()
    nodes = [node._replace(op=node.op.in_use()) for node in other.nodes]
    return Graph(other.values, nodes, graph.loss.name, graph.dtype)
