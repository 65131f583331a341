"""Schedules, warm-up, clipping that acts now and then, decay, dropout, and trainings that are on their way."""

from __future__ import annotations

from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import blobs, dataset, halves, net, plane, scenario, wave

_CX, _CC = blobs(96, 4, 3, 65, 0.5)
_WX, _WT = wave(72, 66, 0.1)
_HX, _HT = halves(80, 6, 67)
_PX, _PT = plane(90, 5, 68, 0.3)
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_IRIS = {"x": dataset("iris", "inputs", "train"), "t": dataset("iris", "labels", "train")}


def _clouds(**training: object) -> str:
    return net((3, 12, 4), "cross_entropy(y, t)", training, x=_CX, t=_CC)


def _wave(**training: object) -> str:
    return net((1, 16, 1), "mse(y, t)", training, x=_WX, t=_WT, hidden="tanh", init="normal(0;1.5)")


def _moons(**training: object) -> str:
    return net((2, 12, 1), "bce_with_logits(y, t)", training, **_MOONS, hidden="tanh")


def _plane(**training: object) -> str:
    return net((5, 1), "mse(y, t)", training, x=_PX, t=_PT)


def _dropped(p: float) -> str:
    graph = f"h = dropout(relu(x @ W1.T + b1), {p})\ny = h @ W2.T + b2\nL = bce_with_logits(y, t)"
    parameters = "W1 16x6 he_normal, b1 16 zeros, W2 1x16 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.02, "steps": 300}, x=_HX, t=_HT)


_CLOUDS = "clouds that overlap a little"

HEALTHY = (
    Healthy("cosine-to-the-end", _clouds(optimizer="momentum", lr=0.2, schedule="cosine", steps=200), 0.1, _CLOUDS),
    Healthy(
        "step-schedule",
        _clouds(optimizer="sgd", lr=0.5, schedule="step", step_size=100, gamma=0.1, steps=300),
        0.15,
        _CLOUDS,
    ),
    Healthy("warm-up", _clouds(optimizer="adam", lr=0.05, warmup=30, steps=200), 0.1, _CLOUDS),
    Healthy(
        "warm-up-and-cosine",
        _moons(optimizer="adam", lr=0.05, warmup=20, schedule="cosine", steps=300),
        0.05,
        "a curve separates them",
    ),
    Healthy(
        "clipped-now-and-then",
        _wave(optimizer="momentum", lr=0.05, clip_norm=1.0, steps=600),
        0.015,
        "noise of variance 0.01; the first gradients are longer than 1",
    ),
    Healthy("decay-as-it-should-be", _clouds(optimizer="adamw", lr=0.03, weight_decay=0.01, steps=200), 0.1, _CLOUDS),
    Healthy(
        "ridge-regression",
        _plane(optimizer="sgd", lr=0.1, weight_decay=0.01, steps=200),
        0.1,
        "noise of variance 0.09",
    ),
    Healthy("dropout-of-a-fifth", _dropped(0.2), 0.2, "a plane separates them; units are missing at random"),
    Healthy("dropout-of-a-half", _dropped(0.5), 0.4, "a plane separates them; half of the units are missing"),
    Healthy(
        "small-batches-jump",
        _plane(optimizer="sgd", lr=0.03, batch_size=4, shuffle=3, steps=300),
        0.13,
        "noise of variance 0.09, and batches of four",
    ),
    Healthy(
        "validation-falls-too",
        net(
            (4, 10, 3),
            "cross_entropy(y, t)",
            {"optimizer": "adam", "lr": 0.02, "batch_size": 24, "shuffle": 1, "validation": 0.2, "steps": 200},
            **_IRIS,
        ),
        0.2,
        "logistic regression reaches 0.04 on all of it",
    ),
    Healthy(
        "batches-of-one",
        _plane(optimizer="sgd", lr=0.01, batch_size=1, shuffle=5, steps=400),
        0.2,
        "noise of variance 0.09, one sample at a time",
    ),
    Healthy(
        "rmsprop-hovers",
        _plane(optimizer="rmsprop", lr=0.005, steps=600),
        0.1,
        "noise of variance 0.09; RMSprop ends by hovering about the minimum",
    ),
    Healthy(
        "cosine-ends-near-zero",
        _moons(optimizer="momentum", lr=0.3, schedule="cosine", eta_min=0.0001, steps=400),
        0.05,
        "a curve separates them; the last updates are small, as they should be",
    ),
)
