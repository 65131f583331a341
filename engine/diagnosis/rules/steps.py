"""Rules about how far an update goes."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import number
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
        old, new = recording.trace.data[parameter.id], recording.updated(parameter.id)
        size, moved = (float(np.linalg.norm(a.reshape(-1))) for a in (old, new - old))
        ratio = moved / size if size else float("nan")
        if not isfinite(ratio) or not moved or at["update"] / _FACTOR <= ratio <= at["update"] * _FACTOR:
            continue
        small = ratio < at["update"]
        text = (
            f"the update moves {recording.board.whole(parameter.id)} by {number(ratio)} of its size; about "
            f"{at['update']:g} is healthy"
        )
        what = "a larger learning rate" if small else "a smaller learning rate, or gradient clipping"
        hint = f"see whether the loss falls in the next iterations (train 20); where it does not, {what}"
        element = Element(parameter.id, int(abs(new - old).argmax()))
        numbers = {"ratio": ratio, "healthy": at["update"]}
        yield Seen(evidence.place(element, Phase.UPDATE), numbers, text, [hint])
