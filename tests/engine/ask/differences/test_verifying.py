"""All gradients against finite differences; and gradients that are wrong."""

from __future__ import annotations

import pytest
from recordings import element, written

from gradstep.engine.ask.differences.nudging import nudge
from gradstep.engine.ask.differences.verifying import verify
from gradstep.engine.debugger.checking import check
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.index import Array
from gradstep.engine.ops.families.activation import Sigmoid
from gradstep.engine.ops.families.arithmetic import Power
from gradstep.engine.run.recording import record


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
    found = verify(written("w = 3.0", "L = (w - 3) ** 2"))  # the lowest point: the slope is 0 there
    assert [(name, gradient) for name, gradient, _ in found.failed] == [("w.grad", 0.5)]
    assert found.kinks == 0


def test_a_threshold_behind_other_operations_is_a_kink_and_no_mistake() -> None:
    found = check(written("x = 0.5", "m = x * 2", "L = where(m > 1, 3 * x, x)").scenario).gradients
    assert found.ok
    assert found.kinks == 1


def test_numbers_that_must_be_whole_are_not_comparable() -> None:
    found = verify(written("T = [[1.0, 2.0], [3.0, 4.0]]\ni = [1.0]", "L = sum(embedding(T, i))"))
    assert found.ok
    assert (found.checked, found.nonfinite) == (5, 1)


def test_a_loss_that_overflows_with_a_large_step_is_compared_with_a_smaller_one() -> None:
    found = verify(written("x = [709.7, 1.0]", "L = sum(exp(x))"))  # exp(709.78) is the last that is finite
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
    cut = nudge(session.recording, element(session.recording, "W1[1,0]"))
    assert "h is set by hand" in cut.kink
    # h[0] was not: it follows.
    followed = nudge(session.recording, element(session.recording, "W1[0,0]"))
    assert followed.kink == ""
    assert followed.rel_error < 1e-8
    session.edit("h.grad[1] = 7")
    assert nudge(session.recording, element(session.recording, "b1[1]")).gradient == 7
