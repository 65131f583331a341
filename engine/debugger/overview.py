"""A whole array as one step: what is said of it, its norm, and the element to look at."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from gradstep.engine import Later
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.narrate.narration import Narration
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.index import Array
from gradstep.engine.notation import counted, said
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.sizes import largest_at, norm_of
from gradstep.engine.run.staleness import marked
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Phase, Position, Sweep

if TYPE_CHECKING:
    from gradstep.engine.explain import masks, remarks
else:
    masks, remarks = Later("gradstep.engine.explain.masks"), Later("gradstep.engine.explain.remarks")

#: Numbers that are compared at a time, so that no copy of a large array is made.
_PIECE = 1 << 20


def array_of(recording: Recording, sweep: Sweep) -> Array:
    """What a sweep writes. Of an update, the gradient that it follows: of the new numbers there is no
    array before one asks for them."""
    grad = recording.trace.grad[sweep.value]
    if sweep.phase in (Phase.BACKWARD, Phase.UPDATE):
        assert grad is not None, "the sweep writes it"
        return grad
    return recording.trace.data[sweep.value]


@remembered
def norm(recording: Recording, value: int, gradient: bool) -> float:
    """‖value‖₂ of all its elements, or of its gradient; NaN where one of them is."""
    array = recording.trace.gradient(value) if gradient else recording.trace.data[value]
    told = recording.scenario.told(array)
    stale = ("grad" if gradient else "data", value) in recording.trace.stale
    return marked(norm_of(array) if told is None else told.norm, stale)


@remembered
def norm_through(recording: Recording, node: int, slot: int) -> float | None:
    """‖·‖₂ of the part of a value's gradient that comes through one of its several uses; None where it has but one."""
    flow = recording.trace.flow.get((node, slot))
    return None if flow is None else marked(norm_of(flow), ("pass", node) in recording.trace.stale)


@remembered
def largest(recording: Recording, sweep: Sweep, sample: int | None = None) -> int:
    """The element (flat) of the largest size that a sweep writes, of one sample if one is given; the
    first that is NaN, where one is."""
    array = array_of(recording, sweep)
    masked = masks.deliberate(recording).get(sweep.value) if sweep.phase is Phase.FORWARD else None
    if masked is not None:  # −∞ on purpose is not what is large
        array = np.where(masked, array.dtype.type(0), array)
    axis = recording.samples.axis(sweep.value)
    if sample is None or axis is None:
        told = recording.scenario.told(array)
        return largest_at(array.reshape(-1)) if told is None else told.at
    part = np.take(array, sample, axis)
    return int(recording.samples.elements(sweep.value, sample).take(0, part.size)[largest_at(part.reshape(-1))])


@remembered
def shut(recording: Recording, value: int) -> int | None:
    """How many elements of a ReLU's output are shut, in all samples; None for another operation's."""
    whole = recording.graph.values[value]
    if whole.node < 0 or not recording.graph.nodes[whole.node].op.rectifier:
        return None
    z = recording.trace.data[recording.graph.nodes[whole.node].inputs[0]].reshape(-1)
    return sum(int(np.count_nonzero(z[k : k + _PIECE] <= 0)) for k in range(0, z.size, _PIECE))


def narration(recording: Recording, sweep: Sweep, sample: int | None = None) -> Narration:
    """What happened in a sweep that is complete; where numbers first stop being finite in it, that."""
    told = _narration(recording, sweep, sample)
    if sweep.size > 1 and recording.stale_array(sweep.phase.kind, sweep.value):
        through = ", ".join(recording.stale_through[:2])
        told = told._replace(caption=f"{told.caption} Stale: what was changed goes through {through}.")
    found = None if sweep.phase is Phase.UPDATE else nonfinite.first(recording, sweep.phase)
    if found is None or sweep.size == 1 or found.element.value != sweep.value:
        return told
    here = recording.board.element(*found.element)
    return told._replace(caption=f"First at {here}: {remarks.trouble_in(recording, found)}")


def _narration(recording: Recording, sweep: Sweep, sample: int | None) -> Narration:
    if sweep.size == 1:
        return _single(recording, sweep)
    here = Element(sweep.value, largest(recording, sweep, sample))
    match sweep.phase:
        case Phase.UPDATE:
            return _of_update(recording, sweep, here)
        case Phase.BACKWARD:
            return _of_gradients(recording, sweep, here)
    return _of_values(recording, sweep, here)


def _of_update(recording: Recording, sweep: Sweep, here: Element) -> Narration:
    moved = f"{said(recording.trace.number(here))} → {said(recording.moved_to(here))}"
    headline = f"update {recording.board.whole(sweep.value)}: {sweep.size:,} numbers"
    where = "Where its gradient is largest in size"
    if isnan(recording.trace.derivative(here)):
        where = "Where its gradient is first NaN"
    return Narration(headline, f"{where}, {recording.board.element(*here)}: {moved}.")


def _of_gradients(recording: Recording, sweep: Sweep, here: Element) -> Narration:
    graph, board, size = recording.graph, recording.board, sweep.size
    terms = total(segments_at(recording.trace, recording.timeline, sweep.start + here.flat + 1))
    grad = recording.trace.derivative(here)
    found = f"{board.gradient(*here)} = {said(grad, True)}"
    adds = f"The largest in size, {found}, adds up {terms:,} terms."
    if terms < 2 or isnan(grad):
        adds = _largest_is(found, grad)
    headline = f"gradient of {board.whole(sweep.value)}"
    if graph.values[sweep.value].role is Role.PARAMETER:
        return Narration(f"{headline}: {size:,} numbers", adds)
    users = {user for user, _ in graph.uses[sweep.value]}
    node = graph.nodes[min(users)]
    if len(users) == 1 and isinstance(node.op, Elementwise) and len(node.inputs) == 1:
        closed = shut(recording, node.output)
        gates = "" if not closed else f" {_of(closed, size)} shut: nothing passes there."
        return Narration(f"{headline}: through {node.op.label}", adds + gates)
    return Narration(f"{headline}: {size:,} {'sums' if terms > 1 else 'numbers'}", adds)


def _of_values(recording: Recording, sweep: Sweep, here: Element) -> Narration:
    node, name, size = recording.graph.nodes[sweep.node], recording.board.whole(sweep.value), sweep.size
    number = recording.trace.number(here)
    found = f"{recording.board.element(*here)} = {said(number)}"
    closed = shut(recording, sweep.value)
    if closed is not None:
        give = "it gives" if closed == 1 else "they give"
        gates = f"{_of(closed, size)} shut: {give} 0, and no gradient will pass there."
        return Narration(f"{node.op.label}: {name}", gates if closed else f"None of {size:,} gates is shut.")
    if isinstance(node.op, Linear):
        inputs = recording.graph.values[node.inputs[1]].shape[-1]
        plus = "" if len(node.inputs) < 3 else f", plus {_added(recording, node)}"
        each = f"Each adds up {inputs:,} inputs times their weights{plus}."
        if inputs == 1:
            each = f"Each is its one input times its weight{plus}."
        return Narration(f"weighted sums {name}: {size:,} numbers", f"{each} {_largest_is(found, number)}")
    return Narration(f"{node.op.label}: {name}", f"{counted(size, 'number')}. {_largest_is(found, number)}")


def _added(recording: Recording, node: Node) -> str:
    """What weighted sums add to their products."""
    value = recording.graph.values[node.inputs[2]]
    return "a bias" if value.role is Role.PARAMETER else recording.board.whole(value.id)


def _largest_is(found: str, number: float) -> str:
    return f"The first that is NaN is {found}." if isnan(number) else f"The largest in size is {found}."


def _of(closed: int, size: int) -> str:
    """`1 of 16 gates is`, `2 of 16 gates are`."""
    return f"{closed:,} of {size:,} gates {'is' if closed == 1 else 'are'}"


def _single(recording: Recording, sweep: Sweep) -> Narration:
    """An array of one number is that number."""
    return Frame(recording, Position(sweep.stop)).story.narration
