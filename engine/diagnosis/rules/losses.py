"""Rules about where the loss is going."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.ask.thresholds import SHARE
from gradstep.engine.diagnosis.course import LEARNED, SHORTEST
from gradstep.engine.diagnosis.evidence import Evidence, early
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.notation import number

#: A difference of means within so many standard errors is none (99.7 % of a normal distribution).
_SIGMA = 3.0
#: A jump lasts where the median of the ten iterations from it on is so many times the usual loss; our own.
_LASTS = 2.0


def _series(history: History) -> tuple[Array, Array]:
    """The iterations (of rows that stand for several: the first) and their losses, at worst."""
    return history.summaries.starts[:-1], history.summaries.loss.high


def _ends(loss: Array) -> tuple[float, float]:
    """The mean loss over the first and over the last tenth."""
    part = max(len(loss) // 10, 1)
    return float(loss[:part].mean()), float(loss[-part:].mean())


@rule(
    "loss",
    "a tenth of a percent, as Amazon SageMaker Debugger's rule LossNotDecreasing",
    threshold=1e-3,
    allowed=SHARE,
    symptom=True,
)
def loss(evidence: Evidence) -> Iterator[Seen]:
    """A loss that does not fall, or rises."""
    if not evidence.trained or evidence.converged:
        return
    history, at = evidence.iterations, evidence.at
    _, loss = _series(history)
    if len(loss) < SHORTEST or not np.isfinite(loss).all():
        return
    first, last = _ends(loss)
    if last <= first * (1 - at["loss"]) or first <= 0:
        return
    jumps = np.diff(loss, n=2)  # second differences of independent noise have six times its variance
    noise = float(np.sqrt(np.mean(jumps**2) / 6)) / max(len(loss) // 10, 1) ** 0.5
    if early(evidence) and last - first < _SIGMA * noise:
        return  # what batches differ by hides whether it falls
    what = "rose" if last > first * (1 + at["loss"]) else "hardly changed"
    hint = (
        "a smaller learning rate"
        if what == "rose"
        else "a larger learning rate, another initialisation, or look for dead units"
    )
    text = (
        f"the loss {what} over {history.made:,} iterations: {number(first)} in the first tenth, "
        f"{number(last)} in the last"
    )
    yield Seen(Place("", history.made), {"first": first, "last": last}, text, [hint])


@rule("oscillates", "our own: three iterations in ten", threshold=0.3, allowed=SHARE)
def oscillates(evidence: Evidence) -> Iterator[Seen]:
    """Where every iteration sees the same samples, a loss that goes up and down in turns is the learning
    rate's doing."""
    if not evidence.trained:
        return
    history, at = evidence.iterations, evidence.at
    _, loss = _series(history)
    if not evidence.full_batch or len(loss) < SHORTEST:
        return
    rose = evidence.motion.up
    share = float(rose.mean())
    turns = float((rose[1:] != rose[:-1]).mean())
    first, last = _ends(loss)
    if (
        evidence.converged
        or share < at["oscillates"]
        or turns < at["oscillates"]
        or not np.isfinite(loss).all()
        or last < first / 10
        or (early(evidence) and last < first / 2)
    ):
        return  # with momentum a loss may swing and all the same fall well
    text = (
        f"the loss rises in {share:.0%} of the iterations and turns in {turns:.0%}: each update goes too far, "
        "and to the other side"
    )
    yield Seen(Place("", history.made), {"rises": share, "turns": turns}, text, ["a smaller learning rate"])


#: A rise by less than this share of what one answer for all samples has is none that matters; our own.
_RISE = 0.02


@rule("overfit", "a tenth, as Amazon SageMaker Debugger's rule Overfit", threshold=0.1)
def overfit(evidence: Evidence) -> Iterator[Seen]:
    """A loss over what is held back that rises while the training's own falls."""
    if not evidence.trained:
        return
    history, at = evidence.iterations, evidence.at
    held, (iterations, loss) = history.summaries.validation.high, _series(history)
    taken = np.flatnonzero(np.isfinite(held))
    if len(taken) < 3:
        return
    best = taken[int(held[taken].argmin())]
    last = taken[-1]
    if held[last] <= held[best] * (1 + at["overfit"]) or not loss[last] < loss[best]:
        return
    # Beside what one answer for all samples has, a small loss may become a larger one that is small all the same.
    if held[last] - held[best] < _RISE * (evidence.task.constant or 0.0):
        return
    k = int(iterations[best])
    text = (
        f"the loss over the samples held back was best in iteration {k:,} ({number(held[best])}) and is "
        f"{number(held[last])} now, while the training's own fell from {number(loss[best])} to {number(loss[last])}"
    )
    hint = "stop there, weight decay, dropout, a smaller network, or more data"
    numbers = {"best": float(held[best]), "last": float(held[last]), "iteration": k}
    yield Seen(Place("", k), numbers, text, [hint])


def _highest(losses: Array, window: int) -> Array:
    """The highest loss of the `window` iterations before each one from `_BEFORE` on, or of all that there are."""
    padded = np.concatenate([np.full(window, -np.inf), losses[:-1]])
    found: Array = np.lib.stride_tricks.sliding_window_view(padded, window).max(axis=1)[_BEFORE:]
    return found


#: So many iterations before one are what is usual there.
_BEFORE = 20
#: Of batches a jump that is above so many times the largest of them is no noise; below such a share of the first loss
#: it is one among small numbers; our own.
_ABOVE, _SMALL = 3.0, 1e-3
#: A jump is more than worth knowing where it lasts, comes again so many times, or goes back above such a share of the
#: first loss and of what one answer for all samples has; our own.
_TIMES, _BACK = 3, 1.0


@rule(
    "spike",
    "our own: five times the median of the twenty iterations before",
    Severity.INFORMATION,
    threshold=5.0,
)
def spike(evidence: Evidence) -> Iterator[Seen]:
    """A loss that jumps up in one iteration."""
    losses = evidence.losses if evidence.trained else np.zeros(0)
    if len(losses) <= _BEFORE + SHORTEST or len(losses) != evidence.made or not losses[0] > 0:
        return
    before = np.lib.stride_tricks.sliding_window_view(losses[:-1], _BEFORE)
    now, usual = losses[_BEFORE:], np.median(before, axis=1)
    # Batches differ: of what they make the loss, the highest was there before, in a pass over all of them.
    noise = 0.0 if evidence.full_batch else _ABOVE * _highest(losses, max(evidence.iterations.passes, _BEFORE))
    high = np.flatnonzero((now > evidence.at["spike"] * usual) & (now > noise) & (now > _SMALL * losses[0])) + _BEFORE
    jumps = np.split(high, np.flatnonzero(np.diff(high) > _BEFORE) + 1) if len(high) else []
    if not jumps or not np.isfinite(losses).all():
        return
    worst = max(jumps, key=lambda jump: float(losses[jump].max()))
    at, loss = int(worst[0]), float(losses[worst].max())
    was = float(usual[at - _BEFORE])
    text = (
        f"the loss jumps up in iteration {at + 1:,}, to {number(loss)}, from about {number(was)} in the twenty before"
        f"{f': the highest of {len(jumps)} jumps' if len(jumps) > 1 else ''}"
    )
    lasting = float(np.median(losses[at : at + SHORTEST])) > _LASTS * was and not evidence.converged
    much = (
        lasting
        or (len(jumps) >= _TIMES and not evidence.converged)
        or (
            evidence.full_batch and not early(evidence) and loss > _BACK * max(losses[0], evidence.task.constant or 0.0)
        )
    )
    advice = ["look at the samples of that iteration", "clip_norm, or a smaller rate"]
    severity = Severity.WARNING if much and loss > LEARNED * (evidence.task.constant or 0.0) else None
    place = Place(evidence.graph.loss.name, at + 1)
    yield Seen(place, {"loss": loss, "usual": was, "jumps": len(jumps)}, text, advice, severity)
