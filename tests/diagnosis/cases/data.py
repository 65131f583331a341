"""What it is trained on."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, dataset, halves, net, plane, scenario

_PX, _PT = plane(60, 3, 31, 0.1)
_CX, _CC = blobs(60, 3, 4, 32)
_HX, _HT = halves(64, 5, 33)
_FX, _FC = blobs(75, 3, 2, 37, 0.4)
_OX, _OC = blobs(60, 3, 4, 38, 0.8)
_ADAM = {"optimizer": "adam", "lr": 0.02, "steps": 150}
_ORDER = np.argsort(_OC, kind="stable")
_IRIS = {"x": dataset("iris", "inputs"), "t": dataset("iris", "labels")}
_YEARS = np.round(1990 + 30 * np.random.default_rng(34).random((60, 1)))
_VALUES = (_YEARS - 2005) / 10 + 0.1 * np.random.default_rng(35).normal(size=(60, 1))

#: Pictures of 16 pixels from 0 to 255, of four kinds.
_GX, _GC = blobs(80, 4, 16, 36, 0.8)
_GX = np.clip(np.round(128 + 50 * _GX), 0, 255)


def _with(array: np.ndarray, row: int, value: object) -> np.ndarray:
    found = array.copy()
    found[row] = value
    return found


_GRAMS = _with(_PX, slice(48, 54), _PX[48:54] * 1000)


def _line(x: object, t: object, lr: float = 0.1) -> str:
    return net((3, 1), "mse(y, t)", {"optimizer": "sgd", "lr": lr, "steps": 100}, x=x, t=t)


def _classes(x: object, t: object = _CC, hidden: str = "relu", **training: object) -> str:
    return net((4, 10, 3), "cross_entropy(y, t)", _ADAM | training, x=x, t=t, hidden=hidden)


def _halves(x: object, hidden: str = "relu", lr: float = 0.1) -> str:
    training = {"optimizer": "sgd", "lr": lr, "steps": 200}
    return net((5, 10, 1), "bce_with_logits(y, t)", training, x=x, t=_HT, hidden=hidden)


def _flat(t: object) -> str:
    return net((2, 3), "cross_entropy(y, t)", {"optimizer": "momentum", "lr": 0.1, "steps": 200}, x=_FX, t=t)


def _pixels(x: object, lr: float) -> str:
    training = {"optimizer": "sgd", "lr": lr, "steps": 200}
    return net((16, 12, 4), "cross_entropy(y, t)", training, x=x, t=_GC, dtype="float32")


def _years(x: object) -> str:
    return net((1, 8, 1), "mse(y, t)", {"optimizer": "adam", "lr": 0.03, "steps": 200}, x=x, t=_VALUES, hidden="tanh")


def _iris(**training: object) -> str:
    return net((4, 8, 3), "cross_entropy(y, t)", {"optimizer": "sgd", "lr": 0.1, "batch_size": 25} | training, **_IRIS)


def _batches(x: object, t: object, dtype: str = "float64", **training: object) -> str:
    return net((3, 8, 1), "mse(y, t)", training, x=x, t=t, dtype=dtype)


def _sorted(t: object, x: object, **training: object) -> str:
    return net((4, 8, 3), "cross_entropy(y, t)", {"optimizer": "momentum", "lr": 0.1} | training, x=x, t=t)


def _summed(loss: str, **training: object) -> str:
    graph = f"h = tanh(x @ W1.T + b1)\ny = h @ W2.T + b2\nL = {loss}"
    parameters = "W1 8x3 xavier_normal, b1 8 zeros, W2 1x8 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, {"optimizer": "sgd", "lr": 0.1, "steps": 120} | training, x=_PX, t=_PT)


def _normalised(size: int, steps: int) -> str:
    graph = "h = relu(batch_norm(x @ W1.T, g1, b1))\ny = h @ W2.T + b2\nL = cross_entropy(y, t)"
    parameters = "W1 10x4 he_normal, g1 10 ones, b1 10 zeros, W2 3x10 xavier_normal, b2 3 zeros"
    training = {"optimizer": "adam", "lr": 0.01, "batch_size": size, "shuffle": 4, "steps": steps}
    return scenario(graph, parameters, training, x=_CX, t=_CC)


def _pooled(axis: str) -> str:
    graph = f"""
        h = relu(x @ W1.T + b1)
        p = mean(h * h, {axis}, keepdims=True)
        y = p @ W2.T + b2
        L = mean((y - t) ** 2)
    """
    parameters = f"W1 8x3 he_normal, b1 8 zeros, W2 1x{8 if axis == 'axis=0' else 1} ones, b2 1 zeros"
    training = {"optimizer": "adam", "lr": 0.03, "steps": 250}
    return scenario(graph, parameters, training, x=_PX, t=(_PX**2).sum(1, keepdims=True))


def _against_all(loss: str, t: object) -> str:
    graph = f"h = tanh(x @ W1.T + b1)\ny = h @ W2.T + b2\nL = {loss}"
    parameters = "W1 6x3 xavier_normal, b1 6 zeros, W2 1x6 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.01, "steps": 300}, x=_PX, t=t)


CASES = (
    Case(
        "outlier-target",
        "outlier",
        _line(_PX, _with(_PT, 17, 400.0)),
        _line(_PX, _PT),
        "Karpathy's recipe: 'become one with the data'; a missing value coded as 400",
        Where(rows=(17,)),
    ),
    Case(
        "outlier-input",
        "outlier",
        _line(_with(_PX, 42, [-999.0, 0.3, 0.1]), _PT, 1e-6),
        _line(_PX, _PT),
        "pandas' missing values coded as -999",
        Where(rows=(42,)),
        kinds=("outlier", "input_scale"),
        also=("rate_small", "too_few_iterations"),
    ),
    Case(
        "one-wrong-label",
        "outlier",
        _flat(_with(_FC, 8, (_FC[8] + 1) % 3)),
        _flat(_FC),
        "Karpathy's recipe: look for mislabelled samples among those of the largest loss",
        Where(rows=(8,)),
        harmless="one label of 75",
    ),
    Case(
        "outlier-in-batches",
        "outlier",
        _batches(_PX, _with(_PT, 29, -300.0), optimizer="sgd", lr=0.02, batch_size=12, steps=150),
        _batches(_PX, _PT, optimizer="sgd", lr=0.02, batch_size=12, steps=150),
        "Google's tuning playbook: spikes of the loss from a bad batch",
        Where(rows=(29,)),
        kinds=("outlier", "spike"),
    ),
    Case(
        "one-batch-in-grams",
        "spike",
        _batches(_GRAMS, _PT, "float32", optimizer="adam", lr=0.02, batch_size=6, steps=200),
        _batches(_PX, _PT, "float32", optimizer="adam", lr=0.02, batch_size=6, steps=200),
        "Stack Overflow: a loss that jumps once in each epoch: one file in other units",
        Where(rows=tuple(range(48, 54))),
        kinds=("spike", "outlier", "input_scale"),
    ),
    Case(
        "one-column-in-thousands",
        "input_scale",
        _classes(_CX * np.array([1.0, 1.0, 3000.0, 1.0]) + np.array([0.0, 0.0, 8000.0, 0.0])),
        _classes(_CX),
        "Stack Overflow: Keras stuck, a column in dollars beside columns of 0 to 1; DeepFD's 'missing preprocessing'",
        Where("x"),
    ),
    Case(
        "pixels-not-divided",
        "input_scale",
        _pixels(_GX, 0.1),
        _pixels(_GX / 255, 0.5),
        "DeepFD's programs and UMLAUT's 'image data not normalised': 0..255",
        Where("x"),
    ),
    Case(
        "unscaled-columns-sigmoid",
        "input_scale",
        _halves(_HX * np.array([1.0, 400.0, 0.01, 30.0, 1.0]), "sigmoid"),
        _halves(_HX, "sigmoid", 1.0),
        "LeCun et al., Efficient BackProp (1998): normalise the inputs",
        Where("x"),
    ),
    Case(
        "years-not-centred",
        "input_scale",
        _years(_YEARS),
        _years((_YEARS - 2005) / 9),
        "Stack Overflow: a regression on the year: inputs about 2000",
        Where("x"),
    ),
    Case(
        "divided-by-255-twice",
        "input_scale",
        _pixels(_GX / 255 / 255, 0.5),
        _pixels(_GX / 255, 0.5),
        "Stack Overflow: ToTensor() divides by 255, and so does the training loop",
        Where("x"),
        kinds=("input_scale", "rate_small", "too_few_iterations"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "pooled-over-the-batch",
        "samples_mixed",
        _pooled("axis=0"),
        _pooled("axis=1"),
        "Karpathy's recipe: 'use backprop to chart dependencies': a view or a mean that mixes the samples of a batch",
        Where("y|p|h|L"),
    ),
    Case(
        "same-row-everywhere",
        "rows_identical",
        _line(np.repeat(_PX[:1], 60, axis=0), _PT),
        _line(_PX, _PT),
        "Karpathy's recipe: visualise what goes in; a loader that always gives the first picture",
        Where("x"),
    ),
    Case(
        "rows-twice-with-other-labels",
        "rows_identical",
        _classes(np.tile(_CX[:15], (4, 1))),
        _classes(_CX),
        "Stack Overflow: np.tile of the inputs with the labels of the whole set",
        Where("x"),
    ),
    Case(
        "iris-in-the-order-of-its-file",
        "classes_in_turn",
        _iris(steps=240),
        _iris(shuffle=5, steps=240),
        "Keras' documentation: validation_split and batches of iris, whose file is sorted",
        says="(?i)shuffle",
    ),
    Case(
        "clouds-one-after-the-other",
        "classes_in_turn",
        _sorted(_OC[_ORDER], _OX[_ORDER], lr=0.5, batch_size=10, steps=120),
        _sorted(_OC[_ORDER], _OX[_ORDER], lr=0.5, batch_size=10, shuffle=6, steps=120),
        "fast.ai's forum: folders read one class after the other",
        says="(?i)shuffle",
    ),
    Case(
        "batch-norm-of-one-sample",
        "batch_norm_of_one",
        _normalised(1, 200),
        _normalised(15, 200),
        "PyTorch: 'Expected more than 1 value per channel when training'",
        Where("h|W1|x"),
    ),
    Case(
        "sum-over-samples-line",
        "sum_of_samples",
        scenario(
            "y = x @ W1.T + b1\nL = sum((y - t) ** 2)",
            "W1 1x3 xavier_normal, b1 1 zeros",
            {"optimizer": "sgd", "lr": 0.1, "steps": 60},
            x=_PX,
            t=_PT,
        ),
        {"sum((y - t) ** 2)": "mean((y - t) ** 2)"},
        "PyTorch forum: reduction='sum' with the rate for a mean",
        Where("L"),
    ),
    Case(
        "half-squared-error-of-all",
        "sum_of_samples",
        _summed("half_squared_error(y, t)"),
        _summed("mse(y, t)"),
        "CS231n: divide the loss by N, or the rate depends on the number of samples",
        Where("L"),
    ),
    Case(
        "samples-against-all",
        "samples_against_all",
        _against_all("mean((y - t) ** 2)", _PT[:, 0]),
        _against_all("mean((y[:, 0] - t) ** 2)", _PT[:, 0]),
        "PyTorch's warning 'Using a target size that is different to the input size'",
        Where("L|y|t"),
    ),
    Case(
        "samples-against-all-absolute",
        "samples_against_all",
        _against_all("mean(abs(t - y))", _PT[:, 0]),
        _against_all("mean(abs(t - y))", _PT),
        "Stack Overflow: y_pred (N, 1) minus y_true (N,) is (N, N)",
        Where("L|y|t"),
    ),
)
