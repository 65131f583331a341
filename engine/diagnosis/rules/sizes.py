"""Rules about how large gradients are against what they are summed from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.thresholds import SHARE
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.notation import is_or_are
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep

#: Where a value has more elements, or their gradients more terms together, so many are looked at, evenly spread.
_ELEMENTS, _TERMS, _LOOKED_AT = 100_000, 4_000_000, 64


def _cancelling(recording: Recording, condition: Condition) -> Iterator[tuple[Sweep, Array, int]]:
    """The backward sweeps in which a condition holds somewhere, at which of the elements, and how many of these were
    looked at."""
    for sweep in condition.sweeps():
        if sweep.phase is not Phase.BACKWARD or not sweep.size:
            continue
        terms = max(_terms(recording, sweep.value, flat) for flat in (0, sweep.size // 2, sweep.size - 1))
        if sweep.size <= _ELEMENTS and terms * sweep.size <= _TERMS:
            step = condition.slice_of(sweep)
            pieces = [condition.mask(sweep, k, min(k + step, sweep.size)) for k in range(0, sweep.size, step)]
            flats, looked = np.flatnonzero(np.concatenate(pieces)), sweep.size
        else:
            places = np.unique(np.linspace(0, sweep.size - 1, _LOOKED_AT).astype(np.intp))
            flats = np.array([k for k in places.tolist() if condition.mask(sweep, k, k + 1)[0]], np.intp)
            looked = len(places)
        if len(flats):
            yield sweep, flats, looked


def _terms(recording: Recording, value: int, flat: int) -> int:
    """How many terms an element's gradient has."""
    graph, trace = recording.graph, recording.trace
    uses = ((graph.nodes[number], slot) for number, slot in graph.uses[value])
    return sum(node.op.column(slot, flat, trace.data[node.output], trace.inputs(node)).grid.size for node, slot in uses)


@rule(
    "cancel",
    "our own: nine tenths of what meets",
    Severity.INFORMATION,
    threshold=KINDS["cancel"].default,
    allowed=SHARE,
)
def cancel(evidence: Evidence) -> Iterator[Seen]:
    """Values most of whose gradients are small leftovers of large parts. Near a minimum that is so in every network,
    and one iteration does not tell how near it is."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording, at = evidence.here, evidence.at
    for sweep, flats, looked in _cancelling(recording, Condition(f"cancel({at['cancel']!r})", recording)):
        if 2 * len(flats) <= looked:
            continue  # in every large network some gradients happen to be small
        if not recording.trace.gradient(sweep.value).reshape(-1)[flats].any():
            continue  # exactly 0: that has its own rule, which says whether it could be anything else
        some = "" if looked == sweep.size else f" that were looked at, of {sweep.size:,},"
        element, whole = Element(sweep.value, int(flats[0])), recording.board.whole(sweep.value)
        text = (
            f"{len(flats):,} of {looked:,} gradients of {whole}{some} {is_or_are(len(flats))} what is left where more "
            f"than {at['cancel']:.0%} of the parts cancel: the samples or paths pull against each other"
        )
        hint = "look at the terms (s enters the sum); a larger batch, or separate units for what disagrees"
        numbers = {"cancelled": len(flats), "of": looked}
        yield Seen(evidence.place(element, Phase.BACKWARD), numbers, text, [hint])
