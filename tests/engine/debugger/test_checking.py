"""`gradstep check` and the JSON it writes: right passes, and wrong is caught."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from gradstep.engine.ask.differences import verifying
from gradstep.engine.debugger.checking import check
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.index import Array
from gradstep.engine.notation import plain
from gradstep.engine.ops.families.activation import Sigmoid
from gradstep.engine.run.recording import record

#: L = w₀² + w₁², exactly: L = 13, ∂L/∂w = 2w = [4, 6], and one step at 0.1 gives 0.8 w.
SMALL = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nL = "sum(w * w)"\n'


def expecting(of: str, value: str, more: str = "") -> bool:
    report = check(loads(f'{SMALL}[[expect]]\nof = "{of}"\nvalue = {value}\n{more}\n'))
    assert report.gradients.ok
    return report.ok


@pytest.mark.parametrize("name", builtin())
def test_every_built_in_scenario_is_right(name: str) -> None:
    report = check(find(name))
    assert report.ok
    assert report.gradients.total > 0
    if np.isfinite(record(find(name)).trace.loss):
        assert report.gradients.checked == report.gradients.total
    assert report.gradients.max_rel_error < 1e-6
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


def test_an_infinite_loss_cannot_be_compared() -> None:
    gradients = check(loads('format = 1\n[parameters]\nw = 0.0\n[graph]\nL = "log(w)"\n')).gradients
    assert gradients.checked == 0
    assert gradients.nonfinite == gradients.total == 1


def test_large_networks_are_sampled_in_every_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "BUDGET", 40)
    text = (
        'format = 1\n[inputs]\nx = { shape = [30], init = "normal(0, 1)" }\n[parameters]\n'
        'W = { shape = [20, 30], init = "he_normal" }\nb = { shape = [20], init = "zeros" }\n'
        '[graph]\nL = "sum(tanh(W @ x + b))"\n'
    )
    gradients = check(loads(text)).gradients
    assert gradients.ok
    assert 30 <= gradients.checked < 80
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
