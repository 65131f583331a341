"""Sentences about the update of a parameter."""

from __future__ import annotations

import pytest
from graphs import at
from trainings import small

from gradstep.engine.explain import narrate
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording, record


def descent(w: float, formula: str, lr: float = 0.25, more: str = "") -> Recording:
    return record(loads(f'format = 1\n[parameters]\nw = {w}\n[graph]\nL = "{formula}"\n[training]\nlr = {lr}\n{more}'))


@pytest.mark.parametrize(
    ("w", "formula", "says"),
    [
        (3.0, "w * w", "The gradient is positive, so the parameter goes down by 1.500."),  # 0.25 · 6
        (-3.0, "w * w", "The gradient is negative, so the parameter goes up by 1.500."),
        (0.0, "w * w", "The gradient is exactly 0, so the parameter stays as it is."),
        (1e30, "w * 1", "The change is too small for the last digit of this parameter: it stays as it is."),
    ],
)
def test_gradient_descent(w: float, formula: str, says: str) -> None:
    recording = descent(w, formula)
    found = narrate.update(recording, at(recording, "w"))
    assert found.headline == "update w"
    assert found.caption.startswith(says)


def test_the_first_update_of_all_says_that_none_was_made_before() -> None:
    recording = record(small("lr = 0.05\nbatch_size = 8"))
    first = recording.timeline.locate(recording.timeline.span(recording.timeline.sweeps[-1].phase)[0] + 1)[0].value
    name = recording.graph.values[first].name
    assert "Until now none had changed" in narrate.update(recording, at(recording, name, 0)).caption
    assert "Until now none had changed" not in narrate.update(recording, at(recording, name, 1)).caption
    later = History(small("lr = 0.05\nbatch_size = 8")).recording(2)
    assert "Until now none had changed" not in narrate.update(later, at(later, name, 0)).caption


def test_a_rule_of_several_lines_says_how_the_move_fits_the_gradient() -> None:
    """Weight decay alone moves what has no gradient: 2 · 0.25 · 0.1."""

    def told(formula: str) -> str:
        recording = descent(2.0, formula, more="weight_decay = 0.1")
        return narrate.update(recording, at(recording, "w")).caption

    decay = "although its gradient is exactly 0: what was kept, or weight decay, moves it."
    assert told("w * 0").startswith(f"The parameter goes down by 0.0500, {decay}")
    assert "along its gradient: earlier ones or decay weigh more." in told("w * 0.1 * -1")
    assert "against its gradient. " in told("w * 1")
