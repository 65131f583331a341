"""Rules about how large gradients are against what they are summed from."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.search import elements
from gradstep.engine.ask.thresholds import SHARE
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import is_or_are
from gradstep.engine.run.timeline import Phase


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
    for sweep, flats in elements(recording, f"cancel({at['cancel']!r})", (Phase.BACKWARD,)):
        if 2 * len(flats) <= sweep.size:
            continue  # in every large network some gradients happen to be small
        if not recording.trace.gradient(sweep.value).reshape(-1)[flats].any():
            continue  # exactly 0: that has its own rule, which says whether it could be anything else
        element, whole = Element(sweep.value, int(flats[0])), recording.board.whole(sweep.value)
        text = (
            f"{len(flats):,} of {sweep.size:,} gradients of {whole} {is_or_are(len(flats))} what is left where more "
            f"than {at['cancel']:.0%} of the parts cancel: the samples or paths pull against each other"
        )
        hint = "look at the terms (s enters the sum); a larger batch, or separate units for what disagrees"
        numbers = {"cancelled": len(flats), "of": sweep.size}
        yield Seen(evidence.place(element, Phase.BACKWARD), numbers, text, [hint])
