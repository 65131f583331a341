"""Gradients that fade or grow through many layers, or many time steps: what is wrong is how the network is built, and
where in it. Each has its twin of the same depth."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import dataset, halves, plane, scenario

_HX, _HT = halves(64, 5, 171)
_PX, _PT = plane(64, 5, 172, 0.1)
_RNG = np.random.default_rng(173)
#: Sequences of 16 pairs, and their sums; and others of which the first is asked for, and the rest is small.
_S = _RNG.normal(size=(48, 16, 2))
_SUM = _S[:, :, :1].sum(1) / 4
_F = _S * np.array([1.0] + 15 * [0.1])[:, None]
_FIRST = _F[:, 0, :1] - 0.5 * _F[:, 0, 1:]
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}


def stack(
    layers: int,
    hidden: str,
    init: str,
    *,
    width: int = 12,
    skip: bool = False,
    norm: str = "",
    loss: str = "bce_with_logits(y, t)",
    dtype: str = "float64",
    first: str = "xavier_normal",
    **training: object,
) -> str:
    """So many hidden layers of equal width; with `skip` each adds to what enters it, with `norm` each sum is
    normalised."""
    lines, parameters = ["h1 = " + f"{hidden}(x @ W1.T + b1)"], [f"W1 {width}x5 {first}, b1 {width} zeros"]
    for k in range(2, layers + 1):
        z = f"h{k - 1} @ W{k}.T + b{k}"
        inside = f"{hidden}({f'{norm}({z})' if norm else z})"
        lines.append(f"h{k} = h{k - 1} + {inside}" if skip else f"h{k} = {inside}")
        parameters.append(f"W{k} {width}x{width} {init}, b{k} {width} zeros")
    lines += [f"y = h{layers} @ W{layers + 1}.T + b{layers + 1}", f"L = {loss}"]
    parameters.append(f"W{layers + 1} 1x{width} xavier_normal, b{layers + 1} 1 zeros")
    x, t = (_PX, _PT) if loss.startswith("mse") else (_HX, _HT)
    training = {"optimizer": "sgd", "lr": 0.05, "steps": 120} | training
    return scenario("\n".join(lines), ", ".join(parameters), training, dtype=dtype, x=x, t=t)


def recurrent(activation: str, recurrence: str, t: object = _FIRST, count: int = 16, **training: object) -> str:
    """A plain recurrent net that answers after the last of `count` time steps."""
    lines = [f"h1 = {activation}(x[:, 0] @ U.T)"]
    lines += [f"h{k} = {activation}(h{k - 1} @ R.T + x[:, {k - 1}] @ U.T)" for k in range(2, count + 1)]
    lines += [f"y = h{count} @ V.T + c", "L = mse(y, t)"]
    parameters = f"R {recurrence}, U 8x2 normal(0;0.4), V 1x8 xavier_normal, c 1 zeros"
    training = {"optimizer": "adam", "lr": 0.01, "steps": 250} | training
    return scenario("\n".join(lines), parameters, training, x=(_F if t is _FIRST else _S)[:, :count], t=t)


def _identity(scale: float) -> str:
    rows = np.round(np.eye(8) * scale, 4).tolist()
    return f"= {rows}".replace(",", ";")


def kept(scale: float = 1.0, activation: str = "relu", t: object = _FIRST, **training: object) -> str:
    """A recurrence that begins as a multiple of the identity (Le, Jaitly and Hinton, 2015)."""
    return recurrent(activation, _identity(scale), t, **training)


def _convolutions(layers: int, init: str, hidden: str = "relu", **training: object) -> str:
    lines = ["h1 = relu(conv2d(reshape(x, (-1, 1, 8, 8)), K1, c1, padding=1))", "p1 = max_pool2d(h1, 2)"]
    parameters = ["K1 6x1x3x3 he_normal, c1 6 zeros"]
    before = "p1"
    for k in range(2, layers + 1):
        lines.append(f"h{k} = {hidden}(conv2d({before}, K{k}, c{k}, padding=1))")
        parameters.append(f"K{k} 6x6x3x3 {init}, c{k} 6 zeros")
        before = f"h{k}"
    lines += [f"y = flatten({before}, 1) @ W1.T + b1", "L = cross_entropy(y, t)"]
    parameters.append("W1 10x96 xavier_normal, b1 10 zeros")
    training = {"optimizer": "momentum", "lr": 0.03, "batch_size": 32, "shuffle": 1, "steps": 110} | training
    return scenario("\n".join(lines), ", ".join(parameters), training, dtype="float32", **_DIGITS)


_ADAM = {"optimizer": "adam", "lr": 0.01}
_FIRST_LAYERS = Where(r"W[1-4]|h[1-4]|z[1-4]|b[1-4]")
_TIME = Where(r"R|U|h[1-8]")

CASES = (
    Case(
        "ten-sigmoid-layers",
        "gradients_fade",
        stack(10, "sigmoid", "xavier_normal", lr=0.3),
        stack(10, "relu", "he_normal", lr=0.05, steps=200),
        "Glorot and Bengio (AISTATS 2010), section 3.1: sigmoid is unsuited for deep networks with random weights",
        _FIRST_LAYERS,
        never="(?i)smaller (learning )?rate|clip",
    ),
    Case(
        "thirty-sigmoid-layers-adam",
        "gradients_fade",
        stack(30, "sigmoid", "xavier_normal", steps=80, **_ADAM),
        stack(30, "tanh", "normal(0;0.05)", skip=True, steps=100, optimizer="adam", lr=0.003),
        "Stack Overflow: a deep network with sigmoid predicts the same for all; without skip connections",
        _FIRST_LAYERS,
        says=r"(?i)sigmoid",
    ),
    Case(
        "sixty-sigmoid-layers-float32",
        "gradients_fade",
        stack(60, "sigmoid", "xavier_normal", width=8, dtype="float32", steps=50, **_ADAM),
        stack(60, "tanh", "normal(0;0.05)", width=8, skip=True, dtype="float32", steps=50, **_ADAM),
        "Nielsen's book, chapter 5; in float32 the first layers' gradients underflow to exactly 0",
        Where(r"W\d+|h\d+"),
        also=("zero",),
    ),
    Case(
        "twenty-tanh-layers-of-small-weights",
        "gradients_fade",
        stack(20, "tanh", "uniform(-0.1;0.1)", lr=0.1),
        stack(20, "tanh", "orthogonal", lr=0.02, steps=200),
        "Glorot and Bengio (AISTATS 2010), figure 7: back-propagated gradients with the standard initialisation",
        _FIRST_LAYERS,
        kinds=("vanish", "weight_scale"),
    ),
    Case(
        "forty-tanh-layers-without-skip",
        "gradients_fade",
        stack(40, "tanh", "normal(0;0.15)", loss="mse(y, t)", steps=80, **_ADAM),
        stack(40, "tanh", "normal(0;0.05)", skip=True, loss="mse(y, t)", steps=80, **_ADAM),
        "He et al. (CVPR 2016): plain networks that are deeper train worse; the skip connections were left out",
        _FIRST_LAYERS,
    ),
    Case(
        "twelve-relu-layers-of-small-weights",
        "gradients_fade",
        stack(12, "relu", "normal(0;0.1)", lr=0.1),
        stack(12, "relu", "he_normal", optimizer="momentum", lr=0.02, steps=250),
        "CS231n, lecture 6: weights of 0.01·randn, and all activations become zero",
        _FIRST_LAYERS,
        kinds=("vanish", "weight_scale"),
        says=r"(?i)he_normal|size|deviation",
    ),
    Case(
        "thirty-relu-layers-of-PyTorchs-default",
        "gradients_fade",
        stack(30, "relu", "uniform(-0.29;0.29)", width=12, steps=80, **_ADAM),
        stack(30, "relu", "normal(0;0.05)", width=12, skip=True, steps=80, **_ADAM),
        "He et al. (ICCV 2015), figure 3: a 30-layer model that stalls; PyTorch's issue 18182 on nn.Linear's default",
        _FIRST_LAYERS,
    ),
    Case(
        "twenty-silu-layers",
        "gradients_fade",
        stack(20, "silu", "xavier_normal", lr=0.1),
        stack(20, "silu", "normal(0;0.1)", skip=True, lr=0.02, steps=200),
        "Hayou et al. (ICML 2019): smooth activations need their own initialisation; a skip does without",
        _FIRST_LAYERS,
    ),
    Case(
        "ten-relu-layers-of-standard-normal",
        "gradients_grow",
        stack(10, "relu", "normal(0;1)", lr=0.01, loss="mse(y, t)"),
        stack(10, "relu", "he_normal", lr=0.01, loss="mse(y, t)", steps=200),
        "PyTorch forum: NaN after the first update, weights from torch.randn",
        Where(r"W\d+|h\d+|y|L"),
        kinds=("explode", "weight_scale"),
    ),
    Case(
        "twenty-relu-layers-a-little-too-large",
        "gradients_grow",
        stack(20, "relu", "normal(0;0.75)", lr=0.01, loss="mse(y, t)"),
        stack(20, "relu", "normal(0;0.05)", skip=True, lr=0.01, loss="mse(y, t)", steps=200),
        "He et al. (ICCV 2015), section 2.2: a factor of √2 a layer is enough; no layer by itself looks wrong",
        Where(r"W\d+|h\d+|y|L"),
    ),
    Case(
        "branches-not-scaled",
        "gradients_grow",
        stack(16, "relu", "normal(0;0.8)", skip=True, lr=0.01, loss="mse(y, t)"),
        stack(16, "relu", "normal(0;0.05)", skip=True, lr=0.01, loss="mse(y, t)", steps=200),
        "Zhang et al. (Fixup, ICLR 2019): residual networks whose branches are not scaled down explode with depth",
        Where(r"W\d+|h\d+|y|L"),
    ),
    Case(
        "tanh-recurrence-that-forgets",
        "gradients_fade",
        recurrent("tanh", "8x8 normal(0;0.12)", optimizer="sgd", lr=0.05),
        kept(),
        "Bengio, Simard and Frasconi (1994); Pascanu et al. (ICML 2013): the first of sixteen inputs is to be kept",
        _TIME,
    ),
    Case(
        "sigmoid-recurrence",
        "gradients_fade",
        recurrent("sigmoid", "8x8 orthogonal", optimizer="sgd", lr=0.05),
        kept(),
        "Hochreiter (1991): the slope of a sigmoid is at most 1/4, at each time step again",
        _TIME,
    ),
    Case(
        "recurrence-below-one",
        "gradients_fade",
        kept(0.5, optimizer="sgd", lr=0.01),
        kept(1.0),
        "Pascanu et al. (ICML 2013), section 2.1: a largest singular value below 1 is sufficient to vanish",
        _TIME,
    ),
    Case(
        "recurrence-above-one",
        "gradients_grow",
        kept(1.7, "relu", _SUM, optimizer="sgd", lr=0.01),
        kept(1.0, "relu", _SUM),
        "Pascanu et al. (ICML 2013), section 2.1: above 1 is necessary to explode, and does without a nonlinearity",
        Where(r"R|U|h\d+|V"),
    ),
    Case(
        "relu-recurrence-of-large-weights",
        "gradients_grow",
        recurrent("relu", "8x8 normal(0;0.9)", _SUM, optimizer="sgd", lr=0.02),
        kept(1.0, "relu", _SUM),
        "Le, Jaitly and Hinton (2015): relu in a recurrence needs the identity to begin with",
        Where(r"R|U|h\d+|V"),
    ),
    Case(
        "convolutions-of-small-kernels",
        "gradients_fade",
        _convolutions(8, "normal(0;0.05)"),
        _convolutions(8, "he_normal", lr=0.02, steps=200),
        "Stack Overflow: tf.truncated_normal(stddev=0.05) for all kernels of a deep convolutional net",
        Where(r"K[1-4]|h[1-4]|c[1-4]"),
        kinds=("vanish", "weight_scale"),
    ),
)
