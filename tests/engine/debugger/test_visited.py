"""Places that were left by a jump, there and back again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gradstep.engine.debugger.visited import Visited
from gradstep.engine.run.timeline import Position


def travel(visited: Visited, here: Position, back: bool) -> Position:
    there = visited.nearest(back)
    if there is None:
        return here
    visited.revisit(back, here)
    return there


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_every_place_is_found_again_in_its_order(steps: list[int]) -> None:
    visited, here = Visited(), Position(0)
    for step in steps:
        visited.leave(here)
        here = Position(step)
    passed = [here]
    while visited.nearest(True) is not None:
        here = travel(visited, here, True)
        passed.append(here)
    assert [p.step for p in reversed(passed)] == [0, *steps]
    for step in steps:
        here = travel(visited, here, False)
        assert here == Position(step)
    assert visited.nearest(False) is None


def test_a_new_jump_forgets_what_came_after() -> None:
    visited = Visited()
    visited.leave(Position(1))
    assert travel(visited, Position(2), True) == Position(1)
    assert visited.nearest(False) == Position(2)
    visited.leave(Position(1))
    assert visited.nearest(False) is None


def test_only_the_latest_are_kept() -> None:
    visited = Visited()
    for step in range(1000):
        visited.leave(Position(step))
    assert [p.step for p in visited.before] == list(range(800, 1000))
