"""What neighbours do not tell and a network learns all the same, and losses of samples against each other."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import blobs, net, plane, scenario

_RNG = np.random.default_rng(901)
_BITS = np.array([[float(k >> b & 1) for b in range(6)] for k in range(64)])
_ODD = (_BITS.sum(1) % 2)[:, None]
_GRID = _RNG.uniform(-2, 2, (120, 2))
_FIELDS = (np.floor(_GRID).sum(1) % 2)[:, None]
_P, _Q = _RNG.normal(size=(80, 4)), _RNG.normal(size=(80, 4))
_PRODUCT = (_P * _Q).sum(1, keepdims=True)
_X, _C = blobs(80, 8, 6, 902, 0.2)
_OTHER = _RNG.permutation(80)
_SAME = (_C[_OTHER] == _C).astype(float)[:, None]
_VIEW = _RNG.normal(size=(30, 6))
_PX, _PT = plane(90, 4, 903, 0.1)
_CX, _CC = blobs(100, 5, 4, 904, 0.4)
_ADAM = {"optimizer": "adam", "lr": 0.01, "steps": 400}


def _pairs(graph: str, parameters: str, t: object, **training: object) -> str:
    return scenario(graph, parameters, _ADAM | {"lr": 0.02} | training, batch="a c t", a=_P, c=_Q, t=t)


def _equal() -> str:
    """A Siamese network (Bromley et al., 1993): whether two points are of one cloud."""
    graph = """
        u = tanh(a @ W1.T + b1)
        v = tanh(c @ W1.T + b1)
        y = (1 - mean((u - v) ** 2, axis=1, keepdims=true) * 8) * 3
        L = bce_with_logits(y, t)
    """
    training = {"optimizer": "adam", "lr": 0.02, "steps": 300}
    inputs = {"a": _X, "c": _X[_OTHER], "t": _SAME}
    return scenario(graph, "W1 30x6 xavier_normal, b1 30 zeros", training, batch="a c t", **inputs)


def _against_all() -> str:
    """InfoNCE (van den Oord et al., 2018): which of all others is the other view of a sample."""
    graph = "u = tanh(a @ W1.T)\nv = tanh(c @ W1.T)\ny = 5 * u @ v.T\nL = cross_entropy(y, t)"
    inputs = {"a": _VIEW, "c": _VIEW + 0.1 * np.random.default_rng(905).normal(size=_VIEW.shape), "t": np.arange(30.0)}
    training = {"optimizer": "adam", "lr": 0.02, "steps": 150}
    return scenario(graph, "W1 10x6 xavier_normal", training, batch="a c t", **inputs)


def _line(loss: str) -> str:
    return net((4, 14, 1), loss, _ADAM | {"lr": 0.02, "steps": 200}, x=_PX, t=_PT)


_SUMS = "h = tanh(a @ W1.T + c @ V1.T + b1)\ny = h @ W2.T + b2\nL = mse(y, t)"
_WIDE = "W1 40x4 xavier_normal, V1 40x4 xavier_normal, b1 40 zeros, W2 1x40 xavier_normal, b2 1 zeros"

HEALTHY = (
    Healthy(
        "parity-of-six",
        net((6, 60, 30, 1), "bce_with_logits(y, t)", _ADAM, x=_BITS, t=_ODD),
        0.01,
        "all 64 rows are there, and each neighbour has the other answer",
    ),
    Healthy(
        "checkerboard",
        net((2, 60, 40, 1), "bce_with_logits(y, t)", _ADAM | {"steps": 700}, x=_GRID, t=_FIELDS),
        0.1,
        "fields of side 1, seven or eight points in each",
    ),
    Healthy("products-of-pairs", _pairs(_SUMS, _WIDE, _PRODUCT, steps=500), 0.01, "targets without noise"),
    Healthy("pairs-of-one-cloud", _equal(), 0.05, "clouds far apart"),
    Healthy("views-of-one-sample", _against_all(), 0.1, "two views differ by a tenth of what samples do"),
    Healthy("root-of-the-mean-square", _line("sqrt(mean((y - t) ** 2))"), 0.12, "noise of 0.1"),
    Healthy("log-cosh", _line("mean(log(exp(y - t) + exp(t - y)) - 0.6931)"), 0.02, "about half of the noise's square"),
    Healthy(
        "lion",
        net((4, 14, 5), "cross_entropy(y, t)", {"optimizer": "lion", "lr": 0.002, "steps": 300}, x=_CX, t=_CC),
        0.15,
        "clouds that hardly overlap",
    ),
    Healthy(
        "classes-one-at-a-time",
        net(
            (4, 14, 5),
            "cross_entropy(y, t)",
            {"optimizer": "sgd", "lr": 0.03, "batch_size": 1, "shuffle": 3, "steps": 600},
            x=_CX,
            t=_CC,
        ),
        0.2,
        "clouds that hardly overlap",
    ),
)
