"""Claims about numbers of narrower types, and about gradients that are agreed upon."""

from __future__ import annotations

import re
from math import isfinite

import torch

from gradstep.engine.run.timeline import Phase
from wordings.facts import Facts
from wordings.grammar import number, rounds, says

KIND = "(b?float(?:16|32|64))"
WHOLE = "(u?int(?:8|16|32|64))"


def held(kind: str, value: float) -> float:
    """The nearest number of a type, by PyTorch."""
    return float(torch.tensor(value, dtype=torch.float64).to(getattr(torch, kind)))


def whole(kind: str, value: float) -> float:
    """A number as one of a type of whole numbers, by PyTorch; what is too large comes round."""
    return float(torch.tensor(value, dtype=torch.float64).to(torch.int64).to(getattr(torch, kind)))


def entering(f: Facts) -> float:
    return f.number(f.here._replace(value=f.node.inputs[0]))


def arriving(f: Facts) -> float:
    """What would be the gradient if nothing were rounded."""
    return sum(f.parts)


@says(f"{KIND} has this number, so it stays as it is\\.")
def stays(f: Facts, m: re.Match[str]) -> bool:
    return held(m[1], entering(f)) == entering(f) == f.result


@says(f"{WHOLE} has this number, so it stays as it is\\.")
def stays_whole(f: Facts, m: re.Match[str]) -> bool:
    return whole(m[1], entering(f)) == entering(f) == f.result


@says(f"{WHOLE} has only whole numbers: what stands before the point is kept\\.")
def before_the_point(f: Facts, m: re.Match[str]) -> bool:
    return whole(m[1], entering(f)) == int(entering(f)) == f.result != entering(f)


@says(f"{WHOLE} has <n> numbers, and this is none of them: it comes round to <n>\\.")
def comes_round(f: Facts, m: re.Match[str]) -> bool:
    about = torch.iinfo(getattr(torch, m[1]))
    held = whole(m[1], entering(f)) == f.result and rounds(m[3], f.result)
    return held and number(m[2]) == about.max - about.min + 1 and not about.min <= int(entering(f)) <= about.max


@says(f"{WHOLE} has nothing like it; what becomes of it is <n>\\.")
def nothing_like_it(f: Facts, m: re.Match[str]) -> bool:
    return not isfinite(entering(f)) and whole(m[1], entering(f)) == f.result and rounds(m[2], f.result)


@says("It is (another number than|exactly) 0, so it is (true|false)\\.")
def truth(f: Facts, m: re.Match[str]) -> bool:
    return (m[1] != "exactly") == (m[2] == "true") == bool(torch.tensor(entering(f)).to(torch.bool)) == bool(f.result)


@says(f"{KIND} has no such number; the nearest is <n> away\\.")
def nearest(f: Facts, m: re.Match[str]) -> bool:
    return held(m[1], entering(f)) == f.result != entering(f) and rounds(m[2], abs(f.result - entering(f)))


@says(f"<x> is so small that {KIND} has no number for it but 0\\.")
def nothing(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) != 0 == held(m[2], f.value(m[1])) == f.result


@says("It is <x> as something given: no gradient will pass here\\.")
def given(f: Facts, m: re.Match[str]) -> bool:
    return (f.value(m[1]) == f.result and f.trace.grad[f.node.inputs[0]] is None) or f.node.op.name == "detach"


@says("It is <x>; in the backward pass the gradient is multiplied by <n>\\.")
def multiplied(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == f.result and rounds(m[2], f.slope(f.node, 0, f.here.flat, f.here.flat))


@says("The slope is 1\\.(?= (?:It is rounded|b?float))")
def slope(f: Facts, m: re.Match[str]) -> bool:
    return f.local == 1 and f.frame.phase is Phase.BACKWARD


@says(f"It is rounded to {KIND}, by <n>\\.")
def rounded(f: Facts, m: re.Match[str]) -> bool:
    return held(m[1], arriving(f)) == f.result != arriving(f) and rounds(m[2], abs(f.result - arriving(f)))


@says(f"{KIND} has no number so small: <n> is rounded to 0\\.")
def lost(f: Facts, m: re.Match[str]) -> bool:
    return held(m[1], arriving(f)) == 0 == f.result and rounds(m[2], arriving(f)) and number(m[2]) != 0
