"""Why a number is not finite, as one object: both factors, each with its reason, worked out by hand."""

from __future__ import annotations

import json
from math import inf, isnan

import pytest
from graphs import at, written

from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.accounts import Account, account, iteration_of, reason
from gradstep.engine.explain.culprit import Of, value_of
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


def first(rec: Recording, phase: Phase) -> Account:
    found = nonfinite.first(rec, phase)
    assert found is not None
    return account(rec, found)


#: Of each factor: what it is of, its number, and why.
PAIRS = [
    # √ has an infinite slope at 0, and a ReLU behind it is shut.
    ("x = [0.0]", "d = sqrt(x ** 2); L = sum(relu(d - 1))", Phase.BACKWARD, Cause.ZERO_TIMES_INFINITE,
     {(Of.SLOPE, inf): Cause.STEEP, (Of.GRADIENT, 0.0): ZeroReason.GATE_SHUT}),
    # where() drops the root of 0.
    ("x = [0.0, 4.0]", "s = where(x > 0, sqrt(x), 0); L = sum(s)", Phase.BACKWARD, Cause.ZERO_TIMES_INFINITE,
     {(Of.SLOPE, inf): Cause.STEEP, (Of.GRADIENT, 0.0): ZeroReason.GATE_SHUT}),
    # ln 0 of a probability that a softmax rounds to 0, times that probability.
    ("z = [0.0, 900.0]", "p = softmax(z); L = sum(p * log(p))", Phase.BACKWARD, Cause.ZERO_TIMES_INFINITE,
     {(Of.SLOPE, inf): Cause.LOG_OF_ZERO, (Of.GRADIENT, 0.0): ZeroReason.INPUT_ZERO}),
    # 0⁻¹, multiplied by a mask of 0.
    ("x = [0.0]; m = [0.0]", "q = x ** -1; y = q * m; L = sum(y)", Phase.LOSS, Cause.DIVISION_BY_ZERO,
     {(Of.VALUE, 0.0): ZeroReason.GIVEN}),
    # An exp that overflows, times one that underflows.
    ("x = [800.0]", "a = exp(x); b = exp(-x); c = relu(a); L = sum(b * c)", Phase.BACKWARD, None, {}),
    # A minuend that is given, a subtrahend that overflows.
    ("x = [800.0]; u = [inf]", "e = exp(x); L = sum(relu(u - e))", Phase.FORWARD, Cause.EXP_OVERFLOW,
     {(Of.VALUE, 800.0): None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("leaves", "lines", "phase", "cause", "whys"), PAIRS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_each_part_has_its_reason(
    leaves: str, lines: str, phase: Phase, cause: Cause | None, whys: dict[tuple[Of, float], Cause | ZeroReason | None]
) -> None:
    told = first(written(leaves, lines), phase)
    if cause is None:
        assert told.began.blame.cause is not Cause.CARRIED
        return
    assert told.began.blame.cause is cause
    found: dict[tuple[Of, float], Cause | ZeroReason | None] = {}
    for one in told.reasons:
        why: Cause | ZeroReason | None = None
        if one.began is not None:
            why = one.began.blame.cause
        elif one.zeros is not None:
            (zero,) = one.zeros.found
            why = zero.reason
        elif one.nought is not None:
            why = one.nought.reason
        found[one.part.of, one.part.number] = why
    assert found == whys


def test_infinities_of_both_signs_are_both_followed() -> None:
    """ln 0 twice, one of them turned round."""
    rec = written("a = [0.0]; b = [-900.0]", "u = log(a); v = log(exp(b)); L = sum(u - v)")
    element = at(rec, "L:subtract")
    step = rec.timeline.step_of(Phase.FORWARD, *element)
    assert step is not None
    found = nonfinite.at(rec, step)
    assert found is not None
    told = account(rec, found)
    assert told.began.blame.cause is Cause.INFINITE_MINUS_INFINITE
    causes = [(one.part.number, one.began and one.began.blame.cause) for one in told.reasons]
    assert causes == [(-inf, Cause.LOG_OF_ZERO), (-inf, Cause.LOG_OF_ZERO)]
    names = [rec.typed(one.began.element) for one in told.reasons if one.began is not None]
    assert names == ["u[0]", "v[0]"]


def test_what_is_carried_on_is_told_where_it_began() -> None:
    rec = written("x = [0.0]", "a = log(x); b = a * 2; c = b + 1; L = sum(c)")
    step = rec.timeline.step_of(Phase.FORWARD, *at(rec, "c"))
    assert step is not None
    found = nonfinite.at(rec, step)
    assert found is not None
    told = account(rec, found)
    assert (rec.typed(told.trouble.element), rec.typed(told.began.element)) == ("c[0]", "a[0]")
    assert told.there is rec


def test_an_iteration_before_is_the_one_that_is_meant() -> None:
    text = 'format = 1\n[parameters]\nw = 0.0\n[graph]\nL = "sqrt(w)"\n[training]\nlr = 1.0\nsteps = 5\n'
    history = History(loads(text))
    fourth = history.recording(4)
    assert isnan(fourth.trace.loss)
    told = first(fourth, Phase.FORWARD)
    assert (told.began.iteration, told.there.iteration, told.recording.iteration) == (1, 1, 4)
    assert told.began.blame.cause is Cause.STEEP
    assert iteration_of(fourth, told.trouble) is fourth


def test_a_number_that_is_neither_0_nor_infinite_needs_no_reason() -> None:
    rec = written("x = [2.0]", "L = sum(x)")
    assert reason(rec, value_of(rec, at(rec, "x")))[1:] == (None, None, None, None)


def test_programs_get_it_as_data() -> None:
    told = first(written("x = [0.0]", "d = sqrt(x ** 2); L = sum(relu(d - 1))"), Phase.BACKWARD).document()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["kind"], told["at"], told["step"], told["iteration"]) == (
        "zero_times_infinite",
        "d:power.grad[0]",
        9,
        1,
    )
    assert [(part["of"], part["name"], part["number"]) for part in told["parts"]] == [
        ("gradient", "d.grad[0]", 0.0),
        ("slope", "d:power[0]", "Infinity"),
    ]
    assert [part["because"] for part in told["parts"]] == [["gate_shut"], "steep"]
