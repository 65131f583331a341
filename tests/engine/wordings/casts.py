"""Claims about numbers of narrower types, and about gradients that are agreed upon."""

from __future__ import annotations

import re

import torch

from gradstep.engine.run.timeline import Phase
from wordings.facts import Facts
from wordings.grammar import number, rounds, says

KIND = "(b?float(?:16|32|64))"


def held(kind: str, value: float) -> float:
    """The nearest number of a type, by PyTorch."""
    return float(torch.tensor(value, dtype=torch.float64).to(getattr(torch, kind)))


def entering(f: Facts) -> float:
    return f.number(f.here._replace(value=f.node.inputs[0]))


def arriving(f: Facts) -> float:
    """What would be the gradient if nothing were rounded."""
    return sum(f.parts)


@says(f"{KIND} has this number, so it stays as it is\\.")
def stays(f: Facts, m: re.Match[str]) -> bool:
    return held(m[1], entering(f)) == entering(f) == f.result


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
