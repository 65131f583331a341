"""One forward and one backward pass of the engine, by itself and compiled as a training has it, against the same
network written in NumPy by hand. Times are those of the processor, which what runs beside hardly changes.

Runs in a process of its own, which is started with one BLAS thread (see __main__.py):

    python -m benchmarks.engine [--quick]

writes the measured pairs as one line of JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable, Sequence
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.measure import Pair
from benchmarks.names import Plan, Trace, loads, run

TARGET = 1.15
NETWORKS = ((784, 128, 10), (784, 2048, 2048, 10))
BATCHES = (1, 64)
DTYPES = ("float32", "float64")

Array = np.ndarray[Any, np.dtype[Any]]


def measure(quick: bool) -> list[Pair]:
    """Every network with every batch size and dtype."""
    return [
        _pair(sizes, batch, dtype, compiled, seconds=0.5 if quick else 6.0)
        for sizes in NETWORKS
        for batch in BATCHES
        for dtype in DTYPES
        for compiled in ((True, False) if Plan else (False,))
    ]


def _pair(sizes: Sequence[int], batch: int, dtype: str, compiled: bool, seconds: float) -> Pair:
    """Both passes in turns for about `seconds`, at least 20 times each, with the collector off."""
    loaded = loads(network(sizes, batch, dtype))
    named = {name: loaded.leaves[value.id] for name, value in loaded.graph.by_name.items() if value.node < 0}
    layers = range(1, len(sizes))
    weights, biases = [named[f"W{k}"] for k in layers], [named[f"b{k}"] for k in layers]

    plan = Plan(loaded.graph, loaded.leaves, {}, {}) if compiled else None

    def ours() -> Trace:
        return plan.run(1) if plan else run(loaded.graph, loaded.leaves)

    by_hand = one_sample if batch == 1 else many_samples

    def theirs() -> dict[str, Array]:
        return by_hand(named["x"], named["t"], weights, biases)

    agree(ours(), theirs())
    case = f"{'-'.join(map(str, sizes))}, batch {batch}, {dtype}{', compiled' if compiled else ''}"
    pair = Pair("engine", case, "NumPy by hand", TARGET, ours=[], theirs=[])
    gc.collect()
    gc.disable()
    try:
        end = perf_counter() + seconds
        while perf_counter() < end or len(pair.ours) < 20:
            pair.ours.append(_time(ours))
            pair.theirs.append(_time(theirs))
    finally:
        gc.enable()
    return pair


def _time(call: Callable[[], object]) -> float:
    """How long the call takes, its result given back to the allocator only afterwards."""
    before = process_time()
    result = call()
    after = process_time()
    del result
    return after - before


def network(sizes: Sequence[int], batch: int, dtype: str) -> str:
    """A scenario: ReLU layers, a sigmoid layer, ½ Σ (y − t)². Batch 1 is a plain vector."""
    rows = [] if batch == 1 else [batch]
    last = len(sizes) - 1
    leaves, graph, before = [], [], "x"
    for k in range(1, len(sizes)):
        leaves.append(f'W{k} = {{ init = "xavier_normal", shape = [{sizes[k]}, {sizes[k - 1]}], seed = {2 * k} }}')
        leaves.append(f'b{k} = {{ init = "normal(0, 0.1)", shape = [{sizes[k]}], seed = {2 * k + 1} }}')
        product = f"W{k} @ {before}" if batch == 1 else f"{before} @ W{k}.T"
        before = "y" if k == last else f"h{k}"
        graph.append(f'z{k} = "{product} + b{k}"')
        graph.append(f'{before} = "{"sigmoid" if k == last else "relu"}(z{k})"')
    return "\n".join(
        [
            "format = 1",
            f'dtype = "{dtype}"',
            "[inputs]",
            f'x = {{ init = "uniform(0, 1)", shape = {[*rows, sizes[0]]}, seed = 0 }}',
            f't = {{ init = "uniform(0, 1)", shape = {[*rows, sizes[-1]]}, seed = 1 }}',
            "[parameters]",
            *leaves,
            "[graph]",
            *graph,
            'L = "half_squared_error(y, t)"',
        ]
    )


def one_sample(x: Array, t: Array, weights: Sequence[Array], biases: Sequence[Array]) -> dict[str, Array]:
    """The loss and all gradients for one sample: x and t are vectors."""
    *hidden, last = range(len(weights))
    zs, hs = [], [x]
    for k in hidden:
        z = weights[k] @ hs[k]
        z += biases[k]
        zs.append(z)
        hs.append(np.maximum(z, 0))
    z = weights[last] @ hs[last]
    z += biases[last]
    y = 1 / (1 + np.exp(-z))
    error = y - t
    found = {"L": 0.5 * (error @ error), "y": error}
    delta = error * y * (1 - y)
    for k in reversed(range(len(weights))):
        found[f"z{k + 1}"] = found[f"b{k + 1}"] = delta
        found[f"W{k + 1}"] = delta[:, None] * hs[k]
        if k:
            found[f"h{k}"] = g = delta @ weights[k]
            delta = g * (zs[k - 1] > 0)
    return found


def many_samples(x: Array, t: Array, weights: Sequence[Array], biases: Sequence[Array]) -> dict[str, Array]:
    """The loss and all gradients for a batch: a sample is a row of x and of t."""
    *hidden, last = range(len(weights))
    zs, hs = [], [x]
    for k in hidden:
        z = hs[k] @ weights[k].T
        z += biases[k]
        zs.append(z)
        hs.append(np.maximum(z, 0))
    z = hs[last] @ weights[last].T
    z += biases[last]
    y = 1 / (1 + np.exp(-z))
    error = y - t
    found = {"L": 0.5 * np.vdot(error, error), "y": error}
    delta = error * y * (1 - y)
    for k in reversed(range(len(weights))):
        found[f"z{k + 1}"] = delta
        found[f"b{k + 1}"] = delta.sum(axis=0)
        found[f"W{k + 1}"] = delta.T @ hs[k]
        if k:
            found[f"h{k}"] = g = delta @ weights[k]
            delta = g * (zs[k - 1] > 0)
    return found


def agree(ours: Trace, theirs: dict[str, Array]) -> None:
    """Raises AssertionError unless both have the same loss and the same gradients, of one dtype.

    A gradient is compared in units of its largest element: the two add up in another order.
    """
    values = ours.graph.by_name
    wanted = {name for name, value in values.items() if ours.grad[value.id] is not None} - {"L"}
    assert wanted == theirs.keys() - {"L"}, f"gradients of {wanted ^ theirs.keys()} on one side only"
    rtol = 1e-4 if ours.graph.dtype == np.float32 else 1e-12
    assert np.allclose(ours.loss, theirs["L"], rtol=rtol, atol=0), f"loss {ours.loss} and {theirs['L']}"
    for name in wanted:
        mine, other = ours.grad[values[name].id], theirs[name]
        assert mine is not None
        assert (mine.dtype, mine.shape) == (other.dtype, other.shape), f"gradient of {name}"
        assert np.allclose(mine, other, rtol=rtol, atol=rtol * np.abs(other).max()), f"gradient of {name}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps([pair.plain() for pair in measure(parser.parse_args().quick)]))
