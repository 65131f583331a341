"""Claims of the update."""

from __future__ import annotations

import re

import numpy as np

from gradstep.engine.run.timeline import Phase
from wordings.facts import Facts
from wordings.grammar import number, rounds, says
from wordings.parameters import WHAT


def moved(f: Facts) -> float:
    return f.result - f.number(f.here)


def by(f: Facts, way: str, text: str) -> bool:
    """How far a number goes: its last digits are lost in it, so as far as they say."""
    slack = 4 * float(np.finfo(f.graph.dtype).eps) * max(abs(f.number(f.here)), abs(f.result))
    near = rounds(text, abs(moved(f))) or abs(number(text) - abs(moved(f))) <= slack
    return near and (moved(f) > 0) == (way == "up")


@says(f"The gradient is (negative|positive), so the {WHAT} goes (up|down) by <n>\\.")
def descends(f: Facts, m: re.Match[str]) -> bool:
    grad = f.gradient(f.here)
    plain = moved(f) == 0 or abs(moved(f) + f.recording.update.rate(f.here.value) * grad) <= 1e-5 * abs(
        moved(f)
    ) + 1e-6 * abs(f.result)
    return plain and (grad < 0) == (m[1] == "negative") and (grad < 0) == (m[2] == "up") and by(f, m[2], m[3])


@says(f"The gradient is exactly 0, so the {WHAT} stays as it is\\.")
def stays(f: Facts, m: re.Match[str]) -> bool:
    return f.gradient(f.here) == 0 == moved(f)


@says(f"No update yet: batch <n> of <n> is gathered(?:\\.|, and the {WHAT} stays as it is\\.)")
def waits(f: Facts, m: re.Match[str]) -> bool:
    at, every = f.recording.iteration, f.recording.scenario.training.accumulate
    return moved(f) == 0 and at % every == number(m[1]) and every == number(m[2])


@says(f"The learning rate is 0 in this iteration, so the {WHAT} stays as it is\\.")
def no_rate(f: Facts, m: re.Match[str]) -> bool:
    return f.recording.update.rate(f.here.value) == 0 == moved(f)


@says(f"The change is too small for the last digit of this {WHAT}: it stays as it is\\.")
def too_small(f: Facts, m: re.Match[str]) -> bool:
    return moved(f) == 0 and f.number(f.here) != 0


@says(f"The {WHAT} goes (up|down) by <n>, (against|along) its gradient(?:\\.|; what is left over has a say\\.|: "
      "(?:earlier ones or decay weigh more|the loss is to become large)\\.)")  # fmt: skip
def way(f: Facts, m: re.Match[str]) -> bool:
    along = (moved(f) > 0) == (f.gradient(f.here) > 0)
    left = "left over" not in m[0] or not f.recording.scenario.training.zero_grad
    upwards = f.recording.update.optimizer(f.here.value)["maximize"]
    if "become large" in m[0] and not upwards:
        return False
    return by(f, m[1], m[2]) and along == (m[3] == "along") and left and f.gradient(f.here) != 0


@says(f"The {WHAT} goes (up|down) by <n>, although its gradient is exactly 0: what was kept, or weight decay, moves "
      "it\\.")  # fmt: skip
def without(f: Facts, m: re.Match[str]) -> bool:
    optimizer = f.recording.update.optimizer(f.here.value)
    decays = bool(optimizer.set.get("weight_decay")) or optimizer.name == "asgd"  # which shrinks by its lambd
    return by(f, m[1], m[2]) and f.gradient(f.here) == 0 and (decays or f.recording.iteration > 1)


@says("Until now none had changed: the backward pass used the old numbers\\.")
def the_first(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.step == f.recording.timeline.span(Phase.UPDATE)[0] + 1 and f.recording.iteration == 1


@says("The next forward pass will use it\\.")
def next_pass(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.phase is Phase.UPDATE


@says(f"The clip factor is <n>/∞ = 0, because .*: nothing of the gradient is left\\.",  # noqa: F541
      f"The step is divided by ∞, as the squares of its gradients have overflowed: the {WHAT} stays\\.")  # fmt: skip
def nothing_left(f: Facts, m: re.Match[str]) -> bool:
    return moved(f) == 0
