"""The first number that is not finite is found, with the right reason, and so is where it began."""

from __future__ import annotations

import tracemalloc
from math import isfinite

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, written
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import recording
from recordings import written as recorded

from gradstep.engine.ask.whatif import apply_edits, read_edit
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.explain import nonfinite, remarks
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against
from gradstep.engine.explain.culprit import Of
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position


def named(rec: Recording, found: nonfinite.Trouble | None) -> tuple[str, Cause] | None:
    return None if found is None else (rec.board.typed(*found.element), found.blame.cause)


#: Leaves, formulas; the first number and the first gradient that is not finite, and why.
BAD = [
    ("x = [0.0, 2.0]", "l = log(x); L = sum(l)", ("l[0]", Cause.LOG_OF_ZERO), ("x[0]", Cause.LOG_OF_ZERO)),
    ("x = [3.0, -2.0]", "l = log(x); L = sum(l)", ("l[1]", Cause.LOG_OF_NEGATIVE), None),
    ("x = [-2.0]", "l = sqrt(x); L = sum(l)", ("l[0]", Cause.ROOT_OF_NEGATIVE), ("x[0]", Cause.ROOT_OF_NEGATIVE)),
    ("x = [0.0]", "l = sqrt(x); L = sum(l)", None, ("x[0]", Cause.STEEP)),
    ("x = [-2.0]", "l = x ** 0.5; L = sum(l)", ("l[0]", Cause.POWER_OF_NEGATIVE), ("x[0]", Cause.POWER_OF_NEGATIVE)),
    ("x = [0.0]", "l = x ** -1; L = sum(l)", ("l[0]", Cause.DIVISION_BY_ZERO), ("x[0]", Cause.DIVISION_BY_ZERO)),
    ("x = [800.0]", "l = exp(x); L = sum(l)", ("l[0]", Cause.EXP_OVERFLOW), ("x[0]", Cause.EXP_OVERFLOW)),
    ("x = 2.0; y = 0.0", "L = x / y", ("L", Cause.DIVISION_BY_ZERO), ("x", Cause.DIVISION_BY_ZERO)),
    ("x = 0.0; y = 0.0", "L = x / y", ("L", Cause.ZERO_BY_ZERO), ("x", Cause.DIVISION_BY_ZERO)),
    ("x = [1e200, 1.0]", "l = x * x; L = sum(l)", ("l[0]", Cause.OVERFLOW), None),
    ("x = [1e308, 1e308]", "L = sum(x)", ("L", Cause.OVERFLOW), None),
    ("W = [[1e200, 1.0]]; x = [1e200, 1.0]", "z = W @ x; L = sum(z)", ("z[0]", Cause.OVERFLOW), None),
    ("x = [inf, 1.0]; y = [inf, 1.0]", "d = x - y; L = sum(d)", ("d[0]", Cause.INFINITE_MINUS_INFINITE), None),
    ("x = inf; y = 0.0", "L = x * y", ("L", Cause.ZERO_TIMES_INFINITE), ("y", Cause.GIVEN)),
    ("x = inf; y = inf", "L = x / y", ("L", Cause.INFINITE_BY_INFINITE), None),
    ("x = [nan, 1.0]", "l = x + 1; L = sum(l)", ("l[0]", Cause.GIVEN), None),
    ("x = [1.0, inf]", "l = 2 * x; L = sum(l)", ("l[1]", Cause.GIVEN), None),
    ("x = inf", "l = sin(x); L = l + 1", ("l", Cause.UNDEFINED), None),
    ("W = [[0.0, 1.0]]; x = [inf, 1.0]", "z = W @ x; L = sum(z)", ("z[0]", Cause.ZERO_TIMES_INFINITE), None),
    ("x = [inf, 1.0]", "s = softmax(x); L = sum(s * s)", ("s[0]", Cause.INFINITE_MINUS_INFINITE), None),
    ("x = [2.0, 2.0]", "n = layer_norm(x, eps=0); L = sum(n)", ("n[0]", Cause.ZERO_BY_ZERO), None),
    ("y = [0.0, 0.5]; t = [1.0, 1.0]", "L = bce(y, t)", None, ("t[0]", Cause.LOG_OF_ZERO)),
    ("z = [0.0, -inf]; t = [1.0, 0.0]", "L = nll(z, t)", ("L", Cause.ZERO_TIMES_INFINITE), None),
    ("z = [0.0, -inf]", "L = nll(z, 1)", ("L", Cause.GIVEN), None),
    ("y = [inf, 0.0]; t = [inf, 1.0]", "L = mse(y, t)", ("L", Cause.INFINITE_MINUS_INFINITE), None),
    ("y = [0.5, 1.5]; t = [1.0, 0.0]", "L = bce(y, t)", ("L", Cause.LOG_OF_NEGATIVE), None),
    ("y = [1e200, 0.5]; t = [1.0, 1.0]", "L = mse(y, t)", ("L", Cause.OVERFLOW), None),
    ("x = [0.0, 1.0]", "r = sqrt(x); w = r * 0; L = sum(w)", None, ("x[0]", Cause.ZERO_TIMES_INFINITE)),
    ("x = 1e-300", "l = x * 1e200; m = l * 1e200; L = m * 1", None, ("x", Cause.OVERFLOW)),
    ("x = 1e-300", "r = sqrt(x); q = 1 / r; L = q ** 2", None, ("r", Cause.OVERFLOW)),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "a = attention(x, x, x, causal=True); L = sum(a)", None, None),
    ("x = [1.0, -2.0]; low = -inf", "m = where(x > 0, x, low); s = softmax(m); L = sum(s * x)", None, None),
]


@pytest.mark.parametrize(("leaves", "lines", "forward", "backward"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_the_first_number_that_is_not_finite(
    leaves: str, lines: str, forward: tuple[str, Cause] | None, backward: tuple[str, Cause] | None
) -> None:
    rec = written(leaves, lines)
    assert named(rec, nonfinite.first(rec, Phase.FORWARD)) == forward
    if backward is not None or forward is None:
        assert named(rec, nonfinite.first(rec, Phase.BACKWARD)) == backward


@pytest.mark.parametrize(
    ("leaves", "lines", "cause"),
    [
        ("x = [60.0, 89.0]", "l = exp(x); L = sum(l)", Cause.EXP_OVERFLOW),
        ("x = [1e20, 1.0]", "l = x * x; L = sum(l)", Cause.OVERFLOW),
        ("x = [1e20, 1.0]", "L = mse(x, 0)", Cause.OVERFLOW),
    ],
)
def test_float32_overflows_where_float64_does_not(leaves: str, lines: str, cause: Cause) -> None:
    narrow, wide = written(leaves, lines, "float32"), written(leaves, lines)
    found = nonfinite.first(narrow, Phase.FORWARD)
    assert found is not None
    assert found.blame.cause is cause
    assert "more than float32 can hold" in Frame(narrow, Position(found.step)).story.caption
    assert nonfinite.first(wide, Phase.FORWARD) is None


_EXTREME = st.sampled_from(
    [0.0, 1.0, -1.0, 2.0, 1e200, -1e200, 1e-200, 800.0, float("inf"), -float("inf"), float("nan")]
)
_LINES = st.sampled_from(
    [
        *("log({})", "exp({})", "sqrt({})", "{} * {}", "{} / {}", "{} - {}", "{} + {}", "{} ** 0.5", "relu({})"),
        *("tanh({})", "softmax({})", "maximum({}, {})", "where({} > 0, {}, {})", "{} * 0", "layer_norm({})"),
        "{} * max({})",
    ]
)


@st.composite
def extreme(draw: st.DrawFn) -> Recording:
    numbers = [draw(st.lists(_EXTREME, min_size=2, max_size=2)) for _ in range(2)]
    known, lines = ["a", "b"], []
    for k in range(draw(st.integers(1, 6))):
        formula = draw(_LINES)
        lines.append(f"v{k} = " + formula.format(*(draw(st.sampled_from(known)) for _ in range(3))))
        known.append(f"v{k}")
    lines.append(f"L = sum({known[-1]}) + sum({draw(st.sampled_from(known))} * 1)")
    return written("; ".join(f"{n} = {v}" for n, v in zip("ab", numbers, strict=True)), "; ".join(lines))


@given(extreme())
@settings(max_examples=EXAMPLES, deadline=None, derandomize=REPEATABLE)
def test_every_bad_number_has_a_cause_and_an_origin(rec: Recording) -> None:
    """By brute force over all steps; what is blamed for being carried on is not finite itself, and
    where it began nothing that entered was of the same kind."""
    firsts: dict[Phase, int] = {}
    for step in range(1, rec.timeline.total + 1):
        sweep, flat = rec.timeline.locate(step)
        if sweep.phase is Phase.UPDATE:
            value = float(rec.updated(sweep.value, flat)[0])
        else:
            arrays = rec.trace.grad if sweep.phase is Phase.BACKWARD else rec.trace.data
            array = arrays[sweep.value]
            assert array is not None
            value = float(array.reshape(-1)[flat])
        found = nonfinite.at(rec, step)
        assert (found is None) == isfinite(value)
        if found is None:
            continue
        if found.blame.cause is Cause.MASKED:
            assert value == -np.inf
            continue
        firsts.setdefault(Phase.FORWARD if sweep.phase is Phase.LOSS else sweep.phase, step)
        numbers = [part.number for part in found.blame.parts]
        for part in found.blame.parts:
            arrays = rec.trace.grad if part.of is Of.GRADIENT else rec.trace.data
            array = arrays[part.element.value]
            assert array is not None
            if part.of is not Of.SLOPE:
                assert np.array_equal(part.number, array.reshape(-1)[part.element.flat], equal_nan=True)
        match found.blame.cause:
            case Cause.CARRIED | Cause.GIVEN:
                assert found.blame.source is not None
                assert not isfinite(found.blame.source.number)
            case Cause.ZERO_TIMES_INFINITE:
                assert sorted(map(abs, numbers)) == [0, np.inf]
            case Cause.INFINITE_MINUS_INFINITE | Cause.INFINITE_BY_INFINITE | Cause.MASKED_ROW:
                assert numbers
                assert all(map(np.isinf, numbers))
        began = nonfinite.origin(rec, found)
        assert began.step <= step
        assert began.blame.cause is not Cause.CARRIED
        told = account(rec, found)
        assert told.began == began or began.value != began.value
        assert remarks.told(told)
        assert "nonfinite" not in against(told)
        assert Frame(rec, Position(step)).story.caption
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        first = nonfinite.first(rec, phase)
        assert (None if first is None else first.step) == firsts.get(phase)


def test_first_costs_one_pass_and_allocates_nothing_where_all_is_finite() -> None:
    rec = written("x = { shape = [300000], init = 'normal(0, 1)' }", "h = relu(x * 2); L = sum(h * h)")
    np.add.reduce(rec.trace.data[0])
    tracemalloc.start()
    try:
        assert nonfinite.first(rec, Phase.FORWARD) is None
        assert tracemalloc.get_traced_memory()[1] < 300_000
    finally:
        tracemalloc.stop()


def test_where_it_began_is_looked_for_once_however_far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "; ".join(f"h{k} = h{k - 1} + 1" for k in range(1, 300))
    recording = written("x = [-1.0, 2.0]", f"h0 = sqrt(x); {lines}; L = sum(h299)")
    asked: list[int] = []
    original = nonfinite.at

    def counted(recording: Recording, step: int) -> nonfinite.Trouble | None:
        asked.append(step)
        return original(recording, step)

    monkeypatch.setattr(nonfinite, "at", counted)
    for k in (250, 251, 299, 10):
        element = recording.graph.by_name[f"h{k}"]
        step = recording.timeline.step_of(Phase.FORWARD, element.id, 0)
        assert step is not None
        trouble = original(recording, step)
        assert trouble is not None
        began = nonfinite.origin(recording, trouble)
        assert (recording.board.typed(*began.element), began.blame.cause) == ("h0[0]", Cause.ROOT_OF_NEGATIVE)
    assert len(asked) <= 310


@pytest.mark.parametrize(
    ("edit", "phase", "name", "cause"),
    [
        ("h[1] = nan", Phase.FORWARD, "h₂", Cause.GIVEN),
        ("h[1] = -inf", Phase.FORWARD, "h₂", Cause.GIVEN),
        ("h.grad[0] = inf", Phase.BACKWARD, "∂L/∂h₁", Cause.GIVEN),
        ("L = nan", Phase.FORWARD, "L", Cause.GIVEN),
    ],
)
def test_what_was_set_by_hand_is_nobodys_fault(edit: str, phase: Phase, name: str, cause: Cause) -> None:
    """The inputs are as good as before; only the number itself was set."""
    base = recording("walkthrough")
    rec = apply_edits(base, [read_edit(base, edit)])
    found = nonfinite.first(rec, phase)
    assert found is not None
    assert found.blame.cause is cause
    assert remarks.trouble_in(rec, found).endswith("it was set by hand.")
    assert remarks.trouble_in(rec, found).startswith(f"{name} is ")


def test_beside_a_number_that_was_set_by_hand_others_have_their_reason() -> None:
    """Of [1, 0] the logarithm is [0, −∞]; that another of its numbers is set to 3 changes nothing about it."""
    base = recorded("x = [1.0, 0.0]", "l = log(x)", "s = stack(l[0], l[1])", "L = sum(s)")
    for edit, cause in (("l[0] = 3", Cause.LOG_OF_ZERO), ("s[0] = nan", Cause.GIVEN)):
        rec = apply_edits(base, [read_edit(base, edit)])
        step = rec.timeline.step_of(Phase.FORWARD, rec.graph.by_name["l" if "l" in edit else "s"].id, int("l" in edit))
        assert step is not None
        found = nonfinite.at(rec, step)
        assert found is not None
        assert found.blame.cause is cause


# Through the iterations before --------------------------------------------------------------------

#: w = 3 at first; the loss is w⁴, and with η = 1 the gradient overflows some iterations on.
DIVERGING = 'format = 1\n[parameters]\nw = 3.0\n[graph]\nL = "w ** 4"\n[training]\nlr = 1.0\nsteps = 90\n'


def overflows() -> int:
    """The iteration in which it does, in plain Python."""
    w, k = 3.0, 1
    while isfinite(w):
        try:
            w, k = w - 4 * w**3, k + 1
        except OverflowError:
            break
    return k


@pytest.mark.parametrize("iteration", [7, 8, 12, 40, 90])
def test_a_number_that_an_update_made_is_not_given(iteration: int) -> None:
    last = History(loads(DIVERGING)).recording(iteration)
    found = nonfinite.first(last, Phase.FORWARD)
    assert found is not None
    assert found.blame.cause is Cause.CARRIED
    began = nonfinite.origin(last, found)
    assert (began.iteration, began.phase) == (overflows(), Phase.BACKWARD)
    assert last.typed(began.element, began.phase) == "w.grad"
    assert began.blame.cause is Cause.OVERFLOW


def test_it_is_looked_for_in_few_of_the_iterations_before() -> None:
    history = History(loads(DIVERGING.replace("steps = 90", "steps = 4000")))
    last = history.recording(4000)
    asked: list[int] = []

    def earlier(k: int) -> Recording:
        asked.append(k)
        return history.recording(k)

    object.__setattr__(last, "earlier", earlier)
    found = nonfinite.first(last, Phase.FORWARD)
    assert found is not None
    assert nonfinite.origin(last, found).iteration == overflows()
    assert len(asked) <= 40
    known = len(asked)
    assert nonfinite.first(last, Phase.BACKWARD) is not None
    assert len(asked) <= known + 5


def test_what_was_no_number_from_the_beginning_is_given() -> None:
    history = History(loads(DIVERGING.replace("w = 3.0", "w = nan")))
    for k in (1, 2, 9):
        recording = history.recording(k)
        found = nonfinite.first(recording, Phase.FORWARD)
        assert found is not None
        assert found.blame.cause is Cause.GIVEN


def test_what_is_set_by_hand_is_given() -> None:
    session = Session(loads('format = 1\n[parameters]\nw = 3.0\n[graph]\nL = "w * 2"\n[training]\nsteps = 9\n'))
    session.do("goto @4 start")
    session.do("set w = nan")
    for k in (4, 5, 9):
        session.do(f"goto @{k} end")
        found = nonfinite.first(session.recording, Phase.LOSS)
        assert found is not None
        began = nonfinite.origin(session.recording, found)
        assert (began.blame.cause, began.iteration) == (Cause.GIVEN, 4 if k == 4 else began.iteration)
        assert began.iteration >= 4
    session.do("goto @4 start")
    session.do("undo")
    session.do("set w = 1.0")
    assert nonfinite.first(session.recording, Phase.LOSS) is None


def test_a_value_set_by_hand_is_not_called_an_overflow() -> None:
    session = Session(loads('format = 1\n[parameters]\nw = 3.0\n[graph]\nh = "w * 2"\nL = "h * 3"\n'))
    session.do("set h = inf")
    found = nonfinite.first(session.recording, Phase.FORWARD)
    assert found is not None
    assert found.blame.cause is Cause.GIVEN
