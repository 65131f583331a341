"""How the loss changes with the moves of a value, in double precision and with more digits; and kinks on the way."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import written

from gradstep.engine.ask.differences.measuring import Measure, Moves
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.slopes import STEPS
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording


def singly(rec: Recording, dtype: type = np.float64, surely: bool = False) -> Measure:
    """Of the elements of the first parameter, each by itself."""
    value = rec.graph.parameters[0]

    def place(copies: Array, which: Array, numbers: Array) -> None:
        copies[np.arange(len(which)), which] = numbers

    return Measure(Precise(rec, dtype), value, Moves(rec.trace.data[value.id].reshape(-1), place), 0.0, surely)


@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
def test_slopes_are_those_of_calculus(dtype: type) -> None:
    x = np.array([0.3, -1.2, 2.0])
    rec = written(f"x = {x.tolist()}", "L = sum(sin(x) * x)")
    found = singly(rec, dtype).best(np.arange(3))
    assert found.slope == pytest.approx(np.cos(x) * x + np.sin(x), rel=1e-10)
    assert (found.bar < 1e-9).all()
    only = singly(rec, dtype).slopes(np.array([2]), 2.0**-10)
    assert only.slope == pytest.approx(found.slope[2:], rel=1e-9)


def test_along_a_direction_it_is_the_sum_of_all() -> None:
    rec = written("x = [0.3, -1.2, 2.0]", "L = sum(x ** 3)")
    value, direction = rec.graph.parameters[0], np.array([[1.0, -1.0, 2.0]])

    def place(copies: Array, which: Array, numbers: Array) -> None:
        copies += numbers[:, None] * direction[which]

    found = Measure(Precise(rec), value, Moves(np.zeros(1), place), 0.0).best(np.arange(1))
    assert found.slope == pytest.approx(3 * (0.09 - 1.44 + 2 * 4), rel=1e-10)


def test_steps_are_those_that_reach_no_kink() -> None:
    measure = singly(written("x = [0.0, 1e-5, 0.7]", "L = sum(relu(x))"))
    assert measure.without_kink(0, 0.1) == ()
    steps = measure.without_kink(1, 0.1)
    assert 2 * steps[0] < 1e-5 <= 2 * STEPS[len(STEPS) - len(steps) - 1]
    assert measure.without_kink(1, 1e-6) == measure.without_kink(2, 0.1) == STEPS


def test_beside_a_large_number_on_the_way_little_is_sure() -> None:
    # Of what is added to 1e9 the digits below 1e-7 are lost, and come back as nothing.
    rec = written("x = [1e-10]", "y = x + 1e9", "L = sum((y - 1e9) ** 2)")
    at = np.arange(1)
    assert singly(rec, surely=True).best(at).bar > 1e-7 > singly(written("x = [0.5]", "L = sum(x ** 2)")).best(at).bar
