"""Ordinary trainings: small nets, all optimisers."""

from __future__ import annotations

from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import XOR, XOR_T, blobs, dataset, halves, net, plane, wave

_PX, _PT = plane(80, 3, 61, 0.1)
_WX, _WT = wave(64, 62)
_CX, _CC = blobs(90, 3, 2, 63, 0.3)
_HX, _HT = halves(70, 4, 64)
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_SPIRAL = {"x": dataset("spiral", "inputs"), "t": dataset("spiral", "labels")}
_IRIS = {"x": dataset("iris", "inputs"), "t": dataset("iris", "labels")}
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}


def _line(dtype: str = "float64", **training: object) -> str:
    return net((3, 1), "mse(y, t)", training, x=_PX, t=_PT, dtype=dtype)


def _wave(hidden: str = "tanh", **training: object) -> str:
    return net((1, 16, 1), "mse(y, t)", training, x=_WX, t=_WT, hidden=hidden, init="normal(0;1.5)")


def _clouds(hidden: str = "relu", **training: object) -> str:
    return net((2, 10, 3), "cross_entropy(y, t)", training, x=_CX, t=_CC, hidden=hidden)


def _spiral() -> str:
    training = {"optimizer": "adam", "lr": 0.05, "steps": 400}
    return net((2, 32, 3), "cross_entropy(y, t)", training, **_SPIRAL, init="normal(0;1.5)")


def _xor() -> str:
    training = {"optimizer": "adam", "lr": 0.05, "steps": 400}
    return net((2, 8, 1), "bce_with_logits(y, t)", training, x=XOR, t=XOR_T, hidden="tanh")


def _moons(hidden: str = "relu", **training: object) -> str:
    return net((2, 12, 1), "bce_with_logits(y, t)", training, **_MOONS, hidden=hidden)


_NOISE = "targets have noise of variance 0.01"
_WAVY = "targets have noise of variance 0.0025"
_APART = "clouds that do not overlap: the loss can come near 0"

HEALTHY = (
    Healthy("line-sgd", _line(optimizer="sgd", lr=0.1, steps=100), 0.012, _NOISE),
    Healthy("line-adam", _line(optimizer="adam", lr=0.05, steps=300), 0.012, _NOISE),
    Healthy("line-float32", _line("float32", optimizer="momentum", lr=0.05, steps=150), 0.012, _NOISE),
    Healthy(
        "line-long-past-its-minimum",
        _line(optimizer="sgd", lr=0.2, steps=800),
        0.012,
        "it stands at its minimum for 700 iterations: gradients cancel, updates are 0",
    ),
    Healthy("wave-adam", _wave(optimizer="adam", lr=0.02, steps=400), 0.004, _WAVY),
    Healthy("wave-momentum", _wave(optimizer="momentum", lr=0.1, steps=1000), 0.004, _WAVY),
    Healthy("wave-gelu", _wave("gelu", optimizer="adam", lr=0.02, steps=400), 0.004, _WAVY),
    Healthy("wave-silu-adamw", _wave("silu", optimizer="adamw", lr=0.02, steps=500), 0.004, _WAVY),
    Healthy("clouds-momentum", _clouds(optimizer="momentum", lr=0.1, steps=150), 0.05, _APART),
    Healthy("clouds-adagrad", _clouds(optimizer="adagrad", lr=0.2, steps=150), 0.05, _APART),
    Healthy("clouds-rmsprop", _clouds(optimizer="rmsprop", lr=0.01, steps=150), 0.05, _APART),
    Healthy("clouds-nesterov", _clouds(optimizer="momentum", lr=0.1, nesterov=True, steps=150), 0.05, _APART),
    Healthy("clouds-leaky", _clouds("leaky_relu", optimizer="sgd", lr=0.5, steps=200), 0.05, _APART),
    Healthy(
        "moons-batches",
        _moons(optimizer="adam", lr=0.02, batch_size=32, shuffle=1, steps=500),
        0.05,
        "a curve separates them",
    ),
    Healthy("moons-tanh", _moons("tanh", optimizer="momentum", lr=0.3, steps=300), 0.05, "a curve separates them"),
    Healthy(
        "moons-sigmoid-bce",
        net((2, 12, 1), "bce(y, t)", {"optimizer": "adam", "lr": 0.03, "steps": 300}, **_MOONS, output="sigmoid"),
        0.05,
        "a curve separates them",
    ),
    Healthy(
        "spiral",
        _spiral(),
        0.1,
        "CS231n's case study: a hidden layer separates nearly all",
    ),
    Healthy(
        "iris",
        net((4, 10, 3), "cross_entropy(y, t)", {"optimizer": "adam", "lr": 0.02, "steps": 300}, **_IRIS),
        0.1,
        "logistic regression reaches 0.04 on it",
    ),
    Healthy(
        "digits-batches",
        net(
            (64, 16, 10),
            "cross_entropy(y, t)",
            {"optimizer": "momentum", "lr": 0.05, "batch_size": 32, "shuffle": 2, "steps": 250},
            **_DIGITS,
            dtype="float32",
        ),
        0.15,
        "ten classes that are told apart nearly always",
    ),
    Healthy(
        "xor-solved",
        _xor(),
        0.01,
        "four points that a hidden layer separates",
    ),
    Healthy(
        "logistic-regression",
        net((4, 1), "bce_with_logits(y, t)", {"optimizer": "sgd", "lr": 1.0, "steps": 300}, x=_HX, t=_HT),
        0.15,
        "a plane separates them: the loss falls ever more slowly, towards 0",
    ),
    Healthy(
        "huber-with-noise",
        net((3, 1), "huber(y, t)", {"optimizer": "sgd", "lr": 0.3, "steps": 200}, x=_PX, t=_PT),
        0.006,
        "half of the noise's variance",
    ),
    Healthy(
        "hinge-of-signs",
        net((4, 8, 1), "hinge(y, t)", {"optimizer": "adam", "lr": 0.03, "steps": 250}, x=_HX, t=2 * _HT - 1),
        0.05,
        "a plane separates them, with a margin",
    ),
    Healthy(
        "mae-of-numbers",
        net((3, 1), "mae(y, t)", {"optimizer": "adam", "lr": 0.05, "schedule": "cosine", "steps": 300}, x=_PX, t=_PT),
        0.1,
        "the mean of |noise| is 0.08",
    ),
)
