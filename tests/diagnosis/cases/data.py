"""What it is trained on."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, net, plane, scenario

_PX, _PT = plane(60, 3, 31, 0.1)
_BAD = _PT.copy()
_BAD[17] = 400.0
_CX, _CC = blobs(60, 3, 4, 32)
_WIDE = _CX * np.array([1.0, 1.0, 3000.0, 1.0]) + np.array([0.0, 0.0, 8000.0, 0.0])

CASES = (
    Case(
        "outlier-target",
        "outlier",
        net((3, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.1, "steps": 100}, x=_PX, t=_BAD),
        net((3, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.1, "steps": 100}, x=_PX, t=_PT),
        "Karpathy's recipe: 'become one with the data'; a missing value coded as 400",
        Where(rows=(17,)),
    ),
    Case(
        "one-column-in-thousands",
        "input_scale",
        net((4, 8, 3), "cross_entropy(y, t)", {"optimizer": "adam", "lr": 0.02, "steps": 150}, x=_WIDE, t=_CC),
        net((4, 8, 3), "cross_entropy(y, t)", {"optimizer": "adam", "lr": 0.02, "steps": 150}, x=_CX, t=_CC),
        "Stack Overflow: Keras stuck, a column in dollars beside columns of 0 to 1; DeepFD's 'missing preprocessing'",
        Where("x"),
    ),
    Case(
        "sum-over-samples",
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
        "samples-against-all",
        "samples_against_all",
        scenario(
            "h = tanh(x @ W1.T + b1)\ny = h @ W2.T + b2\nL = mean((y - t) ** 2)",
            "W1 6x3 xavier_normal, b1 6 zeros, W2 1x6 xavier_normal, b2 1 zeros",
            {"optimizer": "adam", "lr": 0.02, "steps": 150},
            x=_PX,
            t=_PT[:, 0],
        ),
        {"mean((y - t) ** 2)": "mean((y[:, 0] - t) ** 2)"},
        "PyTorch's warning 'Using a target size that is different to the input size'",
        Where("L:subtract|L|y|t"),
    ),
)
