"""Convolutions, attention, embeddings, normalisations, residual sums, recurrence."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import blobs, dataset, plane, scenario

_RNG = np.random.default_rng(301)
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
_CX, _CC = blobs(80, 4, 5, 302, 0.5)
_PX, _PT = plane(80, 6, 303, 0.1)
_IDS = _RNG.integers(0, 12, (80, 2))
_GO = ((_IDS[:, :1] % 3) == (_IDS[:, 1:] % 3)).astype(float)
#: Sequences of five, whose last number is to be the mean so far.
_S = _RNG.normal(size=(50, 5, 4))
_SM = np.cumsum(_S[:, :, :1], axis=1) / np.arange(1, 6)[None, :, None]
_Q = _RNG.normal(size=(50, 6, 2))
_QT = _Q.mean(1) @ np.array([[1.5], [-2.0]])
_RARE = np.where(_RNG.random((80, 1)) < 0.5, 2.0, 0.0) * _RNG.random((80, 1))

_CONV = """
    u = reshape(x, (-1, 1, 8, 8))
    h = relu(conv2d(u, K1, c1, padding=1))
    f = flatten(max_pool2d(h, 2), 1)
    y = f @ W1.T + b1
    L = cross_entropy(y, t)
"""
_TWO = """
    u = reshape(x, (-1, 1, 8, 8))
    h1 = relu(conv2d(u, K1, c1, padding=1))
    h2 = relu(conv2d(max_pool2d(h1, 2), K2, c2, padding=1))
    y = flatten(max_pool2d(h2, 2), 1) @ W1.T + b1
    L = cross_entropy(y, t)
"""
_ADAM = {"optimizer": "adam", "lr": 0.02, "steps": 300}
_BATCHES = {"optimizer": "adam", "lr": 0.01, "batch_size": 32, "shuffle": 1}


def _clouds(hidden: str, parameters: str, **training: object) -> str:
    graph = f"{hidden}\ny = h @ W2.T + b2\nL = cross_entropy(y, t)"
    parameters += ", W2 4x12 xavier_normal, b2 4 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.02, "steps": 200} | training, x=_CX, t=_CC)


def _embedding(count: int, **training: object) -> str:
    graph = """
        e = embedding(E, x)
        h = tanh(flatten(e, 1) @ W1.T + b1)
        y = h @ W2.T + b2
        L = bce_with_logits(y, t)
    """
    parameters = f"E {count}x4 normal(0;1), W1 12x8 xavier_normal, b1 12 zeros, W2 1x12 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.03, "steps": 250} | training, x=_IDS, t=_GO)


_ATTENTION = """
    q = x @ Wq.T
    k = x @ Wk.T
    v = x @ Wv.T
    o = attention(q, k, v, causal=True)
    y = o @ W1.T + b1
    L = mse(y, t)
"""
_CONV_P = "K1 6x1x3x3 he_normal, c1 6 zeros, W1 10x96 xavier_normal, b1 10 zeros"
_TWO_P = "K1 6x1x3x3 he_normal, c1 6 zeros, K2 12x6x3x3 he_normal, c2 12 zeros, W1 10x48 xavier_normal, b1 10 zeros"
_NORM_P = "W1 12x5 he_normal, g1 12 ones, b1 12 zeros"
_HEADS = ", ".join(f"{name} 8x4 xavier_normal" for name in ("Wq", "Wk", "Wv"))
_STEPS = "\n".join(f"h{k} = tanh(h{k - 1} @ R.T + x[:, {k}] @ U.T)" for k in range(1, 6))
_RESIDUAL = """
    h0 = x @ W0.T
    h1 = h0 + relu(h0 @ W1.T + b1) @ V1.T
    h2 = h1 + relu(h1 @ W2.T + b2) @ V2.T
    y = h2 @ W3.T + b3
    L = mse(y, t)
"""

HEALTHY = (
    Healthy(
        "conv-digits",
        scenario(
            _CONV,
            _CONV_P,
            _BATCHES | {"steps": 180},
            **_DIGITS,
        ),
        0.15,
        "ten classes that are told apart nearly always",
    ),
    Healthy(
        "two-convolutions",
        scenario(
            _TWO,
            _TWO_P,
            _BATCHES | {"steps": 200},
            **_DIGITS,
            dtype="float32",
        ),
        0.15,
        "ten classes that are told apart nearly always",
    ),
    Healthy(
        "batch-norm",
        _clouds(
            "h = relu(batch_norm(x @ W1.T, g1, b1))",
            _NORM_P,
            batch_size=20,
            shuffle=1,
        ),
        0.1,
        "clouds that hardly overlap",
    ),
    Healthy(
        "layer-norm",
        _clouds("h = relu(layer_norm(x @ W1.T, g1, b1))", _NORM_P),
        0.05,
        "clouds that hardly overlap",
    ),
    Healthy(
        "rms-norm",
        _clouds("h = silu(rms_norm(x @ W1.T, g1))", "W1 12x5 he_normal, g1 12 ones", optimizer="momentum", lr=0.1),
        0.05,
        "clouds that hardly overlap",
    ),
    Healthy("embedding-pairs", _embedding(12), 0.05, "a rule that two vectors of four numbers can hold"),
    Healthy("embedding-with-unused-rows", _embedding(40), 0.05, "28 of 40 rows are never looked up, and need not be"),
    Healthy(
        "masked-attention",
        scenario(
            _ATTENTION,
            f"{_HEADS}, W1 1x8 xavier_normal, b1 1 zeros",
            {"optimizer": "adam", "lr": 0.02, "steps": 300},
            x=_S,
            t=_SM,
        ),
        0.03,
        "the mean so far is what equal weights over the past give",
    ),
    Healthy(
        "recurrence-tanh",
        scenario(
            f"h0 = tanh(x[:, 0] @ U.T)\n{_STEPS}\ny = h5 @ W1.T + b1\nL = mse(y, t)",
            "R 6x6 orthogonal, U 6x2 xavier_normal, W1 1x6 xavier_normal, b1 1 zeros",
            {"optimizer": "adam", "lr": 0.02, "clip_norm": 5.0, "steps": 300},
            x=_Q,
            t=_QT,
        ),
        0.05,
        "targets without noise",
    ),
    Healthy(
        "residual-blocks",
        scenario(
            _RESIDUAL,
            "W0 8x6 xavier_normal, W1 8x8 he_normal, b1 8 zeros, V1 8x8 normal(0;0.1), W2 8x8 he_normal, b2 8 zeros, "
            "V2 8x8 normal(0;0.1), W3 1x8 xavier_normal, b3 1 zeros",
            {"optimizer": "adam", "lr": 0.02, "steps": 250},
            x=_PX,
            t=_PT,
        ),
        0.01,
        "noise of variance 0.01, and parameters enough to fit some of it",
    ),
    Healthy(
        "residual-branches-begin-at-zero",
        scenario(
            _RESIDUAL,
            "W0 8x6 xavier_normal, W1 8x8 he_normal, b1 8 zeros, V1 8x8 zeros, W2 8x8 he_normal, b2 8 zeros, "
            "V2 8x8 zeros, W3 1x8 xavier_normal, b3 1 zeros",
            {"optimizer": "momentum", "lr": 0.02, "steps": 300},
            x=_PX,
            t=_PT,
        ),
        0.01,
        "Fixup (2019): the last weights of a branch begin at 0, on purpose",
    ),
)
