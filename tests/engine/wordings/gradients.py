"""Claims of the backward pass about what is computed."""

from __future__ import annotations

import re

import numpy as np

from gradstep.engine.ops.precision import EPS
from wordings.facts import Facts
from wordings.grammar import LABEL, NAME, number, rounds, says

FEEDS = (
    rf"(?:feeds <k> neurons?|feeds <k> elements? of \S+|feeds <k> arrays|enters {NAME} <k> times|is used <k> times"
    rf"|feeds (?:{NAME}, )?{NAME} and {NAME}|feeds {NAME})"
)


@says("The slope of the loss along <x> is exactly 0 here: the gradient starts at 0\\.")
def starts_at_0(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0


@says("If <x> grows a little, the loss changes <n> times as much: to learn, (lower|raise) <x>\\.")
def asks(f: Facts, m: re.Match[str]) -> bool:
    slope = f.local
    return (rounds(m[2], slope) or np.isclose(number(m[2]), slope, rtol=1e-3, atol=1e-9)) and (
        (slope > 0) == (m[3] == "lower") and m[1] == m[4]
    )


@says("By its rule the gradient starts at <n>, but the loss is not finite: no way leads down\\.")
def lost(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[1], f.result) and not np.isfinite(f.trace.loss)


@says("The loss is a mean over <k>, which divides by <k>\\.")
def mean(f: Facts, m: re.Match[str]) -> bool:
    """The same loss of twice as much, if it is a mean of equal parts: what enters it, seen twice, gives the same."""
    node = f.graph.nodes[f.graph.loss.node]
    return m[1] == m[2] and number(m[1]) == node.op.divisor([x.shape for x in f.trace.inputs(node)])


@says("No path leads from <x> to the loss, so its gradient is exactly 0\\.")
def no_path(f: Facts, m: re.Match[str]) -> bool:
    found = f.element(m[1])
    return found is not None and f.gradient(found) == 0 and f.uses(found)[0] == 0


@says("The skip multiplies by 1, so it brings <n> unchanged; the long way round brings <n>\\.")
def skips(f: Facts, m: re.Match[str]) -> bool:
    once = [up for up, local in _ways(f) if abs(local - 1) < 1e-6 and rounds(m[1], up)]
    return bool(once) and any(_near(m[2], f.result - up, f) for up in once)


def _ways(f: Facts) -> list[tuple[float, float]]:
    return [(f.gradient(hop.target), f.slope_of(hop)) for hop in f.frame.sum.hops]


def _near(text: str, value: float, f: Facts) -> bool:
    return rounds(text, value) or abs(number(text) - value) < 1e-5 * sum(map(abs, f.parts))


@says(f"(<x>) {FEEDS}, so <k> gradients arrive and add up\\.")
def arrive(f: Facts, m: re.Match[str]) -> bool:
    return m[1] == f.recording.board.element(*f.here) and counted(f, m)


def counted(f: Facts, m: re.Match[str]) -> bool:
    """That the numbers in "feeds …, so … arrive" are those of the uses."""
    least, most, sure = f.uses(f.here)
    arriving = number([group for group in m.groups() if group and group[:1].isdigit()][-1])
    enough = arriving == most if sure else arriving >= least
    said = re.search(r"(neuron|element)", m[0])
    before = re.search(r"feeds ([\d,]+) (?:neurons?|elements?)", m[0])
    return enough and (not said or before is None or number(before[1]) <= arriving)


@says("They pull in opposite directions: part of the signal cancels\\.")
def against(f: Facts, m: re.Match[str]) -> bool:
    """Of what enters a loss several times a difference is that of all its ways together."""
    return max(f.parts) > 0 > min(f.parts) or not f.uses(f.here)[2]


# Through a weighted sum ---------------------------------------------------------------------------


@says("<x> is negative \\(<n>\\), so the gradient flips sign on its way to <x>\\.")
def flips(f: Facts, m: re.Match[str]) -> bool:
    up = f.gradient(f.hop.target)
    return f.value(m[1]) < 0 and rounds(m[2], f.value(m[1])) and f.local < 0 and np.sign(f.result) in (0, -np.sign(up))


@says("<x> is exactly 0, so <x> has no influence: the gradient stops here\\.")
def stops(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == 0 == f.result


@says("<x> is exactly 1: <x> gets the gradient as it is\\.")
def as_it_is(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == 1 and f.result == f.gradient(f.hop.target)


@says("<x> is above 1 \\((?:<n>|by very little)\\), so the gradient grows on its way to <x>\\.")
def grows_on(f: Facts, m: re.Match[str]) -> bool:
    factor = f.value(m[1])
    return factor > 1 and abs(f.local - factor) < 1e-5 * factor and (m[2] is None or rounds(m[2], factor))


@says("<x> is positive \\((?:<n>|nearly 1)\\): <x> gets that share of the gradient, sign unchanged\\.")
def gets_share(f: Facts, m: re.Match[str]) -> bool:
    factor = f.value(m[1])
    return 0 < factor < 1 and abs(f.local - factor) < 1e-5 and (m[2] is None or rounds(m[2], factor))


@says(f"Nothing arrives, so nothing goes on(?: to {NAME})?\\.", "Nothing arrives here\\.")
def nothing(f: Facts, m: re.Match[str]) -> bool:
    return f.gradient(f.hop.target) == 0


# Through a function -------------------------------------------------------------------------------


@says("<x> is exactly 0: the gate counts as shut, and the gradient stops here\\.")
def edge(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == 0 == f.result


@says("The gate is shut: the gradient stops here, and nothing is learned through it\\.")
def gate_shut(f: Facts, m: re.Match[str]) -> bool:
    return f.number(f.hop.source) < 0 and f.result == 0 == f.number(f.hop.target)


@says("The gate is open: the gradient passes unchanged\\.", "The slope is 1: the gradient passes unchanged\\.")
def unchanged(f: Facts, m: re.Match[str]) -> bool:
    return f.result == f.gradient(f.hop.target) and (abs(f.local - 1) < 1e-5 or _kinked(f) or np.isnan(f.local))


@says("The slope is −1: the gradient turns and keeps its size\\.")
def turns(f: Facts, m: re.Match[str]) -> bool:
    return f.result == -f.gradient(f.hop.target) and abs(f.local + 1) < 1e-5


def _kinked(f: Facts) -> bool:
    """Whether the slopes on both sides differ: of a difference nothing follows there."""
    kinked = f.graph.nodes[f.hop.node].op
    return bool(kinked.kink) or kinked.gated


@says("The slope here is just (below|above) 1 in size: the gradient passes almost unchanged(, and turns)?\\.")
def almost(f: Facts, m: re.Match[str]) -> bool:
    size = abs(f.local)
    return 0.9994 < size < 1.0006 and (size < 1 + 1e-9) >= (m[1] == "below") and (f.local < 0) == bool(m[2])


_SLOPE = (
    rf"(?:The (?:sigmoid's slope|tanh's slope|slope of {LABEL}) here is(?: only)?"
    rf"|The slope here is|{NAME} was multiplied by(?: {NAME} =)?) <n>"
)


@says(f"{_SLOPE}, so the gradient shrinks to (less than |more than )?(\\d+(?:\\.\\d+)?) % of its size(, and turns)?\\.")
def shrinks(f: Facts, m: re.Match[str]) -> bool:
    slope, share = f.local, float(m[3])
    size = 100 * abs(slope)
    fits = {"less than ": size < share, "more than ": size > share}.get(m[2] or "", rounds(m[3], size))
    kind = f.graph.values[f.hop.target.value].kind  # the slope is that at a number which was rounded
    fits = fits or (kind != "" and abs(share - size) <= 0.5 + 100 * EPS[kind])
    return _is_slope(f, m[1]) and 0 < abs(slope) < 1 and fits and (slope < 0) == bool(m[4]) and _only(m[0], slope)


@says(f"{_SLOPE}, so the gradient grows( and turns)?\\.")
def grows(f: Facts, m: re.Match[str]) -> bool:
    return _is_slope(f, m[1]) and abs(f.local) > 1 and (f.local < 0) == bool(m[2]) and " only " not in m[0]


def _is_slope(f: Facts, text: str) -> bool:
    kind = f.graph.values[f.hop.target.value].kind
    return rounds(text, f.local) or abs(number(text) - f.local) < (EPS[kind] if kind else 1e-4) * abs(f.local)


def _only(text: str, slope: float) -> bool:
    return " only " not in text or abs(slope) < 0.1


@says("The slope here is exactly 0, so the gradient stops\\.")
def flat(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0 and (abs(f.local) < 1e-6 or _kinked(f))
