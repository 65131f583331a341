"""Rules about rates that a schedule, or an optimiser's own decay, has brought down."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.course import Course
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Place, Severity
from gradstep.engine.diagnosis.probing import STRAIGHT
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import number

#: A rate below so much of its largest for more than half of a training, as by Adagrad's lr_decay, has hardly gone on
#: where steps a hundred times as long would gain so much of the loss; our own.
_FADED, _LOSES = 0.1, 0.01
#: A rate that is gone before this share of a training has gone too early; later, as a cosine's, it is the end; our own.
_LATE = 0.8
#: The shares of its first gradient, and of its first loss, that have to be left for it to be a pity, where it has gone
#: early and where late; our own.
_EARLY_LEFT, _LATE_LEFT = (0.05, 0.1), (0.3, 0.4)


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
    course = evidence.course
    k = 0 if course is None else evidence.motion.decayed_at
    if course is None or not float(evidence.training.optimizer["lr"]) > 0:
        return
    if not k:
        yield from _faded(evidence, course)
        return
    norms = evidence.motion.gradient_norms
    # A schedule may end at 0; where the gradient has gone as well, there is nothing left to do.
    left, loss = _EARLY_LEFT if k < _LATE * evidence.made else _LATE_LEFT
    if not norms[-1] > left * norms[0] or course.last < loss * abs(float(evidence.losses[0])):
        return
    now, most = float(evidence.motion.rates[-1]), float(evidence.motion.rates.max())
    text = (
        f"from iteration {k:,} of {evidence.made:,} on the rate is below {evidence.at['rate_decayed']:.0%} of its "
        f"largest, {number(most)}; it is {number(now)} now, and the loss stands at {number(course.last)}"
    )
    yield Seen(Place("", k), {"rate": now, "largest": most}, text, ["a schedule that falls later, or not so far"])


def _faded(evidence: Evidence, course: Course) -> Iterator[Seen]:
    """The same of a rate that falls by and by."""
    rates = evidence.motion.rates
    below = np.flatnonzero(rates < _FADED * rates.max())
    if not len(below) or not evidence.motion.warm or course.learned:
        return
    k = int(evidence.starts[below[0]])
    if 2 * k > evidence.made:
        return
    last = evidence.probes[-1]
    if last.timid < STRAIGHT or last.best < _LOSES:
        return
    now, most = float(rates[-1]), float(rates.max())
    text = (
        f"from iteration {k:,} of {evidence.made:,} on the rate is below {_FADED:.0%} of its largest, {number(most)}; "
        f"it is {number(now)} now, where a step {last.timid:g} times as long would gain {last.best:.1%} of the loss of "
        f"{number(course.last)}"
    )
    falls = "lr_decay" in type(evidence.training.optimizer).options
    advice = [Advice("lr_decay = 0", "lr_decay = 0")] if falls else ["a schedule that falls later, or not so far"]
    yield Seen(Place("", k), {"rate": now, "largest": most}, text, advice)
