"""All gradients against finite differences; and gradients that are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE
from planted import KINDS, effect, planted, scenario
from recordings import element, written

from gradstep.engine.ask.differences.nudging import nudge
from gradstep.engine.ask.differences.verifying import every, verify
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
    assert {name for name, *_ in found.failed} >= {"W2.grad[0,0]", "b1.grad[0]"}


def test_a_bend_is_no_kink_and_excuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Power.local

    def wrong(self: Power, slot: int, y: Array, xs: list[Array]) -> Array:
        return right(self, slot, y, xs) + 0.5

    monkeypatch.setattr(Power, "local", wrong)
    found = verify(written("w = 3.0", "L = (w - 3) ** 2"))  # the lowest point: the slope is 0 there
    assert [(wrong.of, wrong.shown) for wrong in found.failed] == [("w.grad", 0.5)]
    assert found.kinks == 0


def test_a_threshold_behind_other_operations_is_a_kink_and_no_mistake() -> None:
    found = check(written("x = 0.5", "m = x * 2", "L = where(m > 1, 3 * x, x)").scenario).gradients
    assert found.ok
    assert found.kinks == 1


def test_numbers_that_must_be_whole_are_not_comparable() -> None:
    found = verify(written("T = [[1.0, 2.0], [3.0, 4.0]]\ni = [1.0]", "L = sum(embedding(T, i))"))
    assert found.ok
    assert (found.checked, found.nonfinite) == (4, 1)


def test_a_loss_that_overflows_with_a_large_step_is_compared_with_a_smaller_one() -> None:
    found = verify(written("x = [709.7, 1.0]", "L = sum(exp(x))"))  # exp(709.78) is the last that is finite
    assert found.ok
    assert (found.checked, found.nonfinite, found.small) == (1, 0, 1)  # nobody sees exp(1) beside exp(709.7)


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


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_gradient_of_a_random_network_is_said_to_be_wrong(dtype: str) -> None:
    """Of any scale, depth and loss, among them masks of 1e9 and losses of 1e8."""
    checked = total = 0
    for seed in seeds():
        found = every(record(scenario(seed, dtype)))
        assert not found.failed, scenario(seed, dtype).text
        assert found.checked + found.small + found.kinks + found.nonfinite == found.total
        checked, total = checked + found.checked, total + found.total
    assert checked > 0.8 * total


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_planted_mistake_that_can_be_seen_is_found(dtype: str) -> None:
    """One operation passes back something wrong, by any factor: found wherever it moves a gradient by more than what
    rounding of the loss makes of differences."""
    seen = 0
    for k, seed in enumerate(seeds()):
        kind = list(KINDS)[k % len(KINDS)]
        if effect(seed, kind) > 1:
            seen += 1
            assert every(planted(scenario(seed, dtype), kind, seed)).failed, (kind, seed)
    assert seen > len(KINDS)


def seeds() -> range:
    """Numbers of random networks: always the same, unless a longer run is asked for."""
    start = 0 if REPEATABLE else int(np.random.default_rng().integers(1 << 30))
    return range(start, start + EXAMPLES // 2 if REPEATABLE else start + EXAMPLES)


@pytest.mark.parametrize(
    ("parameters", "line", "dtype", "mark"),
    [
        ("x = [0.3]", "L = sum(tanh(x))", "float64", "✓ 1 of 1"),
        ("x = [0.3]", "L = sum(tanh(x))", "float32", "✓ 1 of 1"),
        ("x = [0.3, 0.7]", "L = softmax(x - 1e9)[0]", "float32", "≈ 2 of 2"),  # no digit of either is left
        ("x = [0.0]", "L = sum(log(x))", "float64", "– 0 of 1"),
        ("x = [40.0]", "L = sum(log(1 + exp(-x)))", "float64", "– 0 of 1"),
        ("x = [0.0, 4.0]", "L = sum(relu(sqrt(x ** 2) - 1))", "float64", "✗ 2 of 2"),  # NaN
    ],
)
def test_only_what_was_compared_and_is_right_as_shown_has_a_tick(
    parameters: str, line: str, dtype: str, mark: str
) -> None:
    assert next(verify(written(parameters, line, dtype=dtype)).lines()).startswith(mark)
