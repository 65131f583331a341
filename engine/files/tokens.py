"""The tokens of a TOML text: blanks, keys, texts in quotes, numbers; and how much of them is read."""

from __future__ import annotations

import math
import re

#: Arrays and inline tables in one another: an array of NumPy has no more axes.
MAX_DEPTH = 64
#: Parts of a key with dots; two or three have a meaning.
MAX_PARTS = 16
#: Characters from which on an array of numbers is long, and read otherwise.
LONG = 4096
#: Characters of a number.
MAX_DIGITS = 1000
#: Values, keys, lines and comments of a text, but for long arrays of numbers.
MAX_PIECES = 250_000

BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
SPACE = re.compile(r"[ \t]*+")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]++")
STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|""?(?!"))*+""""{0,2}|'
    r"'''(?:[^']++|''?(?!'))*+''''{0,2}|"
    r'"(?:[^"\\\n]++|\\.)*+"|'
    r"'[^'\n]*+'",
    re.DOTALL,
)
#: A number, a truth value, a date; a time may stand behind a date and a blank.
BARE = re.compile(r"\d{4}-\d\d-\d\d (?=\d\d:)[^\s,\]}#]++|[^\s,\[\]{}#\"'=]++")
#: Rarely needed, and so compiled when it is.
_ESCAPE = r"(?s)\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))"
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


TOO_LARGE = (
    "the number is too large: whole numbers have at most 64 bits, others are below 1.8e308; write inf for infinity"
)


class Refused(Exception):
    """A text that is not read on from `offset`."""

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(text)
        self.offset = offset


class Lost(Exception):
    """What stands here is no TOML, which tomllib will say."""


def unquoted(written: str) -> str:
    """A key without its quotes, which stand around it once."""
    inside = written[1:-1]
    return inside if written[0] == "'" or "\\" not in inside else re.sub(_ESCAPE, _meant, inside)


def _meant(escape: re.Match[str]) -> str:
    """The character that an escape stands for."""
    if escape[3] is not None:
        return _ESCAPED.get(escape[3], escape[3])
    number = int(escape[1] or escape[2], 16)
    if number > 0x10FFFF:
        raise Lost
    return chr(number)


def overflows(written: str) -> bool:
    """Whether it is a number that the file does not mean to be infinite, and that is beyond all that can be held."""
    if not (written[0].isdigit() or written[0] in "+-") or (len(written) < 18 and "e" not in written.lower()):
        return False
    digits = written.replace("_", "")
    try:
        if digits.lstrip("+-").isdigit():
            return len(digits) > 20 or not _held(int(digits))
        if digits[1:2] in ("x", "o", "b"):
            return not _held(int(digits, 0))
        return math.isinf(float(digits)) and "inf" not in digits
    except ValueError:
        return False  # no number, or written wrongly


def _held(number: int) -> bool:
    return -(2**63) <= number < 2**63
