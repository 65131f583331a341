"""[inputs] and [parameters]: the arrays that a network starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError, shortened
from gradstep.engine.files import arrays
from gradstep.engine.files.arrays.leaf import Leaf
from gradstep.engine.files.draft import Bad, Draft, Table
from gradstep.engine.files.tables.names import name_of, normal
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Graph, Role, Value
from gradstep.engine.index import Array, Shape, read_only
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.precision import too_many_digits, unheld
from gradstep.engine.ops.promotion import is_whole
from gradstep.engine.training.batches import held_back
from gradstep.engine.training.options import Training

TABLES: Mapping[str, Role] = {"inputs": Role.INPUT, "parameters": Role.PARAMETER}

#: Whole numbers up to here are exact in float64.
_EXACT = 2.0**53
#: More samples can only be without a number.
MAX_SAMPLES = 100_000_000


def table_of(value: Value) -> str:
    """The table that a leaf stands in."""
    return next(table for table, role in TABLES.items() if role is value.role)


def add_leaves(draft: Draft, builder: GraphBuilder, batched: Sequence[str], training: Training) -> dict[str, Leaf]:
    """Adds all leaves to a graph; those in `batched` with as many samples as an iteration takes. The result says how
    each of them is made."""
    with_gradients = draft.top.flag("input_gradients")
    makers: dict[str, Leaf] = {}
    for title, role in TABLES.items():
        table = draft.table(title)
        for key, spec in table.said.items():
            try:
                name = name_of(table, key, builder.names)
            except Bad:
                draft.broken.add(normal(key))
                continue
            differentiable = role is Role.PARAMETER or with_gradients
            if isinstance(spec, Mapping) and "requires_grad" in spec:
                differentiable, spec = _requires_grad(draft, (title, key), spec, differentiable)
            try:
                leaf = makers[name] = _there(draft, spec, builder) or arrays.read(spec, builder.dtype, draft.folder)
            except GraphError as error:
                table.bad(key, f"'{key}': {error}")
                draft.broken.add(name)
                continue
            drawn = name in batched and role is Role.INPUT
            if drawn and leaf.shape[:1] > (MAX_SAMPLES,):
                table.bad(key, f"'{key}' has {leaf.shape[0]:,} samples; at most {MAX_SAMPLES:,} are read")
                draft.broken.add(name)
                continue
            shape = _of_an_iteration(leaf.shape, training) if drawn else leaf.shape
            differentiable = differentiable and _takes_gradient(table, key, leaf, role)
            builder.leaf(name, shape, role, differentiable, _kind(leaf.exact))
    return makers


def _kind(exact: str) -> str:
    """The type of a leaf of whole numbers or truths; those without a sign that PyTorch does not add up are int64."""
    return exact if is_whole(exact) or not exact else "int64"


def _takes_gradient(table: Table, key: str, leaf: Leaf, role: Role) -> bool:
    """Whether a leaf that is to get gradients takes them: true and false, and whole numbers of a file, take none, as in
    PyTorch. Notes where they are asked for."""
    if not leaf.exact:
        return True
    said = table.said[key]
    if role is Role.PARAMETER or (isinstance(said, Mapping) and "requires_grad" in said):
        what = "true and false" if leaf.exact == "bool" else f"whole numbers ({leaf.exact})"
        table.bad(key, f"'{key}': {what} take no gradient, as in PyTorch; they stand under [inputs]")
    return False


def _there(draft: Draft, spec: object, builder: GraphBuilder) -> Leaf | None:
    """The leaf of an array that is there already, as it is; None where it is to be read."""
    if not (draft.there and isinstance(spec, Mapping) and spec.keys() == {"file", "key"}):
        return None
    array = draft.there.get((str(spec["file"]), str(spec["key"])))
    return None if array is None or array.dtype != builder.dtype else Leaf(array.shape, lambda: array, lambda: array)


def _requires_grad(
    draft: Draft, path: tuple[str, str], spec: Mapping[str, Any], default: bool
) -> tuple[bool, Mapping[str, Any]]:
    """Whether a leaf is to get gradients, and what else its table says."""
    found = spec["requires_grad"]
    if not isinstance(found, bool):
        draft.bad((*path, "requires_grad"), "requires_grad must be true or false")
        found = default
    return found, {key: value for key, value in spec.items() if key != "requires_grad"}


def _of_an_iteration(shape: Shape, training: Training) -> Shape:
    """The shape of the samples that one iteration takes of all those in a file."""
    if not shape:
        return shape
    there = shape[0]
    if training.validation is not None:
        there = max(len(held_back(there, training.validation)[0]), 1)
    return (min(training.batch_size or there, there), *shape[1:])


def allocate(draft: Draft, builder: GraphBuilder, makers: Mapping[str, Leaf]) -> dict[int, Array]:
    """All leaves as arrays, by value id. Raises ScenarioError."""
    made, only_choose = {}, _only_choose(builder)
    for name, leaf in makers.items():
        value = builder.names[name]
        try:
            array = _whole(leaf) if value.id in only_choose else _made(leaf)
        except (GraphError, MemoryError) as error:
            said = str(error) or "there is not enough memory for it"
            draft.bad([table_of(value), name], f"'{name}': {said}")
            continue
        made[value.id] = read_only(array)
    draft.stop_if_bad()
    return made


def _made(leaf: Leaf) -> Array:
    """The array of a leaf. Raises GraphError where whole numbers in it would lose digits."""
    array = leaf.make()
    lost = leaf.lost
    if leaf.make_exact is not None:
        with np.errstate(all="ignore"):
            lost = unheld(leaf.make_exact(), array.dtype)
    if lost is None:
        return array
    point = f"; where the nearest will do it is written {float(lost)!r}" if leaf.make_exact is None else ""
    raise GraphError(f"{too_many_digits(lost, array.dtype)}{point}")


def _only_choose(builder: GraphBuilder) -> set[int]:
    """The inputs whose numbers are nothing but rows, places or classes: wherever they are used they must be whole; and
    whole numbers that nothing uses."""
    chooses: dict[int, bool] = {}
    for node in builder.nodes:
        shapes = [builder.values[v].shape for v in node.inputs]
        for slot, v in enumerate(node.inputs):
            if builder.values[v].role is Role.INPUT:
                chooses[v] = chooses.get(v, True) and _must_be_whole(node.op, slot, shapes)
    unused = {v.id for v in builder.values if v.role is Role.INPUT and v.kind not in ("", "bool")} - chooses.keys()
    return unused | {v for v, only in chooses.items() if only}


def _must_be_whole(op: Op, slot: int, shapes: Sequence[Shape]) -> bool:
    """Whether an operation takes only whole numbers there: it refuses halves, and nothing but their being none."""
    try:
        op.check(slot, np.broadcast_to(0.0, shapes[slot]), shapes)
    except GraphError:
        return False
    try:
        op.check(slot, np.broadcast_to(0.5, shapes[slot]), shapes)
    except GraphError:
        return True
    return False


def _whole(leaf: Leaf) -> Array:
    """Numbers that only choose, as whole ones, which no float32 rounds; as they are where they are not whole."""
    assert leaf.make_wide is not None, "it was read from a table"
    wide = leaf.make_wide()
    if wide.size and (np.isfinite(wide) & (wide == np.rint(wide)) & (abs(wide) < _EXACT)).all():
        return np.asarray(wide, dtype=np.int64)
    return leaf.make()


def check_numbers(draft: Draft, graph: Graph, made: Mapping[int, Array]) -> None:
    """That operations can use the numbers they are given: class numbers, rows of a table. Raises ScenarioError."""
    for node in graph.nodes:
        shapes = [graph.values[i].shape for i in node.inputs]
        for slot, value in enumerate(node.inputs):
            if value not in made:
                continue
            try:
                node.op.check(slot, made[value], shapes)
            except GraphError as error:
                leaf = graph.values[value]
                draft.bad([table_of(leaf), leaf.name], f"'{leaf.name}' in '{shortened(node.text, 60)}': {error}")
    draft.stop_if_bad()
