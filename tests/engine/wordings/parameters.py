"""Claims about the gradients of parameters."""

from __future__ import annotations

import re

import numpy as np

from wordings.facts import Facts
from wordings.gradients import FEEDS
from wordings.grammar import number, rounds, says

WHAT = "(?:weight|bias|parameter)"
_WAY = (
    "(?:negative, so raising it lowers the loss|positive, so lowering it lowers the loss|exactly 0|negative|positive)"
)


def way(f: Facts, said: str) -> bool:
    """The sign of a gradient; and where a way is said, that the loss falls on it (a small step, by running again)."""
    if said.startswith("exactly"):
        return f.result == 0
    if (f.result < 0) != said.startswith("negative"):
        return False
    if "lowers" not in said or abs(f.result) < 1e-7 * max(abs(f.trace.loss), 1):
        return True
    size = abs(f.number(f.here)) or 1.0
    for step in (1e-4, 1e-6, 1e-2, 1e-8):
        by = np.sign(-f.result) * step * size
        if f.loss_with(f.here, float(by)) < f.trace.loss:
            return True
    return f.graph.dtype == np.float32


@says(f"<x> acts on each of the <k> samples: one part from each, and they add up to <n>\\.")  # noqa: F541
def each_sample(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[3], f.result) and number(m[2]) == f.recording.samples.count and f.uses(f.here)[0] <= number(m[2])


@says(f"(<x>) {FEEDS}, so <k> parts add up to <n>\\.")
def several(f: Facts, m: re.Match[str]) -> bool:
    groups = [group for group in m.groups() if group]
    short = re.match(r".*parts", m[0])
    assert short is not None
    least, most, sure = f.uses(f.here)
    parts = number(re.findall(r"so ([\d,]+) parts", m[0])[0])
    return rounds(groups[-1], f.result) and (parts == most if sure else parts >= least)


@says(f"So this {WHAT} learns nothing from this (sample|batch)\\.")
def learns_nothing(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0 and (m[1] == "batch") == (f.recording.samples.count > 1)


@says(f"A bias is added as it is \\(local gradient 1\\), so it gets the whole upstream gradient: ({_WAY})\\.")
def bias(f: Facts, m: re.Match[str]) -> bool:
    return f.result == f.gradient(f.hop.target) and abs(f.local - 1) < 1e-5 and way(f, m[1])


@says(f"Its local gradient is <n>; its gradient is ({_WAY})\\.")
def local(f: Facts, m: re.Match[str]) -> bool:
    return (rounds(m[1], f.local) or abs(number(m[1]) - f.local) < 1e-3 * abs(f.local)) and way(f, m[2])


@says("Its local gradient is exactly 0, and so is its gradient\\.")
def no_slope(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0


@says(f"This {WHAT} multiplied (?:<x> = )?<n>, so it gets the upstream gradient times <n>: ({_WAY})\\.")
def multiplied(f: Facts, m: re.Match[str]) -> bool:
    """The other factor is what the product of the two is divided by: the slope."""
    named = m[1] is None or rounds(m[2], f.value(m[1]))
    return named and m[2] == m[3] and (rounds(m[3], f.local) or abs(number(m[3]) - f.local) < 1e-4) and way(f, m[4])


@says(
    f"Its input <x> is exactly 0, so this {WHAT} had no influence: gradient 0\\.",
    f"What it multiplied, <x>, is exactly 0, so this {WHAT} had no influence: gradient 0\\.",
)
def no_influence(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == 0 == f.result


@says("As the loss is not finite, it does not say which way to go\\.")
def nowhere(f: Facts, m: re.Match[str]) -> bool:
    return not np.isfinite(f.trace.loss)


@says("<x> is the (max|min) that was chosen: it gets the whole gradient\\.")
def chosen(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == f.number(f.hop.target) and f.result == f.gradient(f.hop.target)


@says("<x> is one of <k> that are the (?:max|min): it gets 1/<k> of the gradient\\.")
def one_of(f: Facts, m: re.Match[str]) -> bool:
    whole = f.gradient(f.hop.target)
    return m[2] == m[3] and abs(f.result - whole / number(m[2])) <= 1e-6 * abs(whole)


@says("<x> is not the (?:max|min) that was chosen: exactly 0\\.")
def not_chosen(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) != f.number(f.hop.target) and f.result == 0


@says("Not zeroed: <n> is left from before, and the update takes <n>\\.")
def left_over(f: Facts, m: re.Match[str]) -> bool:
    """Each of the two numbers is rounded."""
    left, both = number(m[1]), number(m[2])
    near = abs(left + f.result - both) <= 1.01e-3 * max(1, abs(left), abs(both))
    return near and not f.recording.scenario.training.zero_grad
