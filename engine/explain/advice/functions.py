"""What to write instead of a function that is risky where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradstep.engine.explain.advice.patterns import (
    after,
    followed,
    is_one_more,
    is_rest,
    is_sigmoid,
    is_softmax,
    is_tanh,
    maker,
    written,
)
from gradstep.engine.graph.graph import Graph, Node


def instead_of_log(graph: Graph, node: Node | None) -> str:
    """Of a logarithm of 0."""
    if node is None or node.op.name != "log":
        return "a loss of logits: bce_with_logits instead of bce, cross_entropy instead of nll"
    x, source = written(graph, node.inputs[0]), maker(graph, node.inputs[0])
    if is_rest(graph, source):
        assert source is not None, "it is 1 − something"
        source = maker(graph, source.inputs[1])
        if is_softmax(graph, source) or is_sigmoid(graph, source):
            return "logits instead of probabilities: bce_with_logits(z, t), or -softplus(z) for ln(1 − σ(z))"
    if is_softmax(graph, source):
        return "log_softmax(z), or cross_entropy(z, t): the logarithm of softmax in the form that keeps its digits"
    if is_sigmoid(graph, source):
        return "bce_with_logits(z, t), or -softplus(-z) for ln σ(z): the forms that keep their digits"
    return f"a loss of logits (bce_with_logits, cross_entropy), or a lower bound before it: log(maximum({x}, 1e-12))"


def instead_of_exp(graph: Graph, node: Node | None, trained: bool) -> str:
    """Of an exp that overflows: what it is the first part of."""
    near = [] if node is None else list(after(graph, node))
    names = [one.op.name for one in near]
    if any(is_one_more(graph, one) for one in near[:1]) and "log" in names[:2]:
        return "softplus(x) instead of log(1 + exp(x)): the form that does not overflow"
    if any(is_softmax(graph, one) for one in near):
        return "softmax, log_softmax or cross_entropy instead of exp(x) / sum(exp(x)): they take the largest off first"
    if "sum" in names[:1] and "log" in names[:2]:
        return "take the largest off first: max(x) + log(sum(exp(x - max(x)))), as log_softmax and cross_entropy do"
    if any(is_sigmoid(graph, one) for one in near):
        return "sigmoid(x) instead of 1 / (1 + exp(-x)), and bce_with_logits instead of its logarithm"
    if any(is_tanh(graph, one) for one in near):
        return "tanh(x) instead of a quotient of exponentials: it does not overflow"
    x = "x" if node is None else written(graph, node.inputs[0])
    most = int(np.log(np.finfo(graph.dtype).max))
    less = ", or a smaller learning rate" if trained else ""
    return f"hold its argument down before it: exp(minimum({x}, {most // 2})), or subtract the largest first{less}"


def instead_of_division(graph: Graph, node: Node | None, dtype: np.dtype[Any]) -> str:
    """Of a division by 0."""
    if node is None or node.op.name not in ("divide", "power"):
        return "a small number added to what is divided by"
    if node.op.name == "power":
        base = written(graph, node.inputs[0])
        return f"keep the base away from 0: maximum({base}, 1e-12), or ({base} + 1e-12)"
    above, below = (written(graph, value) for value in node.inputs)
    source = maker(graph, node.inputs[1])
    if source is not None and source.op.name == "sqrt":
        return f"a small number inside the root: sqrt({written(graph, source.inputs[0])} + 1e-12)"
    if source is not None and source.op.name == "sum":
        return f"a divisor of at least 1 where there may be nothing to count: {above} / maximum({below}, 1)"
    chosen = f"where({below} != 0, {below}, 1)"
    return f"keep the divisor away from 0: {above} / ({below} + 1e-12), or choose before it: {chosen}"


def inside_the_root(graph: Graph, node: Node | None) -> str:
    """Of an infinite slope."""
    if node is None or node.op.name not in ("sqrt", "power", "log", "divide"):
        return "keep the argument away from where the slope is infinite: maximum(x, 1e-12)"
    if node.op.name == "divide":
        return instead_of_division(graph, node, graph.dtype)
    if node.op.name == "log":
        return instead_of_log(graph, node)
    x = written(graph, node.inputs[0])
    if node.op.name == "power":
        return f"a small number inside the power (eps): ({x} + 1e-12) ** {written(graph, node.inputs[1])}"
    outside = any(one.op.name == "add" and _small(graph, one) for one in followed(graph, node))
    told = "; added outside it, as here, it does not help" if outside else ""
    return f"a small number (eps) inside the root: sqrt({x} + 1e-12){told}"


def _small(graph: Graph, node: Node) -> bool:
    """Whether an addition adds a small number."""
    numbers = [graph.values[value].number for value in node.inputs]
    return any(number is not None and 0 < number < 1e-2 for number in numbers)


# Choosing before ----------------------------------------------------------------------------------


def choosers(graph: Graph, node: Node) -> Iterator[Node]:
    """The where() that what a node computes ends in, one after the other."""
    return (user for user in followed(graph, node) if user.op.name == "where")


def takes(graph: Graph, chooser: Node, node: Node) -> bool:
    """Whether a where() has what a node computes as the one that it takes where its condition holds."""
    here = node
    for user in followed(graph, node):
        if user is chooser:
            break
        here = user
    return here.output == chooser.inputs[1]


def risky_input(graph: Graph, node: Node) -> tuple[int, str]:
    """The input of an operation that may be where it has no value or an infinite slope, and a number that is safe in
    its place; −1 where there is no such input."""
    if node.op.name in ("log", "sqrt", "power"):
        return node.inputs[0], "1"
    if node.op.name == "divide":
        return node.inputs[1], "1"
    return (node.inputs[0], "0") if node.op.name == "exp" else (-1, "")


def rewritten(graph: Graph, node: Node, value: int, instead: str) -> str:
    """An operation with something in the place of one of its inputs."""
    names = [instead if v == value else written(graph, v) for v in node.inputs]
    signs = {"divide": "{0} / {1}", "power": "{0} ** {1}"}
    return signs.get(node.op.name, f"{node.op.name}({{0}})").format(*names)
