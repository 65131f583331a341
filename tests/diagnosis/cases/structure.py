"""The network itself: activations, initialisation, what leads where."""

from __future__ import annotations

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import XOR, XOR_T, blobs, dataset, net, scenario, wave

_WX, _WT = wave(64, 41)
_CX, _CC = blobs(80, 4, 3, 42)

CASES = (
    Case(
        "linear-layers-moons",
        "no_activation",
        scenario(
            "h1 = x @ W1.T + b1\nh2 = h1 @ W2.T + b2\nz = h2 @ W3.T + b3\nL = bce_with_logits(z, t)",
            "W1 8x2 he_normal, b1 8 zeros, W2 8x8 he_normal, b2 8 zeros, W3 1x8 xavier_normal, b3 1 zeros",
            {"optimizer": "adam", "lr": 0.02, "steps": 200},
            x=dataset("two-moons", "inputs"),
            t=dataset("two-moons", "targets"),
        ),
        {'h1 = "x @ W1.T + b1"': 'h1 = "relu(x @ W1.T + b1)"', 'h2 = "h1 @ W2.T + b2"': 'h2 = "relu(h1 @ W2.T + b2)"'},
        "Stack Overflow: Dense layers without activation; Keras' default is linear",
        Where("h1|h2|W1|W2"),
    ),
    Case(
        "linear-xor",
        "no_activation",
        net((2, 6, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.2, "steps": 300}, x=XOR, t=XOR_T, hidden=""),
        net((2, 6, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.2, "steps": 300}, x=XOR, t=XOR_T, hidden="tanh"),
        "Stack Overflow 31880720-style: xor with a linear hidden layer",
        Where("h1|W1|W2|y"),
    ),
    Case(
        "zero-weights",
        "begins_zero",
        net(
            (3, 8, 4),
            "cross_entropy(y, t)",
            {"optimizer": "sgd", "lr": 0.3, "steps": 120},
            x=_CX,
            t=_CC,
            init="zeros",
            last="zeros",
        ),
        net((3, 8, 4), "cross_entropy(y, t)", {"optimizer": "sgd", "lr": 0.3, "steps": 120}, x=_CX, t=_CC),
        "CS231n, Neural Networks Part 2: the pitfall of all-zero initialisation",
        Where("W1|W2"),
    ),
    Case(
        "constant-weights",
        "begins_equal",
        net(
            (1, 12, 1),
            "mse(y, t)",
            {"optimizer": "adam", "lr": 0.02, "steps": 200},
            x=_WX,
            t=_WT,
            hidden="tanh",
            init="constant(0.5)",
        ),
        net(
            (1, 12, 1),
            "mse(y, t)",
            {"optimizer": "adam", "lr": 0.02, "steps": 200},
            x=_WX,
            t=_WT,
            hidden="tanh",
            init="normal(0;1.5)",
        ),
        "Goodfellow et al., Deep Learning, section 8.4: units that begin equal",
        Where("W1|b1|h1"),
    ),
    Case(
        "dead-from-a-bias",
        "dead_from_start",
        net((3, 10, 4), "cross_entropy(y, t)", {"optimizer": "sgd", "lr": 0.2, "steps": 120}, x=_CX, t=_CC).replace(
            'b1 = { shape = [10], init = "zeros"', 'b1 = { shape = [10], init = "constant(-12)"'
        ),
        net((3, 10, 4), "cross_entropy(y, t)", {"optimizer": "sgd", "lr": 0.2, "steps": 120}, x=_CX, t=_CC),
        "CS231n: dead ReLUs; a bias copied from another layer",
        Where("h1|b1|z1"),
    ),
    Case(
        "killed-by-an-update",
        "killed_by_update",
        net((3, 10, 4), "cross_entropy(y, t)", {"optimizer": "momentum", "lr": 8.0, "steps": 120}, x=_CX, t=_CC),
        net((3, 10, 4), "cross_entropy(y, t)", {"optimizer": "momentum", "lr": 0.05, "steps": 120}, x=_CX, t=_CC),
        "CS231n, Neural Networks Part 1: 'a large gradient flowing through a ReLU could kill it'",
    ),
)
