"""What headlines and cards say, which are no sentences."""

from __future__ import annotations

import re

from gradstep.engine.graph.graph import Role
from gradstep.engine.run.timeline import Phase
from wordings.facts import Facts
from wordings.grammar import LABEL, NAME, number, says
from wordings.parameters import WHAT

_ARROW = r"(?:\S+ )?→ \S+ "


@says("ready", "iteration <k> begins")
def beginning(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.step == 0 and f.recording.iteration == (number(m[1]) if m.re.groups else 1)


@says("weighted sum into <x>")
def into(f: Facts, m: re.Match[str]) -> bool:
    return f.node.op.name == "linear" and m[1] == f.recording.board.unit(*f.here)


@says(f"({LABEL}) at <x>", f"({LABEL})$")
def operation(f: Facts, m: re.Match[str]) -> bool:
    at = m.re.groups == 1 or m[2] == f.recording.board.element(*f.here)
    return m[1] == f.node.op.label and at and (m.re.groups == 2 or f.here.value == f.graph.loss.id)


@says("the loss asks <x>")
def loss_asks(f: Facts, m: re.Match[str]) -> bool:
    return f.hop.target.value == f.graph.loss.id and m[1] == f.recording.board.element(*f.here)


@says("gradient of <x>", "gradient of <x>: add <k> paths")
def gradient(f: Facts, m: re.Match[str]) -> bool:
    paths = 1 if m.re.groups == 1 else number(m[2])
    return paths == f.frame.sum.count and f.frame.phase is Phase.BACKWARD


@says(f"through ({LABEL}) at <x>")
def through(f: Facts, m: re.Match[str]) -> bool:
    return m[1] == f.graph.nodes[f.hop.node].op.label and m[2] == f.recording.board.unit(*f.here)


@says(f"{WHAT} {_ARROW} \\(<x>\\)", f"{WHAT} <x>$", f"update {_ARROW} \\(<x>\\)", "update <x>")
def parameter(f: Facts, m: re.Match[str]) -> bool:
    """A name of its own; and where it is called after its place, it has no other."""
    placed = "→" not in m[0] or len(f.graph.users[f.here.value]) == 1
    bias = not m[0].startswith("bias ") or any(
        n.op.name == "linear" and f.here.value in n.inputs[2:] for n in f.graph.nodes
    )
    return m[1] == f.recording.board.element(*f.here) and placed and bias


@says("kept for update", "set by you", "it was")
def kept(f: Facts, m: re.Match[str]) -> bool:
    return f.graph.values[f.here.value].role is Role.PARAMETER or f.frame.by_hand


@says(f"to (?:{LABEL} at {NAME}|[^ ,]+(?:, [^ ,]+)*|nothing further)", "to (weights(?:, bias)?)(?:, [^ ,]+)*")
def onward(f: Facts, m: re.Match[str]) -> bool:
    """Where the gradient goes: to what computed the element, and of that what gets one."""
    weighted = m.re.groups == 0 or (f.node.op.name == "linear" and f.trace.grad[f.node.inputs[1]] is not None)
    return weighted and f.frame.phase is Phase.BACKWARD


@says("arrived at <x>", "the slope at <x>", "its share in <x>")
def at_target(f: Facts, m: re.Match[str]) -> bool:
    return f.element(m[1]) == f.hop.target


@says("the (weight|input|factor) <x>(?:, set by you)?")
def factor(f: Facts, m: re.Match[str]) -> bool:
    value = f.value(m[2])
    return abs(value - f.local) <= 1e-3 * max(abs(value), 1e-9) or f.local != f.local
