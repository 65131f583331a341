"""How far an update goes, against its rule by hand."""

from __future__ import annotations

import numpy as np
import pytest
from evidence import seen_by
from recordings import written

from gradstep.engine.diagnosis.rules.steps import update


def of(lr: float, shape: str = "[[3.0, 4.0]]") -> list[tuple[str, float]]:
    rec = written(f"W = {shape}", "L = sum(W * W) / 2", more=f"[training]\nlr = {lr}\n")
    return [(one.at, one.numbers["ratio"]) for one in seen_by(update, rec, {"update": 1e-3})]


@pytest.mark.parametrize("lr", [1e-6, 9e-6, 2e-5, 1e-3, 0.05, 0.11, 2.0])
def test_an_update_a_hundred_times_off_is_told(lr: float) -> None:
    """The gradient of ½‖W‖² is W, so plain SGD moves W by the share η of its size."""
    found = of(lr)
    if 1e-5 <= lr <= 0.1:
        assert found == []
    else:
        assert found == [("W.next[0,1]", pytest.approx(lr, rel=1e-9))]  # the larger weight moves most


def test_the_hint_has_a_direction() -> None:
    for lr, hint in ((1e-6, "a larger learning rate"), (1.0, "a smaller learning rate")):
        rec = written("W = [[3.0, 4.0]]", "L = sum(W * W) / 2", more=f"[training]\nlr = {lr}\n")
        assert hint in next(iter(seen_by(update, rec, {"update": 1e-3}))).hint


def test_of_biases_and_of_what_does_not_move_nothing_is_said() -> None:
    assert of(2.0, "[3.0, 4.0]") == []
    assert of(0.0) == []
    assert of(2.0, str(np.zeros((2, 2)).tolist())) == []
