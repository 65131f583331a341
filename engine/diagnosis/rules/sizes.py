"""Rules about how large gradients are: against those nearest the loss, and against what they are summed from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isfinite
from sys import float_info

import numpy as np

from gradstep.engine.ask.kinds import KINDS, nearest_the_loss
from gradstep.engine.ask.search import elements
from gradstep.engine.ask.thresholds import LARGER, SHARE
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules import gradients
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import number
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep


def _ratios(recording: Recording) -> Iterator[tuple[Sweep, float]]:
    """For each stage of the backward pass, its largest |gradient| relative to that nearest the loss."""
    near = nearest_the_loss(recording)
    for sweep in recording.timeline.sweeps:
        grad = recording.trace.grad[sweep.value]
        if sweep.phase is Phase.BACKWARD and recording.graph.values[sweep.value].node >= 0 and grad is not None:
            size = float(abs(grad).max()) if grad.size else 0.0
            if near and isfinite(near) and isfinite(size) and size:
                # Kept among the finite numbers above 0, so that stages can be compared with one another.
                yield sweep, min(max(size / near, 5e-324), float_info.max)


def _scaled(evidence: Evidence, grows: bool, limit: float) -> Iterator[Seen]:
    """Vanishing and exploding: the stage that is furthest off, and the hop that did most of it."""
    recording, sign = evidence.here, 1 if grows else -1
    stages = list(_ratios(recording))
    if not stages:
        return
    sweep, ratio = max(stages, key=lambda s: sign * np.log(s[1]))
    if sign * np.log(ratio) <= sign * np.log(limit):
        return
    hops = [(b[0], b[1] / a[1]) for a, b in pairwise(stages)]
    worst, factor = max(hops, key=lambda h: sign * np.log(h[1]), default=(sweep, ratio))
    grad = recording.trace.gradient(sweep.value)
    element = Element(sweep.value, int(abs(grad).argmax()))
    whole, there = (recording.board.whole(s.value) for s in (sweep, worst))
    text = (
        f"the gradient at {whole} is {number(ratio)} of that nearest the loss; the "
        f"{'largest growth' if grows else 'largest shrink'} is at {there}, by a factor of {number(factor)}"
    )
    hint = (
        "gradient clipping, smaller or orthogonal weights, or fewer steps through the same weight"
        if grows
        else "relu instead of sigmoid, weights that keep the size (he_normal, orthogonal), a skip connection, or a "
        "normalisation"
    )
    numbers = {"ratio": ratio, "worst_factor": factor, "threshold": limit}
    yield Seen(evidence.place(element, Phase.BACKWARD), numbers, text, [hint])


@rule(
    "vanish",
    "ratio of gradients as in AutoTrainer (Zhang et al., ICSE 2021); SageMaker Debugger's VanishingGradient "
    "has 1e-7, absolute",
    threshold=KINDS["vanish"].default,
    allowed=SHARE,
)
def vanish(evidence: Evidence) -> Iterator[Seen]:
    """A gradient that shrinks on its way from the loss."""
    if evidence.trained:
        yield from gradients.vanished(evidence) if not evidence.converged else ()
    else:
        yield from _scaled(evidence, False, evidence.at["vanish"])


@rule(
    "explode",
    "ratio of gradients as in AutoTrainer (Zhang et al., ICSE 2021)",
    threshold=KINDS["explode"].default,
    allowed=LARGER,
)
def explode(evidence: Evidence) -> Iterator[Seen]:
    """A gradient that grows on its way from the loss."""
    if evidence.trained:
        yield from gradients.exploded(evidence) if not evidence.converged else ()
    else:
        yield from _scaled(evidence, True, evidence.at["explode"])


@rule("cancel", "our own: nine tenths of what meets", threshold=KINDS["cancel"].default, allowed=SHARE)
def cancel(evidence: Evidence) -> Iterator[Seen]:
    """Values most of whose gradients are small leftovers of large parts."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording, at = evidence.here, evidence.at
    for sweep, flats in elements(recording, f"cancel({at['cancel']!r})", (Phase.BACKWARD,)):
        if 2 * len(flats) <= sweep.size:
            continue  # in every large network some gradients happen to be small
        if not recording.trace.gradient(sweep.value).reshape(-1)[flats].any():
            continue  # exactly 0: that has its own rule, which says whether it could be anything else
        element, whole = Element(sweep.value, int(flats[0])), recording.board.whole(sweep.value)
        text = (
            f"{len(flats):,} of {sweep.size:,} gradients of {whole} are what is left where more "
            f"than {at['cancel']:.0%} of the parts cancel: the samples or paths pull against each other"
        )
        hint = "look at the terms (s enters the sum); a larger batch, or separate units for what disagrees"
        numbers = {"cancelled": len(flats), "of": sweep.size}
        yield Seen(evidence.place(element, Phase.BACKWARD), numbers, text, [hint])
