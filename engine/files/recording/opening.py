"""From the folder of a recording to a scenario with the numbers that were recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gradstep.engine.errors import GraphError
from gradstep.engine.files.draft import Draft
from gradstep.engine.files.opening import content, reason
from gradstep.engine.files.recording.manifest import GRAPH, SUFFIX, TRACE, bad, read_manifest
from gradstep.engine.files.recording.mapped import arrays_in
from gradstep.engine.graph.graph import Graph, Value
from gradstep.engine.index import Array
from gradstep.engine.run.observed import Observed, with_numbers
from gradstep.engine.run.resuming import training_of
from gradstep.engine.run.scenario import Scenario

_MOST = 64 << 20
#: What there is of a value, and how many names stand behind it.
_KINDS = {"value": 1, "gradient": 1, "next": 1, "part": 2, "kept": 2}


def open_recording(folder: Path, read: Callable[[Draft, str], Scenario]) -> Scenario:
    """The scenario in a folder; `read` makes one of graph.toml. Raises ScenarioError."""
    about = read_manifest(folder)
    try:
        text = content(str(folder / GRAPH), _MOST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise bad(folder, f"{GRAPH} cannot be read: {reason(error)}") from None
    scenario = read(Draft(text, str(folder / GRAPH), folder), folder.name.removesuffix(SUFFIX))
    graph = scenario.graph
    try:
        observed = _observed(graph, arrays_in(folder / TRACE, graph.dtype), about)
    except GraphError as error:
        raise bad(folder, str(error)) from None
    graph = with_numbers(graph, scenario.leaves, observed)
    training = training_of(scenario.training, observed, _moved(graph, about))
    return dataclasses.replace(scenario, file=str(folder), graph=graph, training=training, observed=observed)


def _moved(graph: Graph, about: Mapping[str, Any]) -> list[str]:
    """The parameters whose update is not explained, by the manifest: all, where it does not say."""
    names = [value.name for value in graph.parameters]
    said = about.get("moved")
    return [name for name in names if name in said] if isinstance(said, list) else names


def _observed(graph: Graph, arrays: Mapping[str, Array], about: Mapping[str, Any]) -> Observed:
    """What was recorded, by the ids of values. Raises GraphError where it is not about this network."""
    found: dict[str, dict[int, Array]] = {"value": {}, "gradient": {}, "next": {}}
    parts, kept = dict[tuple[str, int], Array](), dict[tuple[str, int], Array]()
    for key, array in arrays.items():
        kind, *names = key.split(":")
        if kind not in _KINDS or len(names) != _KINDS[kind]:
            raise GraphError(f"{TRACE}: '{key}' is nothing that a recording has")
        value = _named(graph, names[-1], key)
        if array.shape != value.shape:
            raise GraphError(f"{TRACE}: '{key}' has shape {array.shape}, and {GRAPH} says {value.shape}")
        if kind in ("part", "kept"):
            (parts if kind == "part" else kept)[names[0], value.id] = array
        else:
            found[kind][value.id] = array
    for node in graph.nodes:
        if node.op.opaque and node.output not in found["value"]:
            raise GraphError(f"{TRACE}: the value of '{graph.values[node.output].name}' is missing")
        if node.op.opaque and graph.gets_gradient(graph.values[node.output]) and node.output not in found["gradient"]:
            raise GraphError(f"{TRACE}: the gradient of '{graph.values[node.output].name}' is missing")
    kinds = about.get("precision", {})
    precision = {v.id: kinds[v.name] for v in graph.values if v.name in kinds} if isinstance(kinds, dict) else {}
    done = about.get("updates", 0)
    return Observed(
        found["value"],
        found["gradient"],
        parts,
        precision,
        about,
        kept,
        found["next"],
        done if type(done) is int else 0,
    )


def _named(graph: Graph, name: str, key: str) -> Value:
    if name not in graph.by_name:
        raise GraphError(f"{TRACE}: '{key}' is about '{name}', which {GRAPH} does not have")
    return graph.by_name[name]
