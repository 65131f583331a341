"""Parts put together: against Python's own operations on every number and truth, one by one."""

from __future__ import annotations

import ast
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradstep.engine.ask.joining import all_of, any_of, applied, chained, joined, judged, paired
from gradstep.engine.ask.scope import Part
from gradstep.engine.errors import CommandError

NODE = ast.parse("a < b < c", mode="eval").body
#: Whether it is true, whether it is known; the same at all steps, or another at each of four.
TRUTHS = st.booleans() | st.lists(st.booleans(), min_size=4, max_size=4).map(np.array)


def bad(text: str) -> CommandError:
    return CommandError(text)


def at(part: Part, step: int) -> bool | None:
    """Kleene's value at a step."""
    value, known = (bool(np.broadcast_to(x, 4)[step]) for x in (part.value, part.known))
    return value if known else None


@given(st.lists(st.builds(Part, TRUTHS, TRUTHS, st.just(True)), min_size=1, max_size=4))
def test_truths_are_joined_as_kleene_says(parts: list[Part]) -> None:
    for join, decides in ((all_of, False), (any_of, True)):
        found = join(parts)
        for step in range(4):
            values = [at(part, step) for part in parts]
            expected = decides if decides in values else None if None in values else not decides
            assert at(found, step) is expected
            assert bool(np.broadcast_to(found.holds, 4)[step]) == (expected is True)


def test_numbers_are_known_where_both_are() -> None:
    a, b = Part(np.array([1.0, 2.0]), np.array([True, False]), True), Part(2.0)
    found = joined(operator.mul, a, b)
    assert (found.value.tolist(), found.known.tolist(), found.stepwise) == ([2.0, 4.0], [True, False], True)
    assert joined(operator.lt, b, Part(3)) == Part(True, True, False)
    with pytest.raises(ValueError, match="broadcast"):
        joined(operator.add, Part(np.ones(2)), Part(np.ones(3)))


def test_what_does_not_go_together_is_refused_with_its_words() -> None:
    left, right = ast.parse("h", mode="eval").body, ast.parse("grad", mode="eval").body
    whole, field, one = Part(np.ones(2)), Part(np.ones(4), True, True), Part(np.ones((1, 1)))
    with pytest.raises(CommandError, match="'h' has 2 numbers, and 'grad' is one at each step"):
        paired(whole, field, left, right, bad)
    assert np.shape(paired(one, field, left, right, bad)[0].value) == ()
    assert paired(whole, whole, left, right, bad) == (whole, whole)
    with pytest.raises(CommandError, match="'a < b < c' is a number"):
        judged(Part(1.5), NODE, bad)
    with pytest.raises(CommandError, match="has 2 truth values"):
        judged(Part(np.array([True, False])), NODE, bad)
    assert judged(Part(np.array([True])), NODE, bad).value.shape == ()
    with pytest.raises(CommandError, match="there are whole arrays beside numbers of steps"):
        chained([Part(np.array([True, False])), Part(np.array([True]), True, True)], NODE, bad)
    with pytest.raises(CommandError, match=r"shapes \(2,\) and \(3,\) do not fit"):
        chained([Part(np.ones(2, bool)), Part(np.ones(3, bool))], NODE, bad)


def test_a_function_is_of_each_number_or_of_all() -> None:
    array = np.array([[3.0, -4.0]])
    assert applied("abs", Part(array), NODE, bad).value.tolist() == [[3.0, 4.0]]
    assert applied("norm", Part(array), NODE, bad).value == 5.0
    assert applied("sign", Part(np.array([True])), NODE, bad).value.tolist() == [1.0]
    assert applied("sqrt", Part(np.array([4.0]), False, True), NODE, bad).known is False
    with pytest.raises(CommandError, match="is one number at each step; max is for a whole array"):
        applied("max", Part(array, True, True), NODE, bad)
    with pytest.raises(CommandError, match="is empty"):
        applied("mean", Part(np.empty(0)), NODE, bad)
