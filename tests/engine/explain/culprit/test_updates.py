"""What is to blame for a new number that is not finite: the line of the rule, by the numbers that enter it."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np
import pytest
from culprits import Said, said
from graphs import at

from gradstep.engine.debugger.session import Session
from gradstep.engine.explain.culprit import of_update
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording, record


def trained(parameters: str, loss: str, training: str, dtype: str = "float64") -> str:
    leaves = "\n".join(line.strip() for line in parameters.split(";"))
    rules = "\n".join(line.strip() for line in training.split(";"))
    return f'format = 1\ndtype = "{dtype}"\n[parameters]\n{leaves}\n[graph]\nL = "{loss}"\n[training]\n{rules}\n'


def first(parameters: str, loss: str, training: str, dtype: str = "float64") -> Recording:
    return record(loads(trained(parameters, loss, training, dtype)))


@pytest.mark.parametrize(
    ("parameters", "loss", "training", "cause", "parts", "symbol"),
    [
        # w ← w − η·g of an infinite w, of an infinite g, and of a product that is too large.
        ("w = inf", "w * 1", "lr = 0.1", Cause.CARRIED, {("v", "w", inf)}, "w"),
        ("w = 0.0", "sqrt(w)", "lr = 0.1", Cause.CARRIED, {("g", "w", inf)}, "w"),
        ("w = 1e300", "w * w", "lr = 1e300", Cause.OVERFLOW, set(), "w"),
        # A gradient of exactly 0 and no ε: 0/0.
        ("w = 2.0; v = 1.0", "v * 3 + 0 * w", 'optimizer = "adam"; eps = 0.0', Cause.ZERO_BY_ZERO, {("g", "w", 0.0)},
         "w"),
        ("w = 2.0; v = 1.0", "v * 3 + 0 * w", 'optimizer = "adamw"; eps = 0.0', Cause.ZERO_BY_ZERO, {("g", "w", 0.0)},
         "w"),
        ("w = 2.0; v = 1.0", "v * 3 + 0 * w", 'optimizer = "rmsprop"; eps = 0.0', Cause.ZERO_BY_ZERO,
         {("g", "w", 0.0)}, "w"),
        ("w = 2.0; v = 1.0", "v * 3 + 0 * w", 'optimizer = "rmsprop"; eps = 0.0; momentum = 0.9', Cause.ZERO_BY_ZERO,
         {("g", "w", 0.0)}, "b"),
        ("w = 2.0; v = 1.0", "v * 3 + 0 * w", 'optimizer = "adagrad"; eps = 0.0', Cause.ZERO_BY_ZERO,
         {("g", "w", 0.0)}, "w"),
        # A gradient whose square is rounded to 0: something divided by 0.
        ("w = 1.0", "w * 1e-200", 'optimizer = "adagrad"; eps = 0.0', Cause.DIVISION_BY_ZERO, set(), "w"),
        # Weight decay is a line of its own.
        ("w = 1e200", "w * 1", "weight_decay = 1e150", Cause.OVERFLOW, set(), "g"),
        # Clipped by a norm that is NaN because of another parameter; an infinite one makes that one NaN, 0 · ∞.
        ("w = 2.0; v = 0.0", "w * w + 0 * sqrt(v)", "clip_norm = 1.0", Cause.NORM, {("g", "v", "nan")}, "g"),
        ("v = 0.0; w = 2.0", "w * w + sqrt(v)", "clip_norm = 1.0", Cause.CARRIED, {("g", "v", inf)}, "g"),
    ],
)  # fmt: skip
def test_an_update_that_is_not_finite(
    parameters: str, loss: str, training: str, cause: Cause, parts: set[Said], symbol: str
) -> None:
    rec = first(parameters, loss, training)
    element = at(rec, parameters[0])
    assert not np.isfinite(rec.updated(*element))
    found = of_update(rec, element)
    assert said(rec, found) == (cause, parts)
    assert found.line is not None
    assert found.line.symbol == symbol


def test_with_an_eps_nothing_of_it_happens() -> None:
    for name in ("adam", "adamw", "rmsprop", "adagrad"):
        rec = first("w = 2.0; v = 1.0", "v * 3 + 0 * w", f'optimizer = "{name}"; weight_decay = 0.0')
        assert rec.updated(*at(rec, "w")) == 2.0


def test_a_centred_average_that_falls_below_0_by_rounding_has_no_root() -> None:
    """With the same gradient in every iteration v goes to g² and a to g, and their last digits go where they like."""
    g, v, a, k = 3.3, 0.0, 0.0, 0
    while v - a * a >= 0 and k < 1000:
        k, v, a = k + 1, 0.7 * v + (1 - 0.7) * (g * g), 0.7 * a + (1 - 0.7) * g
    assert k < 1000
    rules = f'optimizer = "rmsprop"; lr = 1e-6; eps = 1e-9; centered = true; alpha = 0.7; steps = {k}'
    history = History(loads(trained("w = 1.0", f"{g} * w", rules)))
    found = history.recording(k)
    assert isfinite(found.trace.number(at(found, "w")))
    blame = of_update(found, at(found, "w"))
    assert (blame.cause, blame.line and blame.line.symbol) == (Cause.ROOT_OF_NEGATIVE, "w")


def test_a_learning_rate_that_is_not_finite() -> None:
    """10^200 squared is more than a float holds, so the third iteration has η = ∞."""
    text = trained("w = 0.5", "w * 1", 'lr = 1.0; schedule = "step"; step_size = 1; gamma = 1e200; steps = 3')
    history = History(loads(text))
    third = history.recording(3)
    assert third.update.lr == inf
    assert said(third, of_update(third, at(third, "w")))[0] is Cause.RATE


def test_a_moment_that_was_no_number_before_is_blamed() -> None:
    """The gradient of the first iteration is NaN; then the number is set by hand, and what Adam keeps is still NaN."""
    text = trained("w = 0.0", "sqrt(w) * relu(w - 1)", 'optimizer = "adam"; steps = 3')
    session = Session(loads(text))
    session.do("goto @2 start")
    session.do("set w = 4.0")
    rec = session.recording
    assert isfinite(rec.trace.number(at(rec, "w")))
    assert isfinite(rec.trace.derivative(at(rec, "w")))
    assert said(rec, of_update(rec, at(rec, "w"))) == (Cause.CARRIED, {("k", "w", "nan")})
