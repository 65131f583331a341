"""From the folder of a recording to a scenario with the numbers that were recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gradstep.engine.errors import GraphError
from gradstep.engine.files.draft import Draft
from gradstep.engine.files.opening import content, reason
from gradstep.engine.files.recording.manifest import GRAPH, LEAVES, MANIFEST, SUFFIX, TRACE, bad, read_manifest
from gradstep.engine.files.recording.mapped import arrays_in, floats_in
from gradstep.engine.graph.graph import Graph, Value
from gradstep.engine.index import Array
from gradstep.engine.run.later import Later, Unmade
from gradstep.engine.run.observed import Observed, with_numbers
from gradstep.engine.run.resuming import training_of
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.sizes import Known, known

_MOST = 64 << 20
#: What there is of a value, and how many names stand behind it.
_KINDS = {"value": 1, "gradient": 1, "next": 1, "mean": 1, "part": 2, "kept": 2}


def open_recording(folder: Path, read: Callable[[Draft, str], Scenario]) -> Scenario:
    """The scenario in a folder; `read` makes one of graph.toml. Raises ScenarioError."""
    about = read_manifest(folder)
    try:
        text = content(str(folder / GRAPH), _MOST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise bad(folder, f"{GRAPH} cannot be read: {reason(error)}") from None
    try:
        there = {(LEAVES, name): array for name, array in floats_in(folder / LEAVES).items()}
    except GraphError as error:
        raise bad(folder, str(error)) from None
    draft = Draft(text, str(folder / GRAPH), folder, there, recorded=True)
    scenario = read(draft, folder.name.removesuffix(SUFFIX))
    graph = scenario.graph
    try:
        sizes = _sizes({name: array for (_, name), array in there.items()}, about, LEAVES)
        arrays = _telling(arrays_in(folder / TRACE, graph.dtype), about, sizes)
        observed = dataclasses.replace(_observed(graph, arrays, about), sizes=sizes)
    except GraphError as error:
        raise bad(folder, str(error)) from None
    graph = with_numbers(graph, observed)
    training = training_of(scenario.training, observed, _moved(graph, about))
    return dataclasses.replace(scenario, file=str(folder), graph=graph, training=training, observed=observed)


def _sizes(arrays: Mapping[str, Array], about: Mapping[str, Any], file: str) -> dict[int, Known]:
    """How large the arrays of a file are, as the manifest says."""
    said = about.get("sizes")
    return dict(known(arrays, said.get(file) if isinstance(said, dict) else None))


def _telling(
    arrays: Mapping[str, Array | Unmade], about: Mapping[str, Any], sizes: dict[int, Known]
) -> dict[str, Array | Unmade]:
    """The arrays of the trace, of which `sizes` comes to say how large they are: at once, or when they are made."""
    sizes |= _sizes({name: one for name, one in arrays.items() if not isinstance(one, Unmade)}, about, TRACE)

    def made(name: str, one: Unmade) -> Array:
        array = one.make()
        sizes.update(_sizes({name: array}, about, TRACE))
        return array

    return {
        name: Unmade(one.shape, partial(made, name, one)) if isinstance(one, Unmade) else one
        for name, one in arrays.items()
    }


def _moved(graph: Graph, about: Mapping[str, Any]) -> list[str]:
    """The parameters whose update is not explained, by the manifest: all, where it does not say."""
    names = [value.name for value in graph.parameters]
    said = about.get("moved")
    return [name for name in names if name in said] if isinstance(said, list) else names


def _observed(graph: Graph, arrays: Mapping[str, Array | Unmade], about: Mapping[str, Any]) -> Observed:
    """What was recorded, by the ids of values. Raises GraphError where it is not about this network."""
    found: dict[str, dict[int, Array | Unmade]] = {"value": {}, "gradient": {}, "next": {}, "mean": {}}
    parts, kept = dict[tuple[str, int], Array | Unmade](), dict[tuple[str, int], Array | Unmade]()
    cut = dict[tuple[str, int], Array]()
    rows = _rows(about)
    for key, array in arrays.items():
        kind, *names = key.split(":")
        if kind not in _KINDS or len(names) != _KINDS[kind]:
            raise GraphError(f"{TRACE}: '{key}' is nothing that a recording has")
        value = _named(graph, names[-1], key)
        if kind in ("value", "gradient") and rows and value.shape and array.shape == (len(rows), *value.shape[1:]):
            if max(rows) >= value.shape[0]:
                raise GraphError(f"{MANIFEST}: sample {max(rows):,} is recorded, and '{names[-1]}' has not as many")
            if array.shape != value.shape:
                cut[kind, value.id] = array.make() if isinstance(array, Unmade) else array
                continue
        if array.shape != value.shape:
            raise GraphError(f"{TRACE}: '{key}' has shape {array.shape}, and {GRAPH} says {value.shape}")
        if kind in ("part", "kept"):
            (parts if kind == "part" else kept)[names[0], value.id] = array
        else:
            found[kind][value.id] = array
    _all_there(graph, found["value"], found["gradient"])
    kinds = about.get("precision", {})
    precision = {v.id: kinds[v.name] for v in graph.values if v.name in kinds} if isinstance(kinds, dict) else {}
    done = about.get("updates", 0)
    return Observed(
        Later(found["value"]),
        Later(found["gradient"]),
        Later(parts),
        precision,
        about,
        Later(kept),
        Later(found["next"]),
        done if type(done) is int else 0,
        rows,
        cut,
    )


def _all_there(graph: Graph, values: Collection[int], gradients: Collection[int]) -> None:
    """Raises GraphError where something is missing that nobody can compute again."""
    for node in graph.nodes:
        name = graph.values[node.output].name
        if node.op.opaque and node.output not in values:
            raise GraphError(f"{TRACE}: the value of '{name}' is missing")
        wanted = node.output != graph.loss.id and graph.gets_gradient(graph.values[node.output])
        if node.op.opaque and wanted and node.output not in gradients:
            raise GraphError(f"{TRACE}: the gradient of '{name}' is missing")


def _rows(about: Mapping[str, Any]) -> tuple[int, ...]:
    """The samples that are recorded, where only some of them are. Raises GraphError."""
    found = about.get("samples", [])
    if not isinstance(found, list) or any(type(n) is not int or n < 0 for n in found):
        raise GraphError(f"{MANIFEST} is damaged: samples are a list of numbers from 0 on")
    return tuple(found)


def _named(graph: Graph, name: str, key: str) -> Value:
    if name not in graph.by_name:
        raise GraphError(f"{TRACE}: '{key}' is about '{name}', which {GRAPH} does not have")
    return graph.by_name[name]
