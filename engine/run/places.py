"""Where the values of a recording come from in the program that was recorded: in which module, and at which place."""

from __future__ import annotations

from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Origin


def origin_of(recording: Recording, value: int) -> Origin | None:
    """Where the line that makes a value comes from; of what is given, where it is used first. None where nothing is
    known of that."""
    graph, origins = recording.graph, recording.scenario.origins
    node = graph.values[value].node
    if node >= 0:
        return origins.get(graph.nodes[node].line)
    return next((origins.get(graph.nodes[user].line) for user, _ in reversed(graph.uses[value])), None)


def module_of(recording: Recording, value: int) -> str:
    """The path of the module in which a value was made, or that a parameter belongs to; empty where it is in none. By
    its name where nothing else is known."""
    found = None if recording.graph.values[value].node < 0 else origin_of(recording, value)
    return found.module if found is not None and found.module else recording.board.modules.path(value)
