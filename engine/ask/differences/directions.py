"""All gradients of an array at once: along a random direction the loss changes by the sum of all of them, each times
how far its number moves. One mistake among a hundred thousand is in that sum; where it is, halves of the array tell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.judging import Judge
from gradstep.engine.ask.differences.slopes import scale
from gradstep.engine.ask.differences.verdicts import Verdict
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array

#: An array is halved until so many elements are left.
_FEW = 8


class Along(NamedTuple):
    """What a difference along a random direction says of an array: the slope that the gradients give, and the
    difference. Where it is wrong, `suspects` are some elements, flat, of which one is, as far as that is found."""

    verdict: Verdict
    slope: float
    difference: float
    suspects: Array


def along(judge: Judge, value: Value) -> Along:
    """All elements of a value together."""
    step = _direction(judge, value)
    given, found, judged = judge.along(value, step[None])
    verdict = Verdict(judged.verdict[0])
    suspects = _suspects(judge, value, step) if verdict is Verdict.WRONG else np.arange(0)
    return Along(verdict, float(given.exact[0]), float(found.slope[0]), suspects)


def _direction(judge: Judge, value: Value) -> Array:
    """Up or down by chance, always the same, each number in proportion to its own scale; without axes. Together they
    move as far as one does alone."""
    signs = np.random.Generator(np.random.PCG64(value.size)).choice([-1.0, 1.0], value.size)
    return np.asarray(signs * scale(judge.precise.trace.data[value.id].reshape(-1)) / np.sqrt(max(value.size, 1)))


def _suspects(judge: Judge, value: Value, step: Array) -> Array:
    """The half of an array that is wrong by itself, of this one the half that is, and so on; none where neither is."""
    at = np.arange(value.size)
    while len(at) > _FEW:
        halves = np.array_split(at, 2)
        steps = np.zeros((2, value.size))
        for row, half in zip(steps, halves, strict=True):
            row[half] = step[half] * np.sqrt(value.size / len(half))
        wrong = judge.along(value, steps, surely=False).judged.verdict == Verdict.WRONG
        if not wrong.any():
            return np.arange(0)
        at = halves[int(np.argmax(wrong))]
    return at
