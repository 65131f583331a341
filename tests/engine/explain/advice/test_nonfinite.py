"""What to try against a number that is not finite: followed, it helps; and nothing is advised that is done already."""

from __future__ import annotations

from math import isfinite

import numpy as np
import pytest
from graphs import written

from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against
from gradstep.engine.explain.advice.nonfinite import _HINTS
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.timeline import Phase


def hint(rec: Recording, phase: Phase | None = None) -> str:
    """What is advised about the first trouble of a phase; by default, of the first phase that has one."""
    for one in (Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE) if phase is None else (phase,):
        found = nonfinite.first(rec, one)
        if found is not None:
            return against(account(rec, found))
    raise AssertionError("all is finite")


def finite(rec: Recording) -> bool:
    return all(nonfinite.first(rec, phase) is None for phase in (Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE))


def test_every_cause_has_a_hint() -> None:
    assert set(_HINTS) == set(Cause)


#: What is written, what the advice has to contain, and the same lines with the advice followed.
FOLLOWED = [
    ("x = [0.0]", "d = sqrt(x**2); L = sum(relu(d - 1))", "inside the root: sqrt(x ** 2 + 1e-12)",
     "d = sqrt(x ** 2 + 1e-12); L = sum(relu(d - 1))"),
    ("x = [0.0, 2.0]", "r = sqrt(x); s = where(x > 0, r, 0); L = sum(s)", "sqrt(where(x > 0, x, 1))",
     "r = sqrt(where(x > 0, x, 1)); s = where(x > 0, r, 0); L = sum(s)"),
    ("x = [-1.0, 2.0]", "r = sqrt(x); s = where(x <= 0, 0, r); L = sum(s)", "sqrt(where(x <= 0, 1, x))",
     "r = sqrt(where(x <= 0, 1, x)); s = where(x <= 0, 0, r); L = sum(s)"),
    ("x = [0.0, 2.0]", "r = log(x); s = where(x > 0, r * x, 0); L = sum(s)", "log(where(x > 0, x, 1))",
     "r = log(where(x > 0, x, 1)); s = where(x > 0, r * x, 0); L = sum(s)"),
    ("x = [0.0, 2.0]", "s = where(x > 0, 1 / x, 0); L = sum(s)", "1 / where(x > 0, x, 1)",
     "s = where(x > 0, 1 / where(x > 0, x, 1), 0); L = sum(s)"),
    ("x = [0.0, 4.0]; m = [0.0, 1.0]", "L = sum(sqrt(x) * m)", "sqrt(where(m, x, 1))",
     "L = sum(sqrt(where(m, x, 1)) * m)"),
    ("x = [-1.0]", "h = relu(x); L = sum(h ** 0.5)", "(h + 1e-12) ** 0.5",
     "h = relu(x); L = sum((h + 1e-12) ** 0.5)"),
    ("v = [0.0]; g = [0.0]", "L = sum(g / (sqrt(v) + 1e-8)) * 0", "sqrt(v + 1e-12)",
     "L = sum(g / (sqrt(v + 1e-12) + 1e-8)) * 0"),
    ("x = [3.0, 0.0, 4.0]", "n = sqrt(sum((x[1:2]) ** 2)); L = sum(x / n)", "sqrt(sum(x[1:2] ** 2) + 1e-12)",
     "n = sqrt(sum((x[1:2]) ** 2) + 1e-12); L = sum(x / n)"),
    ("z = [0.0, 900.0]", "p = softmax(z); L = -log(p[0])", "log_softmax(z)", "p = log_softmax(z); L = -p[0]"),
    ("z = [0.0, 900.0]", "e = exp(z); p = e / sum(e); L = -log(p[0])", "log_softmax", "p = log_softmax(z); L = -p[0]"),
    ("z = [-800.0]", "p = sigmoid(z); L = -sum(log(p))", "-softplus(-z)", "L = -sum(-softplus(-z))"),
    ("z = [-800.0]", "p = 1 / (1 + exp(-z)); L = -sum(log(p))", "sigmoid(x) instead", "L = -sum(-softplus(-z))"),
    ("z = [800.0]", "L = sum(log(1 + exp(z)))", "softplus(x) instead of log(1 + exp(x))", "L = sum(softplus(z))"),
    ("z = [800.0]", "L = -sum(log(1 - sigmoid(z)))", "-softplus(z) for ln(1 − σ(z))", "L = -sum(-softplus(z))"),
    ("z = [800.0, 1.0]", "L = log(sum(exp(z)))", "max(x) + log(sum(exp(x - max(x))))",
     "L = max(z) + log(sum(exp(z - max(z))))"),
    ("z = [800.0]", "L = sum((exp(z) - exp(-z)) / (exp(z) + exp(-z)))", "tanh(x)", "L = sum(tanh(z))"),
    ("x = [0.0]", "L = sum(log(x * 1))", "log(maximum(x * 1, 1e-12))", "L = sum(log(maximum(x * 1, 1e-12)))"),
    ("x = [0.0]", "L = sum(x ** -1)", "maximum(x, 1e-12)", "L = sum(maximum(x, 1e-12) ** -1)"),
    ("x = [1.0, 2.0]; m = [0.0, 0.0]", "L = sum(x * m) / sum(m)", "/ maximum(sum(m), 1)",
     "L = sum(x * m) / maximum(sum(m), 1)"),
    ("x = [3.0, 3.0]", "n = standardize(x, eps=0); L = sum(n * 2)", "an eps above 0",
     "n = standardize(x); L = sum(n * 2)"),
    ("x = [1.0]", "v = mean(x * x) - mean(x) ** 2 - 1e-9; L = sqrt(v)", "mean((x - mean(x))**2)",
     "v = mean((x - mean(x)) ** 2) + 1e-12; L = sqrt(v)"),
    ("x = [800.0]", "L = sum(exp(x))", "exp(minimum(x, 354))", "L = sum(exp(minimum(x, 354)))"),
]  # fmt: skip


@pytest.mark.parametrize(("leaves", "lines", "says", "mended"), FOLLOWED, ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_advised_helps(leaves: str, lines: str, says: str, mended: str) -> None:
    rec = written(leaves, lines)
    assert not finite(rec)
    assert says in hint(rec)
    assert finite(written(leaves, mended))


@pytest.mark.parametrize(("leaves", "lines", "says", "mended"), FOLLOWED, ids=lambda v: v if isinstance(v, str) else "")
def test_no_advice_sends_one_in_a_circle(leaves: str, lines: str, says: str, mended: str) -> None:
    rec = written(leaves, lines)
    for phase in (Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE):
        if nonfinite.first(rec, phase) is not None:
            assert hint(rec, phase)
            assert "when" not in hint(rec, phase).split()
            assert "where it began" not in hint(rec, phase)


def test_an_eps_outside_the_root_is_told_to_be_of_no_help() -> None:
    assert "added outside it, as here, it does not help" in hint(
        written("v = [0.0]; g = [0.0]", "L = sum(g / (sqrt(v) + 1e-8)) * 0")
    )
    assert "outside" not in hint(written("v = [0.0]", "L = sum(sqrt(v))"))


def test_minus_infinity_cannot_be_multiplied_by_a_mask() -> None:
    rec = written("s = [1.0, 2.0]; m = [1.0, 0.0]; low = -inf", "a = s + (1 - m) * low; p = softmax(a); L = p[0]")
    assert "where(mask, 0, low)" in hint(rec)
    mended = written("s = [1.0, 2.0]; m = [1.0, 0.0]; low = -inf", "a = s + where(m, 0, low); p = softmax(a); L = p[0]")
    assert nonfinite.first(mended, Phase.FORWARD) is nonfinite.first(mended, Phase.BACKWARD) is None


def trained(training: str, loss: str = "w ** 4", w: str = "3.0", dtype: str = "float64") -> str:
    rules = "\n".join(line.strip() for line in training.split(";"))
    return f'format = 1\ndtype = "{dtype}"\n[parameters]\nw = {w}\n[graph]\nL = "{loss}"\n[training]\n{rules}\n'


def of_training(text: str) -> str:
    """What is advised about the first trouble of all iterations."""
    history = History(loads(text))
    for k in range(1, history.scenario.training.steps + 1):
        rec = history.recording(k)
        if not finite(rec):
            return hint(rec)
    raise AssertionError("all is finite")


def test_clipping_is_advised_only_where_nothing_is_clipped() -> None:
    assert "clip_norm" in of_training(trained("lr = 1.0; steps = 9"))
    assert "clip" not in of_training(trained("lr = 1e200; steps = 3; clip_norm = 1e150", "w * w"))
    assert "clip" not in of_training(trained("lr = 1.0; steps = 9; clip_value = 1e300"))


def test_more_digits_are_advised_only_where_there_are_more() -> None:
    assert "float64" in of_training(trained("lr = 1.0; steps = 9", dtype="float32"))
    assert "float64" not in of_training(trained("lr = 1.0; steps = 9"))


@pytest.mark.parametrize(("name", "default"), [("adam", "1e-8"), ("rmsprop", "1e-8"), ("adagrad", "1e-10")])
def test_an_eps_is_advised_where_there_is_none(name: str, default: str) -> None:
    text = trained(f'optimizer = "{name}"; eps = 0.0', "0 * w")
    assert f"eps = {default}" in hint(record(loads(text)))
    assert finite(record(loads(text.replace("eps = 0.0", f"eps = {default}"))))


def test_a_norm_that_is_no_number_is_mended_where_its_gradient_is() -> None:
    text = (
        'format = 1\n[parameters]\nw = 2.0\nv = 0.0\n[graph]\nL = "w * w + 0 * sqrt(v)"\n[training]\nclip_norm = 1.0\n'
    )
    assert "inside the root: sqrt(v + 1e-12)" in hint(record(loads(text)), Phase.UPDATE)


def test_weight_decay_is_mended_as_such() -> None:
    rec = record(loads(trained("weight_decay = 1e200", "w * 1", "1e200")))
    assert hint(rec, Phase.UPDATE) == "a smaller weight_decay"


def test_what_is_given_is_named() -> None:
    assert "mend x" in hint(written("x = [nan, 1.0]", "L = sum(x * 2)"))


def test_advice_holds_for_random_numbers() -> None:
    """Whatever the first thing is that is not finite, there is something to try, and it names no NaN."""
    rng = np.random.default_rng(3)
    numbers = [0.0, -1.0, 1e200, 800.0, float("inf"), float("nan"), 2.0]
    for formula in (
        "log(a) * b",
        "sqrt(a) / b",
        "exp(a) - exp(b)",
        "a ** b",
        "softmax(a * b)",
        "standardize(a, eps=0) * b",
    ):
        for _ in range(6):
            a, b = (rng.choice(numbers, 2).tolist() for _ in range(2))
            rec = written(f"a = {a}; b = {b}", f"y = {formula}; L = sum(y)")
            for phase in (Phase.FORWARD, Phase.BACKWARD):
                if nonfinite.first(rec, phase) is not None:
                    assert len(hint(rec, phase)) > 10
    assert isfinite(1.0)
