"""Rules about the learning rate, and how long a training is: they have a direction, larger or smaller, never both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradstep.engine.diagnosis.course import NOTHING, SHORTEST, STILL, Course
from gradstep.engine.diagnosis.evidence import Evidence, early
from gradstep.engine.diagnosis.finding import Advice, Place, Severity
from gradstep.engine.diagnosis.probing import STRAIGHT, Probe, further
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import counted, number

#: An update that moves a weight by more than a tenth of it is a hundred times what CS231n (Neural Networks Part 3)
#: calls healthy, 1e-3; by more than half, the weight is another one.
_LARGE, _WHOLE = 0.1, 0.5
#: A loss that ends so many times where it began has risen, and one that was so many times as large has been far off;
#: our own.
_RISEN, _FAR = 1.05, 10.0
#: A loss that before half of a training is below so much of its start falls well; our own.
_WELL = 0.8
#: Below this share of their size nothing moves weights in double precision; our own.
_BIT = 1e-15
#: Of the iterations in which a loss rises and turns where the rate is too large for the curvature: by an update of more
#: than 2/λ it does in each, by a smaller one in none (LeCun et al., Efficient BackProp, 1998, sect. 5.1); our own.
_OFTEN = 0.3
#: An update that makes the loss so many times larger, where a tenth of it would have made it smaller; our own.
_WORSE = 1.0
#: What a step a hundred times as long gains at least, as a share of the loss, where a rate is said to be too small:
#: less is a plateau, which no rate leaves; our own.
_GAINS = 1e-3
#: An update by about so much of a weight is healthy (CS231n, Neural Networks Part 3).
_HEALTHY = 1e-3
#: Where more than so much of the loss of one answer for all samples is left, more iterations are worth a word; our own.
_MUCH = 0.3


def _other_rate(evidence: Evidence, factor: float) -> Advice:
    lr = float(evidence.training.optimizer["lr"]) * factor
    word = "smaller" if factor < 1 else "larger"
    return Advice(f"a {word} learning rate: lr = {lr:.3g}", f"lr = {lr:.3g}")


@rule(
    "rate_sign",
    "gradient descent goes against the gradient (Goodfellow et al., Deep Learning, 2016, ch. 4.3)",
    Severity.FAULT,
    explains="rate_large diverged overflow nonfinite loss explode oscillates no_better_than_constant same_predictions "
    "rate_decayed died dead saturated vanish spike momentum too_few_iterations",
)
def rate_sign(evidence: Evidence) -> Iterator[Seen]:
    """A rate below 0."""
    rate = float(evidence.training.optimizer["lr"])
    if rate < 0:
        text = f"lr = {rate:g} is negative: each update climbs the gradient, and makes the loss larger"
        yield Seen(Place("", 1), {"rate": rate}, text, [Advice(f"lr = {-rate:g}", f"lr = {-rate:g}")])


@rule(
    "rate_large",
    "Goodfellow et al., Deep Learning (2016), ch. 11.4.1; CS231n, Neural Networks Part 3: the loss curve of a rate "
    "that is too high",
    Severity.FAULT,
    explains="diverged loss oscillates explode died saturated no_better_than_constant same_predictions dead spike",
)
def rate_large(evidence: Evidence) -> Iterator[Seen]:
    """A loss that rises, turns or diverges while updates are large beside the weights."""
    if not evidence.trained or evidence.made < 3 or not float(evidence.training.optimizer["lr"]) > 0:
        return
    if evidence.trouble is not None and not evidence.trouble.grown:
        return  # an operation made what is not finite, and no update
    finite = np.isfinite(evidence.losses)
    count = int(finite.argmin()) if not finite.all() else len(finite)
    moved = evidence.motion.update_ratios[:count]
    moved = np.where(np.isfinite(moved), moved, 0.0)
    if count < 2:
        return
    found = _diverges(evidence, count) or _rises(evidence, float(moved.max()), float(moved[:SHORTEST].max()))
    found = found or _turns(evidence) or _overshoots(evidence)
    if found is None:
        return
    what, factor = found
    largest, at = float(moved.max()), int(moved.argmax())
    if not largest > _BIT:
        return  # no weight moves: what turns are the last digits of the loss
    text = f"the loss {what}: the updates go too far, by up to {number(largest)} of the weights in an iteration"
    numbers = {"moved": largest, "rises": evidence.motion.rises}
    yield Seen(Place("", int(evidence.starts[at])), numbers, text, [_other_rate(evidence, factor)])


def _diverges(evidence: Evidence, count: int) -> tuple[str, float] | None:
    """Not finite after `count` rows, by updates; and by what factor the rate is to be smaller."""
    if count < len(evidence.losses):
        return f"is not finite any more after {counted(int(evidence.starts[count]) - 1, 'iteration')}", 0.1
    return None


def _rises(evidence: Evidence, largest: float, early: float) -> tuple[str, float] | None:
    """Higher at the end than at the beginning, far higher in between, or where one answer for all samples is. `largest`
    and `early` are shares of the weights by which updates move them."""
    course = evidence.course
    if course is None or evidence.converged:
        return None
    peak = float(evidence.losses.max())
    if (course.last > course.first * _RISEN and course.first > 0 and largest > _LARGE) or (
        peak > _FAR * abs(course.first) and largest > 1
    ):
        return f"rises from {number(course.first)} to {number(max(peak, course.last))}", 0.1
    if course.stuck and early > _WHOLE:
        return f"stays at {number(course.last)}, no better than one answer for all samples would be", 0.1
    return None


def _turns(evidence: Evidence) -> tuple[str, float] | None:
    """Up and down in turns, where each iteration sees the same."""
    course, up = evidence.course, evidence.motion.up
    if course is None or not evidence.full_batch or len(up) < SHORTEST or course.last <= course.first / _FAR:
        return None
    rises, turns = float(up.mean()), float((up[1:] != up[:-1]).mean())
    if rises < _OFTEN or turns < _OFTEN or evidence.converged:
        return None
    if early(evidence) and course.last < course.first / 2:
        return None  # it swings on its way down
    if evidence.motion.decayed_at and course.last - evidence.losses.min() <= STILL * abs(course.last):
        return None  # the schedule has taken the rate down, and the end is the best
    return f"rises in {rises:.0%} of the iterations and turns in {turns:.0%}", 0.3


def _overshoots(evidence: Evidence) -> tuple[str, float] | None:
    """Updates after which the loss of their own samples is larger, where a tenth of them would have made it smaller."""
    course = evidence.course
    if course is None or evidence.converged or course.learned or evidence.made < SHORTEST:
        return None
    first, *later = evidence.probes
    if first.gains[1] < -_WORSE and evidence.motion.warm:
        factor = 0.1 if first.gains[0] > 0 else 0.01
        return f"becomes {number(1 - first.gains[1])} times as large by the first update", factor
    if later and all(one.overshoots for one in later):
        return "becomes larger by an update of which a tenth would have made it smaller", 0.1
    return None


@rule(
    "rate_small",
    "CS231n, Neural Networks Part 3: with a low rate the improvement is linear",
    Severity.WARNING,
    explains="loss no_better_than_constant same_predictions too_few_iterations underfit unchanged",
)
def rate_small(evidence: Evidence) -> Iterator[Seen]:
    """A loss that falls in proportion to the step, at the beginning and at the end, for far longer steps than are
    taken."""
    course = evidence.course
    if course is None or evidence.made < SHORTEST or course.learned or evidence.converged:
        return
    if not float(evidence.training.optimizer["lr"]) > 0 or evidence.motion.decayed_at:
        return
    if evidence.made <= evidence.training.warmup < evidence.training.steps:
        return  # it is still warming up
    if evidence.task.silent and not course.level < NOTHING:
        return  # it only comes to one answer for all, beyond which the inputs seem to tell nothing
    looked = evidence.probes if evidence.motion.warm else evidence.probes[-1:]
    said = _warming(evidence, course) or _lost(evidence)
    if said is not None:
        yield said
        return
    factor = _straight(evidence, looked)
    if factor < 10:
        return
    ratios = evidence.motion.update_ratios[np.isfinite(evidence.motion.update_ratios)]
    typical = float(np.median(ratios)) if len(ratios) else 0.0
    last = evidence.probes[-1]
    text = (
        f"the loss went from {number(course.first)} to {number(course.last)} in {counted(evidence.made, 'iteration')}, "
        f"in which weights move by {number(typical)} of their size; a step of {factor:,.0f} times the length would "
    )
    if factor > STRAIGHT:
        text += "still lower the loss in proportion"
    else:
        gain = last.gains[3 if factor > 10 else 2] / max(last.gains[1], 1e-300)
        text += f"gain {number(gain)} times as much"
    numbers = {"moved": typical, "iterations": evidence.made + course.needed}
    # On its way, a loss that falls well may be left to fall.
    severity = Severity.INFORMATION if early(evidence) and course.last < _WELL * course.start else None
    yield Seen(Place("", evidence.made), numbers, text, [_other_rate(evidence, factor)], severity)


def _straight(evidence: Evidence, looked: Sequence[Probe]) -> float:
    """How many times as long all steps that are looked at could be, with the loss still falling in proportion; 1 where
    that gains next to nothing."""
    factor, gains = min(one.timid for one in looked), min(one.best for one in looked)
    if gains >= _GAINS or factor < STRAIGHT:
        return factor if gains >= _GAINS else 1.0
    # As straight as far as one has looked, and next to nothing gained yet: further on.
    factor = min(further(evidence.iterations.recording(one.iteration), evidence.task.floor) for one in looked)
    return factor if factor >= 10 * STRAIGHT else 1.0


def _lost(evidence: Evidence) -> Seen | None:
    """Updates so small that they are lost in the rounding of the weights, though there are gradients."""
    weights = [one for one in evidence.motion.weights_over_time if one[1].any()]  # those that have a gradient
    if not weights:
        return None
    eps = float(np.finfo(evidence.graph.dtype).eps)
    if any((evidence.summaries.moved(value.id).high > eps * size).any() for value, _, size in weights):
        return None
    text = (
        f"lr = {evidence.motion.rates.max():g} is so small that hardly a bit of a weight has changed in "
        f"{counted(evidence.made, 'iteration')}: the updates are lost in rounding"
    )
    options = type(evidence.training.optimizer).options
    ratios = [float(size[0] / gradient[0]) for _, gradient, size in weights if gradient[0]]
    # What divides by the gradient's size has the rate for a step; the others the rate times the gradient.
    rate = _HEALTHY if {"betas", "alpha"} & options.keys() or not ratios else _HEALTHY * float(np.median(ratios))
    rate = float(f"{rate:.1g}")
    return Seen(Place("", evidence.made), {"moved": 0.0}, text, [Advice(f"lr = {rate:g}", f"lr = {rate:g}")])


def _warming(evidence: Evidence, course: Course) -> Seen | None:
    """A warm-up that is longer than the training: then no other rate is to be advised."""
    reached = float(evidence.motion.rates.max()) / float(evidence.training.optimizer["lr"])
    if evidence.training.warmup >= evidence.made:
        text = (
            f"the warm-up takes {evidence.training.warmup:,} iterations and the training has "
            f"{evidence.training.steps:,}: the rate has come to {reached:.1%} of its "
            f"{number(float(evidence.training.optimizer['lr']))}, and the loss from {number(course.start)} to "
            f"{number(course.last)}"
        )
        short = max(evidence.training.steps // 10, 1)
        advice = [Advice(f"warmup = {short}, a tenth of the training", f"warmup = {short}")]
        return Seen(Place("", evidence.made), {"reached": reached}, text, advice)
    return None


@rule(
    "too_few_iterations",
    "DeepFD (Cao et al., ICSE 2022): insufficient iterations",
    Severity.WARNING,
    explains="no_better_than_constant underfit loss same_predictions",
)
def too_few_iterations(evidence: Evidence) -> Iterator[Seen]:
    """A loss that is still falling well at the end."""
    course = evidence.course
    if course is None or evidence.made < SHORTEST or evidence.converged or evidence.motion.decayed_at:
        return
    if not course.falls or course.left < _MUCH or not course.last < course.start:
        return
    if float("-inf") < evidence.headroom <= 0:
        return  # what the inputs tell is learned
    before, last, _ = course.ends
    text = (
        f"the loss still falls at the end of {counted(evidence.made, 'iteration')} ({number(before)} → "
        f"{number(last)}): at this pace {course.needed:,} more halve what is left"
    )
    steps = float(f"{min(evidence.made + 2 * course.needed, 10 * evidence.made):.1g}")
    steps = max(int(steps), 2 * evidence.made)
    advice = [Advice(f"train longer: steps = {steps}", f"steps = {steps}")]
    numbers = {"gain": course.gain, "iterations": course.needed}
    severity = Severity.INFORMATION if evidence.made < evidence.training.steps else None  # it goes on
    yield Seen(Place("", evidence.made), numbers, text, advice, severity)
