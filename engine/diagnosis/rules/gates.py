"""Rules about units that let nothing through: dead and saturated ones."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.search import elements
from gradstep.engine.ask.thresholds import SHARE
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import is_or_are, number
from gradstep.engine.run.timeline import Phase

#: Of a layer, the share of shut units from which on it is more than worth knowing: half, as SageMaker Debugger's rule
#: DeadRelu has it.
_SHARE = 0.5


#: A bias below this, in units of standardised inputs through He's weights, outweighs most sums; our own.
_LOW = -1.0


@rule(
    "dead",
    "as Amazon SageMaker Debugger's rule DeadRelu, which speaks up at half a layer",
    explains="no_better_than_constant loss same_predictions underfit unchanged zero died vanish rate_small "
    "weight_scale rate_large oscillates",
)
def dead(evidence: Evidence) -> Iterator[Seen]:
    """Units of a ReLU that are shut in every sample, and were from the beginning."""
    recording = evidence.first
    if recording.trace.loss == 0:
        return  # a hinge that is shut everywhere asks for nothing
    for sweep, flats in elements(recording, "dead", (Phase.FORWARD,)):
        samples = recording.samples
        batched = samples.axis(sweep.value) is not None
        units = sweep.size // (samples.count if batched else 1)
        node = recording.graph.nodes[sweep.node]
        if evidence.trained and node.inputs[0] in evidence.summaries.counted:
            still = int((evidence.summaries.above_zero(node.inputs[0]).high.max(axis=0) == 0).sum())
        else:
            still = len(flats)
        if not still:
            continue
        share = still / units
        everywhere = f" in all {samples.count} samples" if batched and samples.count > 1 else ""
        since = f", from the first to the last of {evidence.made:,} iterations" if evidence.trained else ""
        text = (
            f"{still:,} of {units:,} gates of {recording.board.whole(sweep.value)} {is_or_are(still)} shut{everywhere}"
            f"{since}: "
            f"nothing that leads into them learns{'' if evidence.trained else ' from this'}"
        )
        low = _bias(evidence, sweep.value)
        if low is not None and low < _LOW:
            text += f". Their bias goes down to {number(low, signed=True)}"
        if _below(evidence, sweep.value):
            text += ". All of their weights are below 0, and all that goes in is not"
        advice = ["biases that begin at 0"] if low is not None and low < _LOW else ["he_normal weights, or leaky_relu"]
        advice = advice if 2 * still >= units else []  # of fewer than half of a layer there is nothing to mend
        place = evidence.place(Element(sweep.value, int(flats[0])))
        harm = None if share >= _SHARE and _matters(evidence) else Severity.INFORMATION
        # Before a training half a layer may be shut, and the others learn: only all of it is known to be too many.
        harm = harm if evidence.trained or share == 1 else Severity.INFORMATION
        yield Seen(place, {"dead": still, "of": units, "share": share}, text, advice, harm)


def _matters(evidence: Evidence) -> bool:
    """Whether the loss stands still or rises, where that is known, and at no good end."""
    falls = evidence.course is not None and evidence.course.falls and not evidence.course.stuck
    return not evidence.learned and not falls


def _below(evidence: Evidence, value: int) -> bool:
    """Whether the weights of the layer that a value is the output of are all negative at the beginning, and its inputs
    are not."""
    layer, trace = evidence.board.layer_of.get(value), evidence.first.trace
    if layer is None or layer.weight < 0:
        return False
    into = trace.data[evidence.graph.nodes[layer.node].inputs[0]]
    return bool((trace.data[layer.weight] < 0).all() and (into >= 0).all())


def _bias(evidence: Evidence, value: int) -> float | None:
    """The lowest bias of the layer that a value is the output of, at the beginning."""
    layer = evidence.board.layer_of.get(value)
    if layer is None or layer.bias < 0:
        return None
    return float(evidence.first.trace.data[layer.bias].min())


@rule(
    "saturated",
    "slope below 1 % of its scale; Amazon SageMaker Debugger's rule SaturatedActivation looks at the same",
    threshold=KINDS["saturated"].default,
    explains="vanish loss no_better_than_constant rate_small too_few_iterations update zero unchanged same_predictions",
    allowed=SHARE,
)
def saturated(evidence: Evidence) -> Iterator[Seen]:
    """Outputs of a sigmoid or tanh that lie where it is flat."""
    if evidence.converged:
        return  # outputs that are certain are what one wanted
    recording, limit = evidence.first, evidence.at["saturated"]
    head = evidence.head
    for sweep, flats in elements(recording, f"saturated({limit!r})", (Phase.FORWARD,)):
        node = recording.graph.nodes[sweep.node]
        some = 2 * len(flats) < sweep.size
        if evidence.trained and some:
            continue
        # Outputs that are certain are what one wants, unless they have learned nothing.
        if (
            head is not None
            and sweep.value == head.outputs
            and evidence.course is not None
            and not evidence.course.stuck
        ):
            continue
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
        yield Seen(evidence.place(element), numbers, text, [hint], Severity.INFORMATION if some else None)
