"""What may be set, and what it has to be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradstep.engine.errors import CommandError


class Option:
    """A setting of an optimiser: its default, what it has to be, and a test of that; the `words` that it may be."""

    def __init__(self, default: Any, what: str, fits: Callable[[Any], bool], words: tuple[str, ...] = ()) -> None:
        self.default, self.what, self.fits, self.words = default, what, fits, words


def is_number(x: object) -> bool:
    """Whether it is a finite number that floating point can hold, and no truth value."""
    return type(x) in (int, float) and abs(x) <= sys.float_info.max  # type: ignore[arg-type]  # a number by then


def at_least_0(default: float | None) -> Option:
    return Option(default, "a number from 0 on", lambda x: is_number(x) and x >= 0)


def above_0(default: float | None) -> Option:
    return Option(default, "a number above 0", lambda x: is_number(x) and x > 0)


def whole_numbers() -> Option:
    return Option(
        None,
        "a list of whole numbers from 0 on",
        lambda x: isinstance(x, list) and all(type(k) is int and k >= 0 for k in x),
    )


def below_1(default: float) -> Option:
    return Option(default, "a number from 0 to below 1", lambda x: is_number(x) and 0 <= x < 1)


def flag(default: bool = False) -> Option:
    return Option(default, "true or false", lambda x: isinstance(x, bool))


def share(default: float) -> Option:
    return Option(default, "a number from 0 to 1", lambda x: is_number(x) and 0 <= x <= 1)


def one_of(*words: str) -> Option:
    """One of some words, the first by default."""
    return Option(words[0], " or ".join(map(repr, words)), lambda x: isinstance(x, str) and x in words, words)


def rate(default: float | None) -> Option:
    # A negative one climbs, which one may want to see.
    return Option(default, "a finite number", is_number)


def betas(first: float, second: float) -> Option:
    return Option(
        (first, second),
        "two numbers from 0 to below 1",
        lambda x: isinstance(x, list | tuple) and len(x) == 2 and all(is_number(b) and 0 <= b < 1 for b in x),
    )


def whole(default: int | None = None, least: int = 1) -> Option:
    return Option(default, f"a whole number from {least} on", lambda x: type(x) is int and x >= least)


#: The last iteration that can be made: of the smallest network they take hours.
LAST_ITERATION = 100_000_000


def iterations(default: int | None = None, least: int = 1) -> Option:
    """So many iterations."""
    what = f"a whole number from {least} to {LAST_ITERATION:,}"
    return Option(default, what, lambda x: type(x) is int and least <= x <= LAST_ITERATION)


def check_iteration(number: int) -> None:
    """Raises CommandError for an iteration beyond what can be made."""
    if number > LAST_ITERATION:
        raise CommandError(f"iteration {number:,} is beyond what can be made; the last is {LAST_ITERATION:,}")
