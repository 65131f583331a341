"""A training iteration of a net so small that micrograd, whose numbers are objects, can run it; in CPU time.

    python -m benchmarks.scalars [--quick]

writes the measured pairs as one line of JSON; without micrograd (`pip install micrograd`) there are none.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from time import process_time
from typing import Any

import numpy as np

from benchmarks.measure import Pair
from benchmarks.names import Scenario, loads
from benchmarks.training import PEER, RATE, TURN, Loop, ours, parameters_of


def measure(quick: bool) -> list[Pair]:
    return [scalars(0.5 if quick else 4.0)] if importlib.util.find_spec("micrograd") else []


#: Four samples of two numbers, eight units, one output: what micrograd, whose numbers are objects, is made for.
SMALL = """format = 1
batch = ["x", "t"]
[inputs]
x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
t = [[0.0], [1.0], [1.0], [0.0]]
[parameters]
W1 = { init = "normal(0, 1)", shape = [8, 2], seed = 1 }
b1 = { init = "zeros", shape = [8] }
W2 = { init = "normal(0, 1)", shape = [1, 8], seed = 2 }
b2 = { init = "zeros", shape = [1] }
[graph]
h = "relu(x @ W1.T + b1)"
y = "h @ W2.T + b2"
L = "mean((y - t) ** 2)"
[training]
lr = 0.05
steps = 1000000
"""


def scalars(seconds: float) -> Pair:
    """An iteration of a small net, in turns with micrograd."""
    scenario = loads(SMALL)
    mine, theirs = ours(scenario), by_micrograd(scenario)
    assert np.isclose(mine(3), theirs(3), rtol=1e-9), "both must train the same network"
    pair = Pair("scalars", "an iteration of 2-8-1 on four samples", "micrograd", PEER, ours=[], theirs=[])
    end = process_time() + seconds
    while process_time() < end or len(pair.ours) < 5:
        for loop, times, count in ((mine, pair.ours, TURN), (theirs, pair.theirs, 3)):
            before = process_time()
            loop(count)
            times.append((process_time() - before) / count)
    return pair


def by_micrograd(scenario: Scenario) -> Loop:
    from micrograd.engine import Value

    wrap = np.vectorize(Value, otypes=[object])
    W1, b1, W2, b2 = parameters = [wrap(p) for p in parameters_of(scenario)]
    x, t = (scenario.leaves[scenario.graph.by_name[name].id] for name in ("x", "t"))

    def go_on(count: int) -> float:
        loss: Any = 0.0
        for _ in range(count):
            h = np.vectorize(lambda z: z.relu(), otypes=[object])(x @ W1.T + b1)
            loss = ((h @ W2.T + b2 - t) ** 2).sum() * (1 / len(x))
            for one in (v for p in parameters for v in p.reshape(-1)):
                one.grad = 0.0
            loss.backward()
            for one in (v for p in parameters for v in p.reshape(-1)):
                one.data -= RATE * one.grad
        return float(loss.data)

    return go_on


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps([pair.plain() for pair in measure(parser.parse_args().quick)]))
