"""What to try against a gradient that is exactly 0."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradstep.engine.explain import choices
from gradstep.engine.explain.zeros import Zero, Zeros
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.run.recording import Recording


def against_zero(recording: Recording, zeros: Zeros) -> str:
    """A hint for each of the reasons, one after the other."""
    return "; ".join(dict.fromkeys(_hint(recording, zero) for zero in zeros.found))


def _hint(recording: Recording, found: Zero) -> str:
    kind, mask = found.reason, choices.behind(recording, found.hop)
    if mask is not None:
        whole, there = recording.board.whole(mask), recording.trace.data[mask]
        zero = np.count_nonzero(there == 0)
        graph = recording.graph
        if any(graph.nodes[node].op.name == "where" for node, _ in graph.users[mask]):
            return f"look at {whole}, by which is chosen: it holds in {there.size - zero:,} of {there.size:,} places"
        return f"look at {whole}, where it is a mask: {zero:,} of its {there.size:,} numbers are 0"
    if kind is ZeroReason.UNDERFLOW:
        narrow = recording.graph.dtype == np.float32 or any(value.narrow for value in recording.graph.values)
        wider = "float64, a larger loss scale, or " if narrow else ""
        return f"{wider}weights and activations that do not saturate"
    if kind is ZeroReason.WEIGHT_ZERO and found.hop is not None and _moves(recording, found.hop.node):
        return "nothing where weights begin at 0 on purpose: these get a gradient, and then what leads into them learns"
    return _HINTS[kind]


def _moves(recording: Recording, node: int) -> bool:
    """Whether a parameter that enters an operation gets a gradient."""
    graph = recording.graph
    mine = (v for v in graph.nodes[node].inputs if graph.values[v].role is Role.PARAMETER)
    return any(recording.trace.gradient(v).any() for v in mine)


_HINTS: Mapping[ZeroReason, str] = {
    ZeroReason.GATE_SHUT: "leaky_relu, a larger bias, or another initialisation, where a unit is shut for every sample",
    ZeroReason.MASKED: "nothing: a mask is there for that",
    ZeroReason.NO_PATH: "use it in the graph, or remove it: nothing it does reaches the loss",
    ZeroReason.WEIGHT_ZERO: "weights that are not all 0, or what leads into them never learns",
    ZeroReason.INPUT_ZERO: "no harm where the input is 0 in this batch only; else centre the inputs",
    ZeroReason.CANCELLED: "look at the terms: equal and opposite parts often are a mistake in the graph",
    ZeroReason.FITS: "nothing: what is predicted is already what it should be",
    ZeroReason.CONSTANT: "no precision helps: more than one number to share or normalise over, or leave it out",
    ZeroReason.FLAT: "it stands at a stationary point; symmetric or all-zero weights often do",
    ZeroReason.GIVEN: "a number that is not 0",
    ZeroReason.BY_INFINITY: "keep what is infinite finite: the rest follows from it",
}
