"""Numbers as text, and texts in columns. One rule for the screen, the text output and the captions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import numpy as np

MINUS = "\u2212"
#: From little to much, in one character.
_BARS = "▁▂▃▄▅▆▇█"
#: Below this an exponent may say more than digits after the point.
_FEW = 1e-3
#: So many digits count in a number of a sentence.
_SAID = 4


class Digits(IntEnum):
    """Digits after the point. FULL is the shortest text that reads back as the same number."""

    NETWORK = 3
    MATH = 4
    FINE = 6
    FULL = 17


class Stale(float):
    """A number that may be another one by now: what would have to be computed for it is not known. It is written with a
    question mark, and what is computed of it is stale too, by the operators."""

    __slots__ = ()

    def __add__(self, other: float) -> Stale:
        return Stale(float(self) + other)

    def __sub__(self, other: float) -> Stale:
        return Stale(float(self) - other)

    def __rsub__(self, other: float) -> Stale:
        return Stale(other - float(self))

    def __mul__(self, other: float) -> Stale:
        return Stale(float(self) * other)

    def __truediv__(self, other: float) -> Stale:
        return Stale(float(self) / other)

    def __rtruediv__(self, other: float) -> Stale:
        return Stale(other / float(self))

    def __neg__(self) -> Stale:
        return Stale(-float(self))

    def __abs__(self) -> Stale:
        return Stale(abs(float(self)))

    __radd__, __rmul__ = __add__, __mul__


class Truth(float):
    """1 or 0 that is true or false."""

    __slots__ = ()


def typed(value: float, kind: str) -> Any:
    """A number of a type as what it is: a truth, a whole number; any other as it is."""
    if not kind or isinstance(value, Stale):
        return value
    if kind == "bool" and value in (0, 1):
        return Truth(value)
    whole = kind.lstrip("u").startswith("int") and float(value).is_integer() and abs(value) < 2**63
    return np.int64(value) if whole else value


def as_typed(array: Any, kind: str) -> Any:
    """Numbers of a type as an array of it: truths, whole numbers; any others as they are."""
    if kind == "bool" or (kind.lstrip("u").startswith("int") and array.dtype.kind == "f"):
        with np.errstate(all="ignore"):
            other = array.astype(kind)
        return other if (other == array).all() else array
    return array


def number(value: float | Any, digits: int = Digits.MATH, signed: bool = False) -> str:
    """`value` as text, `−` for minus, at most digits + 3 characters wide. Wider are `Digits.FULL`,
    and by one `−7e-274`: three digits leave no room for such an exponent.

    Exactly zero is `0`; a number that would merely round to zero is `3e-5`, and one of which hardly a digit would be
    left `7.4e-4`, where that says more. `signed` writes a
    plus sign too, as gradients and weights carry one. A NumPy integer is whole: a row, a place, a class.
    """
    if isinstance(value, np.integer):
        return f"{value}".replace("-", MINUS)
    if isinstance(value, Stale):
        return f"{number(float(value), digits if digits >= Digits.FULL else max(digits - 1, 0), signed)}?"
    if isinstance(value, Truth):
        return "true" if value else "false"
    v = float(value)
    if math.isnan(v):
        return "NaN"
    sign = MINUS if math.copysign(1, v) < 0 else "+" if signed else ""
    if math.isinf(v):
        return ("+" if v > 0 else MINUS) + "∞"
    if v == 0:
        return "0"
    return sign + _magnitude(abs(v), digits, value)


def _magnitude(v: float, digits: int, given: float | Any) -> str:
    if digits >= Digits.FULL:
        # repr of a NumPy scalar is shortest for its own dtype: 0.1, not 0.10000000149011612.
        return str(abs(given)).replace("+", "")
    room = digits + 2
    if v < 10.0 ** (digits + 1):
        # Rounding can make a number a place longer (9.9999 to 10.000), so the text is what counts.
        for decimals in range(digits, -1, -1):
            text = f"{v:.{decimals}f}"
            if len(text) <= room:
                if v >= _FEW and digits > 2:  # as many digits count as with an exponent
                    return text
                other, given = _exponential(v, digits), float(text)
                nearer = len(other) <= room and abs(float(other) - v) < abs(given - v)
                return other if nearer or not given else text
    return _exponential(v, digits)


def _exponential(v: float, digits: int) -> str:
    """`7.4e-4`, with as many digits as there is room for; one where there is none."""
    for decimals in range(max(digits - 3, 0), -1, -1):
        text = _scientific(v, decimals)
        if len(text) <= digits + 2:
            break
    # What is small is told by its exponent: zeros behind its digits would say no more.
    return re.sub(r"\.?0+e", "e", text) if v < 1 else text


def said(value: float | Any, signed: bool = False, digits: int = Digits.NETWORK) -> str:
    """`value` as a sentence has it: as `number` writes it, with at most four digits that count."""
    if isinstance(value, Stale):
        return f"{said(float(value), signed, digits)}?"
    if isinstance(value, Truth | np.integer):
        return number(value)
    v = float(value)
    if math.isfinite(v) and abs(v) >= 10**_SAID - 0.5:
        return (MINUS if v < 0 else "+" if signed else "") + _scientific(abs(v), 1)
    texts = (number(value, fewer, signed) for fewer in range(digits, -1, -1))
    return next(text for text in texts if _counting(text) <= _SAID)


def _counting(text: str) -> int:
    """How many digits of a printed number count: zeros before the first other one do not."""
    return len(re.sub(r"\D", "", text.partition("e")[0]).lstrip("0"))


def brief(value: float | Any, digits: int = _SAID) -> str:
    """`value` with at most so many digits that count, and no zeros behind them: as one would type it."""
    if isinstance(value, Stale):
        return f"{brief(float(value), digits)}?"
    if isinstance(value, Truth):
        return number(value)
    v = float(value)
    if not math.isfinite(v) or v == 0:
        return number(v)
    mantissa, _, exponent = f"{abs(v):.{digits}g}".partition("e")
    return (MINUS if v < 0 else "") + mantissa + (f"e{int(exponent)}" if exponent else "")


def _scientific(v: float, decimals: int) -> str:
    mantissa, exponent = f"{v:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def percent(ratio: float) -> str:
    """`24 %`; below one percent and just below a hundred with the digits that are left, never a false 0 or 100."""
    p = ratio * 100
    if 0 < p < 0.01:
        return "less than 0.01 %"
    if 99.99 < p < 100:
        return "more than 99.99 %"
    if p < 1:
        return f"{p:.2g} %"
    shown = (f"{p:.{digits}f}" for digits in range(17))
    return f"{next((text for text in shown if p >= 100 or float(text) < 100), '100')} %"


def rounded(value: float, digits: int) -> float:
    """The number that `number(value, digits)` shows."""
    if isinstance(value, Truth | np.integer):
        return value
    text = number(float(value), digits).replace(MINUS, "-").replace("+∞", "inf").replace("-∞", "-inf")
    return float(text)


def bar(share: float) -> str:
    """A share of 0 to 1 as a bar of one character; what is outside is taken for the nearer end."""
    return _BARS[min(max(int(share * len(_BARS)), 0), len(_BARS) - 1)]


def progress(share: float, width: int) -> str:
    """How much is done, as a bar of `width` characters."""
    done = min(max(round(width * share), 0), width)
    return "█" * done + "░" * (width - done)


def padded(text: str, width: int) -> str:
    """`text` with spaces after it, so that it takes `width` cells of a terminal; a wider one as it is."""
    return text + " " * (width - _cells(text))


def aligned(texts: Iterable[str]) -> list[str]:
    """Texts with spaces after them, so that all take as many cells of a terminal."""
    found = list(texts)
    width = max(map(_cells, found), default=0)
    return [padded(text, width) for text in found]


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes: a wide character two, a mark on another one none (Unicode Standard
    Annex 11, East Asian Width)."""
    if text.isascii():
        return len(text)
    import unicodedata  # here, because names are nearly always in ASCII

    none, two = {"Mn", "Me", "Cf"}, {"W", "F"}
    return sum(
        0 if unicodedata.category(c) in none else 2 if unicodedata.east_asian_width(c) in two else 1 for c in text
    )


def counted(count: int, what: str) -> str:
    """`1 edit`, `2 edits`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def is_or_are(count: int) -> str:
    """What goes with so many: `1 of 3 gates is shut`, `2 of 3 gates are`."""
    return "is" if count == 1 else "are"


def plain(array: Any) -> Any:
    """A number or an array as JSON has it: nested lists, truths and whole numbers as what they are; NaN and infinities,
    which it lacks, as texts; None for what there is not."""
    if array is None:
        return None
    if isinstance(array, Truth):
        return bool(array)
    if np.asarray(array).dtype.kind in "biu":
        return np.asarray(array).tolist()
    numbers = np.asarray(array, dtype=np.float64)
    listed = numbers.tolist()
    return listed if np.isfinite(numbers).all() else _spelled(listed)


def defined(value: float) -> Any:
    """A number as JSON has it; None where it is NaN because there is none, as the factors of what is no product."""
    return None if value != value else plain(value)


def _spelled(listed: Any) -> Any:
    if isinstance(listed, list):
        return [_spelled(entry) for entry in listed]
    if math.isfinite(listed):
        return listed
    return "NaN" if math.isnan(listed) else "Infinity" if listed > 0 else "-Infinity"


def amount(size: int) -> str:
    """Bytes as text, in binary units (IEC 80000-13): `6.7 GiB`."""
    value, units = float(min(size, 10**300)), iter(("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"))
    unit = next(units)
    while value >= 1000 and unit != "PiB":
        value, unit = value / 1024, next(units)
    return f"{value:.3g} {unit}" if value < 1e6 else f"{value:.0e} {unit}"


def shown(said: object) -> str:
    """What stands in a file where something else was expected: not more of it than a message has room for."""
    import reprlib  # here, because most files have no mistake

    brief = reprlib.Repr()
    brief.maxstring = brief.maxlong = brief.maxother = 60
    return brief.repr(said)


def json_line(document: object) -> str:
    """A document as one line of JSON, in ASCII: control characters and marks that turn the direction of a text round
    come from files, and a terminal must not obey them. NaN and infinities have been made text before, see `plain`."""
    import json  # here, because the screen never needs it

    return json.dumps(document, allow_nan=False).replace("\x7f", "\\u007f")
