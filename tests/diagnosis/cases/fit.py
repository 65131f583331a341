"""Overfitting, underfitting, and what cannot be learned."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, dataset, net, plane, wave

_OX, _OT = plane(200, 10, 81, 1.5)
_WX, _WT = wave(90, 82, turns=2)
_CX, _CC = blobs(100, 4, 5, 83)
_CR = np.random.default_rng(84).permutation(_CC)
_PX, _PT = plane(90, 4, 85, 0.2)
_PR = np.random.default_rng(86).permutation(_PT)
_NX, _NT = np.random.default_rng(89).normal(size=(80, 3)), np.random.default_rng(90).normal(size=(80, 1))
_NC = np.random.default_rng(88).integers(0, 3, 80)
_SPIRAL = {"x": dataset("spiral", "inputs"), "t": dataset("spiral", "labels")}


def _adam(lr: float, steps: int, validation: float = 0.3) -> dict[str, object]:
    return {"optimizer": "adam", "lr": lr, "validation": validation, "validate": 10, "steps": steps}


def _noisy(rows: int, *, hidden: int = 40) -> str:
    return net((10, hidden, 1), "mse(y, t)", _adam(0.02, 400, 0.25), x=_OX[:rows], t=_OT[:rows])


def _clouds(rows: int, spread: float, steps: int) -> str:
    x, t = blobs(rows, 2, 12, 87, spread)
    training = {"optimizer": "momentum", "lr": 0.1, "validation": 0.3, "validate": 10, "steps": steps}
    return net((12, 40, 2), "cross_entropy(y, t)", training, x=x, t=t)


def _four(t: object, steps: int) -> str:
    return net((5, 60, 4), "cross_entropy(y, t)", _adam(0.03, steps), x=_CX, t=t)


def _plane(t: object, steps: int) -> str:
    return net((4, 40, 1), "mse(y, t)", _adam(0.03, steps), x=_PX, t=t, hidden="tanh", init="normal(0;0.7)")


def _wave(units: int) -> str:
    return net((1, units, 1), "mse(y, t)", _adam(0.05, 500), x=_WX, t=_WT, hidden="tanh", init="normal(0;3)")


def _spiral(steps: int, *sizes: int) -> str:
    return net(sizes, "cross_entropy(y, t)", _adam(0.05, steps), **_SPIRAL, init="normal(0;2)")


CASES = (
    Case(
        "few-noisy-rows",
        "overfit",
        _noisy(24),
        net((10, 1), "mse(y, t)", _adam(0.02, 400, 0.25), x=_OX, t=_OT),
        "Google's tuning playbook: training curves that overfit",
        harmless="what is trained is fitted, what is held back is not",
    ),
    Case(
        "classes-by-heart",
        "overfit",
        _clouds(40, 4.0, 300),
        _clouds(200, 1.0, 60),
        "Amazon SageMaker Debugger's rule Overfit",
        harmless="what is trained is fitted, what is held back is not",
    ),
    Case(
        "classes-shuffled",
        "targets_shuffled",
        _four(_CR, 300),
        _four(_CC, 30),
        "Zhang et al. (ICLR 2017): random labels are learned by heart; Stack Overflow: x shuffled without y",
        harmless="what is trained is fitted, what is held back is not",
    ),
    Case(
        "numbers-shuffled",
        "targets_shuffled",
        _plane(_PR, 400),
        _plane(_PT, 40),
        "Stack Overflow: np.random.shuffle(x) and not y",
        harmless="what is trained is fitted, what is held back is not",
    ),
    Case(
        "inputs-that-say-nothing",
        "nothing_to_learn",
        net((3, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.1, "steps": 150}, x=_NX, t=_NT),
        net((3, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.1, "steps": 150}, x=_NX, t=_NT * 0.2 + _NX[:, :1]),
        "Karpathy's recipe: an input-independent baseline: is anything read out of the inputs?",
    ),
    Case(
        "classes-drawn-by-lot",
        "nothing_to_learn",
        net((3, 3), "cross_entropy(y, t)", {"optimizer": "adam", "lr": 0.05, "steps": 200}, x=_NX, t=_NC),
        net((3, 3), "cross_entropy(y, t)", {"optimizer": "adam", "lr": 0.05, "steps": 200}, x=_NX, t=_NX.argmax(1)),
        "Karpathy's recipe: the loss at ln C says that nothing is read out of the inputs",
        Where("L|y|t|x"),
    ),
    Case(
        "one-unit-for-two-waves",
        "too_few_units",
        _wave(1),
        _wave(24),
        "DeepFD's programs: too few units; Goodfellow et al., Deep Learning, section 5.2",
    ),
    Case(
        "plane-for-a-spiral",
        "too_few_units",
        _spiral(60, 2, 3),
        _spiral(60, 2, 40, 3),
        "CS231n's case study: a softmax classifier on the spiral",
    ),
)
