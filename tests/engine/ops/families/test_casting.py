"""Casts, and gradients that are stopped, scaled or sent past: against PyTorch."""

from __future__ import annotations

import pytest
from torch_cases import FAMILIES, check

from gradstep.engine.ask.differences.verifying import verify
from gradstep.engine.debugger import Session
from gradstep.engine.files import loads
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.recording import record

TEXT = """format = 1
[parameters]
w = {w}
[graph]
a = "{a}"
L = "sum({L})"
"""


@pytest.mark.parametrize("formula", FAMILIES["casting"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("casting", formula)


@pytest.mark.parametrize(
    ("a", "loss"),
    [
        ("w * detach(w)", "a * a"),
        ("scale_gradient(w * w, 0.5)", "exp(a)"),
        ("scale_gradient(w)", "a * a"),
        ("straight_through(w, round(3 * w))", "a * a"),
        ("cast(w, 'float16')", "a * a"),
        ("scale_gradient(tanh(cast(w, 'bfloat16')), -2)", "cast(a, 'float64') * w"),
        ("detach(exp(cast(w, 'float16'))) * cast(w, 'float16')", "a * a"),
        ("sigmoid(cast(w, 'bfloat16') * 3)", "cast(a, 'float64') * w"),
    ],
)
def test_differences_follow_what_was_agreed_on(a: str, loss: str) -> None:
    found = verify(record(loads(TEXT.format(w=[0.3, -0.7, 1.2], a=a, L=loss))))
    assert found.ok, list(found.lines())


def test_a_wrong_gradient_of_halves_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sigmoid, right = REGISTRY["sigmoid"], REGISTRY["sigmoid"].local  # type: ignore[attr-defined]
    monkeypatch.setattr(sigmoid, "local", lambda self, slot, y, xs: 1.001 * right(self, slot, y, xs))
    found = verify(record(loads(TEXT.format(w=[0.3, -0.7], a="sigmoid(cast(w, 'float16'))", L="a"))))
    assert not found.ok
    assert len(found.failed) == 2


@pytest.mark.parametrize(
    ("w", "a", "element", "said"),
    [
        (0.1, "cast(w, 'float16')", "a", "float16 has no such number; the nearest is 2e-5 away."),
        (0.5, "cast(w, 'float16')", "a", "float16 has this number, so it stays as it is."),
        (1e-9, "cast(w, 'float16')", "a", "w is so small that float16 has no number for it but 0."),
        (7e4, "cast(w, 'float16')", "a", "a is +∞: it overflows, being more than float16 can hold (at most 65,504)."),
        (0.5, "detach(w) + w", "a:detach", "It is w as something given: no gradient will pass here."),
        (0.5, "scale_gradient(w, -2)", "a", "It is w; in the backward pass the gradient is multiplied by −2.000."),
        (2.0, "1e-8 * cast(cast(w, 'float16'), 'float64')", "a:cast.grad",
         "float16 has no number so small: 1e-8 is rounded to 0."),
        (3.0, "0.1 * cast(cast(w, 'float16'), 'float64')", "a:cast.grad",
         "The slope is 1. It is rounded to float16, by 2e-5."),
        (3.0, "1e6 * cast(cast(w, 'float16'), 'float64')", "a:cast.grad",
         "it overflows, being more than float16 can hold"),
    ],
)  # fmt: skip
def test_what_is_said_of_it(w: float, a: str, element: str, said: str) -> None:
    session = Session(loads(TEXT.format(w=w, a=a, L="a")))
    assert said in session.do(f"goto {element}").text


def test_a_gradient_that_a_half_cannot_hold_has_its_reason() -> None:
    session = Session(loads(TEXT.format(w=2.0, a="1e-9 * cast(cast(w, 'float16'), 'float64')", L="a")))
    found = session.why("w.grad")
    assert "the product is too small for float16: it underflows to 0" in found.reason
    assert "a larger loss scale" in found.hint
