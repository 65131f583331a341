"""Rules about the learning rate, and how long a training is: they have a direction, larger or smaller, never both."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import counted, number

#: Shorter trainings say nothing about where the loss is going.
SHORTEST = 10
#: Of a step so large beside the weights one does not come back.
_LARGE = 0.1
#: Weights that move by less than this share of themselves in an iteration hardly move.
_SMALL = 1e-4


def _other_rate(evidence: Evidence, factor: float, why: str) -> Advice:
    lr = float(evidence.training.optimizer["lr"]) * factor
    word = "smaller" if factor < 1 else "larger"
    return Advice(f"a {word} learning rate{why}: lr = {lr:.3g}", f"lr = {lr:.3g}")


@rule(
    "rate_large",
    "Goodfellow et al., Deep Learning (2016), ch. 11.4.1; CS231n, Neural Networks Part 3: the loss curve of a rate "
    "that is too high",
    Severity.FAULT,
    explains="diverged loss oscillates explode died nonfinite saturated no_better_than_constant same_predictions dead",
)
def rate_large(evidence: Evidence) -> Iterator[Seen]:
    """A loss that rises, turns or diverges while updates are large beside the weights."""
    if not evidence.trained or evidence.made < 3:
        return
    finite = np.isfinite(evidence.losses)
    count = int(finite.argmin()) if not finite.all() else len(finite)
    if count < 2:
        return
    moved = evidence.update_ratios[:count]
    largest = float(np.nanmax(moved)) if np.isfinite(moved).any() else 0.0
    found = _too_far(evidence, count, largest, float(np.nanmax(moved[:10])))
    if found is None:
        return
    what, factor = found
    k = int(evidence.starts[int(np.nanargmax(moved))]) if largest else 1
    text = f"the loss {what}: the updates go too far, by up to {number(largest)} of the weights in an iteration"
    numbers = {"moved": largest, "rises": evidence.rises}
    yield Seen(Place("", k), numbers, text, [_other_rate(evidence, factor, "")])


def _too_far(evidence: Evidence, count: int, largest: float, early: float) -> tuple[str, float] | None:
    """What the loss does, of which `count` rows are finite, and how much smaller the rate is to be; None where it does
    nothing that a large rate does. `largest` and `early` are shares of the weights by which updates move them."""
    until = evidence.losses[:count]
    part = max(count // 10, 1)
    first, last, peak = float(until[:part].mean()), float(until[-part:].mean()), float(until.max())
    if count < len(evidence.losses) and count < 200 and (largest > _LARGE or until[-1] > 10 * until[0]):
        return f"is not finite any more after {counted(count, 'iteration')}", 0.1
    if (last > first * 1.05 and first > 0 and largest > _LARGE) or (
        peak > 10 * abs(first) and largest > 1 and not evidence.converged
    ):
        return f"rises from {number(first)} to {number(max(peak, last))}", 0.1
    best = evidence.best_constant
    if best is not None and early > 0.5 and evidence.recent_loss > 0.98 * best:
        return f"stays at {number(evidence.recent_loss)}, which one answer for all samples would have", 0.1
    with np.errstate(all="ignore"):
        up = np.diff(until) > 0
        rises, turns = float(up.mean()), float((up[1:] != up[:-1]).mean()) if count > 2 else 0.0
    if evidence.full_batch and count >= SHORTEST and rises >= 0.3 and turns >= 0.3 and last > first / 10:
        return f"rises in {rises:.0%} of the iterations and turns in {turns:.0%}", 0.3
    return None


@rule(
    "rate_small",
    "CS231n, Neural Networks Part 3: with a low rate the improvement is linear",
    Severity.WARNING,
    explains="loss no_better_than_constant same_predictions too_few_iterations underfit unchanged",
)
def rate_small(evidence: Evidence) -> Iterator[Seen]:
    """A loss that falls steadily, slowly, and far from flat."""
    if not evidence.trained or evidence.made < SHORTEST or not np.isfinite(evidence.losses).all() or evidence.converged:
        return
    first, middle, last = _thirds(evidence)
    fallen = first - last
    ratios = evidence.update_ratios[np.isfinite(evidence.update_ratios)]
    if not len(ratios) or not fallen > 0 or first <= 0 or 0 < evidence.rate_decayed_at < 0.8 * evidence.made:
        return
    steady = (middle - last) >= 0.6 * (first - middle)
    slow, typical = fallen < 0.3 * abs(first), float(np.median(ratios))
    if not (steady and slow and typical < 10 * _SMALL and evidence.rises < 0.45):
        return
    needed = int(evidence.made * first / (2 * max(fallen, 1e-300)))
    text = (
        f"the loss falls steadily and slowly, from {number(first)} to {number(last)} in "
        f"{counted(evidence.made, 'iteration')}; weights move by {number(typical)} of their size in one. At this "
        "pace it "
        f"takes {needed:,} to halve it"
    )
    factor = 10.0 if typical > _SMALL / 10 else 100.0
    yield Seen(
        Place("", evidence.made), {"moved": typical, "iterations": needed}, text, [_other_rate(evidence, factor, "")]
    )


@rule(
    "too_few_iterations",
    "DeepFD (Cao et al., ICSE 2022): insufficient iterations",
    Severity.WARNING,
    explains="no_better_than_constant underfit loss",
)
def too_few_iterations(evidence: Evidence) -> Iterator[Seen]:
    """A loss that is still falling well at the end."""
    if not evidence.trained or evidence.made < SHORTEST or not np.isfinite(evidence.losses).all() or evidence.converged:
        return
    losses = evidence.losses
    part = max(len(losses) // 5, 1)
    before, last, first = (float(x.mean()) for x in (losses[-2 * part : -part], losses[-part:], losses[:part]))
    if evidence.best_constant is not None and last < 0.3 * evidence.best_constant:
        return
    noise = float(losses[-part:].std()) / max(part**0.5, 1)
    gain = (before - last) / abs(last) if last else 0.0
    if (
        gain < 0.03
        or before - last < 3 * noise
        or not first > last
        or 0 < evidence.rate_decayed_at < 0.8 * evidence.made
    ):
        return
    needed = int(evidence.made * (1 + last / max((before - last) * 5, 1e-300) / 2))
    text = (
        f"the loss still falls at the end, by {gain:.1%} over the last fifth of {counted(evidence.made, 'iteration')} "
        f"({number(before)} → {number(last)}): there is more to come"
    )
    steps = min(max(2 * evidence.made, needed), 10 * evidence.made)
    yield Seen(
        Place("", evidence.made), {"gain": gain}, text, [Advice(f"train longer: steps = {steps}", f"steps = {steps}")]
    )


@rule(
    "rate_decayed",
    "our own: below 1 % of its largest long before the end",
    Severity.WARNING,
    threshold=0.01,
    allowed=(0.0, 1.0),
    explains="loss no_better_than_constant too_few_iterations rate_small underfit unchanged",
)
def rate_decayed(evidence: Evidence) -> Iterator[Seen]:
    """A schedule that has ended the training before it was done."""
    k = evidence.rate_decayed_at
    if not k or not np.isfinite(evidence.losses).all():
        return
    norms = evidence.gradient_norms
    # A schedule may end at 0; where the gradient has gone as well, there is nothing left to do.
    left, loss = (0.05, 0.1) if k < 0.8 * evidence.made else (0.3, 0.4)
    if not norms[-1] > left * norms[0] or evidence.recent_loss < loss * abs(float(evidence.losses[0])):
        return
    now, most = evidence.training.lr(evidence.made), max(evidence.training.lr(int(k)) for k in evidence.starts)
    text = (
        f"from iteration {k:,} of {evidence.made:,} on the rate is below {evidence.at['rate_decayed']:.0%} of its "
        f"largest, {number(most)}; it is {number(now)} now, and the loss stands at {number(evidence.recent_loss)}"
    )
    yield Seen(Place("", k), {"rate": now, "largest": most}, text, ["a schedule that falls later, or not so far"])


def _thirds(evidence: Evidence) -> tuple[float, float, float]:
    """The mean loss at the beginning, in the middle and at the end."""
    losses = evidence.losses
    part = max(len(losses) // 10, 1)
    half = len(losses) // 2
    return float(losses[:part].mean()), float(losses[half : half + part].mean()), float(losses[-part:].mean())
