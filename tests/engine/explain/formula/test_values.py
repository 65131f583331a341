"""Equations of the forward pass: what is written comes out, in random networks and for single kinds."""

from __future__ import annotations

import re

import pytest
from graphs import EXAMPLES, REPEATABLE, Program, at, network, programs, recorded, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula import equation_text
from gradstep.engine.notation import Digits
from gradstep.engine.run.recording import Recording


def told(recording: Recording, name: str, flat: int = 0, digits: int = 4) -> tuple[str, str]:
    node = recording.graph.nodes[recording.graph.by_name[name].node]
    found = formula.forward(recording, node, flat)
    return f"{found.left} {found.relation} {found.right}", equation_text(found.numbers, digits)


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_is_put_in_gives_what_comes_out(program: Program) -> None:
    recording = recorded(program.network())
    for node in recording.graph.nodes:
        for flat in range(recording.graph.values[node.output].size):
            found = formula.forward(recording, node, flat)
            value = recording.trace.data[node.output].item(flat)
            assert found.left == recording.board.element(node.output, flat)
            assert found.result == value
            if found.remade is not None:
                assert found.remade(lambda x: x) == pytest.approx(value, rel=1e-12, abs=1e-12)
            # Sums and products can be computed from the very text.
            text = equation_text(found.numbers, Digits.FULL).replace("−", "-").replace("×", "*").replace(")(", ")*(")
            if text and re.fullmatch(r"[\d.e+*() -]+", text):
                assert eval(text) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_the_walkthrough() -> None:
    """By hand: 0.4·0.5 + 0.3·0.8 + 0.1 = 0.54, and σ(0.444) = 0.6092."""
    recording = recorded(walkthrough())
    assert told(recording, "z1") == (
        "z₁₁ = w₁₁₁·x₁ + w₁₁₂·x₂ + b₁₁",
        "(0.4000)(0.5000) + (0.3000)(0.8000) + 0.1000",
    )
    assert told(recording, "z1", 1)[1] == "(−0.2000)(0.5000) + (0.5000)(0.8000) + (−0.1000)"
    assert told(recording, "h") == ("h₁ = max(0, z₁₁)", "max(0, 0.5400)")
    assert told(recording, "y") == ("y = σ(z₂)", "σ(0.4440)")
    assert told(recording, "L") == ("L = ½(y − t)²", "½(0.6092 − 1.0000)²")


def test_long_sums_are_written_with_a_sign_for_the_sum() -> None:
    lines = {"z": "W @ x + b", "y": "x @ V", "q": "sum(z)", "r": "mean(y)", "L": "q + r"}
    parameters = {"W": [[0.5] * 4] * 4, "b": [0.0] * 4, "V": [[0.5] * 4] * 4}
    recording = recorded(network({"x": [1.0, 2.0, 3.0, 4.0]}, parameters, lines))
    assert told(recording, "z", 1) == ("z₂ = Σᵢ W[1,i]·x[i] + b[1]", "")
    assert told(recording, "y", 2) == ("y₃ = Σᵢ x[i]·V[i,2]", "")
    assert told(recording, "q") == ("q = Σᵢ z[i]", "")
    assert told(recording, "r") == ("r = Σᵢ y[i]/4", "")
    lines = {"L": "mse(y, t)", "M": "L + bce(sigmoid(y), t)"}
    recording = recorded(network({"t": [[0.5, 0.5]] * 3}, {"y": [[1.0, 2.0]] * 3}, lines, "M"))
    assert told(recording, "L") == ("L = Σᵢⱼ (y[i,j] − t[i,j])²/6", "")
    bce = recording.graph.by_name["M:bce"].name
    said = "= −Σᵢⱼ (t[i,j] ln M:sigmoid[i,j] + (1 − t[i,j]) ln(1 − M:sigmoid[i,j]))/6"
    assert told(recording, bce)[0].endswith(said)


def test_a_mean_of_a_few_is_written_out_with_its_number() -> None:
    recording = recorded(network({}, {"x": [1.0, -2.0]}, {"L": "mean(x)"}))
    assert told(recording, "L") == ("L = x₁/2 + x₂/2", "1.0000/2 + (−2.0000)/2")
    recording = recorded(network({}, {"y": [1.0, -2.0], "t": [0.0, 1.0]}, {"L": "mse(y, t)"}))
    assert told(recording, "L")[1] == "(1.0000 − 0)²/2 + ((−2.0000) − 1.0000)²/2"


def test_what_is_only_moved_is_named() -> None:
    recording = recorded(network({}, {"x": [1.0, -2.0, 5.0]}, {"s": "x[1:]", "L": "sum(s)"}))
    assert told(recording, "s", 1) == ("s₂ = x₃", "5.0000")
    assert recording.trace.number(at(recording, "s", 1)) == 5


def test_what_is_made_of_a_whole_matrix_says_which_of_its_numbers_it_is() -> None:
    recording = recorded(network({}, {"w": [[2.0, 0.5], [0.25, 1.0]]}, {"y": "inv(w)", "L": "sum(y)"}))
    assert told(recording, "y", 2)[0] == "y[1,0] = (w⁻¹)[1,0]"
    assert recording.trace.data[recording.graph.by_name["y"].id][1, 0] == pytest.approx(-0.25 / 1.875)
