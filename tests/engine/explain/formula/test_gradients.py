"""Equations of the backward pass: what is written comes out, in random networks and for single kinds."""

from __future__ import annotations

import re

import pytest
from graphs import EXAMPLES, REPEATABLE, Program, at, network, programs, recorded, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula import equation_text
from gradstep.engine.explain.hops import hops
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import Digits
from gradstep.engine.run.recording import Recording


def told(recording: Recording, name: str, flat: int = 0) -> tuple[str, str]:
    element = at(recording, name, flat)
    found = formula.backward(recording, element, *hops(recording, element, 5))
    return f"{found.left} {found.relation} {found.right}", equation_text(found.numbers, 4)


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_is_put_in_gives_what_comes_out(program: Program) -> None:
    recording = recorded(program.network())
    for value in recording.graph.values:
        for flat in range(value.size if recording.graph.gets_gradient(value) else 0):
            element = Element(value.id, flat)
            found = formula.backward(recording, element, *hops(recording, element, 5))
            result = recording.trace.derivative(element)
            assert found.left == f"∂L/∂{recording.board.element(*element)}"
            assert found.result == result
            if found.remade is not None:
                assert found.remade(lambda x: x) == pytest.approx(result, rel=1e-12, abs=1e-12)
            text = equation_text(found.numbers, Digits.FULL).replace("−", "-").replace("×", "*").replace(")(", ")*(")
            if text and re.fullmatch(r"[\d.e+*() -]+", text):
                assert eval(text) == pytest.approx(result, rel=1e-12, abs=1e-12)


def test_the_walkthrough() -> None:
    """∂L/∂y = 0.6092 − 1, times σ′ = 0.2381, times w₂₁ = 0.6, times x₂ = 0.8."""
    recording = recorded(walkthrough())
    assert told(recording, "y") == ("∂L/∂y = y − t", "0.6092 − 1.0000")
    assert told(recording, "z2") == ("∂L/∂z₂ = ∂L/∂y × ∂y/∂z₂", "(−0.3908) × (+0.2381)")
    assert told(recording, "h") == ("∂L/∂h₁ = ∂L/∂z₂ × w₂₁", "(−0.0930) × (+0.6000)")
    assert told(recording, "W1", 1) == ("∂L/∂w₁₁₂ = ∂L/∂z₁₁ × x₂", "(−0.0558) × (+0.8000)")


def test_a_few_ways_are_added_up_and_many_are_a_sum() -> None:
    recording = recorded(network({}, {"x": 2.0, "u": 1.0}, {"a": "x * 3", "b": "x * 5", "L": "a + b"}))
    assert told(recording, "x")[1] == "(+1.0000)(+5.0000) + (+1.0000)(+3.0000)"
    assert told(recording, "u") == ("∂L/∂u = 0", "")
    recording = recorded(network({"x": [1.0] * 5}, {"w": 2.0}, {"h": "w * x", "g": "h * h", "L": "sum(g)"}))
    assert told(recording, "w") == ("∂L/∂w = Σᵢ ∂L/∂h[i]·x[i]", "")


def test_the_loss_tells_its_own_derivative() -> None:
    recording = recorded(network({"t": [0.0, 1.0]}, {"y": [1.0, -2.0]}, {"L": "mse(y, t)"}))
    assert told(recording, "y", 1) == ("∂L/∂y₂ = 2 (y₂ − t₂) / 2", "2 ((−2.0000) − 1.0000) / 2")
    # Where it has none that is written for a single number, it is its slope.
    recording = recorded(network({"t": [1.0]}, {"z": [[1.0, -2.0]]}, {"L": "cross_entropy(z, t)"}))
    assert told(recording, "z", 1)[0].startswith("∂L/∂z")
