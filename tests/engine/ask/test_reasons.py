"""Why a run has stopped: the numbers that a condition compares, against NumPy and PyTorch's rules by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.reasons import because
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.run import Position
from gradstep.engine.run.recording import record


def stopped(scenario: str, rule: str) -> tuple[Session, str]:
    session = Session(find(scenario))
    session.do(f"break {rule}")
    stop = session.do("continue").stop
    assert stop is not None
    assert stop.text == rule
    return session, stop.because


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?[\d.]+(?:e-?\d+)?", re.sub("−", "-", text))]


def sigmoids() -> tuple[np.ndarray, np.ndarray]:
    """The scenario vanishing by hand: its slopes, and the gradients of its sums, first layer first."""
    scenario = find("vanishing")
    leaves = {v.name: scenario.leaves[v.id] for v in scenario.graph.values if v.id in scenario.leaves}
    h, slopes = float(np.squeeze(leaves["x"])), []
    weights = [float(np.squeeze(leaves[f"W{k}"])) for k in range(1, 9)]
    for w in weights:
        h = 1 / (1 + np.exp(-w * h))
        slopes.append(h * (1 - h))
    grads = [0.0] * 8
    grads[7] = (h - float(np.squeeze(leaves["t"]))) * slopes[7]
    for k in range(6, -1, -1):
        grads[k] = grads[k + 1] * weights[k + 1] * slopes[k]
    return np.array(slopes), np.array(grads)


def test_value_and_threshold_stand_beside_one_another() -> None:
    _, grads = sigmoids()
    session, text = stopped("vanishing", "abs(grad) < 1e-3 and op == sigmoid")
    assert text.startswith("|grad| = ")
    value, threshold = numbers(text)
    assert threshold == 1e-3
    first = max(k for k in range(8) if abs(grads[k]) < 1e-3)
    assert value == pytest.approx(abs(grads[first]), rel=1e-3)
    assert session.frame().element is not None


def test_kinds_tell_what_their_threshold_is_compared_with() -> None:
    slopes, _ = sigmoids()
    _, text = stopped("vanishing", "saturated(0.23)")
    assert re.fullmatch(r"saturated: slope [\d.]+ < 0\.23", text)
    assert numbers(text)[0] == pytest.approx(next(s for s in slopes if s < 0.23), rel=1e-3)
    _, text = stopped("exploding", "explode(2)")
    assert re.fullmatch(r"explode: ratio 4 > 2", text)  # two steps back, each with the weight 2
    _, text = stopped("fan-out", "cancel(0.5)")
    up, down = 0.0411, 0.0558  # as told of picture 01 of the design
    assert numbers(text)[0] == pytest.approx(1 - (down - up) / (down + up), abs=2e-3)


def test_of_states_and_of_several_parts_each_is_told() -> None:
    _, text = stopped("fan-out", "abs(upstream) > 0.2 and local < 0.5")
    assert re.fullmatch(r"\|upstream\| = [\d.]+ > 0\.2 and local = −?[\d.]+ < 0\.5", text)
    y = 1 / (1 + np.exp(-(0.6 * 0.54 - 0.4 * 0.2 + 0.2)))
    _, text = stopped("walkthrough", "0.07 < loss < 0.08")
    assert text == f"0.07 < loss = {(y - 1) ** 2 / 2:.4g} < 0.08"
    _, text = stopped("walkthrough", "loss > 0.5 or y < 0.61")
    assert text == f"y = {y:.4g} < 0.61"


@pytest.mark.parametrize("rule", ["grad == 0 and op == relu", "flip", "h.grad", "backward", "any(h > 0.1)"])
def test_what_says_all_of_it_itself_is_not_repeated(rule: str) -> None:
    assert stopped("dead-relu" if "relu" in rule else "walkthrough", rule)[1] == ""


def test_a_number_near_its_threshold_is_told_from_it() -> None:
    recording = record(find("walkthrough"))
    loss = float(recording.trace.data[recording.graph.loss.id])
    just = np.nextafter(loss, 1)
    text = because(Condition(f"loss < {float(just)!r}", recording), Position(recording.timeline.total))
    value, threshold = text.removeprefix("loss = ").split(" < ")
    assert value != threshold
    assert float(value) < float(threshold)
