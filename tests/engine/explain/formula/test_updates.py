"""Equations of an update, line by line: what is put in gives the number of the line, the last one the new parameter."""

from __future__ import annotations

import pytest
from graphs import at, recorded, walkthrough
from trainings import small

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula import equation_text
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import record


def test_gradient_descent_is_one_line() -> None:
    """0.3 − 0.1 · (−0.0447)."""
    recording = recorded(walkthrough())
    element = at(recording, "W1", 1)
    (stage,) = recording.update.stages(*element)
    found = formula.update(recording, element, stage, False)
    assert (found.left, found.relation, found.right) == ("w₁₁₂", "←", "w₁₁₂ − η·∂L/∂w₁₁₂")
    assert equation_text(found.numbers, 4) == f"0.3000 − {recording.update.lr:g} × (−0.0447)"
    assert found.result == recording.updated(*element).item()


@pytest.mark.parametrize(
    "rule",
    [
        'optimizer = "momentum"',
        'optimizer = "adam"\nweight_decay = 0.01',
        'optimizer = "adamw"',
        "clip_value = 0.01",
        "clip_norm = 0.05\nzero_grad = false",
    ],
)
def test_every_line_gives_its_number(rule: str) -> None:
    recording = History(small(f"lr = 0.05\nbatch_size = 8\n{rule}")).recording(3)
    element = at(recording, "W1", 4)
    begun, made = False, {}
    for stage in recording.update.stages(*element):
        found = formula.update(recording, element, stage, begun)
        assert found.remade is not None
        assert found.remade(lambda x: x) == pytest.approx(found.result, rel=1e-12)
        assert equation_text(found.numbers, 4)
        begun = begun or stage.line.symbol == "g"
        made[found.left] = found.result
    assert made[recording.board.element(*element)] == recording.updated(*element).item()
    # Once the gradient has been changed it has another name.
    assert ("g" in made) == any(line.symbol == "g" for line in recording.update.lines(element.value))


def test_an_option_is_written_as_it_was_given() -> None:
    recording = record(small('optimizer = "momentum"\nlr = 1e-3'))
    element = at(recording, "W1")
    *_, last = recording.update.stages(*element)
    assert "0.001" in equation_text(formula.update(recording, element, last, False).numbers, 4)
