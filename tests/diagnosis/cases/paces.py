"""Rates and what they become, and options of optimisers: far too small, decayed, averaged over nothing."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case
from tests.diagnosis.writing import blobs, dataset, net, plane

_RNG = np.random.default_rng(811)
_CX, _CC = blobs(96, 4, 3, 812, 0.4)
_PX, _PT = plane(80, 5, 813, 0.1)
_NT = _RNG.normal(size=(80, 1))
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}


def _classes(*sizes: int, **training: object) -> str:
    return net((3, *(sizes or (12,)), 4), "cross_entropy(y, t)", {"steps": 200} | training, x=_CX, t=_CC)


def _line(dtype: str = "float64", t: object = _PT, **training: object) -> str:
    return net((5, 12, 1), "mse(y, t)", {"steps": 200} | training, x=_PX, t=t, dtype=dtype)


def _moons(**training: object) -> str:
    return net((2, 12, 1), "bce_with_logits(y, t)", {"optimizer": "momentum", "steps": 300} | training, **_MOONS)


_SGD, _ADAM = {"optimizer": "sgd"}, {"optimizer": "adam"}

CASES = (
    Case(
        "rate-of-a-millionth",
        "rate_small",
        _classes(**_SGD, lr=1e-6),
        _classes(**_SGD, lr=0.1, steps=300),
        "Stack Overflow, many: lr=1e-6 copied from fine-tuning, and nothing moves",
        says="larger learning rate",
    ),
    Case(
        "rate-of-a-ten-millionth-adam",
        "rate_small",
        _line("float32", **_ADAM, lr=1e-7),
        _line("float32", **_ADAM, lr=0.02),
        "PyTorch forum: loss does not change with lr=1e-7",
        says="larger learning rate",
    ),
    Case(
        "rate-lost-in-rounding",
        "rate_small",
        _line("float32", **_ADAM, lr=1e-10),
        _line("float32", **_ADAM, lr=0.02),
        "PyTorch forum: weights do not change at all, their updates being below rounding",
        says="lost in rounding",
    ),
    Case(
        "warm-up-of-forty-trainings",
        "rate_small",
        _classes(**_ADAM, lr=0.02, steps=100, warmup=4000),
        _classes(**_ADAM, lr=0.02, steps=150, warmup=10),
        "Hugging Face forum: warmup_steps larger than max_steps",
        says="warm-up",
        never=r"lr = ",
    ),
    Case(
        "warm-up-a-little-too-long",
        "rate_small",
        _moons(lr=0.05, steps=100, warmup=150),
        _moons(lr=0.3, warmup=10),
        "Hugging Face forum: the warm-up is longer than one epoch of training",
        says="warm-up",
        never=r"lr = ",
    ),
    Case(
        "adagrad-that-decays",
        "rate_decayed",
        _classes(optimizer="adagrad", lr=0.1, lr_decay=0.3),
        _classes(optimizer="adagrad", lr=0.1),
        "PyTorch's Adagrad: lr_decay divides by 1 + 0.3 (k − 1), on top of its own sums",
        says="lr_decay = 0",
    ),
    Case(
        "step-every-five",
        "rate_decayed",
        _classes(optimizer="momentum", lr=0.05, schedule="step", step_size=5, gamma=0.3),
        _classes(optimizer="momentum", lr=0.05, schedule="step", step_size=100, gamma=0.3),
        "PyTorch forum: StepLR stepped per batch and not per epoch",
    ),
    Case(
        "adam-with-eps-of-one",
        "adam_options",
        _classes(**_ADAM, lr=0.01, eps=1.0, steps=150),
        _classes(**_ADAM, lr=0.02, steps=150),
        "TensorFlow's documentation: epsilon 1.0 for Inception, taken over with the usual rate",
        says="eps",
    ),
    Case(
        "adam-of-eight-tenths",
        "rate_large",
        _classes(12, 12, 12, **_ADAM, lr=0.8),
        _classes(12, 12, 12, **_ADAM, lr=0.01),
        "Stack Overflow, many: a rate meant for SGD given to Adam, and all units die",
        says="smaller learning rate",
        also=("died", "dead"),
    ),
    Case(
        "noise-and-samples-held-back",
        "nothing_to_learn",
        _line(t=_NT, **_SGD, lr=0.05, validation=0.25, steps=150),
        _line(**_SGD, lr=0.05, validation=0.25, steps=150),
        "Zhang et al. (ICLR 2017): targets drawn by lot, with samples held back",
        kinds=("shuffled_targets", "no_better_than_constant"),
        also=("overfit",),
        never="(?i)learning rate",
    ),
)
