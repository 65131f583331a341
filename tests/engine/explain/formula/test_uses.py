"""How the terms of a gradient are written, use by use; that each rule gives its number is tested with the rules."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import at, network, recorded

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula.uses import uses
from gradstep.engine.explain.hops import hops
from gradstep.engine.run.recording import Recording

RNG = np.random.default_rng(3)


def rule(recording: Recording, name: str, flat: int = 0) -> str:
    element = at(recording, name, flat)
    return formula.backward(recording, element, *hops(recording, element, 5)).right


def conv(x: tuple[int, ...], k: tuple[int, ...], call: str) -> Recording:
    return recorded(network({}, {"x": RNG.normal(size=x), "w": RNG.normal(size=k)}, {"c": call, "L": "sum(c * c)"}))


def test_a_sum_over_samples_runs_over_samples() -> None:
    lines = {"z": "x @ W.T + b", "h": "tanh(z)", "L": "mse(h, t)"}
    parameters = {"W": RNG.normal(size=(2, 3)), "b": [0.1, 0.2]}
    recording = recorded(network({"x": RNG.normal(size=(5, 3)), "t": np.zeros((5, 2))}, parameters, lines))
    assert rule(recording, "W", 4) == "Σᵢ ∂L/∂z[i,1]·x[i,1]"
    assert rule(recording, "b", 1) == "Σᵢ ∂L/∂z[i,1]·∂z[i,1]/∂b[1]"
    deep = recorded(network({"x": RNG.normal(size=(2, 5, 3)), "t": np.zeros((2, 5, 2))}, parameters, lines))
    assert rule(deep, "W", 4) == "Σᵢⱼ ∂L/∂z[i,j,1]·x[i,j,1]"


def test_a_kernel_runs_over_all_places_and_an_image_over_all_windows() -> None:
    recording = conv((1, 4, 4), (2, 1, 2, 2), "conv2d(x, w)")
    assert rule(recording, "w", 5) == "Σᵢⱼ ∂L/∂c[1,i,j]·x[0,i,j+1] (i = 0…2)"
    assert rule(recording, "x", 5) == "Σᵢⱼₖ ∂L/∂c[i,j,k]·w[i,0,1−j,1−k] (j, k = 0…1)"
    strided = conv((3, 1, 5, 5), (1, 1, 2, 2), "conv2d(x, w, stride=2, padding=1)")
    assert rule(strided, "w", 3) == "Σᵢⱼₖ ∂L/∂c[i,0,j,k]·x[i,0,2j,2k]"
    assert rule(strided, "w", 0) == "Σᵢⱼₖ ∂L/∂c[i,0,j,k]·x[i,0,2j−1,2k−1] (j, k = 1…2)"


def test_each_use_of_a_shared_weight_is_a_part() -> None:
    lines = {"a": "w * x", "b": "w * a", "c": "b + w", "L": "sum(c * c)"}
    recording = recorded(network({"x": [1.0, 2.0, 3.0, 4.0]}, {"w": 0.5}, lines))
    said = {use.text for use in uses(recording, at(recording, "w"))}
    assert said == {"Σᵢ ∂L/∂a[i]·x[i]", "Σᵢ ∂L/∂b[i]·a[i]", "Σᵢ ∂L/∂c[i]·∂c[i]/∂w"}
    assert rule(recording, "w").count("Σᵢ") == 3


def test_through_one_element_twice_the_slopes_are_written_out() -> None:
    recording = recorded(network({}, {"x": 3.0}, {"y": "x / x", "z": "y * y", "L": "z - x"}))
    assert rule(recording, "y") == "∂L/∂z·y + ∂L/∂z·y"
    assert rule(recording, "x") == "−1 + ∂L/∂y·(1 / x) + ∂L/∂y·(−x / x²)"


def test_what_a_loss_compares_with_one_number() -> None:
    recording = recorded(network({}, {"y": 0.5, "t": [1.0, 2.0, 3.0, 4.0]}, {"L": "half_squared_error(y, t)"}))
    assert rule(recording, "y") == "Σᵢ (y − t[i])"
    assert rule(recording, "t", 2) == "t₃ − y"


@pytest.mark.parametrize("count", [24, 30])
def test_of_very_many_uses_it_is_said_how_many_more(count: int) -> None:
    lines = {f"a{k}": "w * 2" for k in range(count)}
    recording = recorded(network({}, {"w": 0.5}, {**lines, "L": " + ".join(lines)}))
    assert rule(recording, "w").count("·2") == 24
    assert rule(recording, "w").endswith(" + … (6 more uses)") == (count > 24)
