"""The first number that is not finite, and whether updates had made it grow."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.trouble import First, first_trouble
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

TEXT = 'format = 1\n[parameters]\nw = {w}\n[graph]\nL = "{loss}"\n[training]\nlr = {lr}\nsteps = 900\n'


def trouble(w: object, loss: str, lr: float, steps: int) -> First | None:
    history = History(loads(TEXT.format(w=w, loss=loss, lr=lr)))
    history.make(steps)
    return first_trouble(history)


def test_a_training_that_doubles_its_weights_has_grown() -> None:
    """w is multiplied by 1 − 2η = −3 in each iteration: w² is beyond 1.8e308 once 3^(k − 1) > 1.34e154."""
    found = trouble([1.0], "sum(w * w)", 2.0, 400)
    assert found is not None
    assert (found.iteration, found.grown, found.overflow) == (325, True, True)


@pytest.mark.parametrize(
    ("w", "loss", "iteration", "overflow"),
    [
        ([0.0, 1.0], "sum(log(w))", 1, False),
        ([800.0], "sum(exp(w))", 1, True),
        ([4.0, 0.0], "sum(sqrt(w))", 1, False),
        ([0.25], "sum(sqrt(w))", 2, False),  # a step of 1 goes from 0.25 to −0.75
    ],
)
def test_an_operation_makes_it(w: object, loss: str, iteration: int, overflow: bool) -> None:
    found = trouble(w, loss, 1.0, 5)
    assert found is not None
    assert (found.iteration, found.grown, found.overflow) == (iteration, False, overflow)


def test_nothing_is_wrong_with_what_is_finite() -> None:
    assert trouble([1.0], "sum(w * w)", 0.1, 20) is None
