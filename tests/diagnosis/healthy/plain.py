"""Ordinary trainings."""

from __future__ import annotations

from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import blobs, dataset, net, plane, wave

_PX, _PT = plane(80, 3, 61, 0.1)
_WX, _WT = wave(64, 62)
_CX, _CC = blobs(90, 3, 2, 63)

HEALTHY = (
    Healthy(
        "line",
        net((3, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.1, "steps": 100}, x=_PX, t=_PT),
        0.012,
        "noise of variance 0.01",
    ),
    Healthy(
        "wave-adam",
        net(
            (1, 16, 1),
            "mse(y, t)",
            {"optimizer": "adam", "lr": 0.02, "steps": 400},
            x=_WX,
            t=_WT,
            hidden="tanh",
            init="normal(0;1.5)",
        ),
        0.004,
        "noise of variance 0.0025",
    ),
    Healthy(
        "clouds-momentum",
        net((2, 10, 3), "cross_entropy(y, t)", {"optimizer": "momentum", "lr": 0.1, "steps": 150}, x=_CX, t=_CC),
        0.1,
        "clouds that hardly overlap",
    ),
    Healthy(
        "moons-batches",
        net(
            (2, 12, 1),
            "bce_with_logits(y, t)",
            {"optimizer": "adam", "lr": 0.02, "batch_size": 32, "shuffle": 1, "steps": 500},
            x=dataset("two-moons", "inputs"),
            t=dataset("two-moons", "targets"),
        ),
        0.1,
        "a curve separates nearly all",
    ),
)
