"""What a number is blamed on, as it is typed: a cause, and the names of its parts with their numbers."""

from __future__ import annotations

from gradstep.engine.explain.culprit import Culprit, Of
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

#: A part: which number (v a value, g a gradient, s a slope, k what is kept), its name, and what it is.
Said = tuple[str, str, float]


def said(recording: Recording, blame: Culprit) -> tuple[Cause, set[Said]]:
    """A culprit as tests write it."""
    parts: set[Said] = set()
    for part in blame.parts:
        phase = Phase.BACKWARD if part.of is Of.GRADIENT else Phase.FORWARD
        name = recording.typed(part.element, phase).removesuffix(".grad")
        number = "nan" if part.number != part.number else part.number
        parts.add((part.of.value[0], name.replace(".grad", ""), number))  # type: ignore[arg-type]  # NaN equals nothing
    return blame.cause, parts
