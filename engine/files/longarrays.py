"""Long arrays of numbers in a TOML text: as JSON, where the two notations agree, because that is read fifty times
faster."""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from gradstep.engine.files.tokens import LONG

#: What JSON and TOML read alike. `+1`, `1_000`, `nan`, comments and the like are left to tomllib.
_NUMBERS = re.compile(r"[\[\]0-9.,eE+\- \t\r\n]++")
_LAST_COMMA = re.compile(r",(?=[ \t\r\n]*+\])")
#: Whole numbers that may have more than 64 bits.
_LONG_WHOLE = re.compile(r"(?<![0-9.eE+-])-?[0-9]{19,}+(?![.eE])")
_LARGE = re.compile(r"[eE]|[0-9]{300}")


class LongArray(NamedTuple):
    """The numbers, and the offset behind the array; or the offset of a number that is too large."""

    numbers: list[Any]
    stop: int
    too_large: int = -1


class _TooLarge(Exception):
    """Written so, a number is beyond all floating-point numbers."""


def long_array(text: str, at: int) -> LongArray | None:
    """The long array of nothing but numbers that begins at an offset; None where there is none."""
    found = _NUMBERS.match(text, at)
    if found is None or text[at] != "[" or found.end() - at < LONG:
        return None
    written = found[0]
    if written.count("\r") != written.count("\r\n"):
        return None
    import json  # here, because few scenarios hold long arrays

    decoder = json.JSONDecoder(parse_float=_finite if _LARGE.search(written) else None)
    try:
        with _undisturbed():
            numbers, stop = decoder.raw_decode(_LAST_COMMA.sub(" ", written))
    except _TooLarge as error:
        return LongArray([], at, at + _place(written, str(error)))
    except (ValueError, RecursionError):
        return None
    whole = _LONG_WHOLE.search(written, 0, stop)
    too_large = whole is not None and not -(2**63) <= int(whole[0][:25]) < 2**63
    return LongArray(numbers, at + stop, at + whole.start() if whole and too_large else -1)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A million lists are made, and looking through them again and again for garbage takes as long as making them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def masked(text: str, start: int, stop: int) -> str:
    """What stands in the place of an array for tomllib: a value that has as many lines, and ends in the same column."""
    lines, last = text.count("\n", start, stop), stop - text.rfind("\n", start, stop) - 1
    return f"[{chr(10) * lines}{' ' * (last - 1)}]" if lines else f"'{' ' * (stop - start - 2)}'"


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise _TooLarge(written)
    return number


def _place(text: str, written: str) -> int:
    found = re.search(rf"(?<![0-9.]){re.escape(written)}(?![0-9])", text)
    return found.start() if found else 0
