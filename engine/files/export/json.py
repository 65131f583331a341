"""The run as JSON: every value and gradient, exactly."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from gradstep.engine.ask.findings import findings
from gradstep.engine.debugger.check import Report
from gradstep.engine.files.reading import FORMAT
from gradstep.engine.graph.graph import Role
from gradstep.engine.notation import plain
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
                "value": plain(trace.data[value.id]),
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
        "findings": [f.document() for f in findings(recording)],
    }


def write(recording: Recording) -> str:
    return json.dumps(document(recording), ensure_ascii=False, allow_nan=False) + "\n"


def checked(report: Report) -> dict[str, Any]:
    """A report of `check` as a JSON object."""
    gradients = report.gradients
    return {
        "file": report.scenario.file,
        "ok": report.ok,
        "gradients": {
            "checked": gradients.checked,
            "of": gradients.total,
            "max_rel_error": plain(gradients.max_rel_error),
            "at": gradients.at,
            "kinks": gradients.kinks,
            "nonfinite": gradients.nonfinite,
            "failed": [{"of": n, "backprop": plain(a), "finite_difference": plain(f)} for n, a, f in gradients.failed],
        },
        "expect": [
            {
                "of": e.expectation.of,
                "ok": e.ok,
                "misprint": e.expectation.misprint,
                "printed": plain(e.expectation.value),
                "exact": plain(e.computed),
            }
            | ({"iteration": e.expectation.iteration} if e.expectation.iteration > 1 else {})
            for e in report.expect
        ],
        "findings": [f.document() for f in report.findings],
    }
