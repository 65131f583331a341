"""Finite differences: against what calculus says, one by one and together."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine import nudge as nudging
from gradstep.engine.chain import Element
from gradstep.engine.index import Array
from gradstep.engine.nudge import nudge, verify
from gradstep.engine.ops.activation import Sigmoid
from gradstep.engine.recording import Recording, record
from gradstep.engine.scenario import builtin, find, loads
from gradstep.engine.session import Session


def of(parameters: str, *lines: str, dtype: str = "float64") -> Recording:
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in lines)
    return record(loads(f'format = 1\ndtype = "{dtype}"\n[parameters]\n{parameters}\n[graph]\n{graph}\n'))


def element(rec: Recording, text: str) -> Element:
    target = rec.board.resolve(text)
    assert target.flat is not None
    return Element(target.value.id, target.flat)


def test_a_nudge_predicts_and_measures_the_change_of_the_loss() -> None:
    # L = x³ at 2: the slope is 12, and (2.1³ − 1.9³) / 2 = 1.201.
    rec = of("x = 2.0", "L = x ** 3")
    found = nudge(rec, element(rec, "x"), 0.1)
    assert found.predicted == pytest.approx(1.2, rel=1e-14)
    assert found.actual == pytest.approx(1.201, rel=1e-12)
    assert found.rel_error == pytest.approx(0.01 / 12.01, rel=1e-9)
    assert found.kink == ""
    found = nudge(rec, element(rec, "x"))
    assert found.eps == pytest.approx(2 * np.finfo(float).eps ** (1 / 3))
    assert found.numeric == pytest.approx(12, rel=1e-9)


def test_a_number_in_the_middle_and_one_in_float32() -> None:
    rec = record(find("walkthrough"))
    found = nudge(rec, element(rec, "h[1]"))
    assert found.numeric == pytest.approx(0.0372144, abs=1e-7)  # as the walkthrough prints it: 0.0372
    assert found.rel_error < 1e-9
    rec = of("x = [0.3, 0.7]", "h = tanh(x)", "L = sum(h * h)", dtype="float32")
    assert nudge(rec, element(rec, "x[1]")).rel_error < 1e-8


@pytest.mark.parametrize(
    ("parameters", "lines", "of_", "eps", "says"),
    [
        ("x = 0.001", ["h = relu(x)", "L = h * 2"], "x", 0.01, "ReLU at x switches"),
        ("x = 0.001", ["h = relu(x)", "L = h * 2"], "x", 0.0001, ""),
        ("x = [1.0, 1.001]", ["m = max(x)", "L = m * 2"], "x[0]", 0.01, "max at x"),
        ("x = [1.0, 1.001]", ["m = maximum(x[0], x[1])", "L = m * 2"], "x[0]", 0.01, "maximum at"),
        ("x = 0.5", ["h = where(x > 0.499, x, 0)", "L = h * 2"], "x", 0.01, "greater at"),
        ("x = 0.5", ["L = abs(x - 0.499)"], "x", 0.01, "absolute value at"),
        ("x = [0.5, -3.0]", ["h = relu(x)", "L = sum(h)"], "x[0]", 0.01, ""),
    ],
)
def test_a_kink_between_the_two_sides_is_named(
    parameters: str, lines: list[str], of_: str, eps: float, says: str
) -> None:
    rec = of(parameters, *lines)
    found = nudge(rec, element(rec, of_), eps)
    assert says in found.kink
    assert bool(says) == bool(found.kink)


@pytest.mark.parametrize("name", list(builtin()))
def test_together_is_as_one_by_one(name: str) -> None:
    """The losses of many copies at once, against a run of the whole network for each."""
    precise = nudging._Precise.of(find(name))
    rng = np.random.default_rng(1)
    for value in precise.graph.values:
        if precise.trace.grad[value.id] is None or not value.size:
            continue
        flats = rng.integers(0, value.size, 5)
        offsets = rng.normal(size=5) * 1e-2
        found = precise.losses(value.id, flats, offsets)
        for k, flat in enumerate(flats.tolist()):
            moved = precise.moved(value.id, flat, float(precise.trace.data[value.id].reshape(-1)[flat]) + offsets[k])
            assert found[k] == pytest.approx(precise.loss(moved), rel=1e-12, nan_ok=True), value.name


def test_verify_tells_how_far_it_is_and_stops_when_told() -> None:
    told: list[tuple[int, int]] = []
    whole = verify(record(find("xor")), lambda done, total: told.append((done, total)) or True)  # type: ignore[func-returns-value]
    assert whole.ok
    assert whole.checked == whole.total == 17 == told[-1][0]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    part = verify(record(find("xor")), lambda done, total: False)
    assert 0 < part.checked < whole.checked


def test_a_wrong_gradient_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Sigmoid, slot: int, y: Array, xs: list[Array]) -> Array:
        return y

    monkeypatch.setattr(Sigmoid, "local", wrong)
    found = verify(record(find("walkthrough")))
    assert not found.ok
    assert {name for name, _, _ in found.failed} >= {"W2.grad[0,0]", "b1.grad[0]"}


def test_an_edited_run_is_verified_as_it_is() -> None:
    session = Session(find("walkthrough"))
    session.edit("h[1] = 1.5")
    found = nudge(session.recording, element(session.recording, "W2[0,1]"))
    assert found.rel_error < 1e-8
    assert found.gradient == pytest.approx(
        float(session.recording.trace.grad[session.recording.graph.by_name["W2"].id][0, 1])
    )  # type: ignore[index]
    whole = verify(session.recording)
    assert whole.ok
    assert whole.total == 3  # W2 and b2: the loss does not follow what is before h
    cut = nudge(session.recording, element(session.recording, "W1[0,0]"))
    assert "h is set by hand" in cut.kink
    session.edit("h.grad[1] = 7")
    assert nudge(session.recording, element(session.recording, "b1[1]")).gradient == 7
