"""Rates that are too large or too small, and trainings that end too early, in nets of all kinds."""

from __future__ import annotations

from tests.diagnosis.case import Case
from tests.diagnosis.writing import XOR, XOR_T, blobs, dataset, net, scenario, wave

_CX, _CC = blobs(90, 5, 6, 71, 0.7)
_WX, _WT = wave(80, 72, turns=1.5)
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
_SPIRAL = {"x": dataset("spiral", "inputs"), "t": dataset("spiral", "labels")}

_CONV = """
    u = reshape(x, (-1, 1, 8, 8))
    h = relu(conv2d(u, K1, c1, padding=1))
    f = flatten(max_pool2d(h, 2), 1)
    y = f @ W1.T + b1
    L = cross_entropy(y, t)
"""
_CONV_P = "K1 4x1x3x3 he_normal, c1 4 zeros, W1 10x64 xavier_normal, b1 10 zeros"


def _conv(**training: object) -> str:
    return scenario(_CONV, _CONV_P, training | {"batch_size": 24, "shuffle": 2}, dtype="float32", **_DIGITS)


def _xor(**training: object) -> str:
    return net((2, 6, 1), "bce(y, t)", training, x=XOR, t=XOR_T, hidden="tanh", output="sigmoid", init="normal(0;1)")


def _digits(**training: object) -> str:
    return net(
        (64, 12, 10), "cross_entropy(y, t)", training | {"batch_size": 32, "shuffle": 3}, **_DIGITS, dtype="float32"
    )


def _spiral(**training: object) -> str:
    return net((2, 24, 3), "cross_entropy(y, t)", training, **_SPIRAL, init="normal(0;1.5)")


def _wave(**training: object) -> str:
    return net((1, 20, 1), "mse(y, t)", training, x=_WX, t=_WT, hidden="tanh", init="normal(0;2)")


def _five(**training: object) -> str:
    return net((6, 14, 5), "cross_entropy(y, t)", training, x=_CX, t=_CC)


CASES = (
    Case(
        "conv-rate-too-large",
        "rate_large",
        _conv(optimizer="momentum", lr=2.0, steps=80),
        {"lr = 2.0": "lr = 0.02"},
        "Keras' issues: a small CNN stuck at 10 % with SGD(lr=…, momentum=0.9)",
    ),
    Case(
        "digits-rate-too-large-rmsprop",
        "rate_large",
        _digits(optimizer="rmsprop", lr=1.0, steps=120),
        {"lr = 1.0": "lr = 0.01"},
        "Stack Overflow: RMSprop(lr=1.0) by way of SGD's default",
    ),
    Case(
        "wave-rate-turns",
        "rate_large",
        _wave(optimizer="sgd", lr=0.6, steps=600),
        {"lr = 0.6": "lr = 0.08"},
        "CS231n, Neural Networks Part 3: a loss that turns instead of falling",
    ),
    Case(
        "digits-sgd-crawls",
        "rate_small",
        _digits(optimizer="sgd", lr=0.0005, steps=250),
        {"lr = 0.0005": "lr = 0.2"},
        "DeepFD's programs: SGD(lr=1e-4) on pictures",
    ),
    Case(
        "wave-adam-crawls",
        "rate_small",
        _wave(optimizer="adam", lr=1e-5, steps=300),
        {"lr = 1e-05": "lr = 0.03"},
        "Stack Overflow: Adam(lr=1e-5) taken over from fine-tuning",
    ),
    Case(
        "conv-rmsprop-crawls",
        "rate_small",
        _conv(optimizer="rmsprop", lr=2e-6, steps=120),
        {"lr = 2e-06": "lr = 0.005"},
        "Google's tuning playbook: search the rate over several powers of ten",
    ),
    Case(
        "warmup-longer-than-the-training",
        "rate_small",
        _five(optimizer="adam", lr=0.02, warmup=50_000, steps=150),
        {"warmup = 50000": "warmup = 20"},
        "Hugging Face forum: warmup_steps larger than the number of steps",
        kinds=("rate_small", "too_few_iterations", "rate_decayed"),
    ),
    Case(
        "spiral-too-few",
        "too_few_iterations",
        _spiral(optimizer="adam", lr=0.02, steps=40),
        {"steps = 40": "steps = 600"},
        "DeepFD's programs: epochs=50 for a boundary that needs hundreds",
    ),
    Case(
        "xor-too-few",
        "too_few_iterations",
        _xor(optimizer="sgd", lr=0.5, steps=25),
        {"steps = 25": "steps = 800"},
        "Stack Overflow: xor with Keras needs more than 100 epochs; in DeepFD's benchmark several times",
        harmless="the order of four outputs is right",
    ),
    Case(
        "digits-too-few",
        "too_few_iterations",
        _digits(optimizer="momentum", lr=0.02, steps=20),
        {"steps = 20": "steps = 300"},
        "Keras' examples run for one epoch",
    ),
    Case(
        "wave-too-few",
        "too_few_iterations",
        _wave(optimizer="momentum", lr=0.02, steps=30),
        {"steps = 30": "steps = 800"},
        "Stack Overflow: fitting a function with 30 epochs gives a straight line",
    ),
    Case(
        "five-too-few-adagrad",
        "too_few_iterations",
        _five(optimizer="adagrad", lr=0.03, steps=15),
        {"steps = 15": "steps = 600"},
        "DeepFD's programs: Adagrad with its default rate for few epochs",
    ),
)
