"""An operation that is only known by its numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.files import loads
from gradstep.engine.ops import COMPOSITES, REGISTRY
from gradstep.engine.ops.recorded import Numbers, Recorded
from gradstep.engine.run.recording import record

X, W = np.array([1.0, 2.0, 3.0]), np.array([5.0])
Y, UP = np.array([7.0, 8.0, 9.0]), np.array([0.5, 0.0, -2.0])
PARTS = (np.array([1.0, 4.0, -6.0]), np.array([10.0]))
WAVE = Recorded("wave", (3,), Numbers(Y, UP, PARTS))


def test_it_knows_what_was_recorded() -> None:
    assert WAVE.shape([(3,), (1,)]) == (3,)
    assert WAVE.known.output is Y
    assert WAVE.known.parts == PARTS


def test_it_computes_nothing() -> None:
    with pytest.raises(OpError, match="wave is recorded, not explained"):
        WAVE.forward([X, W])
    with pytest.raises(OpError, match="wave is recorded, not explained"):
        WAVE.vjp(0, UP, Y, [X, W])


def test_an_element_goes_through_one_of_the_output_with_what_it_was_passed_on() -> None:
    """Through the same place where something arrived there, else where most did: −2 · ½ = −1, and −2 · −2 = 4."""
    through = [WAVE.column(0, at, Y, [X, W]) for at in range(3)]
    assert [link.grid.take(0, 1).tolist() for link in through] == [[0], [2], [2]]
    assert [link.local(0, 1).tolist() for link in through] == [[2.0], [-2.0], [3.0]]
    (weight,) = WAVE.column(1, 0, Y, [X, W]).local(0, 1)
    assert (weight * UP[2], WAVE.column(1, 0, Y, [X, W]).grid.take(0, 1).tolist()) == (10.0, [2])


def test_where_nothing_arrived_nothing_is_passed_on() -> None:
    silent = dataclasses.replace(WAVE, numbers=Numbers(Y, np.zeros(3), (np.zeros(3), None)))
    assert silent.column(0, 1, Y, [X, W]).local(0, 1).tolist() == [0.0]
    assert silent.column(1, 0, Y, [X, W]).grid.size == 0
    assert silent.known.parts[1] is None


def test_any_input_may_have_fed_any_output() -> None:
    assert WAVE.row(0, 1, Y, [X, W]).grid.take(0, 3).tolist() == [0, 1, 2]


def test_it_is_no_operation_that_people_write() -> None:
    assert "recorded" not in {*REGISTRY, *COMPOSITES}
    with pytest.raises(OpError, match="there are no recorded numbers beside this file"):
        record(loads("format = 1\n[parameters]\nx = 2.0\n[graph]\nL = \"recorded(x, of='wave')\""))


@pytest.mark.parametrize(("of", "size", "says"), [("", (), "name of an operation"), ("wave", (-1,), "a shape")])
def test_what_is_refused(of: str, size: tuple[int, ...], says: str) -> None:
    with pytest.raises(OpError, match=says):
        Recorded(of, size)


def test_how_it_is_written() -> None:
    assert WAVE.written(["x", "w"], np.dtype("float64")) == "wave(x, w)"
