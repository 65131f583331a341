"""How deep a network is, and between which of its values gradients can be compared.

A gradient fades or grows through many layers, or through many time steps. Which number is small says nothing by
itself: the slope of exp and that of the log after it cancel, a loss has slopes of its own, and what a normalisation
follows has gradients in the inverse of its unit. So gradients are compared only at *stations*: values that everything
goes through which comes from the first layer, where a layer or a block of layers begins, and the sum that the last
layer makes. The ratio of the norms of the gradients at two of them is what the product of all local derivatives
between them, along all paths, did to the gradient: ‖Jᵀg‖ / ‖g‖ (Pascanu, Mikolov and Bengio, ICML 2013, section 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradstep.engine.graph.graph import Graph, Node, Role

#: What scales by a weight, where nothing contracts with one.
_SCALES = ("multiply", "divide")


class Stage(NamedTuple):
    """A layer on the deepest way: the node that multiplies `data` with what is made of the parameter `weight`."""

    node: Node
    data: int
    weight: int


class Depth(NamedTuple):
    """The deepest way through a network: its `stages` from the inputs to the loss, and the `stations` on it, the last
    of them what the gradients at the others are compared with. `sums` has, for each parameter, the values that are made
    of it and of data: what arrives there is what it learns from. `bypassed`: ways lead around all stations but the
    last, as at the time steps of a net that answers at each of them; what arrives there has come other ways too."""

    stages: tuple[Stage, ...] = ()
    stations: tuple[int, ...] = ()
    sums: Mapping[int, tuple[int, ...]] = {}
    bypassed: bool = False


def find_depth(graph: Graph) -> Depth:
    """The deepest way: the one with the most products with weights on it; where there are less than two, with the most
    scalings by parameters; and where there are less than two of these, activations one after the other."""
    sources = _sources(graph)
    found = Depth()
    for names in (None, _SCALES):
        stages = _deepest(graph, {one.node.id: one for one in _stages(graph, sources, names)})
        if len(stages) > len(found.stages):
            found = _with_stations(graph, stages)
        if len(stages) > 1:
            break
    if len(found.stages) < 2:
        found = _activations(graph) or found
    return found._replace(sums=_sums(graph, sources))


def _sources(graph: Graph) -> Mapping[int, int]:
    """The values that come from one or more parameters and no input, and the first such parameter."""
    found = {value.id: value.id for value in graph.parameters}
    given = {value.id for value in graph.values if value.role is Role.INPUT}
    for node in graph.nodes:
        if not given.isdisjoint(node.inputs):
            given.add(node.output)
        elif source := [found[v] for v in node.inputs if v in found]:
            found[node.output] = source[0]
    return found


def _stages(graph: Graph, sources: Mapping[int, int], names: tuple[str, ...] | None) -> Iterator[Stage]:
    """The nodes that contract, or that have one of some names, with an operand that comes from parameters alone. Of
    two such operands the second is the weight, or whichever is a parameter itself."""
    for node in graph.nodes:
        if node.output not in graph.active or len(node.inputs) < 2:
            continue
        if not (node.op.contracts if names is None else node.op.name in names):
            continue
        sides = [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
        ways = [(data, weight) for data, weight in sides if weight in sources and not _literal(graph, data)]
        if ways:
            data, weight = max(ways, key=lambda way: (way[0] not in sources, sources[way[1]] == way[1]))
            yield Stage(node, data, sources[weight])


def _literal(graph: Graph, value: int) -> bool:
    return graph.values[value].role is Role.LITERAL


def _sums(graph: Graph, sources: Mapping[int, int]) -> Mapping[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for node in graph.nodes:
        if node.output in graph.active and node.output not in sources:
            for source in dict.fromkeys(sources[v] for v in node.inputs if v in sources):
                found[source] = (*found.get(source, ()), node.output)
    return found


def _deepest(graph: Graph, stages: Mapping[int, Stage]) -> tuple[Stage, ...]:
    """The stages on the way to the loss that has the most of them."""
    count: dict[int, int] = {}
    before: dict[int, int] = {}
    for node in graph.nodes:
        if node.op.discrete or node.output not in graph.active:
            continue
        stage = stages.get(node.id)
        best = max(node.inputs if stage is None else (stage.data,), key=lambda v: count.get(v, 0))
        count[node.output], before[node.output] = count.get(best, 0) + (stage is not None), best
    found, at = [], graph.loss.id
    while at in before:
        if graph.values[at].node in stages:
            found.append(stages[graph.values[at].node])
        at = before[at]
    return tuple(reversed(found))


def through(graph: Graph, origin: int) -> Iterator[int]:
    """The values that all paths from one to the loss go through, itself first. Nodes are in the order of evaluation, so
    it is a value at whose making nothing that was reached before is still to be used."""
    last = [max((node for node, _ in uses), default=-1) for uses in graph.uses]
    reached, until = {origin}, last[origin]
    yield origin
    for node in graph.nodes:
        if node.op.discrete or node.output not in graph.active or reached.isdisjoint(node.inputs):
            continue
        reached.add(node.output)
        if until <= node.id:
            yield node.output
        until = max(until, last[node.output])


def _with_stations(graph: Graph, stages: tuple[Stage, ...]) -> Depth:
    begin, end = _first(graph, stages[0]), stages[-1].node.output
    way = [value for value in through(graph, stages[0].data) if value <= end]
    read = {one.data for one in stages}
    stations = []
    for value, onward in zip(way, [*way[1:], end], strict=True):
        # A block begins where several ways part, with a layer on one of them, and meet again.
        block = len(graph.uses[value]) > 1 and any(value < one.node.output <= onward for one in stages)
        if value in read or block or value in (begin, end):
            stations.append(value)
    bypassed = end not in stations and 2 * sum(one.node.output <= max(way) for one in stages) < len(stages)
    if bypassed:
        stations = [*dict.fromkeys(one.data for one in stages), end]
    kept = tuple(value for value in stations if graph.gets_gradient(graph.values[value]))
    return Depth(stages, kept, bypassed=bypassed)


def _first(graph: Graph, stage: Stage) -> int:
    """The sum of the first layer, whose gradient is what its weight learns from; what enters that layer is given. −1
    where it is normalised: its size does not matter then, and its gradient has the inverse of whatever it is."""
    users = [graph.nodes[node] for node, _ in graph.uses[stage.node.output]]
    return -1 if any(node.op.normalises for node in users) else stage.node.output


def _activations(graph: Graph) -> Depth | None:
    """Where nothing is multiplied with a parameter: one, and the outputs of activations that it goes through."""
    for value in graph.parameters:
        if value.id in graph.active:
            made = [graph.nodes[graph.values[v].node] for v in through(graph, value.id) if graph.values[v].node >= 0]
            found = [node.output for node in made if node.op.saturates or node.op.rectifier]
            if len(found) > 1:
                return Depth((), (value.id, *found))
    return None
