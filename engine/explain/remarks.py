"""Sentences about what is exceptional in a number: that it is not finite, exactly zero, on a kink, or
too small; each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from gradstep.engine.explain import causes, nonfinite, zeros
from gradstep.engine.explain.accounts import Account, account
from gradstep.engine.explain.clauses import moment, named, of_zeros, rounded_to, sentence, shown
from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.kinks import at_kink
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import MINUS, brief, said
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.narrow import wide
from gradstep.engine.ops.precision import NORMAL
from gradstep.engine.run.reading import numbers_at, term_of
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase
from gradstep.engine.training.clipping import LEFT


def zero_reason(recording: Recording, element: Element) -> str | None:
    """Why ∂L/∂element is exactly 0, in a sentence; None where it is not 0."""
    found = zeros.settled(recording, element)
    if found is None:
        return None
    kinds = found.kinds
    tail = ", so exactly 0 arrives" if kinds == {ZeroReason.GATE_SHUT} else ", so nothing passes"
    if kinds <= _TOLD_BY_THEMSELVES:
        tail = ""
    elif kinds == {ZeroReason.CONSTANT}:
        tail = ", at any precision"
    return sentence(of_zeros(recording, found)) + tail + "."


_TOLD_BY_THEMSELVES = {ZeroReason.NO_PATH, ZeroReason.CANCELLED, ZeroReason.MASKED}


def trouble_in(recording: Recording, found: Trouble) -> str:
    """A number that is not finite, in a sentence or two: why, and if it only came along, where it began."""
    return told(account(recording, found), brief=True)


def told(account: Account, brief: bool = False) -> str:
    """What an account says. Where a number only came along it is `brief` about where that began: all of it is said
    there."""
    recording, found, began = account.recording, account.trouble, account.began
    name = named(recording, found.element, found.phase is Phase.BACKWARD)
    source = found.blame.source
    if found.blame.cause is Cause.MASKED:
        return f"{name} is −∞ on purpose: it is masked, and softmax makes it 0."
    if found.blame.cause is Cause.GIVEN and source is not None and source.element == found.element:
        return f"{name} is {shown(found.value)}: it was set by hand."
    if source is None:
        return f"{name} is {shown(found.value)}{causes.why(account)}{_first(recording, found)}."
    text = f"{name} is {shown(found.value)}, because {causes.source(recording, source)}"
    if found.blame.cause is Cause.GIVEN:
        return f"{text}: so it is given."
    if began.blame.cause is Cause.CARRIED:
        return f"{text}."
    at = moment(recording, began)
    if began.blame.cause is Cause.GIVEN and began.blame.source is not None:
        when = "" if began.iteration == recording.iteration else f" at {at}"
        return f"{text}. It began{when} with {named(recording, began.blame.source.element)}, which is given so."
    if brief:
        return f"{text}. It began at {at}: {began.blame.cause.value}."
    here = named(account.there, began.element, began.phase is Phase.BACKWARD)
    return f"{text}. It began at {at}, {here}{causes.why(account)}."


def _first(recording: Recording, found: Trouble) -> str:
    """That it is the first of its kind, where its cause is told in few words."""
    first = nonfinite.first(recording, found.phase)
    if first is None or first.step != found.step or found.blame.cause not in _SIMPLE:
        return ""
    what = {Phase.BACKWARD: "gradient", Phase.UPDATE: "new parameter"}.get(found.phase, "number")
    return f". It is the first {what} that is not finite"


#: Causes that are an operation's alone.
_SIMPLE = (
    *(Cause.LOG_OF_ZERO, Cause.LOG_OF_NEGATIVE, Cause.ROOT_OF_NEGATIVE, Cause.POWER_OF_NEGATIVE, Cause.STEEP),
    *(Cause.EXP_OVERFLOW, Cause.OVERFLOW, Cause.DIVISION_BY_ZERO),
)


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


def rounding(recording: Recording, element: Element, ways: Sequence[Hop]) -> str:
    """What rounding to the type of its number makes of a gradient that comes one way: through a cast all of it, else
    what is lost altogether."""
    if len(ways) != 1 or not (
        recording.graph.values[element.value].narrow or recording.graph.values[ways[0].target.value].narrow
    ):
        return ""
    (way,) = ways
    made, product, kind = recording.trace.derivative(element), way.contribution, rounded_to(recording, way)
    if made == product or not isfinite(product):
        return ""
    if made == 0:
        return f"{kind} has no number so small: {brief(product)} is rounded to 0."
    if not recording.graph.nodes[way.node].op.rounds_to:
        return ""
    return f"It is rounded to {kind}, by {said(abs(made - product))}."


def _held_back(recording: Recording, hop: Hop) -> bool:
    trace, node = recording.trace, recording.graph.nodes[hop.node]
    term = term_of(trace, node, hop.slot, hop.source.flat, hop.target.flat)
    return node.op.held_back(hop.slot, [float(x) for x in numbers_at(trace, node, hop.target.flat, term)])


def left_over(recording: Recording, element: Element) -> str:
    """That gradients of the iterations before were not zeroed, and what the update makes of that."""
    if recording.scenario.training.zero_grad or recording.graph.values[element.value].role is not Role.PARAMETER:
        return ""
    left = float(recording.update.kept(LEFT, *element).item(0))
    if not left:
        return ""
    both = left + recording.trace.derivative(element)
    return f"Not zeroed: {said(left, True)} is left from before, and the update takes {said(both, True)}."


#: So many of the ways that meet are looked at for a kink.
_LOOKED_AT = 16


def smallness(recording: Recording, node: Node, flat: int) -> str:
    """That a value is 0, or has lost digits, only because it is so small."""
    y, dtype = recording.trace.number(Element(node.output, flat)), recording.graph.dtype
    kind = recording.graph.values[node.output].narrow or dtype.name
    tiny = NORMAL[kind]
    if y and abs(y) < tiny:
        return f"Below {brief(tiny, 2)} {kind} keeps fewer and fewer digits."
    if y != 0 or not isinstance(node.op, Elementwise):
        return ""
    wider = np.float64 if dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"):
        exact = wide(node.op).forward([x.astype(wider) for x in numbers_at(recording.trace, node, flat)])
    if exact == 0 or not np.isfinite(exact):
        return ""
    size = np.format_float_scientific(abs(exact).item(), precision=0, trim="-", exp_digits=1)
    return f"The exact result, {MINUS * bool(exact < 0)}{size}, is too small for {kind}: it underflows to 0."
