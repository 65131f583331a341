"""`gradstep check` and the JSON it writes: right passes, and wrong is caught."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from gradstep.engine.ask.differences import sampling
from gradstep.engine.debugger.checking import check
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.index import Array
from gradstep.engine.notation import plain
from gradstep.engine.ops.families.activation import Sigmoid

#: L = w₀² + w₁², exactly: L = 13, ∂L/∂w = 2w = [4, 6], and one step at 0.1 gives 0.8 w.
SMALL = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nL = "sum(w * w)"\n'


def expecting(of: str, value: str, more: str = "") -> bool:
    report = check(loads(f'{SMALL}[[expect]]\nof = "{of}"\nvalue = {value}\n{more}\n'))
    assert report.gradients.ok
    return report.ok


#: Of which built-in scenarios some gradients cannot be compared: at a kink, beside what is not finite. Three patches of
#: an image are even, so that a ReLU gets exactly 0, and one patch of another is all 0; a root of −1 is not a number,
#: and its x neither; the whole loss is infinite; three scores are masked with −∞, and six of each of two heads.
NOT_COMPARABLE = {
    "conv-edge": (3, 0), "masked-where-nan": (0, 2), "log-of-zero": (0, 5), "attention-head": (0, 3),
    "gpt-block": (0, 12), "depthwise-convolution": (1, 0),
}  # fmt: skip
#: How far from the differences gradients are that are rounded to halves on their way: by a unit of float16 in the last
#: place of 1. That they are rounded as PyTorch does is what the scenario expects, number by number.
HALVES = {"loss-scale": 2.0**-10}


@pytest.mark.parametrize("name", builtin())
def test_every_built_in_scenario_is_right(name: str) -> None:
    report = check(find(name))
    assert report.ok
    assert report.gradients.total > 0
    g = report.gradients
    assert g.checked + g.kinks + g.nonfinite + g.small == g.total
    assert (g.kinks, g.nonfinite) == NOT_COMPARABLE.get(name, (0, 0))
    assert report.gradients.max_rel_error < HALVES.get(name, 1e-6)
    assert report.expect


def test_a_wrong_derivative_is_caught_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Sigmoid, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return y * (1 - y) * 1.001

    monkeypatch.setattr(Sigmoid, "local", wrong)
    report = check(find("walkthrough"))
    assert not report.ok
    named = {name for name, *_ in report.gradients.failed}
    assert "z2.grad[0]" in named
    assert "y.grad[0]" not in named  # what comes before the wrong place is still right
    assert any("✗ z2.grad[0]" in line for line in report.lines())


@pytest.mark.parametrize(
    ("of", "value", "more", "ok"),
    [
        ("L", "13", "", True), ("L", "13.1", "", False), ("w.grad", "[4, 6]", "", True), ("w.grad[1]", "6", "", True),
        ("w.grad", "[4, 6.001]", "", False), ("w.next", "[1.6, 2.4]", "", True), ("w.next[0]", "1.7", "", False),
        ("w.next", "[1.6, 2.4]", "rtol = 1e-12", True), ("w", "[2, 3]", "", True), ("L", "13.4", "decimals = 0", True),
        ("L", "13.6", "decimals = 0", False), ("L", "12.5", "decimals = 0", True), ("L", "13.004", "rtol = 1e-3", True),
        ("L", "13.1", "misprint = true", True), ("L", "13", "misprint = true", False),
        ("L", "13.1", "misprint = true\nexact = 13", True), ("L", "13.1", "misprint = true\nexact = 13.2", False),
        ("L", "nan", "", False), ("L.grad", "1", "", True), ("loss.grad", "1", "", True), ("L.grad", "2", "", False),
    ],
)  # fmt: skip
def test_printed_numbers(of: str, value: str, more: str, ok: bool) -> None:
    assert expecting(of, value, more) is ok


def test_a_kink_is_a_kink_and_no_mistake() -> None:
    text = 'format = 1\n[parameters]\nw = [0.0, 1.0]\n[graph]\nL = "sum(relu(w))"\n'
    gradients = check(loads(text)).gradients
    assert gradients.ok
    assert gradients.kinks == 1  # w[0]
    assert any("at a kink" in line for line in check(loads(text)).lines())


#: Where d is 0, √ has an infinite slope, and the shut gate of the ReLU sends 0: NaN. The loss is 0 on both sides.
NOT_A_NUMBER = 'format = 1\n[parameters]\nx = [0.0, 3.0]\n[graph]\nd = "sqrt(x ** 2)"\nL = "sum(relu(d - 1))"\n'


def test_a_gradient_that_is_no_number_where_the_difference_is_fails_unless_it_is_expected() -> None:
    report = check(loads(NOT_A_NUMBER))
    assert not report.ok
    assert [(wrong.of, wrong.difference) for wrong in report.gradients.failed] == [("x.grad[0]", 0.0)]
    assert any("✗ x.grad[0]: backpropagation NaN, finite difference 0" in line for line in report.lines())
    expected = '[[expect]]\nof = "x.grad"\nvalue = [nan, 1]\n'
    report = check(loads(NOT_A_NUMBER + expected))
    assert report.ok
    # Not that of x[0], and not that of x[0]**2, which has a root on one side only. d is compared.
    assert report.gradients.nonfinite == 2
    assert not check(loads(NOT_A_NUMBER + expected.replace("nan", "0"))).ok


def test_what_is_lost_in_single_precision_is_said_with_what_it_should_be() -> None:
    text = 'format = 1\ndtype = "float32"\n[parameters]\nz = [20.0]\nt = [1.0]\n[graph]\nL = "bce_with_logits(z, t)"\n'
    report = check(loads(text))
    assert report.ok
    assert report.gradients.rounded == 1
    assert report.gradients.worst is not None
    assert report.gradients.worst.exact == pytest.approx(-1 / (1 + np.exp(20.0)), rel=1e-12)  # σ(20) − 1
    assert any("rounded away: z.grad[0] is 0 in float32, and in float64 −2.06115" in line for line in report.lines())


def test_a_single_precision_overflow_fails() -> None:
    text = 'format = 1\ndtype = "float32"\n[parameters]\nx = 60.0\n[graph]\nL = "log(exp(x) * exp(x))"\n'
    report = check(loads(text))
    assert not report.ok
    failed = {wrong.of: wrong for wrong in report.gradients.failed}["x.grad"]
    assert (failed.shown, failed.exact) == (0, pytest.approx(2))
    document = report.document()["gradients"]["failed"]
    assert {"of": "x.grad", "backprop": 0.0, "float64": 2.0}.items() <= document[0].items()


def test_what_is_too_small_is_said_to_be_and_does_not_count() -> None:
    text = 'format = 1\n[parameters]\nz = [40.0, 0.0]\n[graph]\nL = "cross_entropy(z, 0)"\n'
    report = check(loads(text))
    assert report.ok
    assert report.gradients.small == report.document()["gradients"]["too_small"] == 2
    assert report.gradients.checked == report.gradients.total - 2
    assert any("2 too small to tell by a difference" in line for line in report.lines())


def test_an_infinite_loss_cannot_be_compared() -> None:
    gradients = check(loads('format = 1\n[parameters]\nw = 0.0\n[graph]\nL = "log(w)"\n')).gradients
    assert gradients.checked == 0
    assert gradients.nonfinite == gradients.total == 1


def test_large_networks_are_sampled_in_every_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "WHOLE", 0)
    monkeypatch.setattr(sampling, "WORK", 40 * 6 * 41)
    text = (
        'format = 1\n[inputs]\nx = { shape = [30], init = "normal(0, 1)" }\n[parameters]\n'
        'W = { shape = [20, 30], init = "he_normal" }\nb = { shape = [20], init = "zeros" }\n'
        '[graph]\nL = "sum(tanh(W @ x + b))"\n'
    )
    gradients = check(loads(text)).gradients
    assert gradients.ok
    assert 30 <= gradients.checked == gradients.chosen < 80
    assert gradients.total == 600 + 3 * 20


def test_check_json_has_the_agreed_fields() -> None:
    report = check(loads(SMALL + '[[expect]]\nof = "L"\nvalue = 13\n')).document()
    assert set(report) >= {"file", "ok", "gradients", "expect", "findings"}
    assert set(report["gradients"]) >= {"checked", "max_rel_error", "at"}
    assert report["expect"] == [{"of": "L", "ok": True, "misprint": False, "printed": 13.0, "exact": 13.0}]


def test_numbers_round_trip_exactly() -> None:
    numbers = np.random.default_rng(1).normal(size=50)
    for dtype in (np.float64, np.float32):
        array = numbers.astype(dtype)
        again = np.array(json.loads(json.dumps(plain(array))), dtype=dtype)
        assert (again == array).all()
