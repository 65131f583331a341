"""The causes of what is not finite in words, with the reasons for their parts."""

from __future__ import annotations

from math import isfinite

from gradstep.engine.explain.accounts import Account, Reason
from gradstep.engine.explain.clauses import held_in, moment, named, of_reason, of_zeros, sentence, shown, slope
from gradstep.engine.explain.culprit import Of, Part
from gradstep.engine.notation import brief
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.ops.precision import MOST
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase
from gradstep.engine.training.rule import SIGNS

_WHY = {
    Cause.LOG_OF_ZERO: "the logarithm of 0 is −∞",
    Cause.LOG_OF_NEGATIVE: "a negative number has no logarithm",
    Cause.ROOT_OF_NEGATIVE: "a negative number has no square root",
    Cause.POWER_OF_NEGATIVE: "a negative number has no fractional power",
    Cause.EXP_OVERFLOW: "exp of so large a number is more than {dtype} can hold ({most})",
    Cause.OVERFLOW: "it overflows, being more than {dtype} can hold ({most})",
    Cause.DIVISION_BY_ZERO: "something is divided by 0",
    Cause.STEEP: "the slope is infinite there",
    Cause.ZERO_BY_ZERO: "0/0 is no number",
    Cause.INFINITE_BY_INFINITE: "∞/∞ is no number",
    Cause.INFINITE_MINUS_INFINITE: "∞ − ∞ is no number",
    Cause.ZERO_TIMES_INFINITE: "0 · ∞ is no number",
    Cause.MASKED_ROW: "all scores of this row are −∞: softmax is 0/0",
    Cause.UNDEFINED: "the function has no value there",
    Cause.RECORDED: "the operation that made it is recorded and not explained, and what enters it is finite",
    Cause.NORM: "the norm that all gradients are clipped by is no number",
    Cause.RATE: "the learning rate is not finite",
    Cause.GIVEN: "it is set so",
    Cause.MASKED: "it is masked on purpose",
    Cause.CARRIED: "it is carried on",
}


def why(account: Account) -> str:
    """What follows after the name of a number that is not finite: the cause where it began, and the reasons of its
    parts."""
    recording, began = account.there, account.began
    if began.phase is Phase.UPDATE:
        return _of_update(account)
    kind = held_in(recording, began.element, began.phase is Phase.BACKWARD)
    text = _WHY[began.blame.cause].format(dtype=kind, most=_at_most(kind))
    if began.phase is Phase.BACKWARD and any(part.of is Of.SLOPE for part in began.blame.parts[:1]):
        return _of_slope(account)
    return _with_reasons(text, account)


def _at_most(kind: str) -> str:
    """The largest number of a type: never more than there is."""
    return f"at most {MOST[kind]:,.0f}" if MOST[kind] < _LONG else f"at most {brief(MOST[kind], 2)}"


#: From here on numbers are written with a power of ten.
_LONG = 1e6


def _with_reasons(text: str, account: Account) -> str:
    """A cause with the reasons of its parts, of what is not finite first: that is to be mended."""
    parts = sorted(account.reasons, key=lambda reason: reason.part.number == 0)
    clauses = list(dict.fromkeys(of_reason(account.there, reason) for reason in parts if _tells(account, reason)))
    cause = account.began.blame.cause
    if clauses and cause in _PAIRS:
        return f", {cause.value}: {', and '.join(clauses)}"
    return f": {text}. {sentence(*clauses)}" if clauses else f": {text}"


#: Causes that are nothing without their parts.
_PAIRS = (*(Cause.ZERO_BY_ZERO, Cause.INFINITE_BY_INFINITE, Cause.INFINITE_MINUS_INFINITE, Cause.ZERO_TIMES_INFINITE),)


def _tells(account: Account, reason: Reason) -> bool:
    """Whether the reason of a part says more than the cause alone. That a single number is given as 0 does not, nor
    does a slope that is itself the cause."""
    if reason.part.of is Of.SLOPE and account.began.blame.cause not in _PAIRS:
        return False
    if reason.began is not None and reason.began.blame.cause is Cause.MASKED:
        return account.began.blame.cause is not Cause.MASKED_ROW
    alone = sum(one.part.of is not Of.SLOPE for one in account.reasons) == 1
    if alone and reason.nought is not None and not reason.nought.carried:
        return reason.nought.reason is not ZeroReason.GIVEN
    return reason.part.number == 0 or not isfinite(reason.part.number)


def _of_slope(account: Account) -> str:
    """A slope that is not finite by itself."""
    part, cause = account.began.blame.parts[0], account.began.blame.cause
    assert part.hop is not None, "the first part is the slope"
    at = slope(account.there, part.hop, part.number)
    text = at if cause is Cause.STEEP else f"{at} ({cause.value})"
    told = (of_reason(account.there, reason) for reason in account.reasons if _tells(account, reason))
    clauses = [clause for clause in dict.fromkeys(told) if clause != text]
    return f": {text}. {sentence(*clauses)}" if clauses else f": {text}"


def _of_update(account: Account) -> str:
    """What an update makes of finite numbers, at a line of its rule."""
    recording, began, line = account.there, account.began, account.began.blame.line
    kind = held_in(recording, began.element, False)
    text = _WHY[began.blame.cause].format(dtype=kind, most=_at_most(kind))
    if began.blame.cause is Cause.NORM:
        clauses = [f"{source(recording, reason.part)}{_at(recording, reason)}" for reason in account.reasons]
        return f": {text}, because {' and '.join(clauses)}" if clauses else f": {text}"
    rule = "" if line is None else f" in {line.symbol} ← {written(line.written)}"
    eps = recording.update.optimizer(began.element.value).set.get("eps")
    if began.blame.cause in (Cause.ZERO_BY_ZERO, Cause.DIVISION_BY_ZERO) and eps is not None:
        rule += f", where ε is {brief(eps)}"
    zeros = next((reason.zeros for reason in account.reasons if reason.zeros is not None), None)
    if zeros is None:
        return f": {text}{rule}"
    name = named(recording, began.element, True)
    return f": {text}{rule}. {name} is 0 because {of_zeros(recording, zeros)}"


def written(line: str) -> str:
    """A line of a rule as it is written on a blackboard."""
    for symbol, sign in SIGNS.items():
        line = line.replace(f"{{{symbol}}}", sign)
    return line.replace("{", "").replace("}", "")


def _at(recording: Recording, reason: Reason) -> str:
    """Where a part began."""
    began = reason.began
    return "" if began is None else f" ({moment(recording, began)}: {began.blame.cause.value})"


def source(recording: Recording, part: Part) -> str:
    """The number that is carried on."""
    name = named(recording, part.element, part.of is Of.GRADIENT)
    kept = f"the {part.symbol} that is kept for {name}" if part.of is Of.KEPT else name
    return f"{kept} is {shown(part.number)}"
