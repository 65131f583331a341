"""Losses and outputs that are written by hand: signs, means, penalties, quotients, one activation on another."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, dataset, halves, mlp, net, plane, scenario

_RNG = np.random.default_rng(801)
_HX, _HT = halves(80, 4, 802)
_PX, _PT = plane(80, 5, 803, 0.1)
_CX, _CC = blobs(96, 4, 3, 804, 0.4)
_SHARES = _RNG.dirichlet(np.ones(4) * 0.3, size=4)[_CC.astype(int)] * 0.98 + 0.005
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_QX = _RNG.normal(size=(80, 3))
_QT = (_QX @ np.array([[1.0], [0.5], [-0.2]])) / ((_QX @ np.array([[0.3], [0.2], [-0.1]])) ** 2 + 1.0)
_OX, _OT = plane(80, 4, 805, 0.05)
_NX = _RNG.normal(size=(80, 4))
_NT = _NX @ np.array([[1.0, 0.2], [0.3, -1.0], [0.0, 0.5], [0.4, 0.0]])
_ADAM = {"optimizer": "adam", "lr": 0.02, "steps": 200}


def _regression(loss: str, **training: object) -> str:
    return net((5, 12, 1), loss, _ADAM | training, x=_PX, t=_PT)


def _divergence(loss: str) -> str:
    lines, parameters = mlp(3, 12, 4)
    lines = lines.replace("y = ", "z = ")
    return scenario(f"{lines}\ny = softmax(z)\nL = {loss}", parameters, _ADAM | {"steps": 400}, x=_CX, t=_SHARES)


def _moons(last: str) -> str:
    lines, parameters = mlp(2, 12, 1, hidden="tanh")
    return scenario(f"{lines}\np = {last}\nL = bce(p, t)", parameters, _ADAM, **_MOONS)


def _two(last: str) -> str:
    lines = f"h = relu(x @ W1.T + b1)\nz = h @ W2.T + b2\ny = {last}\nL = mse(y, t)"
    parameters = "W1 16x4 he_normal, b1 16 zeros, W2 2x16 xavier_normal, b2 2 zeros"
    return scenario(lines, parameters, _ADAM, x=_NX, t=_NT)


def _quotient(beside: float) -> str:
    graph = f"a = x @ W1.T + b1\nd = x @ W2.T\ny = a / (d ** 2 + {beside})\nL = mse(y, t)"
    parameters = "W1 1x3 xavier_normal, b1 1 zeros, W2 = [[0.01; -0.02; 0.01]]"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.01, "steps": 250}, x=_QX, t=_QT)


def _line(bias: str, more: str) -> str:
    training = {"optimizer": "adam", "lr": 0.1, "steps": 250}
    return scenario(f"y = x @ W1.T{bias}\nL = mse(y, t)", f"W1 1x4 xavier_normal{more}", training, x=_OX, t=_OT + 6)


def _clouds(bias: str) -> str:
    graph = "h = relu(x @ W1.T + b1)\ny = h @ W2.T + b2\nL = cross_entropy(y, t)"
    parameters = f"W1 12x3 he_normal, b1 12 {bias}, W2 4x12 xavier_normal, b2 4 zeros"
    return scenario(graph, parameters, _ADAM, x=_CX, t=_CC)


CASES = (
    Case(
        "divergence-of-probabilities",
        "no_output_activation",
        _divergence("kl_div(y, t)"),
        _divergence("kl_div(log(y), t)"),
        "PyTorch's documentation of KLDivLoss: the input is expected to be in the log-space",
        Where("y"),
        says="log_softmax",
    ),
    Case(
        "mean-of-errors-by-column",
        "errors_cancel",
        _regression("mean(abs(mean(y - t, axis=0)))"),
        _regression("mean(abs(y - t))"),
        "Stack Overflow: the mean over the batch is taken before the absolute value",
        Where("L"),
        never="(?i)learning rate",
    ),
    Case(
        "biases-of-minus-twenty",
        "dead_from_start",
        _clouds("constant(-20)"),
        _clouds("zeros"),
        "Stack Overflow: a bias initialiser of the wrong sign, and every ReLU is shut",
        Where("h|W1"),
        says="Their bias",
        never="(?i)learning rate",
    ),
    Case(
        "divergence-the-wrong-way",
        "loss_sign",
        _divergence("mean(sum(t * (log(y) - log(t)), axis=1))"),
        _divergence("mean(sum(t * (log(t) - log(y)), axis=1))"),
        "PyTorch forum: my KL divergence by hand is negative",
        Where("L"),
    ),
    Case(
        "mean-before-the-square",
        "errors_cancel",
        _regression("mean(y - t) ** 2"),
        _regression("mean((y - t) ** 2)"),
        "Stack Overflow, many: np.mean(y - t) ** 2 for a mean squared error",
        Where("L"),
        never="(?i)learning rate",
    ),
    Case(
        "error-without-a-square",
        "errors_cancel",
        _regression("mean(y - t)"),
        _regression("mean(abs(y - t))"),
        "Stack Overflow, many: a loss of y - t goes to minus infinity",
        Where("L"),
        never="(?i)learning rate",
    ),
    Case(
        "penalty-of-squares",
        "penalty_outweighs",
        _regression("mse(y, t) + 3 * (sum(W1 ** 2) + sum(W2 ** 2))"),
        _regression("mse(y, t) + 0.0003 * (sum(W1 ** 2) + sum(W2 ** 2))", steps=250),
        "PyTorch forum: an L2 penalty added by hand, summed over all weights, drowns the loss",
        Where("L"),
    ),
    Case(
        "penalty-of-sizes",
        "penalty_outweighs",
        _regression("mse(y, t) + 2 * sum(abs(W1)) + 2 * sum(abs(W2))"),
        _regression("mse(y, t) + 0.0003 * sum(abs(W1)) + 0.0003 * sum(abs(W2))", steps=250),
        "Stack Overflow: L1 regularisation makes all weights zero",
        Where("L"),
    ),
    Case(
        "sigmoid-of-a-sigmoid",
        "targets_out_of_reach",
        _moons("sigmoid(sigmoid(y))"),
        _moons("sigmoid(y)"),
        "Stack Overflow, many: a sigmoid in the model and another in the loss by hand",
        Where("p"),
        kinds=("unreachable_targets", "wrong_activation"),
        also=("too_small",),
        harmless="the order of the outputs is right all the same",
    ),
    Case(
        "layer-norm-of-the-outputs",
        "targets_out_of_reach",
        _two("layer_norm(z)"),
        _two("1 * z"),
        "PyTorch forum: a normalisation as the last layer of a regression",
        Where("y"),
    ),
    Case(
        "quotient-by-next-to-nothing",
        "divisor_near_0",
        _quotient(1e-9),
        _quotient(1.0),
        "PyTorch forum: loss explodes where the model divides by a predicted value",
        Where("y"),
    ),
    Case(
        "targets-of-six-and-no-bias",
        "bias_missing",
        _line("", ""),
        _line(" + b1", ", b1 1 zeros"),
        "PyTorch forum: Linear(bias=False) cannot fit an offset",
        Where("y"),
    ),
    Case(
        "labels-one-and-two",
        "targets_not_for_this_loss",
        net((4, 10, 1), "bce_with_logits(y, t)", _ADAM, x=_HX, t=_HT + 1),
        net((4, 10, 1), "bce_with_logits(y, t)", _ADAM, x=_HX, t=_HT),
        "Kaggle: labels of 1 and 2 into binary_crossentropy, and a negative loss",
        Where("t"),
        says="0 for 1 and 1 for 2",
        harmless="the order of the outputs is right all the same",
    ),
)
