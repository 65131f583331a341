"""Weighted sums, and what there has to be between them."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.graph import Node, Role, Value

#: What lets a sum through as a sum: adding, scaling by one number, moving, dropping out.
_LINEAR = ("add", "subtract", "negative", "reshape", "flatten", "transpose", "dropout")
#: What nearest neighbours tell of the targets' variance beyond a plane, where a plane is not enough; our own, several
#: times what the two differ by where the targets are linear in the inputs.
_BENDS = 0.1
#: What multiplies with weights.
WEIGHTED = ("linear", "matmul", "conv1d", "conv2d", "conv3d")


def weight_of(evidence: Evidence, node: Node) -> Value | None:
    """The parameter that a node multiplies with, where it is one."""
    if node.op.name not in WEIGHTED:
        return None
    values = [evidence.graph.values[v] for v in node.inputs[:2]]
    return next((v for v in reversed(values) if v.role is Role.PARAMETER or _moved(evidence, v)), None)


def _moved(evidence: Evidence, value: Value) -> bool:
    made = evidence.graph.nodes[value.node] if value.node >= 0 else None
    return made is not None and made.op.name == "transpose" and _is_parameter(evidence, made.inputs[0])


def _is_parameter(evidence: Evidence, value: int) -> bool:
    return evidence.graph.values[value].role is Role.PARAMETER


def _before(evidence: Evidence, value: int) -> Node | None:
    """The node that made a value, past all that a sum goes through unchanged but for its size."""
    at = evidence.graph.values[value].node
    while at >= 0 and evidence.graph.nodes[at].op.name in _LINEAR:
        inputs = [v for v in evidence.graph.nodes[at].inputs if evidence.graph.values[v].node >= 0]
        if len(inputs) != 1:
            return None
        at = evidence.graph.values[inputs[0]].node
    return evidence.graph.nodes[at] if at >= 0 else None


def in_line(evidence: Evidence) -> bool:
    """Whether the outputs are linear in the inputs, up to the function that makes them of the last sums."""
    graph, head = evidence.graph, evidence.head
    if head is None:
        return False
    wanted = {head.activation.inputs[0] if head.activation is not None else head.outputs}
    for node in reversed(graph.nodes):
        if node.output in wanted:
            given = sum(graph.values[v].role is not Role.NODE for v in node.inputs)
            scaled = node.op.name in ("multiply", "divide") and given >= len(node.inputs) - 1
            if node.op.name not in (*_LINEAR, *WEIGHTED, "concat", "sum", "mean", "index") and not scaled:
                return False
            wanted |= set(node.inputs)
    return True


def _enough(evidence: Evidence) -> bool:
    """Whether layers in line are no harm: where the network learns all the same, and where a plane is all there is."""
    plane = evidence.task.bends <= _BENDS
    if not evidence.trained:
        return plane
    return evidence.learned or (plane and evidence.course is not None and evidence.course.falls)


@rule(
    "linear_layers",
    "Goodfellow et al., Deep Learning (2016), ch. 6.1: layers without a function between them are one linear layer",
    Severity.WARNING,
    explains="no_better_than_constant underfit loss rate_large too_small too_few_iterations same_predictions",
)
def linear_layers(evidence: Evidence) -> Iterator[Seen]:
    """Two weighted sums with no activation between them: of weights that several of them share once."""
    told = set()
    for node in evidence.graph.nodes:
        weight = weight_of(evidence, node)
        if weight is None or node.output not in evidence.graph.active:
            continue
        data = next((v for v in node.inputs[:2] if v != weight.id), None)
        first = None if data is None else _before(evidence, data)
        inner = None if first is None else weight_of(evidence, first)
        if first is None or inner is None or len(evidence.graph.uses[first.output]) > 1:
            continue
        shapes = [evidence.graph.values[v].shape for v in (first.inputs[0], first.output, node.output)]
        if not all(shapes) or (inner.id, weight.id) in told:
            continue
        told.add((inner.id, weight.id))
        into, between, out = (shape[-1] for shape in shapes)
        narrow = between < min(into, out)
        name = evidence.board.whole(first.output)
        both = f"{inner.name} and {weight.name} together are" if inner.id != weight.id else f"{weight.name} twice is"
        text = (
            f"between {name} and {evidence.board.whole(node.output)} there is no activation: {both} one linear layer"
            f"{', of lower rank' if narrow else ''}"
        )
        if evidence.task.bends > _BENDS:
            text += (
                f"; nearest neighbours tell {evidence.task.explained:.0%} of the targets' variance, and a plane, which "
                f"is all that layers in line can make, {evidence.task.plane:.0%}"
            )
        severity = Severity.INFORMATION if narrow or _enough(evidence) else None
        place = Place(evidence.graph.values[first.output].name)
        yield Seen(place, {"width": between}, text, [f"an activation after {name}: relu, tanh"], severity)
