"""What is exceptional in a number, in words; the reasons themselves are tested with zeros, kinks and nonfinite."""

from __future__ import annotations

import pytest
from graphs import at, written
from trainings import small

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.explain import nonfinite, remarks
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.hops import hops
from gradstep.engine.files import loads
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History
from gradstep.engine.run.timeline import Phase, Position


@pytest.mark.parametrize(
    ("leaves", "lines", "at", "says"),
    [
        ("x = -110.0", "y = exp(x); L = y + 1", "y", "The exact result, 2e-48, is too small for float32"),
        ("x = 1e-30", "y = x * x; L = y + 1", "y", "The exact result, 1e-60, is too small for float32"),
        (
            "x = -100.0",
            "y = exp(x); L = y + 1",
            "y",
            "Below 1.2e-38 float32 keeps fewer and fewer digits.",
        ),
    ],
)
def test_float32_underflow_is_said(leaves: str, lines: str, at: str, says: str) -> None:
    narrow, wide = written(leaves, lines, "float32"), written(leaves, lines)
    step = narrow.timeline.step_of(Phase.FORWARD, narrow.graph.by_name[at].id, 0)
    assert step is not None
    assert says in Frame(narrow, Position(step)).story.caption
    assert "float" not in Frame(wide, Position(step)).story.caption


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "says"),
    [
        ("x = [-1.5, 2.0]", "h = relu(x); L = sum(h)", "x[0]", "The gate at x₁ is shut (x₁ = −1.500), so exactly 0"),
        ("x = [1.0, 2.0]", "m = max(x); L = m * 3", "x[0]", "lets something else than x₁ through, so exactly 0"),
        ("W = [[0.0, 2.0]]; x = [3.0, 2.0]", "z = W @ x; L = sum(z)", "x[0]", "w₁ is exactly 0, so nothing passes."),
        ("x = [1.0]; y = [2.0]", "u = y * 2; L = sum(x)", "y[0]", "No path leads from y to the loss."),
        ("x = [2.0]; y = [3.0]", "L = sum(x * y) - 3 * sum(x)", "x[0]", "The 2 parts that meet at x cancel exactly."),
        ("x = [1.0]", "L = sum(x - x)", "x[0]", "x - x is the same whatever x is, at any precision."),
        ("x = [4.0]", "L = mse(x, 4)", "x[0]", "x meets its target exactly, so nothing passes."),
        ("x = [40.0]", "h = sigmoid(x); L = sum(h)", "x[0]", "is so small that it rounds to 0, so nothing passes."),
        ("x = [1e-200]", "h = x * 1e-200; g = h * 1e-200; L = sum(g)", "x[0]", "too small for float64: it underflows"),
        ("x = [0.0]", "h = cos(x); L = sum(h)", "x[0]", "is exactly 0, so nothing passes."),
    ],
)  # fmt: skip
def test_why_a_gradient_is_exactly_zero(leaves: str, lines: str, of: str, says: str) -> None:
    rec = written(leaves, lines)
    target = rec.board.resolve(of)
    assert target.flat is not None
    said = remarks.zero_reason(rec, Element(target.value.id, target.flat))
    assert said is not None
    assert says.lower() in said.lower()


def test_what_is_not_zero_needs_no_reason() -> None:
    rec = written("x = [-1.5, 2.0]", "h = relu(x); L = sum(h)")
    assert remarks.zero_reason(rec, at(rec, "x", 1)) is None


@pytest.mark.parametrize(
    ("leaves", "lines", "phase", "says"),
    [
        ("x = [0.0, 2.0]", "l = log(x); L = sum(l)", Phase.FORWARD,
         "l₁ is −∞: the logarithm of 0 is −∞. It is the first number that is not finite."),
        ("x = [0.0, 2.0]", "l = log(x); L = sum(l)", Phase.BACKWARD,
         "∂L/∂x₁ is +∞: the slope of ln at x₁ = 0 is infinite (log of 0). It is the first gradient"),
        ("x = [nan, 1.0]", "l = x + 1; L = sum(l)", Phase.FORWARD, "l₁ is NaN, because x₁ is NaN: so it is given."),
        ("x = [1e200, 1.0]", "l = x * x; L = sum(l)", Phase.FORWARD,
         "l₁ is +∞: it overflows, being more than float64 can hold (at most 1.8e308). It is the first number"),
    ],
)  # fmt: skip
def test_why_a_number_is_not_finite(leaves: str, lines: str, phase: Phase, says: str) -> None:
    rec = written(leaves, lines)
    found = nonfinite.first(rec, phase)
    assert found is not None
    assert remarks.trouble_in(rec, found).startswith(says)


def test_where_it_began_is_said_where_it_only_came_along() -> None:
    rec = written("x = [0.0, 2.0]", "l = log(x); m = l * 2; L = sum(m)")
    step = rec.timeline.step_of(Phase.FORWARD, rec.graph.by_name["m"].id, 0)
    assert step is not None
    found = nonfinite.at(rec, step)
    assert found is not None
    assert remarks.trouble_in(rec, found) == "m₁ is −∞, because l₁ is −∞. It began at step 1: log of 0."
    rec = written("x = [inf, 2.0]", "l = x + 1; m = l * 2; L = sum(m)")
    found = nonfinite.at(rec, step)
    assert found is not None
    assert remarks.trouble_in(rec, found) == "m₁ is +∞, because l₁ is +∞. It began with x₁, which is given so."


def test_a_slope_that_is_a_convention_is_said_to_be_one() -> None:
    rec = written("x = [0.0, 1.0]", "h = relu(x); L = sum(h)")
    said = [remarks.kink(rec, hops(rec, at(rec, "x", flat), 5)[1]) for flat in (0, 1)]
    assert said[0].startswith("x₁ is on a kink of ReLU; by convention, ")
    assert said[1] == ""


def test_what_is_left_over_of_gradients_that_are_not_zeroed_is_said() -> None:
    """The sum of the gradients of the two iterations before, and the third's."""
    history = History(small("lr = 0.01\nbatch_size = 8\nzero_grad = false"))
    third = history.recording(3)
    element = at(third, "W1", 4)
    before = sum(history.recording(k).trace.derivative(element) for k in (1, 2))
    said = remarks.left_over(third, element)
    numbers = [float(word.strip(".,").replace("−", "-")) for word in said.split() if word.strip(".,+−")[:1].isdigit()]
    assert numbers == pytest.approx([before, before + third.trace.derivative(element)], abs=6e-4)
    assert remarks.left_over(history.recording(1), element) == ""
    assert remarks.left_over(third, at(third, "h", 0)) == ""
    assert remarks.left_over(History(small("lr = 0.01\nbatch_size = 8")).recording(3), element) == ""


def test_what_is_small_by_rounding_only_is_said() -> None:
    rec = written("x = [1e-30, 2.0, 0.0]", "y = x * x; L = sum(y)", "float32")
    node = rec.graph.nodes[rec.graph.by_name["y"].node]
    assert [bool(remarks.smallness(rec, node, flat)) for flat in range(3)] == [True, False, False]


def test_where_bce_holds_back_its_slope_it_says_so() -> None:
    """The slope at 0 is −1 / 1e-12, a third of it by the mean, as PyTorch's; not that of a logarithm."""
    rec = written("y = [0.0, 0.5, 1.0]; t = [1.0, 1.0, 0.0]", "L = bce(y, t)")
    said = []
    for flat in range(3):
        step = rec.timeline.step_of(Phase.BACKWARD, rec.graph.by_name["y"].id, flat)
        assert step is not None
        said.append(
            "By convention, logarithms are held at −100, and the divisor y (1 − y) of the slope at 1e-12."
            in Frame(rec, Position(step)).story.caption
        )
    assert said == [True, False, True]


def test_where_both_factors_are_to_blame_both_are_told() -> None:
    rec = written("x = [0.0]", "d = sqrt(x); L = sum(relu(d - 1))")
    found = nonfinite.first(rec, Phase.BACKWARD)
    assert found is not None
    said = remarks.trouble_in(rec, found)
    assert said == (
        "∂L/∂x is NaN, 0 · ∞: the slope of √ at x = 0 is infinite, and 0 arrives at d because the gate at L:subtract "
        "is shut (L:subtract = −1.000)."
    )


def test_a_caption_is_brief_about_what_began_elsewhere_and_an_answer_is_not() -> None:
    rec = written("x = [0.0]", "d = sqrt(x ** 2); L = sum(relu(d - 1))")
    step = rec.timeline.step_of(Phase.BACKWARD, *at(rec, "x"))
    assert step is not None
    found = nonfinite.at(rec, step)
    assert found is not None
    assert remarks.trouble_in(rec, found) == "∂L/∂x is NaN, because ∂L/∂d:power is NaN. It began at step 9: 0 · ∞."
    whole = remarks.told(account(rec, found))
    assert whole.startswith(
        "∂L/∂x is NaN, because ∂L/∂d:power is NaN. It began at step 9, ∂L/∂d:power, 0 · ∞: the slope of √"
    )
    assert whole.endswith("is shut (L:subtract = −1.000).")


def test_what_an_update_before_made_is_told_with_its_iteration() -> None:
    text = 'format = 1\n[parameters]\nw = 0.0\n[graph]\nL = "sqrt(w)"\n[training]\nlr = 1.0\nsteps = 5\n'
    third = History(loads(text)).recording(3)
    found = nonfinite.first(third, Phase.FORWARD)
    assert found is not None
    said = "L is NaN, because w is NaN. It began at step 2 of iteration 1"
    assert remarks.trouble_in(third, found) == f"{said}: infinite slope."
    assert remarks.told(account(third, found)) == f"{said}, ∂L/∂w: the slope of √ at w = 0 is infinite."
