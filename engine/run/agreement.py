"""Is what a recording shows explained by the operations that are named in it? Each line by itself.

A line gets the inputs that were recorded and must make the output that was recorded; it gets the gradient that arrived
there, and must pass on to each input what was recorded. So a mistake shows at the line that makes it, and nowhere else:
from end to end roundings grow, and in a deep network in single precision say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Graph, Node, Role, Value
from gradstep.engine.index import Array
from gradstep.engine.ops.precision import EPS
from gradstep.engine.run.observed import Observed, users
from gradstep.engine.run.roundings import FINENESS, Difference, Line, Seen, apart, differences


def lines_of(graph: Graph) -> Iterator[Line]:
    """The lines of a graph, in their order."""
    together: dict[str, list[Node]] = {}
    for node in graph.nodes:
        together.setdefault(node.line, []).append(node)
    for name, nodes in together.items():
        yield Line(name, tuple(nodes), _entering(nodes), (graph.by_name[name].id,))


def _entering(nodes: Sequence[Node]) -> tuple[int, ...]:
    made = {node.output for node in nodes}
    return tuple(dict.fromkeys(v for node in nodes for v in node.inputs if v not in made))


def explains(
    formulas: Sequence[str],
    inputs: Mapping[str, Array],
    differentiable: Collection[str],
    outputs: Sequence[Array],
    upstream: Sequence[Array],
    parts: Mapping[str, Array],
    precision: str,
) -> str:
    """Why formulas of some inputs, one for each output, do not explain what was recorded of them together; empty where
    they do. `differentiable` are the inputs that gradients go to, and `parts` what they get. All is computed in the
    dtype of the arrays."""
    try:
        builder, made = _built(formulas, inputs, differentiable, outputs[0].dtype, {})
        for value, output in zip(made, outputs, strict=True):
            if value.shape != output.shape:
                return f"the formula gives the shape {value.shape}, and there it was {output.shape}"
        by_id = {builder.names[name].id: array for name, array in inputs.items()}
        _check(builder, by_id)
        literals = {v.id: np.asarray(v.number, builder.dtype) for v in builder.literals.values()}
        line = Line("it", tuple(builder.nodes), _entering(builder.nodes), tuple(value.id for value in made))
        seen = Seen(
            {**literals, **by_id},
            dict(zip(line.outputs, outputs, strict=True)),
            dict(zip(line.outputs, upstream, strict=True)),
            {builder.names[name].id: array for name, array in parts.items()},
            precision,
        )
        return str(next(differences(builder.values, line, seen), ""))
    except GraphError as error:
        return str(error)


def kinds_of(
    formulas: Sequence[str],
    inputs: Mapping[str, Array],
    differentiable: Collection[str],
    dtype: np.dtype[Any],
    kinds: Mapping[str, str],
) -> list[str]:
    """The type of what each formula makes in a graph of a dtype, empty where it is that, of inputs of these `kinds`.
    Raises GraphError where they do not go together."""
    return [value.kind for value in _built(formulas, inputs, differentiable, dtype, kinds)[1]]


def _built(
    formulas: Sequence[str],
    inputs: Mapping[str, Array],
    differentiable: Collection[str],
    dtype: np.dtype[Any],
    kinds: Mapping[str, str],
) -> tuple[GraphBuilder, list[Value]]:
    """A graph of formulas and what each makes. Raises GraphError."""
    builder = GraphBuilder(dtype, recorded=True)
    for name, array in inputs.items():
        role = Role.PARAMETER if name in differentiable else Role.INPUT
        builder.leaf(name, array.shape, role, name in differentiable, kinds.get(name, ""))
    lines = Formulas(builder)
    return builder, [lines.add(f"output{k}", formula) for k, formula in enumerate(formulas)]


def _check(builder: GraphBuilder, arrays: Mapping[int, Array]) -> None:
    """That operations can use the numbers they are given. Raises GraphError."""
    for node in builder.nodes:
        shapes = [builder.values[i].shape for i in node.inputs]
        for slot, value in enumerate(node.inputs):
            if value in arrays:
                node.op.check(slot, arrays[value], shapes)


def is_held(graph: Graph, line: Line, observed: Observed) -> bool:
    """Whether a line can be held against what was recorded: what enters it and what comes out is there."""
    values = (*line.outputs, *(v for v in line.inputs if graph.values[v].node >= 0))
    return all(value in observed.values for value in values) and not any(node.op.opaque for node in line.nodes)


def disagreements(graph: Graph, leaves: Mapping[int, Array], observed: Observed) -> Iterator[tuple[str, Difference]]:
    """The lines of a recording that do not explain it, each with the numbers that show it, one of an array. Opaque ones
    claim nothing, and of those that are computed again there is nothing to hold them against."""
    known = {**graph.literals, **leaves, **observed.values}
    for line in lines_of(graph):
        (output,) = line.outputs
        if not is_held(graph, line, observed):
            continue
        up = graph.one if output == graph.loss.id else observed.gradients.get(output)
        parts = {v: p for v in line.inputs if (p := observed.part(graph, line.name, v)) is not None}
        inputs = {v: known[v] for v in line.inputs}
        kinds = {observed.precision.get(v, graph.dtype.name) for v in (*line.inputs, output)}
        kinds = kinds & EPS.keys() | ({told} if (told := observed.computed_in(line.name)) in FINENESS else set())
        precision = max(kinds or {graph.dtype.name}, key=lambda kind: FINENESS[kind])
        seen = Seen(inputs, {output: known[output]}, {} if up is None else {output: up}, parts, precision)
        for one in differences(graph.values, line, seen):
            yield line.name, one
    yield from ((graph.values[value].name, one) for value, one in _sums(graph, observed))


def _sums(graph: Graph, observed: Observed) -> Iterator[tuple[int, Difference]]:
    """Gradients that are not the sum of what came through the uses of a value, as where a hook has changed them."""
    for value, whole in observed.gradients.items():
        parts = [observed.parts.get((line, value)) for line in users(graph, value)]
        if not parts or any(part is None for part in parts):
            continue
        arrays = [part for part in parts if part is not None]
        kind = observed.precision.get(value, graph.dtype.name)
        with np.errstate(all="ignore"):
            size = np.sqrt(np.add.reduce([np.square(part) for part in arrays]))
            found = apart(f"{graph.values[value].name}.grad", whole, np.add.reduce(arrays), partial(abs, size), kind)
        if found is not None:
            yield value, found
