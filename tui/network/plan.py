"""The layers of a network in columns: what a picture of it is made of, before anything is known of its numbers.

All of this follows from the network alone, and is found out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradstep.engine.graph import Layer, Role
from gradstep.engine.run import Recording
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.folding import hidden, on_the_way


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
def afar(recording: Recording, fold: int = 0) -> Afar:
    """The network from afar; with a `fold` without what formulas make on their way, such as the logarithm in a
    cross-entropy, or what is inside of modules (see `folding`): each such value is shown by the layer that it goes
    into."""
    graph, whole = recording.graph, plan(recording)
    mine = [
        k
        for k, layer in enumerate(whole.layers)
        if not _is_parameter(recording, layer.output) and not hidden(recording, layer.output, fold)
    ]
    mine.sort(key=lambda k: (whole.depths[k], k))
    layers = tuple(whole.layers[k] for k in mine)
    at = {depth: column for column, depth in enumerate(sorted({whole.depths[k] for k in mine}))}
    column_of = tuple(at[whole.depths[k]] for k in mine)
    columns: list[list[int]] = [[] for _ in at]
    for k, column in enumerate(column_of):
        columns[column].append(k)
    number_of = {v: k for k, layer in enumerate(layers) for v in (layer.output, layer.pre) if v >= 0}
    if fold:
        for value in reversed(graph.values):
            if hidden(recording, value.id, fold):
                users = [graph.nodes[n].output for n, _ in graph.uses[value.id]]
                number_of[value.id] = next((number_of[u] for u in users if u in number_of), 0)
    return Afar(layers, tuple(map(tuple, columns)), column_of, number_of)


@kept_of_network
def connections(recording: Recording, fold: int = 0) -> tuple[Connection, ...]:
    """All connections between layers from afar, those into each layer in the order of its inputs."""
    graph, shown = recording.graph, afar(recording, fold)
    found = []
    for target, layer in enumerate(shown.layers):
        nodes = list({layer.node, graph.values[layer.output].node} - {-1})
        for node in nodes:
            for slot, value in enumerate(graph.nodes[node].inputs):
                source = shown.number_of.get(value)
                if hidden(recording, value, fold):
                    made = graph.values[value].node
                    if made >= 0 and (fold < 2 or made not in nodes):  # of a module there are many ways to the same
                        nodes.append(made)
                elif source is not None and source != target:
                    found.append(Connection(source, target, (node, slot)))
    return tuple(found)


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
    return made * 4 > len(afar(recording, 1).layers)


def _is_parameter(recording: Recording, value: int) -> bool:
    return recording.graph.values[value].role is Role.PARAMETER
