"""Attention, convolutions, embeddings, normalisations, dropout, residual sums, recurrence."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, dataset, net, plane, scenario

_RNG = np.random.default_rng(101)
#: Sequences of 6 vectors: the target is the third number of that vector whose first is largest.
_S = _RNG.normal(size=(60, 6, 16))
_ST = np.take_along_axis(_S[:, :, 2], _S[:, :, 0].argmax(1)[:, None], axis=1)
#: Sequences whose target is their mean.
_Q = _RNG.normal(size=(48, 10, 2))
_QT = _Q.mean(1) @ np.array([[1.5], [-2.0]])
_X, _T = plane(60, 6, 102, 0.1)
_CX, _CC = blobs(72, 3, 4, 103)
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
#: Pairs of 14 things, and whether they go together.
_IDS = _RNG.integers(0, 14, (90, 2))
_GO = ((_IDS[:, :1] % 2) == (_IDS[:, 1:] % 2)).astype(float)


def _attention(scores: str, lr: float = 0.01, **training: object) -> str:
    graph = f"""
        q = x @ Wq.T
        k = x @ Wk.T
        v = x @ Wv.T
        s = {scores}
        a = softmax(s)
        o = a @ v
        y = mean(o, axis=1) @ W1.T + b1
        L = mse(y, t)
    """
    parameters = ", ".join(f"{name} 16x16 xavier_normal" for name in ("Wq", "Wk", "Wv"))
    parameters += ", W1 1x16 xavier_normal, b1 1 zeros"
    training = {"optimizer": "adam", "lr": lr, "steps": 150} | training
    return scenario(graph, parameters, training, x=_S, t=_ST)


def _deep(lr: float, steps: int, init: str) -> str:
    training = {"optimizer": "sgd", "lr": lr, "steps": steps}
    return net((6, 10, 10, 10, 10, 1), "mse(y, t)", training, x=_X, t=_T, init=init)


def _conv(init: str, last: str = "xavier_normal", **training: object) -> str:
    graph = """
        u = reshape(x, (-1, 1, 8, 8))
        h = relu(conv2d(u, K1, c1, padding=1))
        f = flatten(max_pool2d(h, 2), 1)
        y = f @ W1.T + b1
        L = cross_entropy(y, t)
    """
    training = {"optimizer": "momentum", "lr": 0.05, "batch_size": 32, "shuffle": 1, "steps": 120} | training
    return scenario(graph, f"K1 6x1x3x3 {init}, c1 6 zeros, W1 10x96 {last}, b1 10 zeros", training, **_DIGITS)


def _embedding(init: str, last: str = "xavier_normal", **training: object) -> str:
    graph = """
        e = embedding(E, x)
        h = tanh(flatten(e, 1) @ W1.T + b1)
        y = h @ W2.T + b2
        L = bce_with_logits(y, t)
    """
    parameters = f"E 14x4 {init}, W1 10x8 {last}, b1 10 zeros, W2 1x10 {last}, b2 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.03, "steps": 200} | training, x=_IDS, t=_GO)


def _residual(branch: str, skip: str, init: str = "he_normal") -> str:
    graph = f"""
        h1 = x @ W1.T + b1
        f1 = relu(h1 @ W2.T + b2) @ W3.T
        h2 = {skip} * h1 + {branch} * f1
        y = h2 @ W4.T + b4
        L = mse(y, t)
    """
    parameters = f"W1 8x6 xavier_normal, b1 8 zeros, W2 8x8 {init}, b2 8 zeros, W3 8x8 {init}"
    parameters += ", W4 1x8 xavier_normal, b4 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.02, "steps": 200}, x=_X, t=abs(_T))


def _dropped(p: float, where: str = "h", **training: object) -> str:
    graph = f"h = relu(x @ W1.T + b1)\nd = dropout({where}, {p})\ny = d @ W2.T + b2\nL = cross_entropy(y, t)"
    parameters = "W1 16x4 he_normal, b1 16 zeros, W2 3x16 xavier_normal, b2 3 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.02, "steps": 200} | training, x=_CX, t=_CC)


def _normalised(norm: str, sizes: str) -> str:
    graph = f"h = {norm}\ny = relu(h) @ W2.T + b2\nL = mse(y, t)"
    return scenario(graph, sizes, {"optimizer": "adam", "lr": 0.03, "steps": 200}, x=_X, t=_T)


def _recurrent(scale: float, activation: str = "", lr: float = 0.02, **training: object) -> str:
    steps = [f"h{k} = {activation}(h{k - 1} @ R.T + x[:, {k}] @ U.T)" for k in range(1, 10)]
    graph = "\n".join([f"h0 = {activation}(x[:, 0] @ U.T)", *steps, "y = h9 @ W1.T + b1", "L = mse(y, t)"])
    parameters = f"R 6x6 normal(0;{scale}), U 6x2 xavier_normal, W1 1x6 xavier_normal, b1 1 zeros"
    return scenario(graph, parameters, {"optimizer": "sgd", "lr": lr, "steps": 120} | training, x=_Q, t=_QT)


_SCALED = "(q @ transpose(k, (0, 2, 1))) / 4.0"

CASES = (
    Case(
        "scores-not-divided",
        "scores_unscaled",
        _attention("q @ transpose(k, (0, 2, 1)) * 4.0"),
        _attention(_SCALED),
        "Vaswani et al. (2017), section 3.2.1; Stack Overflow: multiplied by √d instead of divided",
        Where("s|a|Wq|Wk"),
    ),
    Case(
        "scores-of-large-keys",
        "scores_unscaled",
        _attention("q @ transpose(k, (0, 2, 1))").replace(
            'Wk = { shape = [16, 16], init = "xavier_normal"', 'Wk = { shape = [16, 16], init = "normal(0, 2)"'
        ),
        _attention(_SCALED),
        "PyTorch forum: attention of one's own without the division by √d: one weight is 1, all others 0",
        Where("s|a|Wq|Wk"),
        also=("weight_scale",),
    ),
    Case(
        "kernels-equal",
        "begins_equal",
        _conv("constant(0.1)", "constant(0.02)"),
        _conv("he_normal"),
        "Goodfellow et al., Deep Learning, section 8.4: kernels that begin equal stay one kernel",
        Where("K1|c1|h"),
    ),
    Case(
        "embedding-rows-equal",
        "begins_equal",
        _embedding("constant(0.3)", "constant(0.1)"),
        _embedding("normal(0;1)"),
        "Keras' forum: an embedding initialised with a constant",
        Where("E|W1|W2|h"),
    ),
    Case(
        "kernels-of-zeros",
        "begins_zero",
        _conv("zeros", "zeros"),
        _conv("he_normal"),
        "CS231n's pitfall of zeros, as Keras' Conv2D(kernel_initializer='zeros')",
        Where("K1|W1"),
    ),
    Case(
        "embedding-of-zeros",
        "begins_zero",
        _embedding("zeros", "zeros"),
        _embedding("normal(0;1)"),
        "PyTorch forum: embedding.weight.data.zero_() and the layers after it",
        Where("E|W1|W2"),
    ),
    Case(
        "branch-a-thousandth",
        "branch_drowned",
        _residual("0.0005", "1000.0"),
        _residual("1.0", "1.0"),
        "He et al. (2016), Identity Mappings: the skip scaled up drowns the branch",
        Where("h2|f1|W2|W3"),
    ),
    Case(
        "skip-drowned-by-branch",
        "branch_drowned",
        _residual("1.0", "1.0", "normal(0;40)"),
        _residual("1.0", "1.0"),
        "Zhang et al. (Fixup, 2019): a branch that begins hundreds of times larger than the skip",
        Where("h2|f1|h1|W2|W3"),
        kinds=("drowned_branch", "weight_scale"),
    ),
    Case(
        "dropout-of-0.97",
        "dropout_high",
        _dropped(0.97),
        _dropped(0.2),
        "Stack Overflow: tf.nn.dropout's keep_prob taken for the rate",
        Where("d|h"),
    ),
    Case(
        "dropout-of-the-inputs",
        "dropout_high",
        _dropped(0.95, optimizer="momentum", lr=0.1),
        _dropped(0.1, optimizer="momentum", lr=0.1),
        "Keras' rate against TensorFlow's keep_prob: 0.95 was to be kept",
        Where("d|h"),
    ),
    Case(
        "layer-norm-of-one-number",
        "normalised_alone",
        _normalised("layer_norm(x @ W1.T, g1, b1)", "W1 1x6 he_normal, g1 1 ones, b1 1 zeros, W2 1x1 ones, b2 1 zeros"),
        _normalised("x @ W1.T + b1", "W1 8x6 he_normal, b1 8 zeros, W2 1x8 xavier_normal, b2 1 zeros"),
        "PyTorch forum: LayerNorm over a last axis of size 1 gives its bias",
        Where("h|W1"),
    ),
    Case(
        "layer-norm-over-an-added-axis",
        "normalised_alone",
        _normalised(
            "reshape(layer_norm(reshape(x @ W1.T, (-1, 8, 1))), (-1, 8))",
            "W1 8x6 he_normal, W2 1x8 xavier_normal, b2 1 zeros",
        ),
        _normalised("layer_norm(x @ W1.T)", "W1 8x6 he_normal, W2 1x8 xavier_normal, b2 1 zeros"),
        "Stack Overflow: unsqueeze(-1) before LayerNorm(1): all zeros",
        Where("h|W1"),
    ),
    Case(
        "batch-norm-of-a-batch-of-one",
        "batch_norm_of_one",
        scenario(
            "h = relu(batch_norm(x @ W1.T))\ny = h @ W2.T + b2\nL = mse(y, t)",
            "W1 8x6 he_normal, W2 1x8 xavier_normal, b2 1 zeros",
            {"optimizer": "sgd", "lr": 0.02, "batch_size": 1, "steps": 180},
            x=_X,
            t=_T,
        ),
        scenario(
            "h = relu(batch_norm(x @ W1.T))\ny = h @ W2.T + b2\nL = mse(y, t)",
            "W1 8x6 he_normal, W2 1x8 xavier_normal, b2 1 zeros",
            {"optimizer": "sgd", "lr": 0.05, "batch_size": 20, "steps": 300},
            x=_X,
            t=_T,
        ),
        "Ioffe and Szegedy (2015); Keras' issues: batch_size=1 with BatchNormalization",
        Where("h|W1|x"),
    ),
    Case(
        "recurrence-grows",
        "gradients_grow",
        _recurrent(0.9),
        _recurrent(0.3, "tanh", 0.1, steps=400),
        "Pascanu et al. (ICML 2013): exploding gradients over time steps",
        Where("R|h\\d+|U|W1"),
        also=("linear_layers",),
    ),
    Case(
        "recurrence-fades",
        "gradients_fade",
        _recurrent(0.02, "sigmoid", 0.1),
        _recurrent(0.3, "tanh", 0.1, steps=400),
        "Bengio, Simard and Frasconi (1994): long-term dependencies are hard to learn",
        Where("R|h\\d+|U"),
    ),
    Case(
        "deep-and-large",
        "gradients_grow",
        _deep(0.01, 100, "normal(0;1.6)"),
        _deep(0.03, 300, "he_normal"),
        "AUTOTRAINER's 'exploding gradient': kernels drawn with a standard deviation of more than 1",
        Where("W\\d|h\\d|L|y"),
    ),
)
