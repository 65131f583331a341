"""Numbers that are not finite, exactly 0, or have lost their digits."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, halves, mlp, net, one_hot, plane, scenario

_HX, _HT = halves(50, 4, 91)
_CX, _CC = blobs(60, 3, 4, 92)
_X, _T = plane(50, 3, 93, 0.1)
_RNG = np.random.default_rng(94)
#: Pairs of points, of which some are the same: their distance is 0.
_A = _RNG.normal(size=(40, 3))
_B = np.where(_RNG.random((40, 1)) < 0.2, _A, _RNG.normal(size=(40, 3)))
_D = np.sqrt(((_A - _B) ** 2).sum(1, keepdims=True))
_GAP = _HX.copy()
_GAP[13, 2] = np.nan
_E = np.exp(0.5 * _T)
_ADAM = {"optimizer": "adam", "lr": 0.02, "steps": 120}
_SGD = {"optimizer": "sgd", "lr": 0.1, "steps": 100}


def _classes(loss: str, by: float = 1.0, dtype: str = "float32", output: str = "", **training: object) -> str:
    net_, parameters = mlp(4, 8, 3, output=output)
    return scenario(f"{net_}\nL = {loss}", parameters, _ADAM | training, x=_CX * by, t=one_hot(_CC, 3), dtype=dtype)


def _distance(root: str) -> str:
    graph = f"d = (x - u) @ W1.T\ny = {root}\nL = mse(y, t)"
    return scenario(graph, "W1 4x3 xavier_normal", _ADAM, batch="x u t", x=_A, u=_B, t=_D)


def _standardised(eps: str, *, flat: bool = True) -> str:
    x = np.hstack([_X, np.full((50, 1), 2.0)]) if flat else _X
    graph = f"""
        m = mean(x, axis=0)
        s = sqrt(mean((x - m) ** 2, axis=0){eps})
        y = ((x - m) / s) @ W1.T + b1
        L = mse(y, t)
    """
    return scenario(graph, f"W1 1x{x.shape[1]} xavier_normal, b1 1 zeros", _SGD, x=x, t=_T)


def _variance(formula: str, offset: float = 3000.0) -> str:
    graph = f"""
        h = x @ W1.T + b1
        m = mean(h, axis=0)
        v = {formula}
        n = (h - m) / sqrt(v + 1e-5)
        y = n @ W2.T + b2
        L = mse(y, t)
    """
    parameters = f"W1 4x3 xavier_normal, b1 4 constant({offset:g}), W2 1x4 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, _ADAM | {"lr": 0.05}, x=_X, t=_T, dtype="float32")


def _kernels(width: float) -> str:
    graph = f"""
        d = sum((reshape(x, (50, 1, 3)) - C) ** 2, axis=2)
        h = exp(-{width} * d)
        y = h @ W1.T + b1
        L = mse(y, t)
    """
    parameters = "C 10x3 normal(0;1.5), W1 1x10 xavier_normal, b1 1 zeros"
    return scenario(graph, parameters, _ADAM | {"lr": 0.1, "steps": 200}, x=_X, t=_T, dtype="float32")


CASES = (
    Case(
        "log-of-a-sigmoid-that-is-zero",
        "not_finite",
        scenario(
            mlp(4, 8, 1, output="sigmoid")[0] + "\nL = -mean(t * log(y) + (1 - t) * log(1 - y))",
            mlp(4, 8, 1)[1],
            {"optimizer": "sgd", "lr": 0.3, "steps": 60},
            x=_HX * 40,
            t=_HT,
            dtype="float32",
        ),
        net((4, 8, 1), "bce_with_logits(y, t)", {"optimizer": "adam", "lr": 0.02, "steps": 100}, x=_HX, t=_HT),
        "Stack Overflow: a cross-entropy of one's own is NaN as soon as a probability is exactly 0 or 1",
        kinds=("nonfinite", "log_of_softmax", "input_scale"),
        also=("input_scale",),
    ),
    Case(
        "root-of-a-distance-of-zero",
        "not_finite",
        _distance("sqrt(sum(d ** 2, axis=1, keepdims=True))"),
        _distance("sqrt(sum(d ** 2, axis=1, keepdims=True) + 1e-8)"),
        "PyTorch's issues: the gradient of torch.norm and sqrt at 0 is infinite, and NaN after the chain rule",
        Where("y|d"),
        says="(?i)root|sqrt",
        never="(?i)smaller learning rate",
    ),
    Case(
        "constant-column-standardised",
        "not_finite",
        _standardised(""),
        _standardised(" + 1e-8"),
        "Stack Overflow: (x - mean) / std with a column that never changes: 0/0",
        Where("y|s"),
        says="(?i)divi|0/0|zero",
        never="(?i)learning rate",
    ),
    Case(
        "softmax-by-hand-overflows",
        "too_large_for_dtype",
        _classes("-mean(log(sum(t * exp(y) / sum(exp(y), axis=1, keepdims=True), axis=1)))", by=60.0),
        _classes("cross_entropy(y, t)", lr=0.05),
        "Cross Validated: exp(1000): subtract the largest before the softmax",
        kinds=("overflow", "nonfinite", "input_scale"),
        also=("input_scale",),
        says="(?i)exp|overflow|softmax",
    ),
    Case(
        "where-keeps-the-nan",
        "not_finite",
        scenario(
            "z = x @ W1.T + b1\ny = where(z > 0, sqrt(z), 0.0)\nL = mse(y, t)",
            "W1 1x3 xavier_normal, b1 1 zeros",
            _SGD,
            x=_X,
            t=abs(_T),
        ),
        {"sqrt(z)": "sqrt(where(z > 0, z, 1.0))"},
        "JAX's FAQ: gradients contain NaN where using where",
        Where("z|y"),
        says="(?i)where|root|sqrt",
        never="(?i)learning rate",
    ),
    Case(
        "squares-overflow-float32",
        "too_large_for_dtype",
        scenario(
            "h = x @ W1.T + b1\ny = mean(h ** 4, axis=1, keepdims=True)\nL = mse(y, t)",
            "W1 6x3 xavier_normal, b1 6 zeros",
            _SGD,
            x=_X * 3e5,
            t=_T,
            dtype="float32",
        ),
        scenario(
            "h = x @ W1.T + b1\ny = mean(h, axis=1, keepdims=True)\nL = mse(y, t)",
            "W1 6x3 xavier_normal, b1 6 zeros",
            _SGD,
            x=_X,
            t=_T,
            dtype="float32",
        ),
        "PyTorch forum: inf in float32 from powers of unscaled inputs",
        also=("input_scale", "rate_large"),
        kinds=("overflow", "nonfinite", "input_scale"),
    ),
    Case(
        "variance-by-two-means",
        "digits_lost",
        _variance("mean(h ** 2, axis=0) - m ** 2"),
        _variance("mean((h - m) ** 2, axis=0)"),
        "Chan, Golub and LeVeque (1983): the textbook variance E[x²] − E[x]² in single precision",
        Where("v|m"),
    ),
    Case(
        "small-difference-of-large",
        "digits_lost",
        scenario(
            "z = x @ W1.T + b1\ny = (z + 3e7) - 3e7\nL = mse(y, t)",
            "W1 1x3 xavier_normal, b1 1 zeros",
            {"optimizer": "sgd", "lr": 0.05, "steps": 100},
            x=_X,
            t=_T,
            dtype="float32",
        ),
        {"(z + 3e7) - 3e7": "(z + 3.0) - 3.0"},
        "Goldberg (1991): catastrophic cancellation",
        Where("y"),
    ),
    Case(
        "log-of-softmax-float32",
        "log_of_softmax",
        _classes("-mean(sum(t * log(softmax(y)), axis=1))", by=25.0, lr=0.05),
        _classes("-mean(sum(t * log_softmax(y), axis=1))", lr=0.05),
        "PyTorch's documentation of log_softmax: log(softmax(x)) is slower and numerically unstable",
        Where("y|L"),
        also=("input_scale",),
    ),
    Case(
        "log-of-softmax-saturated",
        "log_of_softmax",
        scenario(
            "h = relu(x @ W1.T + b1)\ny = softmax(h @ W2.T + b2)\nL = -mean(sum(t * log(y), axis=1))",
            "W1 8x4 he_normal, b1 8 zeros, W2 3x8 normal(0;60), b2 3 zeros",
            _ADAM,
            x=_CX,
            t=one_hot(_CC, 3),
            dtype="float32",
        ),
        scenario(
            "h = relu(x @ W1.T + b1)\ny = log_softmax(h @ W2.T + b2)\nL = -mean(sum(t * y, axis=1))",
            "W1 8x4 he_normal, b1 8 zeros, W2 3x8 xavier_normal, b2 3 zeros",
            _ADAM,
            x=_CX,
            t=one_hot(_CC, 3),
            dtype="float32",
        ),
        "Stack Overflow: loss is nan from log(softmax)",
        Where("y|L"),
        also=("weight_scale", "saturated"),
    ),
    Case(
        "sigmoid-underflows",
        "saturated_units",
        net((4, 8, 1), "mse(y, t)", _ADAM, x=_HX, t=_HT, output="sigmoid", last="normal(0;400)", dtype="float32"),
        net((4, 8, 1), "mse(y, t)", _ADAM, x=_HX, t=_HT, output="sigmoid", dtype="float32"),
        "CS231n: sigmoids saturate and kill gradients",
        Where("y|W2|z2"),
        kinds=("saturated", "zero", "weight_scale"),
    ),
    Case(
        "missing-value",
        "not_finite",
        net((4, 8, 1), "bce_with_logits(y, t)", _ADAM, x=_GAP, t=_HT),
        net((4, 8, 1), "bce_with_logits(y, t)", _ADAM, x=_HX, t=_HT),
        "pandas: a missing value is NaN, and so is the loss in its first iteration",
        Where("x"),
        says="(?i)input|given|x\\[13|13",
        never="(?i)learning rate|clip",
    ),
    Case(
        "log-of-a-negative-prediction",
        "not_finite",
        scenario("y = x @ W1.T + b1\nL = mse(log(y), log(t))", "W1 1x3 xavier_normal, b1 1 ones", _SGD, x=_X, t=_E),
        scenario(
            "y = exp(x @ W1.T + b1)\nL = mse(log(y), log(t))", "W1 1x3 xavier_normal, b1 1 ones", _SGD, x=_X, t=_E
        ),
        "Keras' issues: mean_squared_logarithmic_error is NaN where a prediction is below -1",
        Where("L|y"),
        says="(?i)log|negative",
        never="(?i)learning rate|clip",
    ),
    Case(
        "kernels-so-narrow-that-they-vanish",
        "exactly_zero",
        _kernels(60.0),
        _kernels(1.0),
        "Stack Overflow: a radial basis network whose activations are all exactly 0",
        Where("h|C|e|W1|y"),
        kinds=("zero", "unchanged", "dead", "saturated"),
    ),
    Case(
        "masked-to-nothing",
        "exactly_zero",
        scenario(
            "h = relu(x @ W1.T + b1) * m\ny = h @ W2.T + b2\nL = mse(y, t)",
            "W1 6x3 he_normal, b1 6 zeros, W2 1x6 xavier_normal, b2 1 zeros",
            _ADAM | {"lr": 0.05},
            x=_X,
            t=_T,
            m=np.zeros(6),
        ),
        {"m = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]": "m = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]"},
        "PyTorch forum: a mask with the wrong sense: what is padding is kept",
        Where("W1|W2|b1|h|m"),
        kinds=("zero", "unchanged", "dead"),
    ),
)
