"""Gradients that fade or grow through layers, against products of Jacobians worked out by hand or by PyTorch, and ones
that grow over the iterations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evidence import seen_by
from recordings import recording, written
from training_findings import seen, whole

from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.diagnosis.diagnosing import diagnose_iteration as findings
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rules.gradients import explode, vanish
from gradstep.engine.files import loads
from gradstep.engine.index import Array
from gradstep.engine.run.recording import record
from tests.diagnosis.cases.depth import CASES, stack
from tests.diagnosis.cases.layers import CASES as LAYERS


def chain(*factors: float) -> str:
    return "x = [1.0]\n" + "\n".join(f"c{k} = {factor}" for k, factor in enumerate(factors))


def lines(count: int) -> list[str]:
    return ["a0 = x * 1", *(f"a{k + 1} = a{k} * c{k}" for k in range(count)), f"L = sum(a{count})"]


# One iteration ------------------------------------------------------------------------------------


def test_what_a_chain_of_factors_makes_of_a_gradient() -> None:
    rec = written(chain(0.5, 1e-4, 0.5), *lines(3))
    (found,) = seen_by(vanish, rec, {"vanish": 1e-3})
    assert found.at == "a0.grad"
    assert found.text.endswith("what leads into a0 hardly learns")
    assert found.numbers["ratio"] == pytest.approx(0.5 * 1e-4 * 0.5, rel=1e-12)
    assert found.numbers["factor"] == pytest.approx((0.5 * 1e-4 * 0.5) ** (1 / 3), rel=1e-12)
    assert "most between a₂ and a₁, 0.0001" in found.text
    assert not list(seen_by(vanish, rec, {"vanish": 2e-5}))
    assert not list(seen_by(explode, rec))


def test_what_grows() -> None:
    rec = written(chain(20.0, 5.0, 30.0), *lines(3))
    (found,) = seen_by(explode, rec, {"explode": 1e3})
    assert found.numbers["ratio"] == pytest.approx(3000.0, rel=1e-12)
    assert "most between a₃ and a₂, 30.000" in found.text
    assert not list(seen_by(explode, rec, {"explode": 4e3}))
    assert not list(seen_by(vanish, rec))


def test_gradients_that_are_0_or_not_finite_say_nothing_about_sizes() -> None:
    for factor in (0.0, "inf", "nan"):
        rec = written(f"x = [1.0]\nc0 = {factor}\nc1 = 1.0", *lines(2))
        assert not list(seen_by(vanish, rec))
        assert not list(seen_by(explode, rec))


@pytest.mark.parametrize(
    "parts",
    [
        # The slopes of exp and log are e²⁰ and e⁻²⁰: one is taken back by the other.
        ["a = x * w", "h = log(exp(a))", "y = h * v", "L = sum(y)"],
        # The targets are far off: a slope of 2 · 2999, and it is the loss's.
        ["a = x * w", "y = a * v", "L = mean((y - 3000) ** 2)"],
        ["a = x * w", "y = a * v", "L = mse(y, t)"],
        # A loss that is scaled is no network whose gradients fade.
        ["a = x * w", "y = a * v", "L = 1e-7 * sum(y)"],
        # Other units within: a thousand times as large, and a thousandth of it.
        ["a = x * w", "b = 100000 * a", "y = b / 100000 * v", "L = sum(y)"],
    ],
)
def test_what_cancels_and_what_is_the_losss_own_is_told_nothing(parts: list[str]) -> None:
    rec = written("x = [20.0]\nt = [3000.0]\nw = 1.0\nv = 1.0", *parts)
    assert not {"vanish", "explode"} & {one.kind for cause in findings(rec) for one in (cause, *cause.follows)}


def test_the_built_in_scenarios_of_one_iteration_say_what_torch_computes() -> None:
    h = torch.tensor([0.8], dtype=torch.float64, requires_grad=True)  # z1 = W1 · 1
    z = h
    for w in (0.9, 0.7, 1.0, 0.8, 0.9, 0.7, 1.0):
        z = w * torch.sigmoid(z)
    z.backward()
    assert h.grad is not None
    (found,) = seen_by(vanish, recording("vanishing"))
    assert found.numbers["ratio"] == pytest.approx(float(h.grad), rel=1e-10)
    assert (found.numbers["layers"], found.at) == (7, "W1.grad")
    assert "between z₈ and z₁" not in found.text
    (found,) = seen_by(explode, recording("exploding"))
    assert (found.numbers["ratio"], found.numbers["factor"], found.at) == (4**5, pytest.approx(4), "W.grad")
    assert "5 uses of W" in found.text
    assert found.severity is Severity.FAULT


# A whole training ---------------------------------------------------------------------------------


def sizes(name: str, steps: int, weight: str) -> Array:
    """‖∂L/∂w‖ per element, in each iteration."""
    found = [r.trace.gradient(r.graph.by_name[weight].id) for r in whole(name, steps)]
    with np.errstate(all="ignore"):
        return np.array([np.linalg.norm(g.astype(float)) / g.size**0.5 for g in found])


def test_a_first_layer_that_hardly_learns() -> None:
    (one,) = seen("vanishing-training", 60)["vanish"]
    first, last = (
        np.array([np.linalg.norm(r.trace.gradient(r.graph.by_name[z].id)) for r in whole("vanishing-training", 60)])
        for z in ("z1", "z6")
    )
    assert one.numbers["ratio"] == pytest.approx(first[0] / last[0], rel=1e-10)
    assert one.numbers["median"] == pytest.approx(np.median(first / last), rel=1e-5)
    assert one.numbers["median"] < RULES.defaults["vanish"]
    assert (one.at, one.severity) == ("@1 W1.grad", Severity.FAULT)


def test_in_float32_what_underflows_has_faded() -> None:
    """Seventy layers of about a quarter each: 1e-48, which float32 does not know."""
    text = stack(90, "sigmoid", "xavier_normal", width=6, dtype="float32", steps=12)
    (one,) = seen(loads(text))["vanish"]
    assert 0 < one.numbers["ratio"] < 1e-30
    assert one.severity is Severity.FAULT


def test_what_begins_faded_and_then_learns_all_is_told_nothing() -> None:
    rec = loads(stack(3, "sigmoid", "xavier_normal", optimizer="adam", lr=0.03, steps=300))
    (early,) = seen_by(vanish, record(rec))
    assert early.numbers["ratio"] < 0.01
    assert "vanish" not in seen(rec)


def test_a_recurrence_above_1_is_the_cause_of_what_diverges() -> None:
    (case,) = [one for one in CASES if one.name == "relu-recurrence-of-large-weights"]
    found = seen(loads(case.text))
    (one,) = found["explode"]
    assert (one.at, one.severity) == ("@1 R.grad", Severity.FAULT)
    assert {"rate_large", "diverged"} & {after.kind for after in one.follows}


def test_a_gradient_that_grows_far_beyond_its_first_sizes() -> None:
    (one,) = seen("learning-rate-too-large", 60)["explode"]
    norms = sizes("learning-rate-too-large", 60, "W1")
    usual = np.median(norms[:6])
    first = int(np.argmax(norms > RULES.defaults["explode"] * usual))
    assert (one.numbers["iteration"], one.at) == (first + 1, f"@{first + 1} W1.grad")
    assert one.numbers["ratio"] == pytest.approx(norms[first] / usual, rel=1e-4)


def test_of_one_factor_alone_the_cause_is_anothers_to_tell() -> None:
    """A branch that is added to something a thousand times as large: what grows follows from nothing of its own."""
    (case,) = [one for one in LAYERS if one.name == "branch-a-thousandth"]
    told = findings(record(loads(case.text)))
    assert {one.kind: [after.kind for after in one.follows] for one in told} == {"drowned_branch": [], "explode": []}
