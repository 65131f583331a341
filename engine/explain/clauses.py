"""Why a number is 0, or not finite, in parts of sentences."""

from __future__ import annotations

from math import isinf, isnan

from gradstep.engine.explain import choices, masks, nonfinite, noughts
from gradstep.engine.explain.accounts import Reason
from gradstep.engine.explain.culprit import Of, value_of
from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.explain.noughts import Nought
from gradstep.engine.explain.zeros import Zero, Zeros
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import brief, counted, said
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.ops.precision import EPS
from gradstep.engine.run.recording import Recording


def shown(value: float) -> str:
    return said(value)


def named(recording: Recording, element: Element, gradient: bool = False) -> str:
    return recording.board.gradient(*element) if gradient else recording.board.element(*element)


def rounded_to(recording: Recording, hop: Hop) -> str:
    """The type in which the product of a hop is held: the narrower of both sides."""
    kinds = {recording.graph.values[at.value].narrow for at in (hop.source, hop.target)} - {""}
    return max(kinds, key=lambda kind: EPS[kind], default=recording.graph.dtype.name)


def held_in(recording: Recording, element: Element, gradient: bool) -> str:
    """The type that a number is rounded to; a gradient also to those of what it comes from."""
    graph, values = recording.graph, {element.value}
    if gradient:
        values |= {graph.nodes[n].output for n, _ in graph.uses[element.value]}
    kinds = {recording.kind(value) for value in values} & EPS.keys()
    return max(kinds, key=lambda kind: EPS[kind], default=graph.dtype.name)


def sentence(*clauses: str) -> str:
    """Clauses as one sentence, without its full stop. What begins with a name keeps its letter."""
    text = ", and ".join(filter(None, clauses))
    word = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if word in _WORDS else text


_WORDS = {
    "the",
    "no",
    "in",
    "nothing",
    "all",
    "a",
    "of",
    "at",
    "where",
    "maximum",
    "minimum",
    "clip",
    "max",
    "min",
    "exp",
}


# Zeros --------------------------------------------------------------------------------------------


def of_zeros(recording: Recording, zeros: Zeros) -> str:
    """Why a gradient is 0: its reasons, and in how many terms each of them holds."""
    found = [of_zero(recording, zero) for zero in zeros.found]
    if len(found) == 1:
        return found[0]
    each = [f"in {n:,} {clause}" for n, clause in zip(zeros.found.values(), found, strict=True)]
    return f"of {counted(zeros.of, 'term')}, " + ", ".join(each)


def of_zero(recording: Recording, zero: Zero) -> str:
    """One reason."""
    board, name, hop = recording.board, named(recording, zero.element), zero.hop
    match zero.reason:
        case ZeroReason.NO_PATH:
            return f"no path leads from {name} to the loss"
        case ZeroReason.CANCELLED:
            return f"the {zero.ways} parts that meet at {name} cancel exactly"
        case ZeroReason.CONSTANT if hop is None:
            return f"{recording.graph.nodes[zero.node].text} is the same whatever {name} is"
    assert hop is not None, "something multiplies with 0"
    op = recording.graph.nodes[hop.node].op
    match zero.reason:
        case ZeroReason.GATE_SHUT if op.rectifier:
            z = shown(recording.trace.number(hop.source))
            return f"the gate at {board.unit(*hop.source)} is shut ({name} = {z})"
        case ZeroReason.GATE_SHUT:
            return _not_let_through(recording, hop)
        case ZeroReason.WEIGHT_ZERO | ZeroReason.INPUT_ZERO:
            return _factor(recording, hop)
        case ZeroReason.MASKED:
            return _masked(recording, hop)
        case ZeroReason.CONSTANT:
            return f"{op.label} of a single number is {brief(recording.trace.number(hop.target))} whatever that is"
        case ZeroReason.FITS:
            return f"{name} meets its target exactly"
        case ZeroReason.BY_INFINITY:
            return slope(recording, hop, 0.0) + _infinite(recording, hop.source)
        case ZeroReason.UNDERFLOW if hop.local == 0:
            return f"the slope of {op.label} at {name} is so small that it rounds to 0"
        case ZeroReason.UNDERFLOW:
            return f"at {name} the product is too small for {rounded_to(recording, hop)}: it underflows to 0"
    return f"the slope of {op.label} at {board.unit(*hop.source)} is exactly 0"


def _not_let_through(recording: Recording, hop: Hop) -> str:
    op, name = recording.graph.nodes[hop.node].op, named(recording, hop.source)
    dropped = op.name in ("dropout", "where")
    mask = choices.chooses(recording, hop) if op.name == "where" else None
    if mask is not None and recording.graph.values[mask].node < 0:
        at = int(recording.trace.row(recording.graph.nodes[hop.node], 0, hop.target.flat).grid.take(0, 1)[0])
        holds = "holds" if recording.trace.data[mask].item(at) else "does not hold"
        return f"{op.label} drops {name} ({named(recording, Element(mask, at))} {holds})"
    return f"{op.label} drops {name}" if dropped else f"{op.label} lets something else than {name} through"


def _factor(recording: Recording, hop: Hop) -> str:
    assert hop.factor is not None, "a factor is 0"
    if recording.graph.values[hop.factor.value].number is not None:
        return f"{named(recording, hop.source)} is multiplied by 0"
    why = noughts.nought(recording, hop.factor)
    clause = "" if why is None else _nought(recording, why)
    return f"{named(recording, hop.factor)} is exactly 0" + (f" ({clause})" if clause else "")


def _masked(recording: Recording, hop: Hop) -> str:
    op, name = recording.graph.nodes[hop.node].op, named(recording, hop.source)
    mask = masks.masked(recording).get(hop.source.value)
    if mask is not None and not mask.item(hop.source.flat):
        return f"{name} is the only score of its row that is not masked, and its share 1 whatever it is"
    return f"{name} is masked, on purpose" if op.shares else f"{op.label} leaves {name} out, on purpose"


def of_nought(recording: Recording, element: Element, why: Nought | None) -> str:
    """Why a value is 0."""
    name = named(recording, element)
    if recording.graph.values[element.value].number is not None:
        return "one factor is 0"
    clause = "" if why is None else _nought(recording, why)
    if not clause:
        return f"{name} is given as 0" if why is not None and why.reason is ZeroReason.GIVEN else f"{name} is 0"
    return f"{name} is 0 ({clause})"


def _nought(recording: Recording, why: Nought) -> str:
    """The reason alone; nothing where it is given so, or is no other than what the operation does."""
    name, by = named(recording, why.element), "" if why.by is None else named(recording, why.by)
    if why.reason is ZeroReason.GIVEN:
        return f"as {name} is" if why.carried and recording.graph.values[why.element.value].number is None else ""
    op = recording.graph.nodes[why.node].op
    at = f" at {recording.board.unit(*why.element)}" if why.carried else ""
    match why.reason:
        case ZeroReason.GATE_SHUT if op.rectifier:
            assert why.by is not None, "it is shut because of something"
            return (
                f"its gate is shut, {by} being {shown(recording.trace.number(why.by))}"
                if not at
                else (f"the gate{at} is shut")
            )
        case ZeroReason.GATE_SHUT:
            return f"{op.label} puts it there"
        case ZeroReason.CANCELLED:
            return f"{recording.graph.nodes[why.node].text} cancels exactly"
        case ZeroReason.MASKED:
            return f"{by} is masked"
        case ZeroReason.CONSTANT:
            return f"{op.label} of a single number always is"
        case ZeroReason.BY_INFINITY:
            assert why.by is not None, "something is infinite"
            return f"{by} is {shown(recording.trace.number(why.by))}"
        case ZeroReason.UNDERFLOW:
            return f"{op.label}{at} rounds to it"
    return ""


# What is not finite -------------------------------------------------------------------------------


def of_reason(recording: Recording, reason: Reason) -> str:
    """Why a part is what it is."""
    part = reason.part
    if reason.zeros is not None:
        why = of_zeros(recording, reason.zeros)
        return f"0 arrives at {named(recording, part.element)} because {why}" if part.of is Of.GRADIENT else why
    if part.number == 0:
        return of_nought(recording, part.element, reason.nought)
    if part.of is Of.SLOPE:
        assert part.hop is not None, "it is a slope"
        return slope(recording, part.hop, part.number) + _since(recording, reason)
    name = named(recording, part.element, part.of is Of.GRADIENT)
    if part.of is Of.KEPT:
        name = f"the {part.symbol} that is kept for {name}"
    if reason.trouble is None:
        return f"{name} is given as {shown(part.number)}"
    return f"{name} is {shown(part.number)}{_since(recording, reason)}"


def _since(recording: Recording, reason: Reason) -> str:
    """Where what is not finite began, in brackets; nothing of a slope that is its own reason."""
    began, part = reason.began, reason.part
    if began is None or (part.of is Of.SLOPE and began.blame.cause is Cause.STEEP):
        return ""
    if part.of is Of.SLOPE and began is reason.trouble:
        return f" ({began.blame.cause.value})"
    return _beginning(recording, began)


def _infinite(recording: Recording, element: Element) -> str:
    """Why a value is infinite, in brackets; nothing where it is given so."""
    found = nonfinite.behind(recording, value_of(recording, element))
    return "" if found is None else _beginning(recording, nonfinite.origin(*found))


def _beginning(recording: Recording, began: Trouble) -> str:
    if began.blame.cause is Cause.GIVEN:
        given = began.blame.source
        return "" if given is None else f" (as {named(recording, given.element)} is given so)"
    if began.blame.cause is Cause.MASKED:
        return " (masked on purpose)"
    return f" (since {moment(recording, began)}: {began.blame.cause.value})"


def moment(recording: Recording, trouble: Trouble) -> str:
    """`step 12`, and of which iteration if it is another one."""
    there = "" if trouble.iteration == recording.iteration else f" of iteration {trouble.iteration:,}"
    return f"step {trouble.step:,}{there}"


def slope(recording: Recording, hop: Hop, local: float) -> str:
    """A slope that is not finite, or 0 because of what is not, and the number at which it is."""
    node, x = recording.graph.nodes[hop.node], shown(recording.trace.number(hop.source))
    label = node.text if node.op.name in _WRITTEN else node.op.label
    kind = "infinite" if isinf(local) else "no number" if isnan(local) else shown(local)
    return f"the slope of {label} at {named(recording, hop.source)} = {x} is {kind}"


#: What is called after its formula, not after its operation.
_WRITTEN = ("power", "divide")
