"""What thresholds may be."""

from __future__ import annotations

from math import inf, nan

import pytest

from gradstep.engine.ask.thresholds import LARGER, SHARE, SIZE, Allowed, checked
from gradstep.engine.errors import CommandError


@pytest.mark.parametrize(
    ("allowed", "good"), [(SHARE, (0.0, 1e-9, 1.0)), (LARGER, (1.0, 1e300)), (SIZE, (0.0, 5e-324, 1e308))]
)
def test_what_makes_sense_is_taken_as_it_is(allowed: Allowed, good: tuple[float, ...]) -> None:
    assert [checked("kind", number, allowed) for number in good] == [*good]


@pytest.mark.parametrize(
    ("allowed", "number", "says"),
    [
        (SHARE, -1.0, "lies between 0 and 1, not -1"),
        (SHARE, 1.0000001, "lies between 0 and 1, not 1"),
        (LARGER, 0.999, "is a number from 1 on, not 0.999"),
        (SIZE, -5e-324, "is a number from 0 on, not -4.94066e-324"),
        (SHARE, nan, "not nan"),
        (SIZE, inf, "not inf"),
        (LARGER, -inf, "not -inf"),
    ],
)
def test_what_makes_none_is_refused(allowed: Allowed, number: float, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        checked("kind", number, allowed)
    assert str(refused.value).startswith("the threshold of 'kind' ")
    assert says in str(refused.value)
