"""Masks of 0 and 1, or of truths, which activations are multiplied with or chosen by; they depend on no parameter."""

from __future__ import annotations

from gradstep.engine.explain import noughts
from gradstep.engine.explain.hops import Hop
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.run.recording import Recording


def chooses(recording: Recording, hop: Hop) -> int | None:
    """The value of the mask that a hop goes through; None where it goes through none."""
    node = recording.graph.nodes[hop.node]
    if node.op.name == "multiply" and hop.factor is not None:
        return _mask(recording, hop.factor.value)
    return _of(recording, node)


def behind(recording: Recording, hop: Hop | None) -> int | None:
    """The same, and what has made the other factor of a hop 0, where that was a mask."""
    if hop is None:
        return None
    found = chooses(recording, hop)
    why = None if found is not None or hop.factor is None else noughts.nought(recording, hop.factor)
    if why is None:
        return found
    graph = recording.graph
    if why.node >= 0:
        return _of(recording, graph.nodes[why.node])
    multiplies = any(graph.nodes[node].op.name == "multiply" for node, _ in graph.users[why.element.value])
    return _mask(recording, why.element.value) if why.reason is ZeroReason.GIVEN and multiplies else None


def _of(recording: Recording, node: Node) -> int | None:
    return _mask(recording, node.inputs[0]) if node.op.name == "where" else None


def _mask(recording: Recording, value: int) -> int | None:
    """A value of several numbers that no parameter has a part in."""
    return value if value not in recording.graph.trained and recording.graph.values[value].size > 1 else None
