"""Iterations of a training with their summaries, against the same loop written in NumPy by hand, without
summaries and with them, in PyTorch on one thread, and in HIPS autograd; rewinding against replaying from the
start; memory against the budget. Times are those of the processor, which what runs beside hardly changes.

Runs in a process of its own, which is started with one BLAS thread (see __main__.py):

    python -m benchmarks.training [--quick]

writes the measured pairs as one line of JSON. A peer is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import tracemalloc
from collections.abc import Callable, Iterator
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.measure import Pair
from benchmarks.names import History, Scenario, loads

BY_HAND, NOTING, PEER, REWIND, MEMORY = 1.3, 1.0, 1.0, 0.1, 1.0
NETWORKS = ((64, 32, 10), (784, 128, 10))
BATCH, SAMPLES, RATE = 32, 1024, 0.05
#: So many iterations are timed together, in turns.
TURN = 50

Array = np.ndarray[Any, np.dtype[Any]]
#: A loop that goes on by so many iterations each time it is called, and gives the last loss.
Loop = Callable[[int], float]


def measure(quick: bool) -> list[Pair]:
    """Both networks in both dtypes against both others, then going back, then memory."""
    pairs = []
    for sizes in NETWORKS:
        for dtype in ("float64", "float32"):
            others = [("NumPy by hand", BY_HAND, by_hand), ("the same, noting", NOTING, by_hand_noting)]
            others += [("PyTorch", PEER, by_torch)] if importlib.util.find_spec("torch") else []
            others += [("autograd", PEER, by_autograd)] if importlib.util.find_spec("autograd") else []
            for name, most, other in others:
                pairs.append(_pair(sizes, dtype, name, most, other, 0.5 if quick else 8.0))
    return [*pairs, *_rewinding(quick), *_memory(quick)]


def network(sizes: tuple[int, int, int], dtype: str) -> str:
    """A scenario: one ReLU layer, cross-entropy, batches in file order, plain gradient descent."""
    inner, hidden, outer = sizes
    return f"""format = 1
dtype = "{dtype}"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [{SAMPLES}, {inner}], seed = 1 }}
t = {[k % outer for k in range(SAMPLES)]}
[parameters]
W1 = {{ init = "he_normal", shape = [{hidden}, {inner}], seed = 2 }}
b1 = {{ init = "zeros", shape = [{hidden}] }}
W2 = {{ init = "he_normal", shape = [{outer}, {hidden}], seed = 3 }}
b2 = {{ init = "zeros", shape = [{outer}] }}
[graph]
z1 = "x @ W1.T + b1"
h = "relu(z1)"
z2 = "h @ W2.T + b2"
L = "cross_entropy(z2, t)"
[training]
lr = {RATE}
batch_size = {BATCH}
steps = 1000000
"""


def ours(scenario: Scenario) -> Loop:
    """Goes on training in a history, as the screen and the command line do."""
    history = History(scenario)

    def go_on(count: int) -> float:
        history.make(history.made + count)
        return float(history.summaries.loss.low[-1])

    return go_on


def _batches(scenario: Scenario) -> Iterator[tuple[Array, Array]]:
    """The same batches in the same order; the first is skipped, which opening a history takes."""
    x, t = (scenario.pool[scenario.graph.by_name[name].id] for name in ("x", "t"))
    number = 1
    while True:
        start = number % (len(x) // BATCH) * BATCH
        yield x[start : start + BATCH], t[start : start + BATCH]
        number += 1


def parameters_of(scenario: Scenario) -> list[Array]:
    """What the parameters are after the first iteration."""
    history = History(scenario)
    leaves = history.snapshot(2).leaves
    return [np.array(leaves[scenario.graph.by_name[name].id]) for name in ("W1", "b1", "W2", "b2")]


def by_hand_noting(scenario: Scenario) -> Loop:
    """The same, which notes of each array that it makes what summaries tell, as one would write it."""
    rows: list[object] = []

    def note(*arrays: Array) -> None:
        rows.append([(np.linalg.norm(a), a.min(), a.max(), np.count_nonzero(~np.isfinite(a))) for a in arrays])
        rows.append(np.count_nonzero(arrays[0] > 0, axis=0))

    return by_hand(scenario, note)


def by_hand(scenario: Scenario, note: Callable[..., None] | None = None) -> Loop:
    W1, b1, W2, b2 = parameters_of(scenario)
    batches, rows = _batches(scenario), np.arange(BATCH)

    def go_on(count: int) -> float:
        nonlocal W1, b1, W2, b2
        loss = 0.0
        for _ in range(count):
            x, t = next(batches)
            classes = t.astype(np.intp)
            z1 = x @ W1.T
            z1 += b1
            h = np.maximum(z1, 0)
            z2 = h @ W2.T
            z2 += b2
            top = z2.max(axis=1, keepdims=True)
            e = np.exp(z2 - top)
            total = e.sum(axis=1, keepdims=True)
            loss = float(np.mean(np.log(total[:, 0]) + top[:, 0] - z2[rows, classes]))
            d2 = e / total
            d2[rows, classes] -= 1
            d2 /= BATCH
            dW2, db2 = d2.T @ h, d2.sum(axis=0)
            d1 = (d2 @ W2) * (z1 > 0)
            dW1, db1 = d1.T @ x, d1.sum(axis=0)
            W1 -= RATE * dW1
            b1 -= RATE * db1
            W2 -= RATE * dW2
            b2 -= RATE * db2
            if note is not None:
                note(z1, h, z2, d2, dW2, db2, d1, dW1, db1, W1, b1, W2, b2)
        return loss

    return go_on


def by_torch(scenario: Scenario) -> Loop:
    import torch

    torch.set_num_threads(1)
    W1, b1, W2, b2 = parameters = [torch.tensor(p, requires_grad=True) for p in parameters_of(scenario)]
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    batches = ((torch.from_numpy(np.array(x)), torch.from_numpy(t.astype(np.int64))) for x, t in _batches(scenario))

    def go_on(count: int) -> float:
        loss = 0.0
        for _ in range(count):
            x, t = next(batches)
            found = torch.nn.functional.cross_entropy(torch.relu(x @ W1.T + b1) @ W2.T + b2, t)
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
            loss = found.item()
        return loss

    return go_on


def by_autograd(scenario: Scenario) -> Loop:
    import autograd.numpy as anp
    from autograd import value_and_grad

    parameters, batches, rows = parameters_of(scenario), _batches(scenario), np.arange(BATCH)

    def loss(parameters: list[Any], x: Array, classes: Array) -> Any:
        W1, b1, W2, b2 = parameters
        z2 = anp.dot(anp.maximum(anp.dot(x, W1.T) + b1, 0), W2.T) + b2
        top = anp.max(z2, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z2 - top), axis=1)) + top[:, 0] - z2[rows, classes])

    both = value_and_grad(loss)

    def go_on(count: int) -> float:
        nonlocal parameters
        found = 0.0
        for _ in range(count):
            x, t = next(batches)
            found, gradients = both(parameters, x, t.astype(np.intp))
            parameters = [w - RATE * g for w, g in zip(parameters, gradients, strict=True)]
        return float(found)

    return go_on


def _pair(
    sizes: tuple[int, int, int], dtype: str, name: str, most: float, other: Callable[[Scenario], Loop], seconds: float
) -> Pair:
    scenario = loads(network(sizes, dtype))
    mine, theirs = ours(scenario), other(scenario)
    tolerance = 1e-3 if dtype == "float32" else 1e-9
    assert np.isclose(mine(TURN), theirs(TURN), rtol=tolerance), "both must train the same network"
    case = f"an iteration of {'-'.join(map(str, sizes))}, batch {BATCH}, {dtype}"
    pair = Pair("training", case, name, most, ours=[], theirs=[])
    gc.collect()
    gc.disable()
    try:
        end = perf_counter() + seconds
        while perf_counter() < end or len(pair.ours) < 5:
            for loop, times in ((mine, pair.ours), (theirs, pair.theirs)):
                before = process_time()
                loop(TURN)
                times.append((process_time() - before) / TURN)
    finally:
        gc.enable()
    return pair


def _rewinding(quick: bool) -> list[Pair]:
    """Back to iterations of a long past, in a history whose budget forces it to thin out its checkpoints;
    against replaying from the start to the same place."""
    length = 1_000 if quick else 10_000
    scenario = loads(network(NETWORKS[0], "float64"))
    history = History(scenario, budget=8 << 20)
    history.make(length)
    pair = Pair("training", f"rewinding {length:,} iterations of 64-32-10", "replaying", REWIND, ours=[], theirs=[])
    rng = np.random.default_rng(0)
    for _ in range(3 if quick else 9):
        target = int(rng.integers(length * 9 // 10, length))
        back = length - target + 1
        history.release()
        before = process_time()
        found = history.recording(back)
        pair.ours.append(process_time() - before)
        history.release()
        before = process_time()
        again = History(scenario, budget=8 << 20)
        again.make(length)
        pair.theirs.append(process_time() - before)
        assert found.trace.loss == again.recording(back).trace.loss
    return [pair]


def _memory(quick: bool) -> list[Pair]:
    """What a history holds at most of the past while it trains and goes back, against its budget: its peak,
    less that of a history which may keep nothing, which is what the iteration itself takes."""
    pairs = []
    for sizes, length in ((NETWORKS[0], 20_000), (NETWORKS[1], 2_000)):
        budget, scenario = 16 << 20, loads(network(sizes, "float64"))
        kept = _peak(scenario, length // 10 if quick else length, budget)
        kept -= _peak(scenario, 200, 1)
        case = f"memory of the past, {length // 10 if quick else length:,} iterations of {'-'.join(map(str, sizes))}"
        pairs.append(Pair("training", case, "its budget", MEMORY, ours=[kept], theirs=[budget], unit="MB"))
    return pairs


def _peak(scenario: Scenario, length: int, budget: int) -> int:
    gc.collect()
    tracemalloc.start()
    history = History(scenario, budget=budget)
    history.make(length)
    for k in (2, length // 2, length - 3):
        history.recording(k)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps([pair.plain() for pair in measure(parser.parse_args().quick)]))
