"""Losses that are written by hand, as formulas: which usual loss each is, of what, and whether its sign is right."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.graph.graph import Graph, Node, Role

#: What passes an array on with other axes, or only a part of it.
MOVES = ("reshape", "flatten", "transpose", "index")
_SUMS = ("mean", "sum")
#: What makes an error's size of it.
_SIZES = ("power", "square", "abs")


class Written(NamedTuple):
    """The usual loss of a `name`, with the `node` that it is reduced from, the values of its `outputs` and `targets`,
    and the `sign` before it: −1 where training makes it larger. `mean`: whether it is the mean that the usual one is,
    and not a sum or a multiple; `takes` what it takes its outputs for, where the name alone does not say."""

    name: str
    node: Node
    outputs: int
    targets: int
    sign: int
    mean: bool
    takes: str = ""


def made_by(graph: Graph, value: int) -> Node | None:
    """The node that made a value's numbers: the one before reshaping, transposing and taking parts."""
    at = graph.values[value].node
    while at >= 0 and graph.nodes[at].op.name in MOVES:
        at = graph.values[graph.nodes[at].inputs[0]].node
    return graph.nodes[at] if at >= 0 else None


def is_leaf(graph: Graph, value: int) -> bool:
    """Whether a value is given, and not computed or trained."""
    at = graph.values[value]
    while at.node >= 0 and graph.nodes[at.node].op.name in MOVES:
        at = graph.values[graph.nodes[at.node].inputs[0]]
    return at.role in (Role.INPUT, Role.LITERAL)


def written_loss(graph: Graph) -> Written | None:
    """The loss that a graph's formula is: a mean or sum of squares or of distances, or of targets times logarithms of
    probabilities, in the ways in which these are usually written. None where it is another."""
    node, sign = _unsigned(graph, graph.nodes[graph.loss.node])
    sums: list[Node] = []
    while node is not None and node.op.name in (*_SUMS, "negative"):
        if node.op.name == "negative":
            sign = -sign
        else:
            sums.append(node)
        node = made_by(graph, node.inputs[0])
    if node is None or not sums:
        return None
    plain = graph.loss.node == sums[0].id and len(sums) == 1 and sums[0].op.name == "mean"
    return _squares(graph, node, sign, plain) or _logarithms(graph, node, sign, sums)


def mean_of_errors(graph: Graph) -> tuple[Node, bool] | None:
    """The mean or sum of y − t that a loss is made of, and whether it is squared, or its size taken, only then; None
    where the loss is another."""
    node, _ = _unsigned(graph, graph.nodes[graph.loss.node])
    if node is not None and node.op.name in _SUMS:
        sized, _ = _unsigned(graph, made_by(graph, node.inputs[0]))
        node = sized if sized is not None and sized.op.name in _SIZES else node
    if node is None:
        return None
    twice = node.op.name == "multiply" and len(node.inputs) == 2 and node.inputs[0] == node.inputs[1]
    after = node.op.name in _SIZES or twice
    inner, _ = _unsigned(graph, made_by(graph, node.inputs[0])) if after else (node, 1)
    if inner is None or inner.op.name not in _SUMS:
        return None
    error, _ = _unsigned(graph, made_by(graph, inner.inputs[0]))
    if error is None or error.op.name != "subtract":
        return None
    given = [is_leaf(graph, v) and graph.values[v].shape != () for v in error.inputs]
    return (inner, after) if given[0] != given[1] else None


def _unsigned(graph: Graph, node: Node | None) -> tuple[Node | None, int]:
    """The node before a minus sign and factors of one given number, and the sign of them together."""
    sign = 1
    while node is not None and node.op.name in ("negative", "multiply", "divide"):
        if node.op.name == "negative":
            sign, value = -sign, node.inputs[0]
        else:
            given = [v for v in node.inputs if graph.values[v].role is Role.LITERAL and not graph.values[v].shape]
            rest = [v for v in node.inputs if v not in given]
            if len(rest) != 1 or not given or (node.op.name == "divide" and rest[0] != node.inputs[0]):
                return node, sign
            sign, value = sign * (-1 if float(graph.literals[given[0]]) < 0 else 1), rest[0]
        node = made_by(graph, value)
    return node, sign


def _squares(graph: Graph, node: Node, sign: int, mean: bool) -> Written | None:
    """(y − t)² or |y − t|."""
    name = "mae"
    if node.op.name in ("power", "square", "multiply"):
        twice = node.op.name == "square" or (node.op.name == "multiply" and _same(graph, *node.inputs[:2]))
        if node.op.name == "power":
            exponent = (
                graph.literals.get(node.inputs[1]) if len(node.inputs) > 1 else getattr(node.op, "exponent", None)
            )
            twice = exponent is not None and float(exponent) == 2
        name = "mse" if twice else ""
    elif node.op.name != "abs":
        return None
    inner = made_by(graph, node.inputs[0])
    if not name or inner is None or inner.op.name != "subtract":
        return None
    a, b = inner.inputs
    if is_leaf(graph, a) == is_leaf(graph, b):
        return None
    outputs, targets = (b, a) if is_leaf(graph, a) else (a, b)
    return Written(name, inner, outputs, _leaf(graph, targets), sign, mean)


def _same(graph: Graph, a: int, b: int) -> bool:
    """Whether two values are one, or the same difference written twice."""
    first, second = made_by(graph, a), made_by(graph, b)
    if a == b or first is None or second is None:
        return a == b
    return first.op.name == second.op.name == "subtract" and first.inputs == second.inputs


def _logarithms(graph: Graph, node: Node, sign: int, sums: list[Node]) -> Written | None:
    """t ln y, or ln of the sum of t y; and t ln y + (1 − t) ln(1 − y). The minus before it is what makes it a loss."""
    shares = _shares(graph, node, sign, [one.op.name for one in sums] == ["mean", "sum"])
    if shares is not None:
        return shares
    if node.op.name in ("add", "subtract"):
        parts = [made_by(graph, v) for v in node.inputs]
        found = [_term(graph, p) for p in parts if p is not None]
        terms = [one for one in found if one is not None and is_leaf(graph, one[1]) and graph.values[one[1]].node < 0]
        if len(found) != 2 or not terms:
            return None
        log, targets = terms[0]
        return Written(
            "bce", node, _probability(graph, log), targets, -sign, len(sums) == 1 and sums[0].op.name == "mean"
        )
    if node.op.name == "log":  # of a sum of targets times probabilities
        inner = made_by(graph, node.inputs[0])
        inner = made_by(graph, inner.inputs[0]) if inner is not None and inner.op.name == "sum" else None
        given = [] if inner is None or inner.op.name != "multiply" else [v for v in inner.inputs if is_leaf(graph, v)]
        if inner is None or len(given) != 1:
            return None
        outputs = next(v for v in inner.inputs if v not in given)
        return Written(
            "nll", node, outputs, _leaf(graph, given[0]), -sign, len(sums) == 1 and sums[0].op.name == "mean"
        )
    return None


def _shares(graph: Graph, node: Node, sign: int, mean: bool) -> Written | None:
    """t ln y, a cross-entropy; and t (ln t − ln y), a divergence (Kullback and Leibler, 1951), which has its minus
    inside."""
    found = _weighed(graph, node)
    if found is None or not is_leaf(graph, found[0]):
        return None
    targets = _leaf(graph, found[0])
    own = [one for one in found[1] if is_leaf(graph, one.value) and _leaf(graph, one.value) == targets]
    others = [one for one in found[1] if one not in own]
    if len(others) != 1 or len(own) > 1 or any(one.sign == others[0].sign for one in own):
        return None
    (log,) = others
    name = "kl_div" if own else "cross_entropy" if log.takes == "class scores" else "nll"
    return Written(name, node, log.value, targets, -sign * log.sign, mean, log.takes if own else "")


class _Log(NamedTuple):
    """A logarithm in a sum, with its sign; `takes` says what `value` is taken for: class probabilities, scores of which
    a softmax is taken first, or the logarithm itself."""

    sign: int
    value: int
    takes: str = "class probabilities"


def _weighed(graph: Graph, node: Node) -> tuple[int, list[_Log]] | None:
    """The factor t and the logarithms of t · (ln a − ln b …), also where it is written t ln t − t ln b."""
    node_, sign = _unsigned(graph, node)
    if node_ is None or node_.op.name not in ("multiply", "subtract"):
        return None
    if node_.op.name == "subtract":
        first, second = (made_by(graph, v) for v in node_.inputs)
        if first is None or second is None or first.op.name != "xlogy" or first.inputs[0] != first.inputs[1]:
            return None
        targets, rest = first.inputs[0], _weighed(graph, second)
        if rest is None and second.op.name == "multiply" and targets in second.inputs:
            (value,) = [v for v in second.inputs if v != targets] or [targets]
            rest = targets, [_Log(1, value, "log-probabilities")]  # as kl_div has it, whatever they are
        if rest is None or rest[0] != targets:
            return None
        return targets, [_Log(sign, targets), *(one._replace(sign=-sign * one.sign) for one in rest[1])]
    for value, factor in (node_.inputs, node_.inputs[::-1]):
        logs = _logs(graph, value, sign)
        if logs:
            return factor, logs
    return None


def _logs(graph: Graph, value: int, sign: int) -> list[_Log]:
    """The logarithms that a value is the sum of; none where it is anything else."""
    node, own = _unsigned(graph, made_by(graph, value))
    sign *= own
    if node is None:
        return []
    if node.op.name == "subtract":
        a, b = (_logs(graph, v, s) for v, s in zip(node.inputs, (sign, -sign), strict=True))
        return [*a, *b] if a and b else []
    if node.op.name == "log_softmax":
        return [_Log(sign, node.inputs[0], "class scores")]
    if node.op.name != "log":
        return []
    inner = made_by(graph, node.inputs[0])
    if inner is not None and inner.op.name == "divide":
        return [_Log(sign, inner.inputs[0]), _Log(-sign, inner.inputs[1])]
    return [_Log(sign, _probability(graph, node))]


def _term(graph: Graph, node: Node) -> tuple[Node, int] | None:
    """The logarithm and the factor of t · ln y."""
    node_, _ = _unsigned(graph, node)
    if node_ is None or node_.op.name != "multiply":
        return None
    for log, factor in (node_.inputs, node_.inputs[::-1]):
        made, _ = _unsigned(graph, made_by(graph, log))
        if made is not None and made.op.name in ("log", "log_softmax"):
            return made, factor
    return None


def _probability(graph: Graph, log: Node) -> int:
    """What a logarithm is taken of, before a small number is added or it is held between bounds."""
    value = log.inputs[0]
    made = graph.nodes[graph.values[value].node] if graph.values[value].node >= 0 else None
    while made is not None and made.op.name in ("add", "clip", "maximum"):
        inside = [v for v in made.inputs if graph.values[v].role is not Role.LITERAL]
        if len(inside) != 1:
            break
        value = inside[0]
        made = graph.nodes[graph.values[value].node] if graph.values[value].node >= 0 else None
    return value


def _leaf(graph: Graph, value: int) -> int:
    """The given value behind reshaping."""
    while graph.values[value].node >= 0:
        value = graph.nodes[graph.values[value].node].inputs[0]
    return value
