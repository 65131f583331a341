"""Single rows of the data, in batches and with some held back: which row it is; and rows that come in order."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, net, plane, scenario

_RNG = np.random.default_rng(821)
_X, _T = plane(80, 5, 822, 0.1)
_FAR, _WRONG, _GAP, _ENDLESS = _T.copy(), _X.copy(), _X.copy(), _T.copy()
_FAR[23] = 900.0
_WRONG[31, 2] = 3000.0
_GAP[29, 1] = np.nan
_ENDLESS[41] = np.inf
_ORDER = np.argsort(_T[:, 0])
_CX, _CC = blobs(200, 4, 3, 823, 0.3)
_SHUFFLED = _RNG.permutation(_CC)
_IDS = _RNG.integers(0, 16, (120, 2))
_GO = ((_IDS[:, :1] % 3) == (_IDS[:, 1:] % 3)).astype(float)
_UX = np.abs(_RNG.normal(size=(80, 4)))
_UT = _UX @ np.array([[1.0], [-0.5], [0.3], [0.8]])
_NEGATIVE = (-np.abs(_RNG.normal(size=(12, 4)) * 0.7) - 0.01).round(4).tolist()
_BATCHES = {"batch_size": 16, "shuffle": 1}


def _line(x: object = _X, t: object = _T, **training: object) -> str:
    return net((5, 12, 1), "mse(y, t)", {"optimizer": "adam", "lr": 0.02, "steps": 200} | training, x=x, t=t)


def _classes(t: object) -> str:
    training = {"optimizer": "adam", "lr": 0.01, "steps": 200, "validation": 0.25}
    return net((3, 60, 4), "cross_entropy(y, t)", training, x=_CX, t=t)


def _looked_up(init: str) -> str:
    graph = """
        e = embedding(E, a) * embedding(E, c)
        h = relu(e @ W1.T + b1)
        y = h @ W2.T + b2
        L = bce_with_logits(y, t)
    """
    parameters = f"E 16x6 {init}, W1 12x6 he_normal, b1 12 zeros, W2 1x12 xavier_normal, b2 1 zeros"
    training = {"optimizer": "adam", "lr": 0.03, "steps": 250}
    return scenario(graph, parameters, training, batch="a c t", a=_IDS[:, 0], c=_IDS[:, 1], t=_GO)


def _positive(weights: str) -> str:
    graph = "h = relu(x @ W1.T + b1)\ny = h @ W2.T + b2\nL = mse(y, t)"
    parameters = f"{weights}, b1 12 zeros, W2 1x12 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, {"optimizer": "sgd", "lr": 0.05, "steps": 300}, x=_UX, t=_UT)


CASES = (
    Case(
        "outlier-and-samples-held-back",
        "outlier",
        _line(t=_FAR, validation=0.2),
        _line(validation=0.2),
        "Kaggle: one price of a thousand times the others",
        Where("t", rows=(23,)),
        also=("overfit", "target_scale"),
    ),
    Case(
        "target-outlier-in-batches",
        "outlier",
        _line(t=_FAR, **_BATCHES),
        _line(**_BATCHES),
        "Kaggle: the same with shuffled batches",
        Where("t", rows=(23,)),
        also=("spike", "target_scale"),
    ),
    Case(
        "input-outlier-in-batches",
        "outlier",
        _line(x=_WRONG, optimizer="sgd", lr=0.01, **_BATCHES),
        _line(optimizer="sgd", lr=0.01, **_BATCHES),
        "pandas: a sensor's 3000 among numbers of 1",
        Where("x", rows=(31,)),
        also=("input_scale", "spike", "diverged"),
    ),
    Case(
        "missing-value-in-batches",
        "not_finite",
        _line(x=_GAP, **_BATCHES),
        _line(**_BATCHES),
        "PyTorch forum: loss becomes NaN in the middle of an epoch, one row of a CSV being empty",
        Where("x", rows=(29,)),
        says="row 29",
        never="(?i)learning rate|clip",
    ),
    Case(
        "endless-target",
        "not_finite",
        _line(t=_ENDLESS),
        _line(),
        "pandas: a logarithm of 0 among the targets",
        Where("t", rows=(41,)),
        never="(?i)learning rate|clip",
    ),
    Case(
        "numbers-in-their-order",
        "classes_in_turn",
        _line(_X[_ORDER], _T[_ORDER], optimizer="sgd", lr=0.2, batch_size=8),
        _line(_X[_ORDER], _T[_ORDER], optimizer="sgd", lr=0.05, batch_size=8, shuffle=3),
        "Bengio (2012), sect. 3.1: a table that is sorted by what is to be predicted",
        Where("t"),
        says="shuffle",
        also=("diverged", "rate_large", "explode"),
    ),
    Case(
        "classes-shuffled-and-held-back",
        "targets_shuffled",
        _classes(_SHUFFLED),
        _classes(_CC),
        "Stack Overflow: x shuffled without y, and accuracy on what is held back stays at chance",
        also=("overfit",),
        never="(?i)weight decay|dropout",
    ),
    Case(
        "products-of-zero-rows",
        "begins_zero",
        _looked_up("zeros"),
        _looked_up("normal(0;1)"),
        "PyTorch forum: nn.init.zeros_ of an embedding whose rows are multiplied",
        Where("E"),
    ),
    Case(
        "weights-below-zero-inputs-above",
        "dead_from_start",
        _positive(f"W1 = {_NEGATIVE}".replace(",", ";")),
        _positive("W1 12x4 he_normal"),
        "Stack Overflow: ReLU units whose weights are all negative, inputs that are counts",
        Where("h|W1"),
        says="negative|below 0",
    ),
)
