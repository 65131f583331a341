"""Finite differences: against what calculus says, one by one and together."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.ask.differences.nudging import nudge
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.verifying import verify
from gradstep.engine.debugger.checking import check
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.ops.families.activation import Sigmoid
from gradstep.engine.ops.families.arithmetic import Power
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording, record


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
        ("x = 0.5", ["m = x * 2", "L = where(m > 0.999, x, 0)"], "x", 0.01, "greater at m"),
        ("x = [0.3, 0.501]", ["L = sum(maximum(0.5, x))"], "x[1]", 0.01, "maximum at x₂"),
        ("x = 0.5", ["a = stack(x, 1 - x)", "L = sum(maximum(0.5, a))"], "x", 0.01, "maximum at a"),
        ("x = 0.5", ["L = clip(x, low=0.49, high=0.51)"], "x", 0.1, "clip at x"),  # shut on both sides
        ("y = [0.999, 0.2]\nt = [1.0, -1.0]", ["L = hinge(y, t)"], "y[0]", 0.01, "hinge loss at y₁"),
        ("y = [0.2, 0.999]\nt = 1.0", ["L = hinge(y, t)"], "t", 0.01, "hinge loss at y₂"),
        ("y = [0.3, 0.2]\nt = [1.0, -1.0]", ["L = hinge(y, t)"], "t[0]", 0.5, ""),  # bent, and no jump
        ("y = [0.3, 0.2]\nt = [0.3001, -1.0]", ["L = mae(y, t)"], "y[0]", 0.01, "mean absolute error at y₁"),
        ("x = [0.3, -0.001]", ["L = sum(leaky_relu(x))"], "x[1]", 0.01, "leaky ReLU at x₂"),
        ("x = [[[1.0, 1.001], [0.0, 0.5]]]", ["L = sum(max_pool2d(x))"], "x[0,0,0]", 0.01, "max pooling at x[0,0,"),
        ("x = [[[1.0, 1.001], [0.0, 0.5]]]", ["L = sum(max_pool2d(x))"], "x[0,1,0]", 0.01, ""),
    ],
)
def test_a_kink_between_the_two_sides_is_named(
    parameters: str, lines: list[str], of_: str, eps: float, says: str
) -> None:
    rec = of(parameters, *lines)
    found = nudge(rec, element(rec, of_), eps)
    assert says in found.kink
    assert bool(says) == bool(found.kink)


def loss_of_the_whole(rec: Recording, moved: Element, by: float) -> float:
    """The loss with one number moved, the whole network computed again from its leaves."""
    array = rec.trace.data[moved.value].copy()
    array.reshape(-1)[moved.flat] += by
    leaves = {v: rec.trace.data[v] for v, number in rec.graph.leaves if number is None}
    if rec.graph.values[moved.value].node < 0:
        return run(rec.graph, {**leaves, moved.value: array}, backward=False).loss
    return run(rec.graph, leaves, backward=False, instead={moved.value: array}).loss


#: What is compared gets no gradient, and the loss depends on it all the same.
COMPARED = 'format = 1\n[parameters]\nx = 0.5\n[graph]\nm = "x * 2"\nL = "where(m > 0.999, x, 0) * 2"\n'


@pytest.mark.parametrize("name", [*builtin(), COMPARED])
def test_what_does_not_depend_on_a_number_is_not_computed_again_and_all_else_is(name: str) -> None:
    rec = record(find(name) if name in builtin() else loads(name))
    rng = np.random.default_rng(1)
    for value in rec.graph.values:
        if not rec.graph.gets_gradient(value):
            continue
        moved = Element(value.id, int(rng.integers(value.size)))
        if np.isfinite(rec.trace.data[value.id].reshape(-1)[moved.flat]):
            above, below = loss_of_the_whole(rec, moved, 0.01), loss_of_the_whole(rec, moved, -0.01)
            # A nudge is in float64; the whole run of a float32 scenario has the digits that it has.
            rel = 1e-12 if rec.graph.dtype == np.float64 else 1e-3
            assert nudge(rec, moved, 0.01).actual == pytest.approx((above - below) / 2, rel=rel, nan_ok=True)


def test_a_kink_is_named_exactly_where_a_gate_turns() -> None:
    rng = np.random.default_rng(1)
    x, W = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    rec = of(f"x = {x.tolist()}\nW = {W.tolist()}", "z = x @ W.T", "h = relu(z)", "L = sum(h * h)")
    turned = 0
    for row, column in np.ndindex(W.shape):
        sides = []
        for by in (-0.2, 0.2):
            moved = W.copy()
            moved[row, column] += by
            sides.append(x @ moved.T > 0)
        gates = [f"ReLU at z[{i},{j}] switches between the two sides" for i, j in np.argwhere(sides[0] != sides[1])]
        assert nudge(rec, element(rec, f"W[{row},{column}]"), 0.2).kink in (gates or [""])
        turned += bool(gates)
    assert 0 < turned < W.size


@pytest.mark.parametrize(("parameters", "of_", "eps"), [("x = 2.0", "x", 1e-20), ("x = [inf]", "x[0]", None)])
def test_a_number_that_does_not_move_is_refused(parameters: str, of_: str, eps: float | None) -> None:
    rec = of(parameters, "L = sum(x ** 3)")
    with pytest.raises(CommandError, match="does not change it"):
        nudge(rec, element(rec, of_), eps)


@pytest.mark.parametrize("name", list(builtin()))
def test_together_is_as_one_by_one(name: str) -> None:
    """The losses of many copies at once, against a run of the whole network for each."""
    precise = Precise.of(find(name))
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


def test_a_bend_is_no_kink_and_excuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Power.local

    def wrong(self: Power, slot: int, y: Array, xs: list[Array]) -> Array:
        return right(self, slot, y, xs) + 0.5

    monkeypatch.setattr(Power, "local", wrong)
    found = verify(of("w = 3.0", "L = (w - 3) ** 2"))  # the lowest point: the slope is 0 there
    assert [(name, gradient) for name, gradient, _ in found.failed] == [("w.grad", 0.5)]
    assert found.kinks == 0


def test_a_threshold_behind_other_operations_is_a_kink_and_no_mistake() -> None:
    found = check(of("x = 0.5", "m = x * 2", "L = where(m > 1, 3 * x, x)").scenario).gradients
    assert found.ok
    assert found.kinks == 1


def test_numbers_that_must_be_whole_are_not_comparable() -> None:
    found = verify(of("T = [[1.0, 2.0], [3.0, 4.0]]\ni = [1.0]", "L = sum(embedding(T, i))"))
    assert found.ok
    assert (found.checked, found.nonfinite) == (5, 1)


def test_a_loss_that_overflows_with_a_large_step_is_compared_with_a_smaller_one() -> None:
    found = verify(of("x = [709.7, 1.0]", "L = sum(exp(x))"))  # exp(709.78) is the last that is finite
    assert found.ok
    assert (found.checked, found.nonfinite) == (2, 0)


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
