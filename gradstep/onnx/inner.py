"""Nodes with graphs inside of them: branches and loops, written out where it is known before anything is computed which
branch is taken, and how often a loop goes round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from gradstep.engine.errors import shortened
from gradstep.onnx.formulas import Unwritable
from gradstep.onnx.functions import called
from gradstep.onnx.values import Value, constant


class Network(Protocol):
    """What nodes are put into, and what it knows of values by their names."""

    opset: int
    values: dict[str, Value]
    uses: Counter[str]
    own: Callable[[Any], Any]

    def put(self, node: Any) -> None:
        """Adds a node."""

    def given(self, name: str, said: str) -> Value:
        """A value by its name; `said` is how it is called in messages."""


#: So many nodes may a loop become.
_MOST = 20_000


def _if(network: Network, node: Any, inputs: Sequence[Value | None]) -> None:
    """The nodes of one branch, where it is known which."""
    if not inputs or inputs[0] is None or not inputs[0].constant:
        raise Unwritable(f"which branch is taken depends on what is computed, {_named(node, 0)}")
    graph = _graph(node, "then_branch" if bool(inputs[0].numbers_now().reshape(-1)[:1].all()) else "else_branch")
    if len(graph.output) != len(node.output):
        raise Unwritable("a branch with other results")
    names = dict(zip((one.name for one in graph.output), node.output, strict=True))
    _put(network, graph, names, f"in {called(node)}")
    for one, name in zip(graph.output, node.output, strict=True):
        if name not in network.values:  # it is one from outside
            network.values[name] = network.given(names.get(one.name, one.name), one.name)


def _loop(network: Network, node: Any, inputs: Sequence[Value | None]) -> None:
    """The nodes of its body, once for each time it goes round."""
    graph, carried = _graph(node, "body"), list(node.input)[2:]
    most = _count(node, inputs[0] if inputs else None)
    go_on = inputs[1] if len(inputs) > 1 else None
    if go_on is not None and not go_on.constant:
        raise Unwritable(f"whether it begins depends on what is computed, {_named(node, 1)}")
    going, turn, kept = go_on is None or bool(go_on.numbers_now().all()), 0, list[list[str]]()
    if len(graph.input) != len(carried) + 2 or len(graph.output) != len(node.output) + 1:
        raise Unwritable("a body with other inputs or results")
    while going and (most is None or turn < most):
        _few_enough(graph, turn)
        where = f"in {called(node)}, turn {turn}"
        names = dict(
            zip((one.name for one in graph.input), (f"number {where}", f"goes on {where}", *carried), strict=True)
        )
        network.values[f"number {where}"] = constant(np.array(turn, np.int64))
        network.values[f"goes on {where}"] = constant(np.array(True))
        _put(network, graph, names, where)
        results = [names.get(one.name, one.name) for one in graph.output]
        on = network.given(results[0], results[0])
        if not on.constant:
            raise Unwritable(f"whether it goes round once more depends on what is computed, '{graph.output[0].name}'")
        going, turn, carried = bool(on.numbers_now().all()), turn + 1, results[1 : len(carried) + 1]
        kept.append(results[len(carried) + 1 :])
    _results(network, node, carried, list(zip(*kept, strict=True)), [0] * len(node.output))


def _scan(network: Network, node: Any, inputs: Sequence[Value | None]) -> None:
    """The nodes of its body, once for each of what it goes along."""
    graph = _graph(node, "body")
    said = {one.name: list(one.ints) for one in node.attribute}
    count = next((int(one.i) for one in node.attribute if one.name == "num_scan_inputs"), 0)
    carried, along = list(node.input)[: -count or None], list(node.input)[len(node.input) - count :]
    ways, axes = said.get("scan_input_directions") or [0] * count, said.get("scan_input_axes") or [0] * count
    states, given = len(carried), inputs[len(inputs) - count :]
    if not count or len(graph.input) != len(node.input) or len(graph.output) != len(node.output):
        raise Unwritable("a body with other inputs or results")
    lengths = {one.shape[axis] for one, axis in zip(given, axes, strict=True) if one is not None}
    if len(lengths) != 1:
        raise Unwritable("what it goes along is of different lengths")
    (length,), kept = lengths, list[list[str]]()
    for turn in range(length):
        _few_enough(graph, turn)
        where = f"in {called(node)}, turn {turn}"
        parts = [f"part {k} {where}" for k in range(count)]
        for part, whole, axis, back in zip(parts, along, axes, ways, strict=True):
            network.values[f"place of {part}"] = constant(np.array(length - 1 - turn if back else turn, np.int64))
            _made(network, "Gather", [whole, f"place of {part}"], part, axis=axis)
        names = dict(zip((one.name for one in graph.input), (*carried, *parts), strict=True))
        _put(network, graph, names, where)
        results = [names.get(one.name, one.name) for one in graph.output]
        carried = results[:states]
        kept.append(results[states:])
    out = len(node.output) - states
    rows = _turned(kept, said.get("scan_output_directions") or [0] * out)
    _results(network, node, carried, rows, [0] * states + list(said.get("scan_output_axes") or [0] * out))


def _turned(kept: Sequence[Sequence[str]], ways: Sequence[int]) -> list[Sequence[str]]:
    """What was kept of each result in all turns, from the last on where it is to be."""
    return [row[::-1] if back else row for row, back in zip(zip(*kept, strict=True), ways, strict=True)]


#: By operator, what puts what is inside of it into a network.
INNER: Mapping[str, Callable[[Network, Any, Sequence[Value | None]], None]] = {"If": _if, "Loop": _loop, "Scan": _scan}


def _graph(node: Any, name: str) -> Any:
    graph = next((one.g for one in node.attribute if one.name == name), None)
    if graph is None or graph.sparse_initializer:
        raise Unwritable(f"it has no {name}, or one with sparse arrays")
    return graph


def _named(node: Any, k: int) -> str:
    return f"'{shortened(node.input[k], 60)}'" if k < len(node.input) else "what is missing"


def _count(node: Any, most: Value | None) -> int | None:
    if most is None:
        return None
    if not most.constant:
        raise Unwritable(f"how often it goes round depends on what is computed, {_named(node, 0)}")
    return int(most.numbers_now().reshape(-1)[0])


def _few_enough(graph: Any, turn: int) -> None:
    if (turn + 1) * max(len(graph.node), 1) > _MOST:
        raise Unwritable(f"written out it would be more than {_MOST:,} nodes")


def _put(network: Network, graph: Any, names: dict[str, str], where: str) -> None:
    """The nodes of a graph, whose `names` are those of values outside; those that it makes get names of their own."""
    from onnx import numpy_helper

    for one in graph.initializer:
        names[one.name] = f"{one.name} {where}"
        network.values[names[one.name]] = constant(numpy_helper.to_array(one))
    for inner in graph.node:
        made = type(inner)()
        made.CopyFrom(inner)
        made.input[:] = [names.get(name, name) for name in inner.input]
        for name in inner.output:
            names.setdefault(name, f"{name} {where}")
        made.output[:] = [names[name] if name else "" for name in inner.output]
        network.uses.update(made.input)
        network.uses.update(made.output)
        network.put(network.own(made))


def _results(
    network: Network, node: Any, carried: Sequence[str], kept: Sequence[Sequence[str]], axes: Sequence[int]
) -> None:
    """What a loop gives: what it carries as it is at last, and what it made in each turn, one beside the other."""
    for name, there in zip(node.output, carried, strict=False):
        if name:
            network.values[name] = network.given(there, there)
    rest = [*node.output][len(carried) :]
    if any(rest) and not kept:
        raise Unwritable("it goes round not once, and of what it would make nothing is known")
    for name, row, axis in zip(rest, kept, axes[len(carried) :], strict=True):
        for part in row if name else ():
            network.values[f"axis of {part}"] = constant(np.array([axis], np.int64))
            if network.opset >= 13:
                _made(network, "Unsqueeze", [part, f"axis of {part}"], f"{part}, kept")
            else:
                _made(network, "Unsqueeze", [part], f"{part}, kept", axes=[axis])
        if name:
            _made(network, "Concat", [f"{part}, kept" for part in row], name, axis=axis)


def _made(network: Network, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
    """One more node."""
    from onnx import helper

    made = helper.make_node(operator, list(inputs), [output], name=output, **attributes)
    network.uses.update([*inputs, output])
    network.put(made)
