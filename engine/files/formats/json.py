"""The run as JSON: every value and gradient, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

from gradstep.engine.diagnosis.diagnosing import diagnose_iteration
from gradstep.engine.files.reading import FORMAT
from gradstep.engine.graph.graph import Role
from gradstep.engine.notation import json_line, plain
from gradstep.engine.run.recording import Recording


def document(recording: Recording) -> dict[str, Any]:
    """The run as one JSON object."""
    scenario, graph, trace = recording.scenario, recording.graph, recording.trace
    nodes = []
    for value in graph.values:
        if value.role is Role.LITERAL:
            continue
        node = graph.nodes[value.node] if value.node >= 0 else None
        nodes.append(
            {
                "name": value.name,
                "op": node.op.name if node else None,
                "role": value.role.value,
                "inputs": [graph.values[i].name for i in node.inputs] if node else [],
                "shape": list(value.shape),
                **({"dtype": kind} if (kind := recording.kind(value.id)) else {}),
                "value": plain(trace.shown(value.id)),
                "grad": plain(trace.grad[value.id]),
            }
        )
    return {
        "gradstep": version("gradstep"),
        "format": FORMAT,
        "title": scenario.title,
        "dtype": graph.dtype.name,
        "loss": {"name": graph.loss.name, "value": plain(trace.loss)},
        "steps": recording.timeline.total,
        "nodes": nodes,
        "next": {p.name: plain(recording.updated(p.id)) for p in graph.parameters},
        **_averaged(recording),
        **({"set": list(_set(recording))} if recording.given else {}),
        **({"stale": list(recording.stale_names)} if recording.trace.stale else {}),
        "findings": diagnose_iteration(recording).document(),
    }


def _averaged(recording: Recording) -> dict[str, Any]:
    """The averages of the weights after the update, where they are kept."""
    if recording.scenario.training.avg_fn is None:
        return {}
    graph = recording.graph
    buffers = [graph.values[leaf] for leaf in graph.keeps] if recording.scenario.training.use_buffers else []
    return {"averaged": {p.name: plain(recording.update.averaged(p.id)) for p in (*graph.parameters, *buffers)}}


def _set(recording: Recording) -> Iterator[str]:
    """What was set by hand and is not as the file has it, as one types it: h.grad[1], or b where all of it was."""
    for (kind, value), at in recording.given.items():
        whole = recording.graph.values[value].name + ("" if kind == "data" else f".{kind}")
        each = (recording.board.typed(value, flat, kind) for flat in np.flatnonzero(at).tolist())
        yield from (whole,) if at.all() else each


def write(recording: Recording) -> str:
    return json_line(document(recording)) + "\n"
