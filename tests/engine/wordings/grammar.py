"""How sentences are read: claims as patterns, each with what proves it."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradstep.engine.ops import REGISTRY
from wordings.facts import Facts

NUMBER = r"(?:[+−]?(?:\d[\d,]*(?:\.\d+)?(?:e-?\d+)?|∞)|NaN|true|false)"
_PLAIN = r"[^\s\[\].,;()=+·/∂−\d][^\s\[\].,;()=+·/]*(?:\[[^\]\s]*\])?"
NAME = rf"(?:−?\d+(?:\.\d+)?(?:e-?\d+)?|{_PLAIN})"
#: What stands for what in a pattern; each is a group.
_PLACES = {"<x>": f"({NAME})", "<n>": f"({NUMBER})", "<k>": r"(\d[\d,]*)", "<g>": rf"(∂\S+?/∂{_PLAIN}|{_PLAIN})"}

#: What operations are called.
LABEL = "(?:{})".format("|".join(sorted({re.escape(REGISTRY[name].label) for name in REGISTRY}, key=len, reverse=True)))

Check = Callable[[Facts, "re.Match[str]"], bool]
#: All claims that are known; and those that are asked only where none of them fits.
CLAIMS: list[tuple[re.Pattern[str], Check]] = []
_LAST: list[tuple[re.Pattern[str], Check]] = []
#: Those that something has said.
MADE: set[str] = set()


def pattern(text: str) -> str:
    for place, regex in _PLACES.items():
        text = text.replace(place, regex)
    return text


def says(*patterns: str, last: bool = False) -> Callable[[Check], Check]:
    """Adds a claim, which each of the patterns is a wording of."""

    def add(check: Check) -> Check:
        (_LAST if last else CLAIMS).extend((re.compile(pattern(text)), check) for text in patterns)
        return check

    return add


def number(text: str) -> float:
    if text in ("true", "false"):
        return float(text == "true")
    return float(text.replace("−", "-").replace(",", "").replace("∞", "inf"))


def rounds(text: str, value: float) -> bool:
    """Whether a printed number is a value, rounded; a 0 is none that merely rounds to it."""
    said = number(text)
    if value != value or said != said:
        return value != value and said != said
    if abs(value) == float("inf") or abs(said) == float("inf") or not said or not value:
        return said == value
    mantissa, _, exponent = text.replace(",", "").partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(said - value) <= 0.5 * unit * (1 + 1e-6) + 1e-9 * abs(value)


#: "x₁ = 0.500", "∂L/∂x₁ is NaN"; but not where the name is a part of something longer, or the number.
_BEFORE = r"(?<!= )(?<!along )(?<!gradient is )(?<!at )(?<!of )(?<!to )(?<!whatever )(?<![\w\]'·×∂/:])"
_AFTER = r"(?![\w∞%]|\.\d| divided| times| plus| minus| holds| does not hold| [−+×/^(])"
_PAIR = re.compile(pattern(rf"{_BEFORE}<g> (?:=|is) (?:given as |exactly )?<n>{_AFTER}"))


_FORMULA = re.compile(rf"{LABEL}: \S+ = (?!{NUMBER}[.,])|The local gradient is|Of one use")


def read(text: str, facts: Facts) -> list[str]:
    """What is false in a text, or not understood; empty where all of it is proved. What it says a name is, is compared
    as well, but for formulas."""
    found = []
    if not _FORMULA.match(text):
        found = [f"'{m[0]}' is not so: {facts.known(m[1])}" for m in _PAIR.finditer(text) if _wrong(m, facts)]
    at = 0
    while at < len(text):
        matches = _matches(CLAIMS, text, at) or _matches(_LAST, text, at)
        if not matches:
            return [*found, f"no claim is known that begins so: {text[at:]}"]
        end = max(match.end() for match, _ in matches)
        for match, check in matches:
            if match.end() == end:
                MADE.add(f"{check.__module__}.{check.__name__}")
                if not check(facts, match):
                    found.append(f"not so ({check.__name__}): {match[0]}")
        at = end + 1
    return found


def _matches(claims: list[tuple[re.Pattern[str], Check]], text: str, at: int) -> list[tuple[re.Match[str], Check]]:
    return [(m, check) for claim, check in claims if (m := claim.match(text, at)) and _ends(text, m.end())]


def _ends(text: str, end: int) -> bool:
    return end == len(text) or text[end] == " "


def _wrong(match: re.Match[str], facts: Facts) -> bool:
    value = facts.known(match[1])
    return value is not None and not any(rounds(match[2], one) for one in value)
