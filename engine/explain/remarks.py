"""Sentences about what is exceptional in a number: that it is not finite, exactly zero, on a kink, or
too small; each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradstep.engine.explain import nonfinite, zeros
from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.kinks import at_kink
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import Digits, number
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.reading import numbers_at, term_of
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


def _n(value: float) -> str:
    return number(value, Digits.NETWORK)


def zero_reason(recording: Recording, element: Element) -> str | None:
    """Why ∂L/∂element is exactly 0, in words; None where it is not 0."""
    zero = zeros.reason(recording, element)
    if zero is None:
        return None
    board, name, hop = recording.board, recording.board.element(*zero.element), zero.hop
    match zero.reason:
        case ZeroReason.NO_PATH:
            return f"No path leads from {name} to the loss."
        case ZeroReason.CANCELLED:
            return f"The {zero.ways} parts that meet at {name} cancel exactly."
    assert hop is not None, "something multiplies with 0"
    op = recording.graph.nodes[hop.node].op
    match zero.reason:
        case ZeroReason.GATE_SHUT if op.rectifier:
            z = _n(recording.trace.number(hop.source))
            return f"The gate at {board.unit(*hop.source)} is shut ({name} = {z}), so exactly 0 arrives."
        case ZeroReason.GATE_SHUT:
            return f"{op.label.capitalize()} lets something else than {name} through, so exactly 0 arrives."
        case ZeroReason.WEIGHT_ZERO | ZeroReason.INPUT_ZERO:
            assert hop.factor is not None, "a factor is 0"
            return f"{board.element(*hop.factor)} is exactly 0, so nothing passes."
        case ZeroReason.UNDERFLOW if hop.local == 0:
            return f"The slope of {op.label} at {name} is so small that it rounds to 0, and nothing passes."
        case ZeroReason.UNDERFLOW:
            return f"At {name} the product is too small for {recording.graph.dtype}: it underflows to 0."
    return f"The slope of {op.label} at {board.unit(*hop.source)} is exactly 0, so nothing passes."


_WHY = {
    Cause.LOG_OF_ZERO: "the logarithm of 0 is −∞",
    Cause.LOG_OF_NEGATIVE: "a negative number has no logarithm",
    Cause.ROOT_OF_NEGATIVE: "a negative number has no square root",
    Cause.POWER_OF_NEGATIVE: "a negative number has no fractional power",
    Cause.EXP_OVERFLOW: "exp of so large a number is more than {dtype} can hold ({most})",
    Cause.OVERFLOW: "it overflows, being more than {dtype} can hold ({most})",
    Cause.DIVISION_BY_ZERO: "something is divided by 0",
    Cause.ZERO_BY_ZERO: "0/0 is no number",
    Cause.INFINITE_BY_INFINITE: "∞/∞ is no number",
    Cause.INFINITE_MINUS_INFINITE: "∞ − ∞ is no number",
    Cause.ZERO_TIMES_INFINITE: "0 · ∞ is no number",
    Cause.UNDEFINED: "the function has no value there",
}


def trouble_in(recording: Recording, found: Trouble) -> str:
    """A number that is not finite: why, and if it only came along, where it began."""
    cause, source, gradient = found.blame
    name = _named(recording, found.element, found.phase is Phase.BACKWARD)
    if source == found.element and cause is Cause.GIVEN:
        return f"{name} is {_n(found.value)}: it was set by hand."
    if source is not None:
        read = recording.trace.derivative if gradient else recording.trace.number
        from_ = f"{_named(recording, source, gradient)} is {_n(read(source))}"
        return f"{name} is {_n(found.value)}, because {from_}{_began(recording, found)}."
    if cause is Cause.GIVEN:
        return f"{name} is −∞ on purpose: it is masked, and softmax makes it 0."
    dtype = recording.graph.dtype
    why = _WHY[cause].format(dtype=dtype, most=f"at most {float(np.finfo(dtype).max):.1e}")
    if found.phase is Phase.BACKWARD and cause in _OF_FUNCTIONS:
        why = f"the local gradient is not finite there ({cause.value})"
    first = nonfinite.first(recording, found.phase)
    if first is not None and first.step == found.step:
        what = {Phase.BACKWARD: "gradient", Phase.UPDATE: "new parameter"}.get(found.phase, "number")
        why += f". It is the first {what} that is not finite"
    return f"{name} is {_n(found.value)}: {why}."


#: Causes that in the backward pass are those of a slope.
_OF_FUNCTIONS = (Cause.LOG_OF_ZERO, Cause.LOG_OF_NEGATIVE, Cause.ROOT_OF_NEGATIVE, Cause.POWER_OF_NEGATIVE)


def _named(recording: Recording, element: Element, gradient: bool) -> str:
    return recording.board.gradient(*element) if gradient else recording.board.element(*element)


def _began(recording: Recording, found: Trouble) -> str:
    """Where it began, if it was not with what it comes from."""
    if found.blame.cause is Cause.GIVEN:
        return ": so it is given"
    began = nonfinite.origin(recording, found)
    if began is found or began.blame.cause is Cause.CARRIED:
        return ""
    if began.blame.cause is Cause.GIVEN:
        given = recording.board.element(*(began.blame.source or began.element))
        return f". It began with {given}, which is given so"
    return f". It began at step {began.step:,}: {began.blame.cause.value}"


def kink(recording: Recording, ways: Sequence[Hop]) -> str:
    """That a slope here is a convention, where one of the hops is on a kink, or its numbers are held back."""
    for hop in ways[:_LOOKED_AT]:
        op = recording.graph.nodes[hop.node].op
        if op.kink and at_kink(recording, hop):
            name = recording.board.element(*hop.source)
            return f"{name} is on a kink of {op.label}; by convention, {op.kink}."
        if op.holds_back and _held_back(recording, hop):
            return (
                f"By convention, {op.edge.format(*map(recording.board.whole, recording.graph.nodes[hop.node].inputs))}."
            )
    return ""


def _held_back(recording: Recording, hop: Hop) -> bool:
    trace, node = recording.trace, recording.graph.nodes[hop.node]
    term = term_of(trace, node, hop.slot, hop.source.flat, hop.target.flat)
    return node.op.held_back(hop.slot, [float(x) for x in numbers_at(trace, node, hop.target.flat, term)])


def left_over(recording: Recording, element: Element) -> str:
    """That gradients of the iterations before were not zeroed, and what the update makes of that."""
    if recording.scenario.training.zero_grad or recording.graph.values[element.value].role is not Role.PARAMETER:
        return ""
    left = float(np.asarray(recording.update.left(*element)).item(0))
    if not left:
        return ""
    both = left + recording.trace.derivative(element)
    return (
        f"Not zeroed: {number(left, 3, True)} is left over from before, and the update takes {number(both, 3, True)}."
    )


#: So many of the ways that meet are looked at for a kink.
_LOOKED_AT = 16


def smallness(recording: Recording, node: Node, flat: int) -> str:
    """That a value is 0, or has lost digits, only because it is so small."""
    y, dtype = recording.trace.number(Element(node.output, flat)), recording.graph.dtype
    tiny = np.finfo(dtype).tiny
    if y and abs(y) < tiny:
        return f"It is below {float(tiny):.1e}, where {dtype} keeps fewer and fewer digits."
    if y != 0 or not isinstance(node.op, Elementwise):
        return ""
    wider = np.float64 if dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"):
        exact = node.op.forward([x.astype(wider) for x in numbers_at(recording.trace, node, flat)])
    if exact == 0 or not np.isfinite(exact):
        return ""
    shown = np.format_float_scientific(exact.item(), precision=0, trim="-", exp_digits=1)
    return f"The exact result, {shown}, is too small for {dtype}: it underflows to 0."
