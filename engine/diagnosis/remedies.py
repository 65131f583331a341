"""What words of advice are as changes that can be run: a line of [training], an edit, another initialisation.

A rule says in words what to try; where it has no change of its own, what its words name is made of them here, for the
place that it speaks of. Whether that helps is found out by trying it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Diagnosis, Finding, Place, Severity
from gradstep.engine.graph.graph import Node, Role, Value
from gradstep.engine.graph.layers import Layer

#: How much smaller or larger a rate is tried, where no other is said; and the usual size of what is not set.
_FACTOR, _CLIP, _DECAY, _DROPOUT = 10.0, 1.0, 0.01, 0.5
#: So many changes of a finding at most.
_MOST = 4


class About(NamedTuple):
    """The evidence, and the value that a finding speaks of, None where it is about the training as a whole."""

    evidence: Evidence
    value: Value | None

    @property
    def layer(self) -> Layer | None:
        return None if self.value is None else self.evidence.board.layer_of.get(self.value.id)


def with_changes(found: Diagnosis, evidence: Evidence) -> Diagnosis:
    """The same findings; those that are more than information and have no change of their own with what their words
    name."""
    return Diagnosis(_with_changes(one, evidence) for one in found)


def _with_changes(finding: Finding, evidence: Evidence) -> Finding:
    if finding.severity is Severity.INFORMATION or finding.changes:
        return finding
    about = About(evidence, _value(evidence, finding.place))
    made: dict[str, None] = {}
    for advice in finding.advice:
        for words, changes in REMEDIES:
            if re.search(words, advice.text):
                made.update(dict.fromkeys(changes(about)))
    return finding._replace(advice=(*finding.advice, *(Advice("", change) for change in list(made)[:_MOST])))


def _value(evidence: Evidence, place: Place) -> Value | None:
    """The value that a place is in: by its name, else by its step."""
    if place.step is not None:
        return evidence.graph.values[evidence.here.timeline.locate(place.step)[0].value]
    return evidence.board.resolve(place.name).value if place.name else None


# One for each change -----------------------------------------------------------------------------


def _rate(factor: float) -> Callable[[About], Iterator[str]]:
    def changes(about: About) -> Iterator[str]:
        rate = float(about.evidence.training.optimizer["lr"])
        if rate:
            yield f"lr = {rate * factor:.3g}"

    return changes


def _clipped(about: About) -> Iterator[str]:
    if about.evidence.training.clip_norm is None:
        yield f"clip_norm = {_CLIP:g}"


def _decay(about: About) -> Iterator[str]:
    if about.evidence.training.optimizer.options.keys() & {"weight_decay"}:
        yield f"weight_decay = {max(_DECAY, _FACTOR * float(about.evidence.training.optimizer['weight_decay'])):g}"


def _constant_rate(about: About) -> Iterator[str]:
    if about.evidence.training.schedule != "constant":
        yield 'schedule = "constant"'


def _warm_up(about: About) -> Iterator[str]:
    if not about.evidence.training.warmup and about.evidence.training.steps >= _FACTOR:
        yield f"warmup = {int(about.evidence.training.steps // _FACTOR)}"


def _batch(about: About) -> Iterator[str]:
    """More samples in a batch, where there are more."""
    size, samples = about.evidence.training.batch_size, about.evidence.samples
    if size is not None and size < samples:
        yield f"batch_size = {min(max(8, 4 * size), samples)}"


def _leaky(about: About) -> Iterator[str]:
    """The rectifier that a unit has, or into which what is spoken of goes."""
    for node in _activations(about, lambda node: node.op.rectifier and node.op.name == "relu"):
        yield f"set op {about.evidence.graph.values[node.output].name} = leaky_relu"


def _rectified(about: About) -> Iterator[str]:
    """All hidden units that saturate as rectifiers, with weights drawn for these."""
    head, graph = about.evidence.head, about.evidence.graph
    last = head.activation.id if head is not None and head.activation is not None else -1
    nodes = [node for node in graph.nodes if node.op.saturates and node.id != last and node.output in graph.active]
    named = [graph.values[node.output].name for node in nodes]
    if named and not any(":" in name for name in named):
        outputs = {node.output for node in nodes}
        layers = (one for one in about.evidence.board.layers if one.weight >= 0 and one.output in outputs)
        weights = dict.fromkeys(graph.values[one.weight] for one in layers)
        drawn = [f"init {weight.name} = he_normal" for weight in weights if len(weight.shape) > 1]
        yield "; ".join([*(f"set op {name} = relu" for name in named), *drawn])


def _drawn(about: About) -> Iterator[str]:
    """Weights drawn at random: those of the layer that is spoken of; where it is a parameter or the whole, this and
    those of all layers; before a rectifier wider."""
    graph, layer, value = about.evidence.graph, about.layer, about.value
    layers = [one for one in about.evidence.board.layers if one.weight >= 0]
    weights = {one.weight: _init(graph.nodes[graph.values[one.output].node]) for one in layers}
    if value is not None and value.role is Role.PARAMETER:
        weights = {value.id: weights.get(value.id, "he_normal"), **weights}
    elif layer is not None and layer.weight >= 0:
        weights = {layer.weight: weights[layer.weight]}
    wide = {weight: init for weight, init in weights.items() if len(graph.values[weight].shape) > 1}
    if wide:
        yield "; ".join(f"init {graph.values[weight].name} = {init}" for weight, init in wide.items())


def _init(node: Node) -> str:
    return "he_normal" if node.op.rectifier else "xavier_normal"


def _less_dropout(about: About) -> Iterator[str]:
    graph = about.evidence.graph
    for node in graph.nodes:
        name, p = graph.values[node.output].name, getattr(node.op, "p", 0.0)
        if node.op.varies and p > _DROPOUT and ":" not in name:
            yield f"set op {name} = dropout(p={_DROPOUT}, seed={getattr(node.op, 'seed', 0)})"


def _activations(about: About, wanted: Callable[[Node], bool]) -> Iterator[Node]:
    """The activation of the unit that is spoken of; where that is not known, or it is of another kind, all."""
    graph, layer = about.evidence.graph, about.layer
    nodes = [node for node in graph.nodes if wanted(node) and ":" not in graph.values[node.output].name]
    outputs = {about.value.id} if about.value is not None else set()
    outputs |= {layer.output} if layer is not None else set()
    own = [node for node in nodes if node.output in outputs]
    yield from own or nodes[:1]


#: Words of advice, and what is made of them; in this order they are tried.
REMEDIES: tuple[tuple[str, Callable[[About], Iterator[str]]], ...] = (
    (r"he_normal|xavier_normal|drawn at random", _drawn),
    (r"\bsmaller (learning )?rate", _rate(1 / _FACTOR)),
    (r"\blarger (learning )?rate", _rate(_FACTOR)),
    (r"leaky_relu", _leaky),
    (r"\brelu instead of (sigmoid|tanh)", _rectified),
    (r"clip_norm|gradient clipping", _clipped),
    (r"a schedule that falls later", _constant_rate),
    (r"weight decay\b", _decay),
    (r"p = 0\.5 at most", _less_dropout),
    (r"batch of more samples", _batch),
    (r"warm-up", _warm_up),
)
