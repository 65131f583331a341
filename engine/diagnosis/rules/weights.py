"""Rules about the sizes that weights give at first: sums, scores, and how much of an activation they use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.written import made_by
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.index import Array
from gradstep.engine.notation import number

#: How many times smaller than its input a weighted sum may be, of the times it may be larger.
_SMALLER = 50.0


#: Of rows, or of differences: a half is most of them; our own.
_HALF = 0.5
#: Of fewer keys one has most of the weight by chance; our own.
_KEYS = 3
#: Scores of this standard deviation give the first of ten keys most of the weight: of ten normal numbers the largest is
#: 1.5 deviations up, and exp(1.5 · 3) is 90; our own.
_SPREAD = 3.0
#: Keys of fewer numbers have scores of about 1 without a factor, √8 being below 3; our own.
_DEEP = 8
#: A smallest probability within this factor of the smallest normal number of its type is as good as 0; our own.
_ABOVE = 1e10


def _size(array: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) if array.size else 0.0


@rule(
    "weight_scale",
    "Glorot and Bengio (AISTATS 2010), He et al. (ICCV 2015): weights that keep the size of what goes through them",
    Severity.WARNING,
    threshold=8.0,
    allowed=(1.0, float("inf")),
    explains="saturated vanish explode rate_large rate_small loss no_better_than_constant same_predictions diverged "
    "overflow too_few_iterations died spike oscillates",
)
def weight_scale(evidence: Evidence) -> Iterator[Seen]:
    """A hidden layer that makes what goes through it many times larger, or smaller."""
    if not evidence.trained or evidence.converged:
        return
    trace, most = evidence.first.trace, evidence.at["weight_scale"]
    for layer in evidence.board.layers:
        if layer.weight < 0 or layer.pre < 0:
            continue
        node = evidence.graph.nodes[layer.node]
        weight = trace.data[layer.weight]
        if weight.ndim != 2 or not weight.any():
            continue
        into, out = (
            _size(trace.data[node.inputs[0]]),
            _size(trace.data[layer.pre] - (trace.data[layer.bias] if layer.bias >= 0 else 0)),
        )
        ratio = out / into if into else 1.0
        if 1 / _SMALLER <= ratio <= most or not np.isfinite(ratio) or not ratio:  # 0 is no size: all cancels
            continue
        name = evidence.graph.values[layer.weight].name
        what = "larger" if ratio > 1 else "smaller"
        text = (
            f"{name} makes what goes through it {number(max(ratio, 1 / ratio))} times {what} at first "
            f"({number(into)} → "
            f"{number(out)}); its numbers have a size of {number(_size(weight))}, and about "
            f"{number((2 / weight.shape[-1]) ** 0.5)} keeps it"
        )
        advice = ["weights drawn for their number of inputs: he_normal before relu, xavier_normal before tanh"]
        yield Seen(Place(name), {"ratio": ratio}, text, advice, about=frozenset((name,)))
        return


@rule(
    "attention_scale",
    "Vaswani et al., Attention Is All You Need (2017), sect. 3.2.1: scores divided by √d",
    Severity.WARNING,
    threshold=0.95,
    allowed=(0.0, 1.0),
    explains="vanish zero loss no_better_than_constant rate_small too_few_iterations",
)
def attention_scale(evidence: Evidence) -> Iterator[Seen]:
    """A softmax over products of queries and keys that has one winner in nearly every row, from the beginning."""
    graph = evidence.graph
    for node in graph.nodes if evidence.course is None or not evidence.course.done else ():
        if node.op.name != "softmax" or node.output not in graph.active:
            continue
        made = made_by(graph, node.inputs[0])
        factor = made
        while factor is not None and factor.op.name in ("divide", "multiply", "causal_mask", "add", "where"):
            data = [v for v in factor.inputs if graph.values[v].shape == graph.values[node.output].shape]
            factor = made_by(graph, data[0]) if data else None
        if (
            factor is None
            or factor.op.name not in ("matmul", "linear")
            or any(graph.values[v].node < 0 for v in factor.inputs[:2])
        ):
            continue
        found = evidence.first.trace.data[node.output]
        width = found.shape[-1]
        if width < _KEYS:
            continue
        rows = found.reshape(-1, width)
        open_rows = rows[(rows > 0).sum(axis=-1) > 1]
        won = float((open_rows.max(axis=-1) > evidence.at["attention_scale"]).mean()) if len(open_rows) else 0.0
        depth = graph.values[factor.inputs[0]].shape[-1]
        given = evidence.first.trace.data[node.inputs[0]]
        scores = _size(given[np.isfinite(given)])  # those that are masked are −∞
        divided = made is not None and made.op.name in ("divide", "multiply")
        if won < _HALF and (divided or scores < _SPREAD or depth < _DEEP):
            continue
        text = (
            f"in {won:.0%} of its rows {evidence.board.whole(node.output)} has one winner at first: the scores have "
            "a size of "
            f"{number(scores)} for {depth} numbers in a key"
        )
        advice = [
            "scores / √d before the softmax" if not divided else "smaller queries and keys, or layer_norm before them"
        ]
        yield Seen(Place(graph.values[node.output].name), {"won": won, "scores": scores}, text, advice)


@rule(
    "log_of_softmax",
    "PyTorch's documentation of log_softmax: log(softmax(x)) is numerically unstable",
    Severity.INFORMATION,
    explains="nonfinite diverged overflow zero input_scale saturated no_better_than_constant rate_large",
)
def log_of_softmax(evidence: Evidence) -> Iterator[Seen]:
    """A logarithm of a softmax or a sigmoid, which is −∞ where that has become 0."""
    graph = evidence.graph
    for node in graph.nodes:
        made = made_by(graph, node.inputs[0]) if node.op.name == "log" else None
        while made is not None and made.op.name in ("sum", "multiply"):
            made = next((m for v in made.inputs if (m := made_by(graph, v)) is not None), None)
        if made is None or made.op.name not in ("softmax", "sigmoid") or node.output not in graph.active:
            continue
        seen = [one.trace.data[made.output] for one in (evidence.first, evidence.last)]
        lowest = min(float(np.fmin.reduce(array, axis=None, initial=1.0)) for array in seen)
        near = float(np.finfo(graph.dtype).tiny) * _ABOVE
        whole = evidence.board.whole(node.output)
        text = f"{whole} is the logarithm of a {made.op.name}, whose smallest is {number(lowest)}"
        advice = ["log_softmax, or cross_entropy of the scores" if made.op.name == "softmax" else "bce_with_logits"]
        severity = Severity.FAULT if not lowest > near else None
        yield Seen(Place(graph.values[node.output].name), {"smallest": lowest}, text, advice, severity)
        return


@rule(
    "cancellation",
    "Higham, Accuracy and Stability of Numerical Algorithms (2nd ed., 2002), sect. 1.7",
    Severity.WARNING,
    threshold=30.0,
    allowed=(1.0, float("inf")),
    explains="diverged overflow nonfinite rate_large oscillates spike loss no_better_than_constant",
)
def cancellation(evidence: Evidence) -> Iterator[Seen]:
    """A difference of nearly equal numbers, of which only the last digits are left."""
    graph, few = evidence.graph, evidence.at["cancellation"]
    eps = float(np.finfo(graph.dtype).eps)
    for node in graph.nodes:
        if node.op.name != "subtract" or node.output not in graph.active:
            continue
        if any(graph.values[v].node < 0 and graph.values[v].role is not Role.LITERAL for v in node.inputs):
            continue  # of what is given the digits are known
        makers = [made_by(graph, value) for value in node.inputs]
        if any(m is not None and m.op.name == "detach" and m.inputs[0] in node.inputs for m in makers):
            continue  # a number less itself, for the sake of its gradient
        a, b = (np.asarray(x, dtype=np.float64) for x in evidence.first.trace.inputs(node))
        with np.errstate(all="ignore"):
            left, size = abs(a - b), np.maximum(abs(a), abs(b))
            lost = (left < few * eps * size) & (size > 0) & np.isfinite(size)
        if lost.size and float(lost.mean()) >= _HALF:
            worst = float((left / np.maximum(size, 1e-300)).min())
            text = (
                f"{evidence.board.whole(node.output)} is a difference of numbers that agree to within {number(worst)} "
                f"of their size, and {graph.dtype.name} knows {number(eps)}: what is left are digits of rounding"
            )
            advice = ["subtract before squaring: mean((x − mean(x))²)", "float64"]
            yield Seen(Place(graph.values[node.output].name), {"left": worst}, text, advice)
            return


#: A quotient that is so many times what is divided: its divisor is below a thousandth; our own.
_QUOTIENT = 1e3


@rule(
    "small_divisor",
    "Higham, Accuracy and Stability of Numerical Algorithms (2nd ed., 2002), sect. 1.6: a quotient is as sensitive as "
    "its divisor is near 0",
    Severity.WARNING,
    threshold=_QUOTIENT,
    allowed=(1.0, float("inf")),
    explains="explode rate_large diverged overflow nonfinite oscillates spike loss no_better_than_constant "
    "target_scale too_few_iterations vanish outlier underfit",
)
def small_divisor(evidence: Evidence) -> Iterator[Seen]:
    """A division by something trained that is near 0, by which the quotient, and the gradient, become very large."""
    graph = evidence.graph
    for node in graph.nodes if not evidence.learned else ():
        if node.op.name != "divide" or node.inputs[1] not in graph.active or node.output not in graph.active:
            continue
        for one in (evidence.first, evidence.last):
            above, below = (np.asarray(x, dtype=np.float64) for x in one.trace.inputs(node))
            quotient, size = _size(one.trace.data[node.output]), _size(above)
            if not size or not np.isfinite(quotient) or not quotient > evidence.at["small_divisor"] * max(size, 1.0):
                continue
            flat = int(np.abs(below).argmin())
            least = float(below.reshape(-1)[flat])
            divisor = graph.values[node.inputs[1]]
            text = (
                f"{evidence.board.whole(node.output)} is divided by {evidence.board.whole(divisor.id)}, of which "
                f"{evidence.board.element(divisor.id, flat)} is {number(least)}: the quotient is {number(quotient)} "
                f"in size where what is divided is {number(size)}, and its gradient grows with the square of that"
            )
            place = Place(one.typed(Element(divisor.id, flat)), one.iteration if evidence.trained else None)
            advice = ["a divisor that stays away from 0: d + 1, softplus(d) + 0.1, or a larger small number beside it"]
            yield Seen(place, {"divisor": least, "quotient": quotient}, text, advice)
            return
