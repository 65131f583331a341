"""What the rules see in a run: the kinds of steps of `conditions`, over all of it, with what to try.

Thresholds are ratios, so that they mean the same in a network of nine weights and in one of millions;
each default has a source, which is said with every finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.kinds import KINDS, nearest_the_loss
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.explain import nonfinite, remarks, zeros
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import number, plain
from gradstep.engine.ops.causes import Cause, ZeroReason
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep

#: How far a parameter moves in one update, relative to its size: about 1e-3 is healthy (CS231n,
#: "Neural Networks Part 3"). A hundred times more or less is worth a word.
UPDATE = 1e-3
_FACTOR = 100

#: Where the default of each threshold is from.
SOURCES: Mapping[str, str] = {
    "dead": "as Amazon SageMaker Debugger's rule DeadRelu, which speaks up at half a layer",
    "saturated": "slope below 1 % of its scale; Amazon SageMaker Debugger's rule SaturatedActivation looks at the same",
    "vanish": "ratio of gradients as in AutoTrainer (Zhang et al., ICSE 2021); SageMaker Debugger's VanishingGradient "
    "has 1e-7, absolute",
    "explode": "ratio of gradients as in AutoTrainer (Zhang et al., ICSE 2021)",
    "cancel": "our own: nine tenths of what meets",
    "nonfinite": "as Amazon SageMaker Debugger's rule ExplodingTensor",
    "zero": "exactly 0, no threshold; Amazon SageMaker Debugger's rule AllZero looks at the same",
    "update": "CS231n, Neural Networks Part 3: updates of about 1e-3 of the weights",
    "diverged": "as Amazon SageMaker Debugger's rule ExplodingTensor, over all iterations",
    "loss": "a tenth of a percent, as Amazon SageMaker Debugger's rule LossNotDecreasing",
    "oscillates": "our own: three iterations in ten",
    "accumulates": "zero_grad = false in the scenario",
    "overfit": "a tenth, as Amazon SageMaker Debugger's rule Overfit",
    "died": "shut in every sample for a whole pass over the data; SageMaker Debugger's rule DeadRelu looks at the same",
    "unchanged": "not one bit, no threshold; Amazon SageMaker Debugger's rule UnchangedTensor looks at the same",
    "symmetric": "equal to the last bit, no threshold (Goodfellow et al., Deep Learning, 2016, section 8.4)",
}

#: The thresholds of the rules about a whole training; see `diagnosis`.
DEFAULTS: dict[str, float] = {"loss": 1e-3, "oscillates": 0.3, "overfit": 0.1, "explode": 1e3, "vanish": 1e-3}


class Finding(NamedTuple):
    """Something that a rule has seen: at which element (as it is typed), its numbers, why it matters
    and what to try."""

    kind: str
    at: str
    numbers: Mapping[str, float]
    text: str
    hint: str

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"● {self.kind} at {self.at}: {self.text}"
        yield f"    try: {self.hint}"
        yield f"    rule: {SOURCES[self.kind]}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        numbers = {name: plain(value) for name, value in self.numbers.items()}
        return {"kind": self.kind, "at": self.at, "numbers": numbers, "text": self.text, "hint": self.hint}


Thresholds = Mapping[str, float]
_Rule = Callable[[Recording, Thresholds], Iterator[Finding]]


def findings(recording: Recording, thresholds: Thresholds | None = None) -> tuple[Finding, ...]:
    """Everything that the rules see; `thresholds` replace the defaults of their kinds. Raises
    CommandError for a kind that has none."""
    known = thresholds_of()
    for name in thresholds or {}:
        if name not in known:
            raise CommandError(f"'{name}' has no threshold{nearest(name, known)}; there are {', '.join(known)}")
    used = known | dict(thresholds or {})
    return tuple(found for rule in _RULES for found in rule(recording, used))


def thresholds_of() -> dict[str, float]:
    """The thresholds of the rules about one iteration, with their defaults."""
    return {name: kind.default for name, kind in KINDS.items() if kind.default is not None} | {"update": UPDATE}


def _hits(recording: Recording, text: str, phases: tuple[Phase, ...]) -> Iterator[tuple[Sweep, np.ndarray[Any, Any]]]:
    """The sweeps in which a kind holds somewhere, and the flat elements."""
    condition = Condition(text, recording)
    for sweep in recording.timeline.sweeps:
        if sweep.phase not in phases:
            continue
        step = condition.slice_of(sweep)
        pieces = [condition.mask(sweep, k, min(k + step, sweep.size)) for k in range(0, sweep.size, step)]
        found = np.flatnonzero(np.concatenate(pieces)) if pieces else np.empty(0, np.intp)
        if len(found):
            yield sweep, found


# Rules --------------------------------------------------------------------------------------------


def _nonfinite(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        found = nonfinite.first(recording, phase)
        if found is not None:
            hint = _HINTS.get(found.blame.cause, "look where it began: when nonfinite")
            text = f"step {found.step:,}, {found.blame.cause.value}. {remarks.trouble_in(recording, found)}"
            yield Finding("nonfinite", recording.typed(found.element, found.phase), {"step": found.step}, text, hint)


_HINTS = {
    Cause.LOG_OF_ZERO: "a loss of logits (bce_with_logits, cross_entropy), or a lower bound: log(maximum(x, 1e-12))",
    Cause.LOG_OF_NEGATIVE: "make the argument positive first: exp, softplus, or a square",
    Cause.ROOT_OF_NEGATIVE: "choose with where() before the root, not after it: sqrt(where(x > 0, x, 1))",
    Cause.EXP_OVERFLOW: "subtract the largest first (softmax, log_softmax do), or a smaller learning rate",
    Cause.OVERFLOW: "smaller weights or learning rate, gradient clipping, or float64",
    Cause.DIVISION_BY_ZERO: "add a small number to the divisor, or under the root",
    Cause.ZERO_BY_ZERO: "add a small number to the divisor: eps in a normalisation",
    Cause.GIVEN: "mend the input or the parameter that is not finite",
}


def _dead(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    for sweep, flats in _hits(recording, "dead", (Phase.FORWARD,)):
        samples = recording.samples
        units = sweep.size // (samples.count if samples.axis(sweep.value) is not None else 1)
        share = len(flats) / units
        everywhere = f" in all {samples.count} samples" if samples.count > 1 else ""
        text = (
            f"{len(flats):,} of {units:,} gates of {recording.board.whole(sweep.value)} are shut{everywhere}: nothing "
            "that leads into them learns from this"
        )
        hint = "a smaller learning rate, a larger bias, leaky_relu, or he_normal weights"
        element = Element(sweep.value, int(flats[0]))
        yield Finding("dead", recording.typed(element), {"dead": len(flats), "of": units, "share": share}, text, hint)


def _saturated(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    limit = at["saturated"]
    for sweep, flats in _hits(recording, f"saturated({limit!r})", (Phase.FORWARD,)):
        node = recording.graph.nodes[sweep.node]
        x = recording.trace.data[node.inputs[0]].reshape(-1)[flats]
        worst, whole = int(abs(x).argmax()), recording.board.whole(sweep.value)
        text = (
            f"{len(flats):,} of {sweep.size:,} outputs of {whole} lie where {node.op.label} "
            f"is flat (slope below {limit:g}): the input is {number(x[worst], signed=True)} at worst, and next to no "
            "gradient passes"
        )
        hint = "smaller weights (xavier_normal), a normalisation before it, or relu"
        element = Element(sweep.value, int(flats[worst]))
        numbers = {"saturated": len(flats), "of": sweep.size, "input": float(x[worst])}
        yield Finding("saturated", recording.typed(element), numbers, text, hint)


def _ratios(recording: Recording) -> Iterator[tuple[Sweep, float]]:
    """For each stage of the backward pass, its largest |gradient| relative to that nearest the loss."""
    near = nearest_the_loss(recording)
    for sweep in recording.timeline.sweeps:
        grad = recording.trace.grad[sweep.value]
        if sweep.phase is Phase.BACKWARD and recording.graph.values[sweep.value].node >= 0 and grad is not None:
            with np.errstate(all="ignore"):
                size = float(abs(grad).max()) if grad.size else 0.0
            if near and isfinite(near) and isfinite(size) and size:
                yield sweep, size / near


def _scaled(recording: Recording, kind: str, limit: float) -> Iterator[Finding]:
    """Vanishing and exploding: the stage that is furthest off, and the hop that did most of it."""
    sign = 1 if kind == "explode" else -1
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
    grows = kind == "explode"
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
    yield Finding(kind, recording.typed(element, Phase.BACKWARD), numbers, text, hint)


def _vanish(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    yield from _scaled(recording, "vanish", at["vanish"])


def _explode(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    yield from _scaled(recording, "explode", at["explode"])


def _cancel(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    for sweep, flats in _hits(recording, f"cancel({at['cancel']!r})", (Phase.BACKWARD,)):
        if 2 * len(flats) <= sweep.size:
            continue  # in every large network some gradients happen to be small
        element, whole = Element(sweep.value, int(flats[0])), recording.board.whole(sweep.value)
        text = (
            f"{len(flats):,} of {sweep.size:,} gradients of {whole} are what is left where more "
            f"than {at['cancel']:.0%} of the parts cancel: the samples or paths pull against each other"
        )
        hint = "look at the terms (s enters the sum); a larger batch, or separate units for what disagrees"
        numbers = {"cancelled": len(flats), "of": sweep.size}
        yield Finding("cancel", recording.typed(element, Phase.BACKWARD), numbers, text, hint)


def _zero(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    """Parameters that get exactly 0 for another reason than a shut gate, which is `dead`'s to tell."""
    for parameter in recording.graph.parameters:
        grad = recording.trace.gradient(parameter.id)
        flats = np.flatnonzero(grad == 0)
        tally: dict[ZeroReason, list[int]] = {}
        for flat in flats[:_ASKED].tolist():
            found = zeros.reason(recording, Element(parameter.id, flat))
            assert found is not None, "it is 0"
            tally.setdefault(found.reason, []).append(flat)
        for reason, mine in tally.items():
            if reason is ZeroReason.GATE_SHUT:
                continue
            element = Element(parameter.id, mine[0])
            some, whole = "at least " if len(flats) > _ASKED else "", recording.board.whole(parameter.id)
            text = (
                f"{some}{len(mine):,} of {parameter.size:,} gradients of {whole} are exactly "
                f"0, {reason.value}. {remarks.zero_reason(recording, element) or ''}"
            )
            numbers = {"zero": len(mine), "of": parameter.size}
            yield Finding("zero", recording.typed(element, Phase.BACKWARD), numbers, text, _ZERO_HINTS[reason])


#: So many zeros of a parameter are asked for their reason.
_ASKED = 256
_ZERO_HINTS = {
    ZeroReason.NO_PATH: "use it in the graph, or remove it: nothing it does reaches the loss",
    ZeroReason.WEIGHT_ZERO: "weights that are not all 0, or what leads into them never learns",
    ZeroReason.INPUT_ZERO: "no harm where the input is 0 in this batch only; else centre the inputs",
    ZeroReason.CANCELLED: "look at the terms: equal and opposite parts often are a mistake in the graph",
    ZeroReason.UNDERFLOW: "float64, a larger loss scale, or weights and activations that do not saturate",
    ZeroReason.FLAT: "it stands at a stationary point; symmetric or all-zero weights often do",
}


def _update(recording: Recording, at: Thresholds) -> Iterator[Finding]:
    for parameter in recording.graph.parameters:
        if len(parameter.shape) < 2:
            continue  # biases start at 0, and have no size to compare with
        old, new = recording.trace.data[parameter.id], recording.updated(parameter.id)
        with np.errstate(all="ignore"):
            size, moved = (float(np.linalg.norm(a.reshape(-1))) for a in (old, new - old))
        ratio = moved / size if size else float("nan")
        if not isfinite(ratio) or not moved or at["update"] / _FACTOR <= ratio <= at["update"] * _FACTOR:
            continue
        small = ratio < at["update"]
        text = (
            f"the update moves {recording.board.whole(parameter.id)} by {number(ratio)} of its size; about "
            f"{at['update']:g} is healthy"
        )
        hint = "a larger learning rate" if small else "a smaller learning rate, or gradient clipping"
        element = Element(parameter.id, int(abs(new - old).argmax()))
        yield Finding(
            "update", recording.typed(element, Phase.UPDATE), {"ratio": ratio, "healthy": at["update"]}, text, hint
        )


_RULES: tuple[_Rule, ...] = (_nonfinite, _dead, _saturated, _vanish, _explode, _zero, _cancel, _update)
