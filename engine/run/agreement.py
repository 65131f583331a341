"""Is what a recording shows explained by the operations that are named in it? Each line by itself.

A line gets the inputs that were recorded and must make the output that was recorded; it gets the gradient that arrived
there, and must pass on to each input what was recorded. So a mistake shows at the line that makes it, and nowhere else:
from end to end roundings grow, and in a deep network in single precision say nothing.

How far off is a rounding is measured, not guessed: by how far the results move when the inputs are moved by a small
share of themselves, and, for gradients, by how large what is passed on is when all signs are drawn at random. For a sum
both are the root of the sum of the squares of its terms, whatever cancels in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import GraphError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Graph, Node, Role, Value
from gradstep.engine.index import Array, unravel
from gradstep.engine.ops.precision import EPS, MOST
from gradstep.engine.run.observed import Observed, users

#: So many roundings may a result be off, of the size that its terms have.
_ROUNDINGS = 64
#: By what share inputs are moved.
_MOVE = 2.0**-10
#: So many draws of signs are enough for the largest of many numbers; of few there is another one.
_DRAWS, _MANY = 1, 1 << 12


class Difference(NamedTuple):
    """A number that a line does not explain: of which array, at which index, what was recorded, what the formula
    gives, and how much of the size of its terms they are apart."""

    of: str
    place: tuple[int, ...]
    recorded: float
    computed: float
    error: float

    def __str__(self) -> str:
        at = f"[{','.join(map(str, self.place))}]" if self.place else ""
        return f"{self.of}{at} was {self.recorded:.6g} there, and by the formula it is {self.computed:.6g}"


class Line(NamedTuple):
    """One line of a graph, or several that belong together: nodes in their order, the values that enter them from
    outside, and those that come out."""

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Seen(NamedTuple):
    """What was recorded of a line, all by value id: what entered it, what came out, the gradients that arrived there,
    and what it passed on to inputs. `precision` is the coarsest dtype of all of them."""

    inputs: Mapping[int, Array]
    outputs: Mapping[int, Array]
    upstream: Mapping[int, Array]
    parts: Mapping[int, Array]
    precision: str


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
    they do. `differentiable` are the inputs that gradients go to, and `parts` what they get."""
    builder = GraphBuilder(outputs[0].dtype)
    for name, array in inputs.items():
        role = Role.PARAMETER if name in differentiable else Role.INPUT
        builder.leaf(name, array.shape, role, name in differentiable)
    try:
        made = [Formulas(builder).add(f"output{k}", formula) for k, formula in enumerate(formulas)]
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
        precision = max(kinds & EPS.keys() or {graph.dtype.name}, key=lambda kind: EPS[kind])
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
            found = _apart(graph.values[value].name + ".grad", whole, np.add.reduce(arrays), size, kind)
        if found is not None:
            yield value, found


def differences(values: Sequence[Value], line: Line, seen: Seen) -> Iterator[Difference]:
    """The numbers that a line does not explain, at most one of each array."""
    draw = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        data = _forward(line.nodes, seen.inputs)
        others = []
        for _ in range(_draws(seen.outputs)):
            moved = {v: _moved(values[v], x, draw) for v, x in seen.inputs.items()}
            others.append(_forward(line.nodes, moved))
        for output, recorded in seen.outputs.items():
            computed = data[output]
            sizes = [np.abs(computed), *(np.abs(other[output] - computed) / _MOVE for other in others)]
            found = _apart(values[output].name, recorded, computed, np.fmax.reduce(sizes), seen.precision)
            if found is not None:
                yield found
        if seen.upstream:
            yield from _backward(values, line, seen, {**data, **seen.outputs}, draw)


def _draws(arrays: Mapping[int, Array]) -> int:
    return _DRAWS + (sum(array.size for array in arrays.values()) < _MANY)


def _backward(
    values: Sequence[Value], line: Line, seen: Seen, data: Mapping[int, Array], draw: np.random.Generator
) -> Iterator[Difference]:
    wanted = [v for v in line.inputs if values[v].differentiable and v in seen.parts]
    finite = {v: np.where(np.isfinite(up), up, 0) for v, up in seen.upstream.items()}
    passed = _passed(values, line, data, finite, wanted)
    others = []
    for _ in range(_draws(seen.upstream)):
        signs = {v: np.where(draw.random(up.shape) < 0.5, -up, up) for v, up in finite.items()}
        others.append(_passed(values, line, data, signs, wanted))
    cancelled = _cancelled(values, line, data, finite, wanted)
    # Where something arrives that is not finite, all that it reaches is not finite either; what it does not reach is 0
    # in PyTorch where a gate is shut, and 0 · NaN where it is multiplied by 0, as in a product of matrices.
    bad = {v: np.where(np.isfinite(up), 0, draw.random(up.shape) + 0.5) for v, up in seen.upstream.items()}
    arrives = any(one.any() for one in bad.values())
    reached = _passed(values, line, data, bad, wanted) if arrives else {}
    multiplied = _passed(values, line, data, seen.upstream, wanted) if arrives else {}
    for v in wanted:
        sizes = [np.abs(passed[v]), *(np.abs(other[v]) for other in others), *([cancelled[v]] if cancelled else ())]
        size = np.fmax.reduce(sizes)
        of = f"what {line.name} passes on to {values[v].name}"
        computed = passed[v]
        if v in reached:
            lost = ((reached[v] != 0) | ~np.isfinite(multiplied[v])) & ~np.isfinite(seen.parts[v])
            computed = np.where(lost, seen.parts[v], np.where(reached[v] != 0, np.nan, computed))
        found = _apart(of, seen.parts[v], computed, size, seen.precision)
        if found is not None:
            yield found


def _forward(nodes: Iterable[Node], inputs: Mapping[int, Array]) -> dict[int, Array]:
    data = dict(inputs)
    for node in nodes:
        made = node.op.forward([data[i] for i in node.inputs])
        data[node.output] = np.ascontiguousarray(made).reshape(np.shape(made))
    return data


def _passed(
    values: Sequence[Value], line: Line, data: Mapping[int, Array], upstream: Mapping[int, Array], wanted: Sequence[int]
) -> dict[int, Array]:
    """What a line passes on to its inputs for gradients that arrive."""
    grad = dict(upstream)
    for node in reversed(line.nodes):
        if node.output not in grad or node.op.discrete:
            continue
        xs = [data[i] for i in node.inputs]
        for slot, value in enumerate(node.inputs):
            if values[value].differentiable:
                part = np.asarray(node.op.vjp(slot, grad[node.output], data[node.output], xs))
                grad[value] = grad[value] + part if value in grad else part
    return {v: grad[v] if v in grad else np.zeros_like(data[v]) for v in wanted}


def _cancelled(
    values: Sequence[Value], line: Line, data: Mapping[int, Array], upstream: Mapping[int, Array], wanted: Sequence[int]
) -> dict[int, Array]:
    """How large the terms are of which little is left, as of 1 − softmax where that is nearly 1: what is passed on in
    single precision is so far off from what it is in double. Not where numbers are compared: those that differ may be
    the same in single precision, and other ones be chosen."""
    if any(node.op.gated or node.op.discrete or node.op.contracts for node in line.nodes):
        return {}  # of a product of matrices the signs that are drawn tell all
    single, double = (
        _passed(values, line, _in(data, kind), _in(upstream, kind), wanted) for kind in (np.float32, np.float64)
    )
    return {v: np.abs(single[v].astype(np.float64) - double[v]) / EPS["float32"] for v in wanted}


def _in(arrays: Mapping[int, Array], kind: type[np.floating[Any]]) -> dict[int, Array]:
    return {v: x.astype(kind) if x.dtype.kind == "f" else x for v, x in arrays.items()}


def _moved(value: Value, x: Array, draw: np.random.Generator) -> Array:
    """Numbers each moved by a small share of itself, up or down; those of classes and masks as they are."""
    if not value.differentiable:
        return x
    signs = np.where(draw.random(x.shape) < 0.5, 1 - _MOVE, 1 + _MOVE).astype(x.dtype)
    return np.asarray(x * signs)


def _apart(of: str, recorded: Array, computed: Array, size: Array, precision: str) -> Difference | None:
    """The number that is furthest off, where one is further than roundings explain."""
    same = (recorded == computed) | (np.isnan(recorded) & np.isnan(computed))
    # What has no room in a narrow type was infinite there.
    same |= np.isinf(recorded) & (np.sign(recorded) * computed >= MOST.get(precision, np.inf))
    if same.all():
        return None
    whole = np.where(np.isfinite(size), np.fmax(size, np.abs(recorded)), 0)
    whole = np.where(np.isfinite(whole), whole, 0)
    scale = max(float(whole.max(initial=0)), float(np.finfo(recorded.dtype).tiny))
    error = np.where(same, 0, np.abs(recorded - computed) / scale)
    error = np.where(np.isnan(error), np.inf, error)
    at = int(error.argmax())
    if error.reshape(-1)[at] <= _ROUNDINGS * EPS[precision]:
        return None
    numbers = (float(recorded.reshape(-1)[at]), float(computed.reshape(-1)[at]))
    return Difference(of, unravel(at, recorded.shape), *numbers, float(error.reshape(-1)[at]))
