"""What another program had: the numbers of one iteration, as they were recorded there, and a trace made of them.

Numbers that are recorded are never computed again. What lies within a formula, and has no name there, is; and what was
left out of a recording so that it is smaller.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradstep.engine.graph.graph import Graph, Node, Value
from gradstep.engine.index import Array, read_only
from gradstep.engine.ops.precision import rounded
from gradstep.engine.ops.promotion import is_whole
from gradstep.engine.ops.recorded import Numbers, Recorded
from gradstep.engine.run.later import Arrays, Later, Unmade
from gradstep.engine.run.sizes import Known
from gradstep.engine.run.trace import Trace


def passes_in(about: Mapping[str, Any]) -> str:
    """What the manifest says of several backward passes, in words; empty of a single one."""
    passes, zeroed = about.get("backward_passes"), about.get("zeroed_after")
    if not isinstance(passes, int) or passes < 2:
        return ""
    text = f"{passes:,} backward passes, whose losses and gradients are added up here"
    if isinstance(zeroed, int) and zeroed:
        ended = "the first" if zeroed == 1 else f"the first {zeroed:,}"
        text += f"; gradients were zeroed after {ended}, and .grad had only what came later"
    return text


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """The numbers of one iteration of another program, arrays of the graph's dtype.

    `values` and `gradients` are by value id. `parts` has, for a value with several uses, the part of its gradient that
    came through a line, by the name of the line and the value's id. `precision` is the dtype in which a value was
    computed, where that is another one than the graph's. `about` is what else is known, as the manifest says. What the
    optimiser had `kept` is by symbol and value id, after so many updates as were `done`; `following` are the new
    numbers of parameters. Where only the samples `rows` of a value or gradient are recorded they are in `cut`, by
    ("value", value id) or ("gradient", value id). `sizes` are those of arrays that are finite, by identity.
    """

    values: Mapping[int, Array]
    gradients: Mapping[int, Array]
    parts: Mapping[tuple[str, int], Array] = field(default_factory=dict)
    precision: Mapping[int, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[tuple[str, int], Array] = field(default_factory=dict)
    following: Mapping[int, Array] = field(default_factory=dict)
    done: int = 0
    rows: tuple[int, ...] = ()
    cut: Mapping[tuple[str, int], Array] = field(default_factory=dict)
    sizes: Mapping[int, Known] = field(default_factory=dict)

    def told(self, array: Array) -> Known | None:
        """How large an array is whose numbers are all finite, as it was told beside them; None where nothing is."""
        found = self.sizes.get(id(array))
        return found if found is not None and found.array is array else None

    @property
    def whole(self) -> bool:
        """Whether all that has a name is recorded, and nothing was left out."""
        return self.about.get("level", "full") == "full" and not self.rows and "keep" not in self.about

    @property
    def frozen(self) -> tuple[str, ...]:
        """The parameters of the model that no gradient was computed for."""
        said = self.about.get("frozen")
        return tuple(name for name in said if isinstance(name, str)) if isinstance(said, list) else ()

    def unexplained(self, line: str) -> str:
        """Why a line is recorded and not explained; empty where nobody says."""
        return self._said("unexplained", line)

    def computed_in(self, line: str) -> str:
        """What a line was computed in, where that has fewer digits than its numbers, as TF32; else empty."""
        return self._said("computed_in", line)

    def _said(self, key: str, line: str) -> str:
        said = self.about.get(key)
        found = said.get(line) if isinstance(said, dict) else None
        return found if isinstance(found, str) else ""

    def with_rows(self, kind: str, value: int, computed: Array) -> Array:
        """What was computed of a value, with the recorded samples in it."""
        found = self.cut.get((kind, value))
        if found is None:
            return computed
        made = computed.copy()
        made[list(self.rows)] = found
        return read_only(made)

    def part(self, graph: Graph, line: str, value: int) -> Array | None:
        """What came through a line to the gradient of a value; None where that is not recorded."""
        found = self.parts.get((line, value))
        if found is None and len(users(graph, value)) == 1:
            found = self.gradients.get(value)
        return found


def users(graph: Graph, value: int) -> set[str]:
    """The lines that a value enters on its way to the loss."""
    return {graph.nodes[node].line for node, _ in graph.uses[value]}


def with_numbers(graph: Graph, observed: Observed) -> Graph:
    """The graph with the recorded numbers in its opaque operations, and with the whole numbers and truths that were
    such when they were recorded."""
    values = [_as_recorded(value, observed.precision.get(value.id)) for value in graph.values]
    if not any(node.op.opaque for node in graph.nodes) and values == list(graph.values):
        return graph
    nodes = [_with_its(graph, node, observed) for node in graph.nodes]
    return Graph(values, nodes, graph.loss.name, graph.dtype, graph.keeps)


def _as_recorded(value: Value, kind: str | None) -> Value:
    """A value whose numbers are whole, or truths, where they were recorded as such, and only there."""
    if kind is None or kind == value.kind or not (is_whole(kind) or is_whole(value.kind)):
        return value
    return value._replace(kind=kind if is_whole(kind) else "")


def _with_its(graph: Graph, node: Node, observed: Observed) -> Node:
    if not isinstance(node.op, Recorded):
        return node
    up = graph.one if node.output == graph.loss.id else observed.gradients.get(node.output)
    parts = tuple(observed.part(graph, node.line, value) for value in node.inputs)
    numbers = Numbers(observed.values[node.output], up, parts)
    return node._replace(op=dataclasses.replace(node.op, numbers=numbers))


def trace_of(graph: Graph, leaves: Mapping[int, Array], observed: Observed) -> Trace:
    """All numbers of the iteration: those that are recorded as they are, and the others from them. What is to be
    converted is, when it is first looked at."""
    data: Arrays[Array] = Arrays([_NOTHING] * len(graph.values))
    grad: Arrays[Array | None] = Arrays([None] * len(graph.values))
    flow: dict[tuple[int, int], Array | Unmade] = {}
    for value, literal in graph.leaves:
        data[value] = leaves[value] if literal is None else graph.literals[value]
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if not _put(data, node.output, observed.values):
                computed = _settled(node.op.forward([data[i] for i in node.inputs]))
                data[node.output] = observed.with_rows("value", node.output, computed)
        grad[graph.loss.id] = graph.one
        for node, slot, value, joined in _going_back(graph, grad, observed):
            recorded = value in observed.gradients
            if joined is not None or not recorded:
                before = None if recorded else grad[value]
                part = _part(graph, node, slot, value, data, grad, observed)
                if joined is not None:
                    flow[node.id, slot] = part
                if not recorded:
                    made = part.make() if isinstance(part, Unmade) else part
                    grad[value] = made if before is None else _settled(_summed(before, made, joined))
            if recorded:
                _put(grad, value, observed.gradients)
        for parameter in graph.parameters:
            if not _put(grad, parameter.id, observed.gradients) and grad[parameter.id] is None:
                grad[parameter.id] = read_only(np.zeros(parameter.shape, dtype=graph.dtype))
    return Trace(graph, data.settled(), grad.settled(), Later(flow))


def _put(arrays: Arrays[Any], value: int, there: Mapping[int, Array]) -> bool:
    """Puts what is recorded of a value among arrays, as it is, or to be made later. Whether there is any."""
    if value not in there:
        return False
    make = there.unmade(value) if isinstance(there, Later) else None
    if make is None:
        arrays[value] = there[value]
    else:
        arrays.later(value, make)
    return True


_NOTHING = np.empty(0)


def _going_back(
    graph: Graph, grad: Arrays[Array | None], observed: Observed
) -> Iterator[tuple[Node, int, int, str | None]]:
    """The uses of all values in the order of the backward pass; what is recorded of the gradient of a node's output is
    put in before."""
    for node, _, slots in graph.pullbacks:
        if node.output != graph.loss.id and not _put(grad, node.output, observed.gradients):
            there = grad[node.output]
            if there is not None:
                grad[node.output] = observed.with_rows("gradient", node.output, there)
        for slot, value, joined in slots:
            yield node, slot, value, joined


def _part(
    graph: Graph, node: Node, slot: int, value: int, data: Arrays[Array], grad: Arrays[Array | None], observed: Observed
) -> Array | Unmade:
    """What comes through one use of a value: as it is recorded where it is the only one of its line."""
    if sum(graph.nodes[n].line == node.line for n, _ in graph.uses[value]) == 1:
        make = observed.parts.unmade((node.line, value)) if isinstance(observed.parts, Later) else None
        if make is not None:
            return Unmade(graph.values[value].shape, make)
        known = observed.part(graph, node.line, value)
        if known is not None:
            return known
    up = grad[node.output]
    assert up is not None, "what the loss depends on has its gradient before it is passed on"
    return _settled(node.op.vjp(slot, up, data[node.output], [data[i] for i in node.inputs]))


def _summed(before: Array, part: Array, joined: str | None) -> Array:
    """What comes through several uses of a value, with another one: a sum of the type that is `joined`."""
    return rounded(before + part, joined) if joined else before + part


def _settled(array: Array) -> Array:
    return read_only(np.ascontiguousarray(array).reshape(np.shape(array)))
