"""Rules about how far an update goes."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.head import summed
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Value
from gradstep.engine.notation import number
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

#: So many times more or less than what is healthy is worth a word.
_FACTOR = 100


@rule(
    "update",
    "CS231n, Neural Networks Part 3: updates of about 1e-3 of the weights",
    Severity.INFORMATION,
    threshold=1e-3,
)
def update(evidence: Evidence) -> Iterator[Seen]:
    """Weights that an update moves far more or far less than about the share of their size that is healthy. Of a small
    network, or one that begins near 0, the first one does: whether that does harm is seen in the ones that follow."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording, at = evidence.here, evidence.at
    for parameter in recording.graph.parameters:
        if len(parameter.shape) < 2:
            continue  # biases start at 0, and have no size to compare with
        ratio = _ratio(recording, parameter)
        if not isfinite(ratio) or not ratio or at["update"] / _FACTOR <= ratio <= at["update"] * _FACTOR:
            continue
        small = ratio < at["update"]
        text = (
            f"the update moves {recording.board.whole(parameter.id)} by {number(ratio)} of its size; about "
            f"{at['update']:g} is healthy"
        )
        what = "a larger learning rate" if small else "a smaller learning rate, or gradient clipping"
        if not small and steps_follow(recording) and summed(recording) is not None:
            what = f"the mean of the loss over the {recording.samples.count} samples that it sums, or {what}"
        hint = f"see whether the loss falls in the next iterations (train 20); where it does not, {what}"
        moved = abs(recording.updated(parameter.id) - recording.trace.data[parameter.id])
        element = Element(parameter.id, int(moved.argmax()))
        numbers = {"ratio": ratio, "healthy": at["update"]}
        yield Seen(evidence.place(element, Phase.UPDATE), numbers, text, [hint])


def largest_move(recording: Recording) -> float:
    """The largest share of its size by which the update moves a weight; 0 where that is not known of any."""
    weights = [p for p in recording.graph.parameters if len(p.shape) >= 2]
    return max((r for r in (_ratio(recording, p) for p in weights) if isfinite(r)), default=0.0)


def steps_follow(recording: Recording) -> bool:
    """Whether the update is as many times larger as the gradient is: plain descent, unclipped, known to be that."""
    training = recording.scenario.training
    known = any(recording.update.optimizer(p.id).known for p in recording.graph.parameters)
    clipped = training.clip_norm is not None or training.clip_value is not None
    return known and not clipped and training.optimizer.name in ("sgd", "momentum", "asgd")


def _ratio(recording: Recording, parameter: Value) -> float:
    """By which share of its size the update moves a parameter; NaN where it has none."""
    old, new = recording.trace.data[parameter.id], recording.updated(parameter.id)
    with np.errstate(all="ignore"):
        size, moved = (float(np.linalg.norm(a.reshape(-1))) for a in (old, new - old))
    return moved / size if size else float("nan")
