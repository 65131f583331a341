"""What the numbers of a value can be at all, whatever the parameters are: interval arithmetic over the operations that
made it (Moore, Interval Analysis, 1966)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp, inf, log1p, sqrt, tanh

from gradstep.engine.diagnosis.written import MOVES
from gradstep.engine.graph.graph import Graph, Node, Role

Interval = tuple[float, float]
ANY: Interval = (-inf, inf)
#: A lowest and a highest number that are computed are known to within so much.
SLACK = 1e-9


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0


def _exp(x: float) -> float:
    return exp(x) if x < 700 else inf


def _softplus(x: float) -> float:
    return x if x > 30 else log1p(exp(x))


#: Functions that never fall, as they are computed here at the ends of an interval.
_RISING: Mapping[str, Callable[[float], float]] = {
    "sigmoid": _sigmoid,
    "tanh": tanh,
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "hard_tanh": lambda x: min(max(x, -1.0), 1.0),
    "hardsigmoid": lambda x: min(max(x / 6 + 0.5, 0.0), 1.0),
    "softplus": _softplus,
    "exp": _exp,
}
_FIXED: Mapping[str, Interval] = {
    "softmax": (0.0, 1.0),
    "log_softmax": (-inf, 0.0),
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
}


def reach(graph: Graph, value: int) -> Interval:
    """The least and the largest number that a value can have, as far as its operations say. What is given or trained
    can be any number."""
    made = graph.values[value].node
    return ANY if made < 0 else _of(graph, graph.nodes[made])


def _of(graph: Graph, node: Node) -> Interval:
    name = node.op.name
    if name in _FIXED:
        return _FIXED[name]
    if name == "standardize":
        return _normalised(graph, node)
    if name in _RISING:
        low, high = reach(graph, node.inputs[0])
        return _RISING[name](low), _RISING[name](high)
    if name in MOVES or name in ("mean", "max", "min"):
        return reach(graph, node.inputs[0])
    if name in ("abs", "square"):
        return 0.0, inf
    if name == "negative":
        low, high = reach(graph, node.inputs[0])
        return -high, -low
    return _with_a_number(graph, node)


def _with_a_number(graph: Graph, node: Node) -> Interval:
    """Sums and products with one given number."""
    numbers = [v for v in node.inputs if graph.values[v].role is Role.LITERAL and not graph.values[v].shape]
    rest = [v for v in node.inputs if v not in numbers]
    if len(numbers) != 1 or len(rest) != 1 or node.op.name not in ("add", "subtract", "multiply", "divide"):
        return ANY
    (low, high), c = reach(graph, rest[0]), float(graph.literals[numbers[0]])
    if node.op.name == "add":
        return low + c, high + c
    if node.op.name == "subtract":
        return (low - c, high - c) if rest[0] == node.inputs[0] else (c - high, c - low)
    if node.op.name == "divide" and (rest[0] != node.inputs[0] or c == 0):
        return ANY
    scaled = [end * c if node.op.name == "multiply" else end / c for end in (low, high)] if c else [0.0, 0.0]
    return min(scaled), max(scaled)


def _normalised(graph: Graph, node: Node) -> Interval:
    """Of n numbers with mean 0 and variance 1 none is further from 0 than √(n − 1) (Samuelson, How deviant can you be?,
    1968)."""
    shape = graph.values[node.inputs[0]].shape
    axes = getattr(node.op, "axes", lambda ndim: ())(len(shape))
    count = 1
    for axis in axes:
        count *= shape[axis]
    return (-sqrt(count - 1), sqrt(count - 1)) if axes and count else ANY
