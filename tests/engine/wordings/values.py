"""Claims of the forward pass."""

from __future__ import annotations

import re
from itertools import zip_longest

import numpy as np
import torch

from gradstep.engine.index import unravel
from wordings.casts import whole
from wordings.facts import Array, Facts
from wordings.grammar import LABEL, number, rounds, says


def products(f: Facts) -> tuple[Array, Array]:
    """The products of a weighted sum, and what is added to them, by NumPy."""
    arrays = [np.asarray(x, dtype=float) for x in f.trace.inputs(f.node)]
    index = unravel(f.here.flat, f.graph.values[f.here.value].shape)
    added = arrays[2][index[-1]].reshape(1) if len(arrays) == 3 else np.empty(0)
    return arrays[0][index[:-1]] * arrays[1][index[-1]], added


def terms(f: Facts) -> Array:
    return np.concatenate(products(f))


@says("<x> adds up its inputs: each input times its weight(, plus the bias|, plus <x>)?\\.")
def weighted_sum(f: Facts, m: re.Match[str]) -> bool:
    weighted, added = products(f)
    size = np.abs(terms(f)).sum()
    sums = np.isclose(terms(f).sum(), f.result, rtol=f.share, atol=0.1 * f.share * size, equal_nan=True)
    return bool(len(weighted) != 1 and sums and len(added) == bool(m[2]) and _adds(f, m[3]))


@says("<x> is its one input times its weight(, plus the bias|, plus <x>)?\\.")
def one_product(f: Facts, m: re.Match[str]) -> bool:
    weighted, added = products(f)
    return len(weighted) == 1 and len(added) == bool(m[2]) and _adds(f, m[3])


def _adds(f: Facts, name: str | None) -> bool:
    return name is None or f.value(name) == products(f)[1].item()


@says("Biggest term: <x>·<x> = <n>\\.")
def biggest_product(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[3], f.value(m[1]) * f.value(m[2])) and _biggest(f, m[3])


@says("Biggest term: (?:the bias )?<x> = <n>\\.")
def biggest_addend(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[2], f.value(m[1])) and f.value(m[1]) == products(f)[1].item() and _biggest(f, m[2])


def _biggest(f: Facts, text: str) -> bool:
    sizes = np.sort(np.abs(terms(f)))
    return rounds(text.lstrip("+−"), sizes[-1]) and sizes[-1] > sizes[-2]


_ROUND = ", which (u?int(?:8|16|32|64)) does not hold, so it comes round to <n>\\."


@says(f"<x> is <x> (plus|minus|times) <x>: <n>{_ROUND}")
def between_comes_round(f: Facts, m: re.Match[str]) -> bool:
    a, b = (int(f.value(m[k])) for k in (2, 4))
    made = {"plus": a + b, "minus": a - b, "times": a * b}[m[3]]
    return rounds(m[5], made) and made != f.result == whole(m[6], made) and rounds(m[7], f.result)


@says(f"<x> adds up <k> (?:number|product)s?: <n>{_ROUND}")
def sum_comes_round(f: Facts, m: re.Match[str]) -> bool:
    a, b = (x.astype(np.int64) for x in f.trace.inputs(f.node))
    made = int((a @ b).item(f.here.flat))
    comes = rounds(m[3], made) and made != f.result == whole(m[4], made) and rounds(m[5], f.result)
    return comes and number(m[2]) == a.shape[-1]


@says("<x> is <x> (plus|minus|times|divided by) <x>: <n>\\.")
def between(f: Facts, m: re.Match[str]) -> bool:
    a, b = f.value(m[2]), f.value(m[4])
    with np.errstate(all="ignore"):
        made = {"plus": a + b, "minus": a - b, "times": a * b, "divided by": np.float64(a) / b}[m[3]]
    near = np.isclose(made, f.result, rtol=1e-3, atol=1e-6 * (abs(a) + abs(b)), equal_nan=True)
    return bool(near) and rounds(m[5], f.result)


@says("<x> adds up <k> (number|product)s?: <n>\\.", "<x> is the mean of <k> (number|product)s?: <n>\\.")
def sums(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[4], f.result) and number(m[2]) == _entering(f)


@says("<x> adds up <k> (?:number|product)s? and divides by <k>: <n>\\.")
def share_of_window(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[4], f.result) and number(m[2]) == _entering(f) < number(m[3])


def _entering(f: Facts) -> int:
    """How many products, or elements, an element of the output is the sum of: how many elements of the input change it;
    of a product those of one side, and what is added."""
    slots = [slot for slot in f.node.op.summed if slot < len(f.node.inputs)]
    return sum(_that_change(f, slot) for slot in slots)


def _that_change(f: Facts, slot: int) -> int:
    rng, count = np.random.default_rng(1), 0
    # Numbers that say where something goes are no others: they would say nowhere, or somewhere else.
    named = zip_longest(f.trace.inputs(f.node), f.node.op.slots[: len(f.node.inputs)])
    xs = [np.array(x, float) if name == "ids" else rng.uniform(0.5, 1.5, x.shape) for x, name in named]
    before = f.node.op.forward(xs).reshape(-1)[f.here.flat]
    for flat in range(xs[slot].size):
        x = xs[slot].reshape(-1)
        x[flat] += 3
        count += abs(f.node.op.forward(xs).reshape(-1)[f.here.flat] - before) > 1e-9 * abs(before)
        x[flat] -= 3
    return int(count)


@says("(<x>) (>|≥|<|≤|=|≠) (<x>) (holds|does not hold), so <x> is (true|false)\\.")
def compared(f: Facts, m: re.Match[str]) -> bool:
    a, b = f.value(m[1]), f.value(m[4])
    holds = {">": a > b, "≥": a >= b, "<": a < b, "≤": a <= b, "=": a == b, "≠": a != b}[m[3]]
    return holds == (m[6] == "holds") == bool(f.result) and rounds(m[8], f.result)


@says("(?:log )?softmax: <x> = <n>, as it is alone\\.")
def alone(f: Facts, m: re.Match[str]) -> bool:
    group = f.trace.inputs(f.node)[0]
    return rounds(m[2], f.result) and f.result in (0, 1) and 1 in group.shape


@says("softmax: <x> = <n>, its share among <k>\\.")
def share(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[2], f.result) and 0 <= f.result <= 1 and number(m[3]) == f.fed(f.node, 0, f.here.flat)


@says("log softmax: <x> = <n>, the logarithm of its share among <k>, which is <n>\\.")
def log_share(f: Facts, m: re.Match[str]) -> bool:
    return (
        rounds(m[2], f.result)
        and rounds(m[4], float(np.exp(f.result)))
        and number(m[3]) == f.fed(f.node, 0, f.here.flat)
    )


@says(f"{LABEL}: <x> = <n>, which is <x>\\.")
def taken(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[2], f.result) and f.value(m[3]) == f.result


@says(f"{LABEL}: <x> = <n>, as nothing of <x> is there\\.")
def padded(f: Facts, m: re.Match[str]) -> bool:
    (x,) = f.trace.inputs(f.node)
    ends = [np.asarray(f.node.op.forward([x + by])).item(f.here.flat) for by in (0, 1)]
    return rounds(m[2], f.result) and ends == [f.result] * 2


@says("where: <x> = <n>, as <x> (holds|does not hold)\\.")
def picked(f: Facts, m: re.Match[str]) -> bool:
    """Of the two arrays, broadcast to the output, the one that the condition says."""
    cond, *arrays = (np.broadcast_to(x, f.graph.values[f.here.value].shape) for x in f.trace.inputs(f.node))
    holds = bool(cond.reshape(-1)[f.here.flat])
    chosen = arrays[0 if holds else 1].reshape(-1)[f.here.flat]
    known = bool(f.value(m[3])) == holds == (m[4] == "holds")
    return known and rounds(m[2], f.result) and (chosen == f.result or chosen != chosen)


@says(f"{LABEL}: <x> = <n>\\.")
def made(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[2], f.result)


# Functions of one number --------------------------------------------------------------------------


@says("<x> is positive, so the gate is open: it passes unchanged\\.")
def opened(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == f.result > 0


@says("Slope 1, kept for the backward pass\\.", "The slope here, <n>, is kept for the backward pass\\.")
def slope_kept(f: Facts, m: re.Match[str]) -> bool:
    slope = float(f.graph.dtype.type(f.slope(f.node, 0, f.here.flat, f.here.flat)))  # which may underflow
    gets = f.trace.grad[f.node.inputs[0]] is not None
    kink = f.number(f.here._replace(value=f.node.inputs[0])) == 0
    if not m.re.groups:
        return gets and abs(slope - 1) < 1e-6
    unknown = kink or np.isinf(number(m[1])) or np.isnan(slope)
    return gets and (unknown or rounds(m[1], slope) or abs(number(m[1]) - slope) < 1e-3 * abs(slope))


@says("<x> is negative \\(<n>\\), so the gate is shut: <x> is 0(, and no gradient will pass here)?\\.")
def shut(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) < 0 and rounds(m[2], f.value(m[1])) and f.result == 0


@says("<x> is exactly 0, so the gate counts as shut\\.")
def on_the_edge(f: Facts, m: re.Match[str]) -> bool:
    return f.value(m[1]) == f.result == 0


@says(f"{LABEL} turns <n> into <n>\\.")
def turned(f: Facts, m: re.Match[str]) -> bool:
    x = f.number(f.here._replace(value=f.node.inputs[0]))
    return rounds(m[1], x) and rounds(m[2], f.result)


@says("Below <n> (b?float(?:16|32|64)) keeps fewer and fewer digits\\.")
def subnormal(f: Facts, m: re.Match[str]) -> bool:
    tiny = torch.finfo(getattr(torch, m[2])).tiny
    return 0 < abs(f.result) < tiny and rounds(m[1], tiny) and m[2] == (f.kind or f.graph.dtype.name)


@says("The exact result, <n>, is too small for float(?:32|64): it underflows to 0\\.")
def underflown(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0


# The loss, and before the first step --------------------------------------------------------------


@says("The prediction is <n> (above|below) the target\\.")
def gap(f: Facts, m: re.Match[str]) -> bool:
    y, t = (float(x.item()) for x in f.trace.inputs(f.node))
    return rounds(m[1], abs(y - t)) and (y > t) == (m[2] == "above")


@says("The prediction meets the target exactly: there is nothing to learn from this sample\\.")
def met(f: Facts, m: re.Match[str]) -> bool:
    y, t = (x.item() for x in f.trace.inputs(f.node))
    return bool(y == t) and all(
        not np.any(np.nan_to_num(g)) for p in f.graph.parameters if (g := f.trace.grad[p.id]) is not None
    )


@says("The loss is <n>\\.")
def loss(f: Facts, m: re.Match[str]) -> bool:
    return rounds(m[1], f.trace.loss)


@says("The backward pass asks: which (weight|parameter) caused how much of this\\?")
def asked(f: Facts, m: re.Match[str]) -> bool:
    weights = {v for n in f.graph.nodes if n.op.name == "linear" for v in n.inputs[1:]}
    return (m[1] == "weight") == any(p.id in weights and p.size for p in f.graph.parameters)


@says("Nothing is computed yet: numbers flow forward, then gradients flow backward\\.")
def ready(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.step == 0 and f.recording.iteration == 1


@says(
    "The parameters are those that the update of iteration <k> made\\. They meet (a new batch of samples|the same "
    "samples); nothing is computed yet\\."
)
def begins(f: Facts, m: re.Match[str]) -> bool:
    batches = f.recording.scenario.training.batch_size is not None
    return number(m[1]) == f.recording.iteration - 1 and batches == (m[2] == "a new batch of samples")
