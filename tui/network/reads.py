"""What a step reads: of which arrays which elements."""

from __future__ import annotations

from collections.abc import Mapping

from gradstep.engine.debugger import Frame, Kind
from gradstep.engine.explain import sources
from gradstep.engine.run import Phase

#: Of more elements than this the rest is left out.
_MOST = 256


def read(frame: Frame) -> Mapping[tuple[int, Kind], set[int]]:
    """The positions, among the elements of a sample, of what the step of a moment reads, by value and by whether it is
    a number or a gradient. While the terms of a sum are stepped through, what the current term reads."""
    found: dict[tuple[int, Kind], set[int]] = {}
    samples, backward, terms = frame.recording.samples, frame.phase is Phase.BACKWARD, frame.sum.terms

    def note(value: int, flat: int, kind: Kind) -> None:
        if value >= 0:
            found.setdefault((value, kind), set()).add(samples.position(value, flat))

    if frame.phase is Phase.UPDATE or frame.element is None:
        return found
    if terms is not None:
        term = frame.position.term
        chosen = range(len(terms)) if term is None else range(term - 1 - terms.start, term - terms.start)
        for k in list(chosen)[:_MOST]:
            note(int(terms.via_value[k]), int(terms.via[k]), Kind.GRAD if backward else Kind.DATA)
            note(int(terms.factor_value[k]), int(terms.factor[k]), Kind.DATA)
    elif not backward:
        for source in sources(frame.recording, frame.element, _MOST):
            for flat in source.flats.tolist():
                note(source.value, flat, Kind.DATA)
    return found
