"""Programs in the style of DeepFD's benchmark (Cao et al., ICSE 2022): small Keras nets from Stack Overflow and GitHub,
often with several faults at once. Any of them may be named; the twin has none."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import XOR, XOR_T, blobs, dataset, halves, net, one_hot, scenario

_RNG = np.random.default_rng(201)
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_SPIRAL = {"x": dataset("spiral", "inputs"), "t": dataset("spiral", "labels")}
_IRIS = {"x": dataset("iris", "inputs"), "t": dataset("iris", "one_hot")}
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
_GX, _GC = blobs(90, 4, 6, 202, 0.6)
_HX, _HT = halves(80, 6, 203)
#: As in the data of diabetes: ages, glucose, insulin, a body mass index, a pedigree.
_LOW, _HIGH = np.array([21, 70, 0, 18, 0.1]), np.array([80, 200, 800, 50, 2])
_AX = _RNG.uniform(_LOW, _HIGH, (90, 5))
_AS = (_AX - _AX.mean(0)) / _AX.std(0)
_AT = (_AS @ np.array([[0.5], [1.2], [0.3], [0.8], [0.4]]) > 0).astype(float)
#: As in the data of houses: rooms, a tax, the distance; prices in dollars.
_BX = _RNG.uniform([3, 180, 1], [9, 720, 12], (80, 3))
_BS = (_BX - _BX.mean(0)) / _BX.std(0)
_BT = 220_000 + _BS @ np.array([[60_000.0], [-25_000.0], [-15_000.0]]) + 4000 * _RNG.normal(size=(80, 1))
_BU = (_BT - _BT.mean()) / _BT.std()
_QX = np.linspace(-20, 20, 60)[:, None]
_QT = _QX**2
_SX = np.linspace(-1, 1, 60)[:, None]
_ST = np.sin(np.pi * _SX)
_LX = _RNG.normal(size=(80, 4))
_LT = (_LX @ _RNG.normal(size=(4, 4)) > -0.5).astype(float)


def _keras(
    data: dict[str, object],
    sizes: tuple[int, ...],
    loss: str,
    *,
    optimizer: str = "adam",
    lr: float = 0.02,
    steps: int = 200,
    batch: int | None = None,
    dtype: str = "float32",
    seed: int = 7,
    **options: str,
) -> str:
    training: dict[str, object] = {"optimizer": optimizer, "lr": lr, "steps": steps}
    if batch:
        training |= {"batch_size": batch, "shuffle": 1}
    options = {"init": "xavier_normal"} | options
    return net(sizes, loss, training, x=data["x"], t=data["t"], dtype=dtype, seed=seed, **options)


def _xor(loss: str, **options: object) -> str:
    return _keras({"x": XOR, "t": XOR_T}, (2, 4, 1), loss, output="sigmoid", **options)  # type: ignore[arg-type]


def _iris(loss: str, output: str, **options: object) -> str:
    return _keras(_IRIS, (4, 10, 3), loss, output=output, **options)  # type: ignore[arg-type]


def _moons(output: str, loss: str, **options: object) -> str:
    return _keras(_MOONS, (2, 12, 8, 1), loss, output=output, **options)  # type: ignore[arg-type]


def _digits(output: str, loss: str, inside: tuple[int, ...] = (16,), **options: object) -> str:
    return _keras(_DIGITS, (64, *inside, 10), loss, output=output, batch=36, **options)  # type: ignore[arg-type]


def _groups(
    t: object = _GC, sizes: tuple[int, ...] = (6, 12, 4), loss: str = "cross_entropy(y, t)", **options: object
) -> str:
    return _keras({"x": _GX, "t": t}, sizes, loss, **options)  # type: ignore[arg-type]


def _houses(x: object, t: object, **options: object) -> str:
    return _keras({"x": x, "t": t}, (3, 12, 1), "mse(y, t)", **options)  # type: ignore[arg-type]


def _curve(x: object, t: object, **options: object) -> str:
    return _keras({"x": x, "t": t}, (1, 16, 1), "mse(y, t)", **options)  # type: ignore[arg-type]


def _dropout(p: float) -> str:
    graph = f"""
        h1 = dropout(relu(x @ W1.T + b1), {p})
        h2 = dropout(relu(h1 @ W2.T + b2), {p})
        y = sigmoid(h2 @ W3.T + b3)
        L = bce(y, t)
    """
    parameters = "W1 12x6 he_normal, b1 12 zeros, W2 8x12 he_normal, b2 8 zeros, W3 1x8 xavier_normal, b3 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.01, "steps": 250}, x=_HX, t=_HT)


_DEEPFD = "DeepFD's programs (ICSE 2022): "
_FEW = ("too_few_iterations", "rate_small")

CASES = (
    Case(
        "dfd-xor-mse-slow",
        "too_few_iterations",
        _xor("mse(y, t)", optimizer="sgd", lr=0.05, steps=300, hidden="sigmoid"),
        _xor("mse(y, t)", optimizer="momentum", lr=1.0, steps=1000, hidden="sigmoid", init="normal(0;1.5)"),
        _DEEPFD + "xor with sigmoids, SGD(0.05) and 300 epochs of the thousands it needs",
        kinds=_FEW,
        never="(?i)smaller learning rate",
    ),
    Case(
        "dfd-iris-mse-few",
        "too_few_iterations",
        _iris("mse(y, t)", "softmax", optimizer="sgd", lr=0.05, steps=30, seed=12),
        _iris("-mean(sum(t * log(y + 1e-7), axis=1))", "softmax", lr=0.05, steps=400, seed=12),
        _DEEPFD + "iris with mse, SGD and 30 epochs",
        kinds=(*_FEW, "wrong_loss"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "dfd-iris-relu-output",
        "output_activation",
        _iris("mse(y, t)", "relu", optimizer="sgd", lr=0.1, steps=200, seed=12),
        _iris("-mean(sum(t * log(y + 1e-7), axis=1))", "softmax", lr=0.05, steps=400, seed=12),
        _DEEPFD + "relu on the output of a classifier",
        Where("y"),
        kinds=("wrong_activation", "dead", "died", "wrong_loss"),
    ),
    Case(
        "dfd-softmax-one-unit",
        "softmax_over_one_unit",
        _moons("softmax", "bce(y, t)", optimizer="sgd", lr=0.01, steps=100),
        _moons("sigmoid", "bce(y, t)", lr=0.02, steps=250),
        _DEEPFD + "Dense(1, activation='softmax'), among the commonest of its faults",
        Where("y|z3"),
        says="(?i)sigmoid",
    ),
    Case(
        "dfd-linear-output-bce",
        "no_output_activation",
        _moons("", "bce(y, t)", lr=0.01, steps=150),
        _moons("sigmoid", "bce(y, t)", lr=0.02, steps=250),
        _DEEPFD + "no activation on the last layer under binary_crossentropy",
        Where("y"),
        says="(?i)sigmoid|logits",
    ),
    Case(
        "dfd-moons-adam-slow",
        "rate_small",
        _moons("sigmoid", "mse(y, t)", lr=0.0001, steps=60),
        _moons("sigmoid", "bce(y, t)", lr=0.02, steps=250),
        _DEEPFD + "Adam(1e-4) for 60 epochs, with mse",
        kinds=("rate_small", "too_few_iterations", "wrong_loss"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "dfd-diabetes-unscaled",
        "input_scale",
        _keras({"x": _AX, "t": _AT}, (5, 12, 8, 1), "bce(y, t)", optimizer="sgd", lr=0.01, steps=150, output="sigmoid"),
        _keras({"x": _AS, "t": _AT}, (5, 12, 8, 1), "bce(y, t)", lr=0.02, steps=150, output="sigmoid"),
        _DEEPFD + "the diabetes tutorial without StandardScaler",
        Where("x"),
    ),
    Case(
        "dfd-houses-unscaled",
        "targets_scale",
        _houses(_BX, _BT, lr=0.01, steps=200),
        _houses(_BS, _BU, lr=0.02, steps=200),
        _DEEPFD + "a regression on prices, nothing scaled",
        Where("t|x|y|L"),
        kinds=("target_scale", "input_scale"),
    ),
    Case(
        "dfd-houses-nan",
        "targets_scale",
        _houses(_BX, _BT, optimizer="sgd", lr=0.01, steps=60),
        _houses(_BS, _BU, optimizer="sgd", lr=0.05, steps=300),
        _DEEPFD + "the same with SGD: the loss explodes after a few updates",
        kinds=("target_scale", "input_scale", "rate_large", "diverged"),
        also=("nonfinite", "overflow"),
    ),
    Case(
        "dfd-parabola",
        "targets_scale",
        _curve(_QX, _QT, optimizer="sgd", lr=0.001, steps=150, hidden="sigmoid"),
        _curve(_QX / 20, _QT / 400, lr=0.03, steps=400, hidden="tanh", init="normal(0;2)"),
        _DEEPFD + "y = x² from -20 to 20 with a sigmoid layer",
        Where("t|x|y|L"),
        kinds=("target_scale", "input_scale", "too_few_iterations"),
        also=("saturated",),
    ),
    Case(
        "dfd-sine-relu-output",
        "targets_out_of_reach",
        _curve(_SX, _ST, steps=250, output="relu", init="normal(0;1.5)"),
        _curve(_SX, _ST, steps=250, init="normal(0;1.5)"),
        _DEEPFD + "relu on all layers of a regression",
        Where("y|t"),
        kinds=("unreachable_targets", "wrong_activation"),
    ),
    Case(
        "dfd-digits-sigmoid-output",
        "activation_twice",
        _digits("sigmoid", "cross_entropy(y, t)", optimizer="sgd", lr=0.1, steps=150),
        _digits("", "cross_entropy(y, t)", lr=0.01, steps=200),
        _DEEPFD + "sigmoid on the output of ten classes",
        Where("y"),
        kinds=("activation_before_loss", "wrong_activation"),
    ),
    Case(
        "dfd-digits-softmax-twice",
        "activation_twice",
        _digits("softmax", "cross_entropy(y, t)", optimizer="rmsprop", lr=0.001, steps=100),
        _digits("", "cross_entropy(y, t)", optimizer="rmsprop", lr=0.005, steps=200),
        _DEEPFD + "softmax and from_logits=True",
        Where("y"),
    ),
    Case(
        "dfd-digits-four-sigmoids",
        "gradients_fade",
        _digits("", "cross_entropy(y, t)", (12, 12, 12, 12), optimizer="sgd", lr=0.05, steps=150, hidden="sigmoid"),
        _digits("", "cross_entropy(y, t)", (16, 12, 12, 12), lr=0.01, steps=250, init="he_normal"),
        _DEEPFD + "sigmoid in all hidden layers, SGD",
        kinds=("vanish", "rate_small", "too_few_iterations"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "dfd-tanh-output-of-counts",
        "targets_out_of_reach",
        _groups(t=_GC[:, None] * 3 + 1, sizes=(6, 12, 1), loss="mse(y, t)", output="tanh"),
        _groups(t=_GC[:, None] * 3 + 1, sizes=(6, 12, 1), loss="mse(y, t)", lr=0.05, steps=400),
        _DEEPFD + "tanh on the output of a regression on counts",
        Where("y|t"),
    ),
    Case(
        "dfd-signed-labels-sigmoid",
        "targets_out_of_reach",
        _keras({"x": _HX, "t": 2 * _HT - 1}, (6, 10, 1), "mse(y, t)", optimizer="sgd", lr=0.1, output="sigmoid"),
        _keras({"x": _HX, "t": 2 * _HT - 1}, (6, 10, 1), "mse(y, t)", optimizer="momentum", lr=0.1, output="tanh"),
        _DEEPFD + "labels of -1 and 1, sigmoid on the output",
        Where("y|t"),
        harmless="values are wrong, their order is right",
    ),
    Case(
        "dfd-dropout-high",
        "dropout_high",
        _dropout(0.9),
        _dropout(0.1),
        _DEEPFD + "Dropout(0.9) after each of two small layers",
        Where("h1|h2"),
    ),
    Case(
        "dfd-kernels-zero",
        "begins_zero",
        _groups(init="zeros", last="zeros", optimizer="sgd", lr=0.1, output=""),
        _groups(lr=0.02),
        _DEEPFD + "kernel_initializer='zeros'",
        Where("W1|W2"),
    ),
    Case(
        "dfd-adam-tenfold",
        "rate_large",
        _groups(sizes=(6, 16, 16, 16, 4), lr=1.0, steps=150, output=""),
        _groups(sizes=(6, 16, 16, 16, 4), lr=0.01, steps=150),
        _DEEPFD + "Adam(lr=1.0)",
        never="(?i)larger learning rate|train longer",
    ),
    Case(
        "dfd-spiral-sgd-few",
        "too_few_iterations",
        _keras(_SPIRAL, (2, 24, 3), "cross_entropy(y, t)", optimizer="sgd", lr=0.02, steps=60, init="he_normal"),
        _keras(_SPIRAL, (2, 32, 3), "cross_entropy(y, t)", lr=0.05, steps=400, init="normal(0;1.5)"),
        _DEEPFD + "SGD with its default rate and few epochs",
        kinds=_FEW,
        never="(?i)smaller learning rate",
    ),
    Case(
        "dfd-adagrad-default",
        "rate_small",
        _groups(optimizer="adagrad", lr=0.001, steps=150),
        _groups(optimizer="adagrad", lr=0.2, steps=200),
        _DEEPFD + "an optimiser whose default rate does not fit: Adagrad's 0.001",
        kinds=("rate_small", "too_few_iterations"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "dfd-rmsprop-regression",
        "rate_large",
        _curve(_SX, _ST, optimizer="rmsprop", lr=0.5, hidden="tanh"),
        _curve(_SX, _ST, steps=300, hidden="tanh", init="normal(0;1.5)"),
        _DEEPFD + "RMSprop with a rate far too large",
        never="(?i)larger learning rate|train longer",
    ),
    Case(
        "dfd-two-units-for-a-spiral",
        "too_few_units",
        _keras(_SPIRAL, (2, 2, 3), "cross_entropy(y, t)", lr=0.05, steps=400, hidden="tanh"),
        _keras(_SPIRAL, (2, 32, 3), "cross_entropy(y, t)", lr=0.05, steps=400, init="normal(0;1.5)"),
        _DEEPFD + "too few neurons in the hidden layer",
        kinds=("too_small", "underfit"),
    ),
    Case(
        "dfd-sine-linear",
        "no_activation",
        _keras({"x": _SX, "t": _ST}, (1, 16, 16, 1), "mse(y, t)", lr=0.01, steps=200, hidden=""),
        _keras({"x": _SX, "t": _ST}, (1, 16, 16, 1), "mse(y, t)", lr=0.01, steps=300, hidden="tanh"),
        _DEEPFD + "Dense layers without an activation",
        Where("h1|h2|W1|W2|W3|y"),
    ),
    Case(
        "dfd-multi-label-softmax",
        "labels_together",
        _keras({"x": _LX, "t": _LT}, (4, 12, 4), "-mean(sum(t * log(y + 1e-7), axis=1))", output="softmax"),
        _keras({"x": _LX, "t": _LT}, (4, 12, 4), "bce(y, t)", output="sigmoid", steps=300),
        _DEEPFD + "softmax and categorical_crossentropy for labels of which several hold",
        Where("t|y|L"),
        harmless="values are wrong, their order is right",
    ),
    Case(
        "dfd-one-hot-mae",
        "loss_for_other_targets",
        _groups(t=one_hot(_GC, 4), loss="mae(y, t)", output="softmax", optimizer="sgd", lr=0.05, steps=150),
        _groups(lr=0.02),
        _DEEPFD + "mean_absolute_error on one-hot targets",
        kinds=("wrong_loss", "rate_small", "too_few_iterations"),
        harmless="it is slow, and gets there",
    ),
)
