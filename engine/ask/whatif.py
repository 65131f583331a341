"""What-if: some number, gradient or operation of a run set to something else, and the run computed
again from there on, as far as it depends on it.

An edit is kept as what was said; the edited run is made from the original and all edits together, so
that undoing is leaving one out.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.language import too_large
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.errors import CommandError, GoOn, GraphError, nearest, shortened
from gradstep.engine.graph.calls import options
from gradstep.engine.graph.graph import Graph
from gradstep.engine.graph.kinds import rounding
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.graph.parsing import check_numbers, tree_of
from gradstep.engine.index import Array, read_only
from gradstep.engine.ops import REGISTRY, Op
from gradstep.engine.ops.precision import too_many_digits
from gradstep.engine.ops.promotion import held, is_whole
from gradstep.engine.run.passes import Part, run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Timeline


class Edit(NamedTuple):
    """`text` is what was said. Numbers at `at` of a value become `numbers` (its gradient, if
    `gradient`); or the operation of a node becomes `op`. What was given is so from that iteration on, what was
    computed in that one only."""

    text: str
    value: int
    gradient: bool = False
    at: tuple[int | slice, ...] = ()
    numbers: Array | float = 0.0
    op: Op | None = None
    iteration: int = 1


def read_edit(recording: Recording, text: str) -> Edit:
    """The edit that `NAME = VALUE` or `op NAME = OPERATION` asks for. Raises CommandError."""
    left, equals, right = text.partition("=")
    left, right = left.strip(), right.strip()
    if not equals or not left or not right:
        raise CommandError("an edit is written NAME = VALUE, as in W2[0,1] = 0.4, or op h = leaky_relu")
    if left.startswith("op "):
        return _operation(recording, text.strip(), left[3:].strip(), right)
    scope = Moment.end(recording)
    reference = Query(left).reference(scope)
    if reference is None or reference.transposed:
        raise CommandError(f"'{left}' is no name; names are written h, h[0], h.grad[0]")
    if reference.kind in ("next", "averaged"):
        raise CommandError(f"'{left}' follows from the gradient; set {reference.value.name}.grad, or the parameter")
    if reference.value.id == recording.graph.loss.id and reference.kind == "grad":
        raise CommandError(f"the gradient of {reference.value.name} with respect to itself is 1 by definition")
    numbers = _numbers(scope, right)
    target = np.asarray(reference.read(recording))
    try:
        np.broadcast_to(numbers, target.shape)
    except ValueError:
        raise CommandError(f"'{right}' has shape {numbers.shape}, but {left} has shape {target.shape}") from None
    with np.errstate(over="ignore"):
        kept = numbers.astype(recording.graph.dtype)
    if np.any(np.isfinite(numbers) & ~np.isfinite(kept)):
        raise CommandError(f"'{right}' is too large for {recording.graph.dtype}")
    if reference.kind == "data":
        _check_kind(left, right, numbers, reference.value.kind)
        if is_whole(reference.value.kind) and not np.array_equal(kept, numbers):
            lost = int(numbers[kept != numbers].item(0)) if numbers.ndim else int(numbers)
            raise CommandError(f"{left}: {too_many_digits(lost, recording.graph.dtype)}")
    kind = reference.kind == "grad"
    return Edit(text.strip(), reference.value.id, kind, reference.at, numbers, None, recording.iteration)


def _check_kind(left: str, right: str, numbers: Array, kind: str) -> None:
    """Raises CommandError where a type of whole numbers, or of truths, does not hold numbers."""
    if is_whole(kind) and not np.array_equal(held(numbers, kind), numbers):
        what = "true or false" if kind == "bool" else f"a whole number ({kind})"
        raise CommandError(f"{left} is {what}, and '{shortened(right)}' is not")


def _numbers(scope: Moment, text: str) -> Array:
    """A number, nested lists of them, or an expression over the run."""
    try:
        found = np.asarray(ast.literal_eval(tree_of(text.replace("−", "-"))))
    except (ValueError, SyntaxError, TypeError, RecursionError):
        found = np.asarray(Query(text)(scope).value)
    else:
        found = _written(found, text)
    if found.dtype.kind not in "biuf":
        raise CommandError(f"'{shortened(text)}' is no number and no array of numbers")
    return found.astype(np.float64)


def _written(found: Array, text: str) -> Array:
    """Numbers that were written down. Integers that NumPy has no room for are numbers all the same; those that
    are too large for float64 are refused, as infinity has a word of its own."""
    if found.dtype.kind not in "Of":
        return found
    try:
        numbers = found.astype(np.float64)
    except (TypeError, ValueError):
        return found
    except OverflowError:
        numbers = np.asarray(np.inf)
    if np.isinf(numbers).any():
        raise too_large(text)
    return numbers


def _operation(recording: Recording, text: str, name: str, call: str) -> Edit:
    graph = recording.graph
    value = graph.by_name.get(name)
    if value is None or value.node < 0:
        raise CommandError(
            f"no operation computes '{name}'{nearest(name, [graph.values[n.output].name for n in graph.nodes])}"
        )
    word, _, inside = call.partition("(")
    op = REGISTRY.get(word.strip())
    if op is None:
        raise CommandError(f"unknown operation '{word.strip()}'{nearest(word.strip(), REGISTRY)}")
    node = graph.nodes[value.node]
    least = len(op.slots) - op.optional
    if not op.variadic and not least <= len(node.inputs) <= len(op.slots):
        raise CommandError(f"{op.signature()} does not take the {len(node.inputs)} inputs of '{name}'")
    try:
        tree = tree_of(f"f({inside.rstrip().removesuffix(')')})")
        if not isinstance(tree, ast.Call):
            raise ValueError("more than one call")
        if tree.args:
            raise CommandError(f"only the options of {op.signature()} are given here; its inputs stay as they are")
        check_numbers(tree)
        made = op(**options(op, tree.keywords))
        if made.rounds_to or node.op.rounds_to:
            raise CommandError("a cast decides the type of all that follows it: edit the file, and open it again")
        made = rounding(made, value.kind, [graph.values[i] for i in node.inputs])
        shape = made.shape([graph.values[i].shape for i in node.inputs])
    except (SyntaxError, ValueError, RecursionError):
        raise CommandError(f"'{shortened(call)}' cannot be read; an operation is written {op.signature()}") from None
    except GraphError as error:
        raise CommandError(f"{error}; an operation is written {op.signature()}") from None
    if shape != value.shape or (op.discrete and value.differentiable):
        raise CommandError(
            f"{word.strip()} makes of '{name}' {shape} instead of {value.shape}, which the rest does not fit"
        )
    return Edit(text, value.id, op=made, iteration=recording.iteration)


def apply_edits(base: Recording, edits: Sequence[Edit], go_on: GoOn | None = None) -> Recording:
    """The run of `base` with all edits, in their order. Only what depends on them is computed again;
    all other arrays are those of `base`."""
    if not edits:
        return base
    graph = _with_operations(base.graph, {e.value: e.op for e in edits if e.op is not None})
    parts: dict[tuple[str, int], Part] = {}
    for edit in edits:
        if edit.op is None:
            key = ("grad" if edit.gradient else "data", edit.value)
            parts[key] = _with_numbers(parts.get(key) or _nothing(base, key[1]), edit)
    leaves, values = dict(base.scenario.leaves), dict[int, Array | Part]()
    for (kind, value), part in parts.items():
        if kind == "data" and value in leaves:
            leaves[value] = _like(leaves[value], part.put(leaves[value]))
        elif kind == "data":
            values[value] = part.all
    gradients = {value: part.all for (kind, value), part in parts.items() if kind == "grad"}
    with base.scenario.telling():
        trace = run(graph, leaves, instead=values, gradients=gradients, like=base.trace, go_on=go_on)
    scenario = dataclasses.replace(base.scenario, graph=graph, leaves=leaves)
    given = {key: part.at for key, part in parts.items()}
    if graph is base.graph:
        return dataclasses.replace(base, scenario=scenario, trace=trace, given=given)
    return dataclasses.replace(
        base,
        scenario=scenario,
        trace=trace,
        timeline=Timeline(graph),
        board=Blackboard(graph),
        given=given,
    )


def _nothing(base: Recording, value: int) -> Part:
    """No number of a value that is given."""
    shape, whole = base.graph.values[value].shape, base.trace.data[value].dtype.kind != "f"
    return Part(np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.float64 if whole else base.graph.dtype))


def _like(before: Array, now: Array) -> Array:
    """Whole numbers stay whole numbers, where all of them still are."""
    if before.dtype.kind == "f" or not (np.isfinite(now) & (now == np.rint(now))).all():
        return now
    return read_only(now.astype(before.dtype))


def _with_numbers(part: Part, edit: Edit) -> Part:
    """What is given of an array, with what an edit makes of it."""
    at, numbers = part.at.copy(), part.numbers.copy()
    at[edit.at], numbers[edit.at] = True, edit.numbers
    return Part(read_only(at), read_only(numbers))


def _with_operations(graph: Graph, ops: Mapping[int, Op]) -> Graph:
    if not ops:
        return graph
    nodes = [node._replace(op=ops[node.output]) if node.output in ops else node for node in graph.nodes]
    return Graph(graph.values, nodes, graph.loss.name, graph.dtype, graph.keeps)
