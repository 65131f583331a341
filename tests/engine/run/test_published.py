"""Worked examples in print, with the decimals they print.

Matt Mazur, "A Step by Step Backpropagation Example" (2015),
https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from graphs import Network, network

from gradstep.engine.run.passes import run
from gradstep.engine.training.optimizer import OPTIMIZERS

INPUTS = {"i": [0.05, 0.10], "target": [0.01, 0.99]}


def updated(value: npt.ArrayLike, grad: npt.ArrayLike) -> np.ndarray:
    """Plain gradient descent with the learning rate of the example."""
    sgd = OPTIMIZERS["sgd"](lr=0.5)
    (line,) = sgd.lines(1)
    return np.asarray(line.compute({**sgd.constants(1), "w": np.asarray(value), "g": np.asarray(grad)}))


def arranged(**changed: npt.ArrayLike) -> Network:
    """The example with its weights as two matrices; a bias is shared by the two neurons of a layer."""
    parameters = {
        "W1": [[0.15, 0.20], [0.25, 0.30]],
        "b1": 0.35,
        "W2": [[0.40, 0.45], [0.50, 0.55]],
        "b2": 0.60,
        **changed,
    }
    return network(
        INPUTS,
        parameters,
        {
            "net_h": "W1 @ i + b1",
            "out_h": "sigmoid(net_h)",
            "net_o": "W2 @ out_h + b2",
            "out_o": "sigmoid(net_o)",
            "E_total": "half_squared_error(out_o, target)",
        },
        loss="E_total",
    )


def written_out() -> Network:
    """The example weight by weight, as its text has it."""
    weights = {f"w{k + 1}": w for k, w in enumerate((0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55))}
    return network(
        {"i1": 0.05, "i2": 0.10, "target_o1": 0.01, "target_o2": 0.99},
        {**weights, "b1": 0.35, "b2": 0.60},
        {
            "net_h1": "w1 * i1 + w2 * i2 + b1 * 1",
            "out_h1": "1 / (1 + exp(-net_h1))",
            "net_h2": "w3 * i1 + w4 * i2 + b1 * 1",
            "out_h2": "1 / (1 + exp(-net_h2))",
            "net_o1": "w5 * out_h1 + w6 * out_h2 + b2 * 1",
            "out_o1": "1 / (1 + exp(-net_o1))",
            "net_o2": "w7 * out_h1 + w8 * out_h2 + b2 * 1",
            "out_o2": "1 / (1 + exp(-net_o2))",
            "E_o1": "0.5 * (target_o1 - out_o1) ** 2",
            "E_o2": "0.5 * (target_o2 - out_o2) ** 2",
            "E_total": "E_o1 + E_o2",
        },
        loss="E_total",
    )


def same_decimals(found: float, published: str) -> bool:
    """Whether `found` agrees to the last printed decimal, allowing for a rounding or a cut there."""
    unit = 10.0 ** -len(published.partition(".")[2])
    return abs(found - float(published)) < unit


FORWARD = {
    "net_h1": "0.3775",
    "out_h1": "0.593269992",
    "out_h2": "0.596884378",
    "net_o1": "1.105905967",
    "out_o1": "0.75136507",
    "out_o2": "0.772928465",
    "E_o1": "0.274811083",
    "E_o2": "0.023560026",
    "E_total": "0.298371109",
}
BACKWARD = {
    "w5": "0.082167041",
    "w1": "0.000438568",
    "out_o1": "0.74136507",
    "net_o1": "0.138498562",
    "out_h1": "0.036350306",
}
UPDATED = {
    "w1": "0.149780716",
    "w2": "0.19956143",
    "w3": "0.24975114",
    "w4": "0.29950229",
    "w5": "0.35891648",
    "w6": "0.408666186",
    "w7": "0.511301270",
    "w8": "0.561370121",
}


@pytest.mark.parametrize(("name", "published"), FORWARD.items())
def test_forward_written_out(name: str, published: str) -> None:
    assert same_decimals(float(written_out().data(name)), published)


@pytest.mark.parametrize(("name", "published"), BACKWARD.items())
def test_backward_written_out(name: str, published: str) -> None:
    assert same_decimals(float(written_out().grad(name)), published)


@pytest.mark.parametrize(("name", "published"), UPDATED.items())
def test_updates_written_out(name: str, published: str) -> None:
    net = written_out()
    new = updated(net.data(name), net.grad(name))
    assert same_decimals(float(new), published)


def test_forward_with_matrices() -> None:
    net = arranged()
    h, o = net.data("out_h"), net.data("out_o")
    assert same_decimals(h[0], FORWARD["out_h1"])
    assert same_decimals(h[1], FORWARD["out_h2"])
    assert same_decimals(o[0], FORWARD["out_o1"])
    assert same_decimals(o[1], FORWARD["out_o2"])
    assert same_decimals(net.trace.loss, FORWARD["E_total"])


def test_backward_and_updates_with_matrices() -> None:
    net = arranged()
    assert same_decimals(net.grad("W2")[0, 0], BACKWARD["w5"])
    assert same_decimals(net.grad("W1")[0, 0], BACKWARD["w1"])
    assert same_decimals(net.grad("out_h")[0], BACKWARD["out_h1"])
    for name, first in (("W1", 1), ("W2", 5)):
        new = updated(net.data(name), net.grad(name)).reshape(-1)
        for k in range(4):
            assert same_decimals(new[k], UPDATED[f"w{first + k}"])


def test_a_bias_for_each_neuron_gives_the_same_weights() -> None:
    shared, apart = arranged(), arranged(b1=[0.35, 0.35], b2=[0.60, 0.60])
    for name in ("W1", "W2"):
        np.testing.assert_allclose(apart.grad(name), shared.grad(name), rtol=1e-13)
    for name in ("b1", "b2"):
        np.testing.assert_allclose(apart.grad(name).sum(), shared.grad(name), rtol=1e-13)


def by_hand(rounds: int) -> tuple[float, list[float]]:
    """The example with bare floats: its error and weights after so many updates."""
    w1, w2, w3, w4, w5, w6, w7, w8 = 0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55
    b1, b2, i1, i2, t1, t2, rate = 0.35, 0.60, 0.05, 0.10, 0.01, 0.99, 0.5

    def logistic(net: float) -> float:
        return (1 + math.tanh(net / 2)) / 2

    error = math.nan
    for _ in range(rounds + 1):
        h1, h2 = logistic(w1 * i1 + w2 * i2 + b1), logistic(w3 * i1 + w4 * i2 + b1)
        o1, o2 = logistic(w5 * h1 + w6 * h2 + b2), logistic(w7 * h1 + w8 * h2 + b2)
        error, weights = ((t1 - o1) ** 2 + (t2 - o2) ** 2) / 2, [w1, w2, w3, w4, w5, w6, w7, w8]
        d1, d2 = -(t1 - o1) * o1 * (1 - o1), -(t2 - o2) * o2 * (1 - o2)
        e1, e2 = (d1 * w5 + d2 * w7) * h1 * (1 - h1), (d1 * w6 + d2 * w8) * h2 * (1 - h2)
        w5, w6, w7, w8 = w5 - rate * d1 * h1, w6 - rate * d1 * h2, w7 - rate * d2 * h1, w8 - rate * d2 * h2
        w1, w2, w3, w4 = w1 - rate * e1 * i1, w2 - rate * e1 * i2, w3 - rate * e2 * i1, w4 - rate * e2 * i2
    return error, weights


def test_the_floats_by_hand_are_the_published_ones() -> None:
    assert same_decimals(by_hand(0)[0], FORWARD["E_total"])
    for weight, published in zip(by_hand(1)[1], UPDATED.values(), strict=True):
        assert same_decimals(weight, published)


@pytest.mark.parametrize("rounds", [1, 2, 1000])
def test_many_updates_are_those_made_by_hand(rounds: int) -> None:
    net = arranged()
    leaves = dict(net.leaves)
    places = [net.value("W1").id, net.value("W2").id]
    for _ in range(rounds):
        trace = run(net.graph, leaves)
        for at in places:
            grad = trace.grad[at]
            assert grad is not None
            leaves[at] = updated(leaves[at], grad)
    error, weights = by_hand(rounds)
    assert run(net.graph, leaves).loss == pytest.approx(error, rel=1e-10)
    assert np.concatenate([leaves[at].reshape(-1) for at in places]) == pytest.approx(weights, rel=1e-10)


def test_an_update_keeps_the_dtype() -> None:
    weight, grad = np.float32([0.5, -1]), np.float32([0.25, 4])
    new = updated(weight, grad)
    assert new.dtype == np.float32
    assert new.tolist() == [0.375, -3.0]
