"""Single moves, against the walkthrough's steps counted by hand. That they are each other's inverses is held in
`test_traveller.py`."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger import moves
from gradstep.engine.files import find
from gradstep.engine.run.recording import record
from gradstep.engine.run.timeline import Grain, Position

WALK = record(find("walkthrough"))  # z1 1 2, h 3 4, z2 5, y 6, L 7; backward 8 to 22; update 23 to 31
LAST = 31


@pytest.mark.parametrize(
    ("here", "grain", "forward", "there"),
    [
        (Position(0), Grain.ELEMENT, True, Position(1)),
        (Position(0), Grain.LINE, True, Position(2)),
        (Position(0), Grain.PHASE, True, Position(7)),  # a phase's first step
        (Position(0), Grain.TERM, True, Position(1, 1)),
        (Position(1, 2), Grain.TERM, True, Position(1)),  # the third of three completes the step
        (Position(1), Grain.TERM, False, Position(1, 2)),
        (Position(1, 1), Grain.TERM, False, Position(0)),
        (Position(1, 2), Grain.ELEMENT, True, Position(1)),
        (Position(1, 2), Grain.ELEMENT, False, Position(0)),
        (Position(3), Grain.TERM, False, Position(2)),  # a gate is no sum
        (Position(8), Grain.PHASE, False, Position(7)),
        (Position(LAST), Grain.LINE, False, Position(28)),  # W2 and b2 are of one graph line
        (Position(0), Grain.ELEMENT, False, None),
        (Position(0), Grain.TERM, False, None),
        (Position(LAST), Grain.ELEMENT, True, None),
        (Position(LAST), Grain.TERM, True, None),
    ],
)
def test_the_nearest_place_of_a_grain(here: Position, grain: Grain, forward: bool, there: Position | None) -> None:
    assert moves.move(WALK, here, grain, 1 if forward else -1, made=1) == ((there, 1) if there else (here, 0))


@pytest.mark.parametrize("grain", [Grain.ELEMENT, Grain.LINE, Grain.PHASE, Grain.TERM])
def test_time_goes_on_in_the_next_iteration_that_is_made(grain: Grain) -> None:
    assert moves.move(WALK, Position(LAST), grain, 1, made=2) == (Position(0, None, 2), 1)
    assert moves.move(WALK, Position(0, None, 2), grain, -1, made=2) == (Position(LAST, None, 1), 1)


@pytest.mark.parametrize("grain", [Grain.ELEMENT, Grain.LINE, Grain.PHASE, Grain.ARRAY])
@pytest.mark.parametrize("sign", [1, -1])
def test_many_moves_are_as_many_single_ones(grain: Grain, sign: int) -> None:
    """From every step, also from within one, through three iterations to both ends of time and beyond."""
    for step in range(LAST + 1):
        for term in (None, 1) if step else (None,):
            start = here = Position(step, term, 2)
            for count in range(1, 100):
                there, moved = moves.move(WALK, start, grain, sign * count, made=3)
                here, one = moves.move(WALK, here, grain, sign, made=3)
                assert there == here
                if not one:
                    assert moved == count - 1
                    break
                assert moved == count


def test_a_number_of_moves_beyond_all_measure_is_counted_at_once() -> None:
    for grain in (Grain.ELEMENT, Grain.LINE, Grain.PHASE):
        there, moved = moves.move(WALK, Position(0), grain, 10**12, made=10**6)
        assert there == Position(LAST, None, 10**6)
        assert moved == 10**6 * len(WALK.timeline.places(grain)) - 1
        assert moves.move(WALK, there, grain, -(10**12), made=10**6) == (Position(0), moved)


def test_the_terms_of_a_sum_are_counted_at_once() -> None:
    assert moves.move(WALK, Position(0), Grain.TERM, 2, made=1) == (Position(1, 2), 2)
    assert moves.move(WALK, Position(0), Grain.TERM, 10**12, made=1) == (Position(1), 3)
    assert moves.move(WALK, Position(1), Grain.TERM, -2, made=1) == (Position(1, 1), 2)
    assert moves.move(WALK, Position(1, 2), Grain.TERM, -(10**12), made=1) == (Position(0), 2)


def test_terms_are_counted_as_the_formula_has_them() -> None:
    counts = [moves.terms_at(WALK, step) for step in range(1, 8)]
    assert counts == [3, 3, 0, 0, 3, 0, 1]  # two products and a bias; gates; the loss of a single output
    assert moves.terms_at(WALK, LAST) == 1  # one line: w − η g
    assert moves.first_term(WALK, Position(2)) == Position(2, 1)
    assert moves.first_term(WALK, Position(3)) == Position(3)


def test_a_place_within_a_sum_is_the_whole_step_where_the_sum_is_shorter() -> None:
    """z₁₁ has three terms, the gate none."""
    for here, there in (((1, 2), (1, 2)), ((1, 3), (1, None)), ((3, 1), (3, None)), ((3, None), (3, None))):
        assert moves.fitting(WALK, Position(*here)) == Position(*there)


def test_at_the_ends_of_time_it_is_said() -> None:
    assert moves.end(WALK, False) == "This is the beginning."
    assert moves.end(WALK, True) == "End of iteration 1: loss 0.0764 → 0.0744. i goes on."
