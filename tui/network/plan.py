"""The layers of a network in columns: what a picture of it is made of, before anything is known of its numbers.

All of this follows from the network alone, and is found out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradstep.engine.graph import Layer, Role
from gradstep.engine.run import Recording
from gradstep.tui.folding import NOTHING, Closed, formulas, group_of, hidden, on_the_way
from gradstep.tui.kept import kept_of_network


class Plan(NamedTuple):
    """The `layers` in graph order, without the `targets`: inputs that only the loss looks at are written into its
    box. `depths` has the column of each layer."""

    layers: tuple[Layer, ...]
    targets: tuple[int, ...]
    depths: tuple[int, ...]


class Afar(NamedTuple):
    """A network from afar: the `layers` in order of depth, without parameters, which are words between them. The
    layers (by number) of each of the `columns`; the column of each layer; and by its value the number of the layer
    that shows it."""

    layers: tuple[Layer, ...]
    columns: tuple[tuple[int, ...], ...]
    column_of: tuple[int, ...]
    number_of: Mapping[int, int]


class Connection(NamedTuple):
    """From one layer (by number) to another, through a `use` of its value: (node, slot)."""

    source: int
    target: int
    use: tuple[int, int]


@kept_of_network
def plan(recording: Recording) -> Plan:
    """The layers of a network and their columns."""
    graph = recording.graph
    targets = tuple(
        v.id
        for v in graph.values
        if v.role is Role.INPUT and {graph.nodes[n].output for n, _ in graph.uses[v.id]} == {graph.loss.id}
    )
    layers = tuple(layer for layer in recording.board.layers if layer.output not in targets)
    return Plan(layers, targets, _depths(recording, layers))


@kept_of_network
def numbers(recording: Recording) -> Mapping[int, int]:
    """The number of each layer of the plan, by its output."""
    return {layer.output: k for k, layer in enumerate(plan(recording).layers)}


def _depths(recording: Recording, layers: tuple[Layer, ...]) -> tuple[int, ...]:
    """The column of each layer: one more than the deepest that feeds it; what is given stands right before its first
    use."""
    at = {layer.output: k for k, layer in enumerate(layers)}
    depth = [0] * len(layers)
    fed: dict[int, list[int]] = {}
    for k, layer in enumerate(layers):
        sources = [at[v] for v in _sources(recording, layer) if v in at]
        for s in sources:
            fed.setdefault(s, []).append(k)
        if layer.node >= 0:
            depth[k] = 1 + max((depth[s] for s in sources), default=0)
    for k, layer in enumerate(layers):
        if layer.node < 0 and k in fed:
            depth[k] = min(depth[t] for t in fed[k]) - 1
    used = {d: n for n, d in enumerate(sorted(set(depth)))}
    return tuple(used[d] for d in depth)


def _sources(recording: Recording, layer: Layer) -> Iterator[int]:
    if layer.node >= 0:
        for value in recording.graph.nodes[layer.node].inputs:
            if value not in (layer.weight, layer.bias):
                yield value


@kept_of_network
def afar(recording: Recording, closed: Closed = NOTHING) -> Afar:
    """The network from afar, without what is in modules or formulas that are `closed`, such as the logarithm in a
    cross-entropy: each such value is shown by the layer of what these give."""
    graph, whole = recording.graph, plan(recording)
    layers, depths = [], []
    for layer, depth in zip(whole.layers, whole.depths, strict=True):
        seen = _seen(recording, layer, closed)
        if seen is not None:
            layers.append(seen)
            depths.append(depth)
    order = sorted(range(len(layers)), key=lambda k: (depths[k], k))
    layers, depths = [layers[k] for k in order], [depths[k] for k in order]
    at = {depth: column for column, depth in enumerate(sorted(set(depths)))}
    column_of = tuple(at[depth] for depth in depths)
    columns: list[list[int]] = [[] for _ in at]
    for k, column in enumerate(column_of):
        columns[column].append(k)
    number_of = {v: k for k, layer in enumerate(layers) for v in (layer.output, layer.pre) if v >= 0}
    outputs = recording.board.modules.outputs
    for value in reversed(graph.values):
        group = group_of(recording, value.id, closed)
        if group is not None and value.id not in number_of and outputs[group] in number_of:
            number_of[value.id] = number_of[outputs[group]]
    return Afar(tuple(layers), tuple(map(tuple, columns)), column_of, number_of)


def _seen(recording: Recording, layer: Layer, closed: Closed) -> Layer | None:
    """A layer as it is seen: where its activation is inside of what is closed, and its sum is not, the sum alone."""
    if _is_parameter(recording, layer.output):
        return None
    if not hidden(recording, layer.output, closed):
        return layer
    if layer.pre >= 0 and not hidden(recording, layer.pre, closed):
        return layer._replace(output=layer.pre, pre=-1)
    return None


@kept_of_network
def connections(recording: Recording, closed: Closed = NOTHING) -> tuple[Connection, ...]:
    """All connections between layers from afar, those into each layer in the order of its inputs."""
    graph, shown = recording.graph, afar(recording, closed)
    found = []
    for target, layer in enumerate(shown.layers):
        nodes = list({layer.node, graph.values[layer.output].node} - {-1})
        known = set(nodes)
        for node in nodes:
            for slot, value in enumerate(graph.nodes[node].inputs):
                source = shown.number_of.get(value)
                if source == target or (source is None and hidden(recording, value, closed)):
                    made = graph.values[value].node
                    if made >= 0 and made not in known:  # of a module there are many ways to the same
                        known.add(made)
                        nodes.append(made)
                elif source is not None:
                    found.append(Connection(source, target, (node, slot)))
    return tuple(found)


@kept_of_network
def entering(recording: Recording, closed: Closed, target: int) -> tuple[int, ...]:
    """What enters a layer from afar, through all that is inside of it: outputs of other layers and inputs, then
    parameters, each in the order of the file."""
    graph, shown = recording.graph, afar(recording, closed)
    layer, found = shown.layers[target], []
    nodes = list({layer.node, graph.values[layer.output].node} - {-1})
    for node in nodes:
        for value in graph.nodes[node].inputs:
            source, made = shown.number_of.get(value, target), graph.values[value].node
            if source != target:
                found.append(shown.layers[source].output)
            elif made >= 0 and made not in nodes:
                nodes.append(made)
            elif graph.values[value].role in (Role.INPUT, Role.PARAMETER):
                found.append(value)
    return tuple(sorted(set(found), key=lambda value: (_is_parameter(recording, value), value)))


@kept_of_network
def parameters_into(recording: Recording, layer: Layer) -> tuple[int, ...]:
    """The parameters that enter a layer, the largest first."""
    if layer.node < 0:
        return ()
    graph = recording.graph
    inner = {layer.node, graph.values[layer.output].node}
    found = {v for n in inner for v in graph.nodes[n].inputs if _is_parameter(recording, v)}
    return tuple(sorted(found, key=lambda v: (-graph.values[v].size, v)))


@kept_of_network
def many_on_the_way(recording: Recording) -> bool:
    """Whether more than a quarter of what is seen from afar is what formulas make on their way: an attention head is
    made of nothing else, so that nothing would be left of it."""
    made = sum(on_the_way(recording, value.id) for value in recording.graph.values)
    return made * 4 > len(afar(recording, formulas(recording)).layers)


def _is_parameter(recording: Recording, value: int) -> bool:
    return recording.graph.values[value].role is Role.PARAMETER
