"""Thresholds that a person may set, of kinds and of rules: between what each has to lie."""

from __future__ import annotations

from math import isfinite

from gradstep.engine.errors import CommandError

#: The least and the largest threshold that makes sense.
Allowed = tuple[float, float]
#: A share of a whole, or a ratio that makes smaller; a ratio that makes larger.
SHARE: Allowed = (0.0, 1.0)
LARGER: Allowed = (1.0, float("inf"))
#: Any size.
SIZE: Allowed = (0.0, float("inf"))


def checked(name: str, number: float, allowed: Allowed) -> float:
    """The threshold of `name`. Raises CommandError where it makes no sense, with what is allowed."""
    low, high = allowed
    if not (isfinite(number) and low <= number <= high):
        what = f"lies between {low:g} and {high:g}" if isfinite(high) else f"is a number from {low:g} on"
        raise CommandError(f"the threshold of '{name}' {what}, not {number:g}")
    return number
