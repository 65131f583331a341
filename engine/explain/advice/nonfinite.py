"""What to try against a number that is not finite: by its cause, and by the reasons of its parts together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gradstep.engine.explain.accounts import Account, Reason, account, iteration_of
from gradstep.engine.explain.advice import functions
from gradstep.engine.explain.advice.patterns import maker, written
from gradstep.engine.explain.clauses import held_in
from gradstep.engine.explain.culprit import Of
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import brief
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


class Case(NamedTuple):
    """A trouble where it began, in its iteration, with the reasons of its parts; and the operation at which it
    happened, if it was one."""

    recording: Recording
    trouble: Trouble
    reasons: tuple[Reason, ...]
    node: Node | None


def against(told: Account) -> str:
    """What to try against what an account tells of."""
    recording, began = told.there, told.began
    return _hint(Case(recording, began, told.reasons, _node(recording, began)))


def _hint(case: Case) -> str:
    if case.trouble.phase is Phase.UPDATE:
        return _of_update(case)
    masked_after = _masked_after(case)
    return masked_after or _HINTS[case.trouble.blame.cause](case)


def _node(recording: Recording, trouble: Trouble) -> Node | None:
    """The operation at which something happened: the one that computes a value, or whose slope it is."""
    if trouble.phase is Phase.UPDATE:
        return None
    if trouble.phase is not Phase.BACKWARD:
        made = recording.graph.values[trouble.element.value].node
        return recording.graph.nodes[made] if made >= 0 else None
    hop = next((part.hop for part in trouble.blame.parts if part.hop is not None), None)
    return None if hop is None else recording.graph.nodes[hop.node]


def _of(recording: Recording, trouble: Trouble) -> str:
    """What to try against another trouble, that a part comes from."""
    return against(account(iteration_of(recording, trouble), trouble))


# Choosing before, and not after -------------------------------------------------------------------


def _masked_after(case: Case) -> str:
    """Where what is no number is dropped, or multiplied by 0, only after it was computed: its slope is none all the
    same, so it is the input that is to be chosen."""
    node, graph = case.node, case.recording.graph
    if node is None or case.trouble.blame.cause not in _RISKY or not isinstance(node.op, Elementwise):
        return ""
    zero = next((zero for reason in case.reasons if reason.zeros is not None for zero in reason.zeros.found), None)
    chooser = None if zero is None or zero.hop is None else graph.nodes[zero.hop.node]
    if chooser is None and case.trouble.phase is not Phase.BACKWARD:
        chooser = next((user for user in functions.choosers(graph, node)), None)
    if chooser is None:
        return ""
    value, safe = functions.risky_input(graph, node)
    if value < 0:
        return ""
    x = written(graph, value)
    if chooser.op.name == "where":
        condition = written(graph, chooser.inputs[0])
        inner = (
            f"where({condition}, {x}, {safe})"
            if functions.takes(graph, chooser, node)
            else f"where({condition}, {safe}, {x})"
        )
        return f"mask before {node.op.label} and not only after it: {functions.rewritten(graph, node, value, inner)}"
    factor = None if zero is None or zero.hop is None else zero.hop.factor
    if factor is None or graph.values[factor.value].number is not None or value in chooser.inputs:
        return ""  # no mask: a number, or x itself as in x · ln x
    inner = f"where({written(graph, factor.value)}, {x}, {safe})"
    return (
        f"multiplying by 0 afterwards masks nothing, as 0 · ∞ is no number; mask before {node.op.label}: "
        f"{functions.rewritten(graph, node, value, inner)}"
    )


#: Causes that a choice before the operation would have kept away.
_RISKY = (
    *(Cause.ZERO_TIMES_INFINITE, Cause.LOG_OF_ZERO, Cause.LOG_OF_NEGATIVE, Cause.ROOT_OF_NEGATIVE, Cause.STEEP),
    *(Cause.POWER_OF_NEGATIVE, Cause.DIVISION_BY_ZERO, Cause.ZERO_BY_ZERO),
)


# By the cause -------------------------------------------------------------------------------------


def _of_logarithm(case: Case) -> str:
    return functions.instead_of_log(case.recording.graph, case.node)


def _of_negative_logarithm(case: Case) -> str:
    return "make the argument positive first: exp, softplus, or a square"


def _of_root(case: Case) -> str:
    graph, node = case.recording.graph, case.node
    if node is None:
        return "hold what is under the root at 0 or above: maximum(x, 0)"
    x, source = written(graph, node.inputs[0]), maker(graph, node.inputs[0])
    if source is not None and source.op.name == "subtract":
        held = f"sqrt(maximum({x}, 1e-12))"
        return f"a difference may fall below 0 by rounding: {held}; a variance as mean((x - mean(x))**2)"
    return f"choose with where() before the root, not after it: sqrt(where({x} > 0, {x}, 1))"


def _of_power(case: Case) -> str:
    return "a whole exponent, or abs() of the base, or hold the base above 0 before it: maximum(x, 1e-12)"


def _of_exp(case: Case) -> str:
    return functions.instead_of_exp(case.recording.graph, case.node, case.recording.iteration > 1)


#: What holds larger numbers than a type does.
_LARGER = {"float16": ["bfloat16", "float32"], "bfloat16": ["float64"], "float32": ["float64"]}


def _of_overflow(case: Case) -> str:
    training, element = case.recording.scenario.training, case.trouble.element
    kind = held_in(case.recording, element, case.trouble.phase is Phase.BACKWARD)
    clipped = training.clip_norm is not None or training.clip_value is not None
    trained = case.recording.iteration > 1
    found = ["a smaller learning rate", "smaller weights at first"] if trained else ["smaller weights and inputs"]
    if trained and not clipped:
        found.append("gradient clipping (clip_norm)")
    if not trained:
        found.append("a normalisation before it")
    found += _LARGER.get(kind, ())
    return ", or ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else found[0]


def _of_division(case: Case) -> str:
    return functions.instead_of_division(case.recording.graph, case.node, case.recording.graph.dtype)


def _of_nothing_by_nothing(case: Case) -> str:
    node = case.node
    if node is not None and not isinstance(node.op, Elementwise):
        return f"an eps above 0: {node.op.label} divides by the spread of its numbers, which is 0 where all are equal"
    return _of_division(case)


def _of_slope(case: Case) -> str:
    return functions.inside_the_root(case.recording.graph, case.node)


def _of_parts(case: Case) -> str:
    """The hints against whatever made the parts infinite, each once."""
    found: dict[str, None] = {}
    for reason in case.reasons:
        if reason.began is not None and not _same(reason.began, case.trouble):
            found[_of(case.recording, reason.began)] = None
        elif reason.part.number != 0:
            found[_GIVEN] = None
    return "; ".join(found) or _GIVEN


def _same(one: Trouble, other: Trouble) -> bool:
    """Whether a part is all that is to be told of itself, as of a slope that is none for no reason that is known."""
    at = [(t.step, t.iteration, t.blame.cause, [(p.of, p.element) for p in t.blame.parts]) for t in (one, other)]
    return at[0] == at[1]


def _of_product(case: Case) -> str:
    graph = case.recording.graph
    for reason in case.reasons:
        if reason.part.number == 0:
            continue
        trouble = reason.trouble
        if trouble is not None and reason.part.of is Of.SLOPE:
            return _hint(Case(case.recording, trouble, (), case.node))
        if case.node is not None and case.node.op.name == "nll":
            return "class numbers instead of one-hot targets: they only pick; or −1e9 in the place of −∞"
        given = reason.began is None or reason.began.blame.cause in (Cause.GIVEN, Cause.MASKED)
        if given and reason.part.of is Of.VALUE and reason.part.number < 0 and case.trouble.phase is not Phase.BACKWARD:
            low = written(graph, reason.part.element.value)
            return (
                f"0 · ∞ is no number, so −∞ cannot be multiplied by a mask: where(mask, 0, {low}), or −1e9 in the "
                "place of −∞"
            )
    return _of_parts(case)


def _of_row(case: Case) -> str:
    return (
        "leave at least one score of every row: a row without any (as of padding) is chosen away before softmax, "
        "where(keep, scores, 0), and its result left out of the loss"
    )


def _of_given(case: Case) -> str:
    source = case.trouble.blame.source
    graph = case.recording.graph
    what = "the number that is set" if source is None else written(graph, source.element.value)
    parameter = source is not None and graph.values[source.element.value].role is Role.PARAMETER
    return f"mend {what}: {'the parameter' if parameter else 'what is given'} is not finite from the start"


_GIVEN = "mend the input or the parameter that is not finite"


def _of_undefined(case: Case) -> str:
    if not case.reasons:
        return "change what enters it: there the function has no value"
    return "keep what enters it finite: " + _of_parts(case)


def _of_update(case: Case) -> str:
    training, cause = case.recording.scenario.training, case.trouble.blame.cause
    optimizer = case.recording.update.optimizer(case.trouble.element.value)
    eps = optimizer.set.get("eps")
    if cause in (Cause.ZERO_BY_ZERO, Cause.DIVISION_BY_ZERO, Cause.ROOT_OF_NEGATIVE) and eps is not None:
        default = optimizer.options["eps"].default
        larger = f"eps = {brief(default)}" if eps < default else f"a larger eps than {brief(eps)}"
        return f"{larger} in [training], so that nothing is divided by 0"
    if cause is Cause.NORM:
        return _of_parts(case)
    if cause is Cause.RATE:
        return "a schedule that stays finite: look at lr and gamma"
    line, found = case.trouble.blame.line, ["a smaller learning rate"]
    if line is not None and "{weight_decay}" in line.written:
        found = ["a smaller weight_decay"]
    elif training.clip_norm is None and training.clip_value is None:
        found.append("gradient clipping (clip_norm)")
    found += _LARGER.get(held_in(case.recording, case.trouble.element, False), ())
    return ", or ".join(found)


_HINTS: Mapping[Cause, Callable[[Case], str]] = {
    Cause.CARRIED: _of_parts,
    Cause.GIVEN: _of_given,
    Cause.MASKED: lambda case: (
        "what is masked is used here: do not mask it, or leave it out before (class numbers pick)"
    ),
    Cause.LOG_OF_ZERO: _of_logarithm,
    Cause.LOG_OF_NEGATIVE: _of_negative_logarithm,
    Cause.ROOT_OF_NEGATIVE: _of_root,
    Cause.POWER_OF_NEGATIVE: _of_power,
    Cause.EXP_OVERFLOW: _of_exp,
    Cause.OVERFLOW: _of_overflow,
    Cause.DIVISION_BY_ZERO: _of_division,
    Cause.STEEP: _of_slope,
    Cause.ZERO_BY_ZERO: _of_nothing_by_nothing,
    Cause.INFINITE_BY_INFINITE: _of_parts,
    Cause.INFINITE_MINUS_INFINITE: _of_parts,
    Cause.ZERO_TIMES_INFINITE: _of_product,
    Cause.MASKED_ROW: _of_row,
    Cause.UNDEFINED: _of_undefined,
    Cause.RECORDED: lambda case: "that operation where your program has it: print what enters it and what comes out",
    Cause.NORM: _of_update,
    Cause.RATE: _of_update,
}
