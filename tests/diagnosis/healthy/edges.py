"""What looks like trouble and is none: floors, interpolation, saturated answers, sparse units, fine-tuning."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import blobs, dataset, halves, net, one_hot, plane, scenario, wave

_RNG = np.random.default_rng(401)
_CX, _CC = blobs(80, 4, 3, 402, 0.25)
_NX, _ = halves(200, 3, 403)
#: Labels that are drawn with a chance which depends on x: no one can do better than their entropy.
_CHANCE = 1 / (1 + np.exp(-(_NX @ np.array([[1.0], [-0.5], [0.3]]))))
_NT = (_RNG.random((200, 1)) < _CHANCE).astype(float)
_FLOOR = float(-(_CHANCE * np.log(_CHANCE) + (1 - _CHANCE) * np.log(1 - _CHANCE)).mean())
_PX, _PT = plane(120, 4, 404, 1.0)
_FEW, _FEWT = plane(12, 5, 405, 0.3)
_WX, _WT = wave(60, 406, 0.02)
#: The weights that least squares finds, from where a training goes on.
_A = np.hstack([_PX, np.ones((120, 1))])
_BEST = np.linalg.lstsq(_A, _PT, rcond=None)[0].ravel()
_REST = float(((_A @ _BEST[:, None] - _PT) ** 2).mean())
#: A picture of 0s and 1s to be made again.
_BITS = (_RNG.random((40, 3)) < 0.5).astype(float) @ (_RNG.random((3, 9)) < 0.5)
_BITS = (_BITS > 0).astype(float)
_IRIS = {"x": dataset("iris", "inputs"), "t": dataset("iris", "one_hot")}
#: Half of the columns are 0 in most rows.
_SPARSE = np.where(_RNG.random((90, 8)) < 0.8, 0.0, 1.0) * _RNG.random((90, 8)) + 0.0
_ST = _SPARSE @ _RNG.normal(size=(8, 1)) + 0.05 * _RNG.normal(size=(90, 1))


def _fine_tuned(by: float) -> str:
    w, b = "; ".join(map(repr, (_BEST[:4] + by).tolist())), float(_BEST[4] - by)
    training = {"optimizer": "sgd", "lr": 0.05, "steps": 150}
    return scenario("y = x @ W1.T + b1\nL = mse(y, t)", f"W1 = [[{w}]]\nb1 = [{b}]", training, x=_PX, t=_PT)


def _soft(t: object, **training: object) -> str:
    return net((3, 12, 4), "cross_entropy(y, t)", training, x=_CX, t=t)


def _precise() -> str:
    training = {"optimizer": "adam", "lr": 0.01, "steps": 800}
    return net((1, 24, 1), "mse(y, t)", training, x=_WX, t=_WT, hidden="tanh", init="normal(0;1.5)")


def _bits() -> str:
    training = {"optimizer": "adam", "lr": 0.05, "steps": 500}
    return net((9, 6, 9), "bce(y, t)", training, x=_BITS, t=_BITS, output="sigmoid")


def _clouds(units: int, **training: object) -> str:
    return net((3, units, 4), "cross_entropy(y, t)", training, x=_CX, t=_CC, seed=5)


HEALTHY = (
    Healthy(
        "label-noise-plateau",
        net((3, 1), "bce_with_logits(y, t)", {"optimizer": "sgd", "lr": 0.5, "steps": 400}, x=_NX, t=_NT),
        _FLOOR * 1.02,
        f"the entropy of the labels is {_FLOOR:.3f}",
    ),
    Healthy(
        "noise-floor",
        net((4, 1), "mse(y, t)", {"optimizer": "momentum", "lr": 0.05, "steps": 400}, x=_PX, t=_PT),
        _REST * 1.01,
        f"least squares leaves {_REST:.3f}",
    ),
    Healthy(
        "begins-at-its-minimum",
        _fine_tuned(0.0),
        _REST * 1.0001,
        f"it begins where least squares ends: {_REST:.3f}",
    ),
    Healthy("fine-tuned", _fine_tuned(0.05), _REST * 1.001, f"it begins near where least squares ends: {_REST:.3f}"),
    Healthy(
        "interpolation",
        net((5, 40, 1), "mse(y, t)", {"optimizer": "adam", "lr": 0.01, "steps": 500}, x=_FEW, t=_FEWT),
        1e-3,
        "241 numbers for 12 samples: the loss goes to 0",
    ),
    Healthy(
        "answers-certain",
        _clouds(16, optimizer="adam", lr=0.05, steps=500),
        0.005,
        "clouds far apart: probabilities end at 0 and 1",
    ),
    Healthy(
        "sigmoids-saturated-at-the-end",
        _bits(),
        0.02,
        "targets of 0 and 1, which three hidden bits decide: outputs come near them",
    ),
    Healthy(
        "many-units-some-dead",
        _clouds(60, optimizer="momentum", lr=0.1, steps=200),
        0.05,
        "a few of 60 rectifiers are shut: fewer than half",
    ),
    Healthy(
        "one-hot-and-mse",
        net((4, 12, 3), "mse(y, t)", {"optimizer": "adam", "lr": 0.02, "steps": 400}, **_IRIS, output="softmax"),
        0.03,
        "the Brier score of a good classifier of iris",
    ),
    Healthy(
        "sparse-inputs",
        net((8, 1), "mse(y, t)", {"optimizer": "adagrad", "lr": 0.3, "steps": 400}, x=_SPARSE, t=_ST),
        0.004,
        "noise of variance 0.0025; most inputs are 0",
    ),
    Healthy(
        "precise-wave",
        _precise(),
        0.0008,
        "noise of variance 0.0004",
    ),
    Healthy(
        "labels-smoothed",
        _soft(0.9 * one_hot(_CC, 4) + 0.025, optimizer="adam", lr=0.02, steps=250),
        0.36,
        "the entropy of smoothed labels is 0.349",
    ),
    Healthy(
        "short-and-done",
        _soft(_CC, optimizer="momentum", lr=0.05, schedule="cosine", steps=80),
        0.01,
        "clouds far apart; the schedule ends with it",
    ),
)
