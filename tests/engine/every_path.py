"""Paths from an element to the loss by brute force: all of them written out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from graphs import Array, Network, network

from gradstep.engine.graph.element import Element
from gradstep.engine.run.trace import Trace

Way = tuple[tuple[Element, ...], tuple[float, ...]]

#: So many paths of an element are written out at most.
FEW = 1500


def every_path(trace: Trace, element: Element) -> Iterator[Way]:
    """All paths to the loss in the order of the terms of the gradients on the way."""
    graph = trace.graph
    if element.value == graph.loss.id:
        yield (element,), ()
        return
    for number, slot in graph.uses[element.value]:
        node = graph.nodes[number]
        links = node.op.column(slot, element.flat, trace.data[node.output], [trace.data[i] for i in node.inputs])
        fed, local = links.grid.take(0, links.grid.size), links.local(0, links.grid.size)
        for flat, factor in zip(fed.tolist(), local.tolist(), strict=True):
            for through, factors in every_path(trace, Element(node.output, flat)):
                yield (element, *through), (factor, *factors)


def exact(factors: tuple[float, ...]) -> Fraction:
    product = Fraction(1)
    for factor in factors:
        product *= Fraction(factor)
    return product


def layered(widths: list[int], batch: int = 0, weight: float | None = None) -> Network:
    """Fully connected layers with tanh between, their mean as the loss."""
    rng = np.random.default_rng(2)
    parameters, lines, last = {}, {}, "x"
    for k, (inner, outer) in enumerate(pairwise(widths)):
        shape = (outer, inner)
        parameters[f"W{k}"] = rng.normal(size=shape) / inner**0.5 if weight is None else np.full(shape, weight)
        lines[f"h{k}"] = f"tanh({last} @ W{k}.T)"
        last = f"h{k}"
    lines["L"] = f"mean({last})"
    return network({"x": rng.normal(size=(batch, widths[0]) if batch else widths[0])}, parameters, lines)


RNG = np.random.default_rng(11)


def some(*shape: int) -> Array:
    return np.asarray(RNG.normal(size=shape))


#: inputs, parameters and lines of networks with every kind of operation.
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "convolution": (
        {"x": some(2, 4, 4), "t": some(2, 2, 2)},
        {"w": some(2, 2, 3, 3), "b": some(2), "v": some(2, 2, 2, 2)},
        {"c": "conv2d(x, w, b, padding=1)", "r": "relu(c)", "d": "conv2d(r, v, stride=2)", "L": "mse(d, t)"},
    ),
    "pooling": (
        {"x": some(1, 1, 5, 5)},
        {"w": some(2, 1, 2, 2)},
        {
            "c": "conv2d(x, w)", "m": "max_pool2d(c, 2, 1, 1)", "a": "avg_pool2d(c, 2)", "q": "sum(a * a)",
            "L": "sum(m) * q",
        },
    ),
    "softmax": (
        {"x": some(3, 4), "t": [0.0, 2.0, 1.0]},
        {"W": some(3, 4), "b": some(3)},
        {"z": "x @ W.T + b", "L": "cross_entropy(z, t)"},
    ),
    "layer norm, skip": (
        {"x": some(2, 3), "t": [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]},
        {"W": some(3, 3), "g": some(3), "b": some(3)},
        {"z": "x @ W.T", "n": "layer_norm(z, g, b)", "p": "softmax(n)", "s": "n + p", "L": "cross_entropy(s, t)"},
    ),
    "attention": (
        {"x": some(3, 2)},
        {"Q": some(2, 2), "K": some(2, 2), "V": some(2, 2)},
        {"q": "x @ Q", "k": "x @ K", "v": "x @ V", "a": "attention(q, k, v, causal=True)", "L": "sum(a * x)"},
    ),
    "max, min, embedding": (
        {"ids": [0.0, 2.0, 0.0]},
        {"E": some(4, 3)},
        {"e": "embedding(E, ids)", "m": "max(e, axis=0)", "n": "min(e)", "L": "sum(m) * n"},
    ),
    "moves": (
        {},
        {"a": some(2, 3), "b": some(2, 3)},
        {
            "c": "concat(a, b, axis=1)", "s": "stack(a, b, axis=1)", "t": "transpose(c)", "i": "t[1:5:2, 0]",
            "j": "s[:, 1]", "f": "flatten(j)", "k": "reshape(i, (2, 1))", "u": "k * j", "m": "sum(f * f)",
            "L": "sum(u) * m",
        },
    ),
    "left out by an index": (
        {},
        {"a": some(3, 4)},
        {"b": "a * 2", "p": "b[1]", "q": "b * 0.01", "r": "b[:, 3]", "u": "sum(q) + sum(p * p)", "L": "u * sum(r)"},
    ),
    "broadcasting": (
        {}, {"a": some(2, 1), "b": some(3), "s": some()}, {"c": "a * b", "d": "c * s + s", "L": "mse(d, s)"},
    ),
    "matrix products": (
        {},
        {"A": some(2, 2, 3), "B": some(3, 2), "v": some(2)},
        {"c": "A @ B", "d": "c @ v", "e": "v @ c", "L": "sum(d * e)"},
    ),
    "batch norm, masks": (
        {"x": some(2, 2, 2)},
        {"g": some(2), "b": some(2)},
        {
            "p": "x * 2", "n": "batch_norm(x, g, b)", "d": "dropout(n, p=0.3, seed=3)", "w": "where(d > 0, d * d, n)",
            "L": "mean(w) + sum(p) * sum(b)",
        },
    ),
    "shared weights": (
        {"x": some(3)},
        {"W": some(2, 3), "V": some(2, 2)},
        {"h": "x * x + 1", "z": "W @ h", "a": "maximum(z, -z)", "r": "a + V @ a", "q": "r + V @ r", "L": "sum(q ** 2)"},
    ),
}  # fmt: skip
