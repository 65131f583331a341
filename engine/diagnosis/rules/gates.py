"""Rules about units that let nothing through: dead and saturated ones."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.search import elements
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import number
from gradstep.engine.run.timeline import Phase


@rule("dead", "as Amazon SageMaker Debugger's rule DeadRelu, which speaks up at half a layer")
def dead(evidence: Evidence) -> Iterator[Seen]:
    """Units of a ReLU that are shut in every sample."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording = evidence.here
    for sweep, flats in elements(recording, "dead", (Phase.FORWARD,)):
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
        yield Seen(evidence.place(element), {"dead": len(flats), "of": units, "share": share}, text, [hint])


@rule(
    "saturated",
    "slope below 1 % of its scale; Amazon SageMaker Debugger's rule SaturatedActivation looks at the same",
    threshold=KINDS["saturated"].default,
)
def saturated(evidence: Evidence) -> Iterator[Seen]:
    """Outputs of a sigmoid or tanh that lie where it is flat."""
    if evidence.trained:
        return  # what one iteration shows is judged over all of them elsewhere
    recording, at = evidence.here, evidence.at
    limit = at["saturated"]
    for sweep, flats in elements(recording, f"saturated({limit!r})", (Phase.FORWARD,)):
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
        yield Seen(evidence.place(element), numbers, text, [hint])
