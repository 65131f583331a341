"""Deep networks that are well: skips, normalisations, weights of the right size, gates, and what has learned all."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Healthy
from tests.diagnosis.cases.depth import kept, stack
from tests.diagnosis.writing import dataset, scenario

_RNG = np.random.default_rng(181)
_S = _RNG.normal(size=(48, 10, 2))
_MEAN = _S.mean(1) @ np.array([[1.5], [-2.0]])
_ADAM = {"optimizer": "adam", "lr": 0.01}


def _gated(count: int = 10) -> str:
    """Gated recurrent units (Cho et al., 2014), written out."""
    lines = ["h0 = tanh(x[:, 0] @ U.T)"]
    for k in range(1, count):
        lines.append(f"u{k} = sigmoid(x[:, {k}] @ Uz.T + h{k - 1} @ Rz.T + bz)")
        lines.append(f"n{k} = tanh(x[:, {k}] @ U.T + h{k - 1} @ R.T)")
        lines.append(f"h{k} = u{k} * h{k - 1} + (1 - u{k}) * n{k}")
    lines += [f"y = h{count - 1} @ V.T + c", "L = mse(y, t)"]
    parameters = "U 8x2 xavier_normal, R 8x8 orthogonal, Uz 8x2 xavier_normal, Rz 8x8 orthogonal, bz 8 constant(1)"
    parameters += ", V 1x8 xavier_normal, c 1 zeros"
    training = {"optimizer": "adam", "lr": 0.02, "steps": 250, "clip_norm": 5.0}
    return scenario("\n".join(lines), parameters, training, x=_S, t=_MEAN)


def _memory(count: int = 8) -> str:
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gates by Gers et al., 2000), written out."""
    lines = ["m0 = sigmoid(x[:, 0] @ Ui.T) * tanh(x[:, 0] @ Ug.T)", "h0 = sigmoid(x[:, 0] @ Uo.T) * tanh(m0)"]
    for k in range(1, count):
        lines += [
            f"{gate}{k} = {act}(x[:, {k}] @ U{gate}.T + h{k - 1} @ R{gate}.T + b{gate})"
            for gate, act in (("i", "sigmoid"), ("f", "sigmoid"), ("o", "sigmoid"), ("g", "tanh"))
        ]
        lines += [f"m{k} = f{k} * m{k - 1} + i{k} * g{k}", f"h{k} = o{k} * tanh(m{k})"]
    lines += [f"y = h{count - 1} @ V.T + c", "L = mse(y, t)"]
    parameters = ", ".join(
        f"U{g} 8x2 xavier_normal, R{g} 8x8 orthogonal, b{g} 8 {'constant(1)' if g == 'f' else 'zeros'}" for g in "ifog"
    )
    parameters += ", V 1x8 xavier_normal, c 1 zeros"
    target = _S[:, :count].mean(1) @ np.array([[1.5], [-2.0]])
    training = {"optimizer": "adam", "lr": 0.02, "steps": 250}
    return scenario("\n".join(lines), parameters, training, x=_S[:, :count], t=target)


def _blocks(count: int = 4) -> str:
    """Normalised before each block, as in a Transformer, with a wide layer inside."""
    lines, parameters = ["h0 = x @ W0.T"], ["W0 10x64 xavier_normal"]
    for k in range(1, count + 1):
        lines.append(f"f{k} = gelu(layer_norm(h{k - 1}, g{k}, b{k}) @ A{k}.T)")
        lines.append(f"h{k} = h{k - 1} + f{k} @ B{k}.T")
        parameters.append(f"g{k} 10 ones, b{k} 10 zeros, A{k} 20x10 he_normal, B{k} 10x20 normal(0;0.05)")
    lines += [f"y = layer_norm(h{count}) @ V.T + c", "L = cross_entropy(y, t)"]
    parameters.append("V 10x10 xavier_normal, c 10 zeros")
    training = {"optimizer": "adamw", "lr": 0.01, "warmup": 20, "batch_size": 32, "shuffle": 1, "steps": 200}
    digits = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
    return scenario("\n".join(lines), ", ".join(parameters), training, dtype="float32", **digits)


def _units() -> str:
    """What enters the second layer is 1000 times as large, and what leaves it is divided again; the loss is written
    out, and its slopes are those of exp and log, which cancel."""
    graph = """
        h1 = 1000 * tanh(x @ W1.T + b1)
        h2 = tanh(h1 @ W2.T / 1000 + b2)
        h3 = log(exp(tanh(h2 @ W3.T + b3)))
        y = h3 @ W4.T + b4
        L = mean((y - t) ** 2)
    """
    parameters = "W1 8x2 xavier_normal, b1 8 zeros, W2 8x8 xavier_normal, b2 8 zeros, W3 8x8 xavier_normal, b3 8 zeros"
    parameters += ", W4 1x8 xavier_normal, b4 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": 0.02, "steps": 200}, x=_S[:, 0], t=_S[:, 0, :1])


_SIDES = "a plane separates them"
_NOISE = "noise of variance 0.01, and parameters enough to fit some of it"
_EXACT = "targets without noise"

HEALTHY = (
    Healthy("twenty-residual-layers", stack(20, "relu", "normal(0;0.05)", skip=True, steps=150, **_ADAM), 0.1, _SIDES),
    Healthy(
        "forty-residual-layers-sgd",
        stack(40, "tanh", "normal(0;0.04)", skip=True, loss="mse(y, t)", lr=0.003, steps=200),
        0.05,
        _NOISE,
    ),
    Healthy(
        "fifteen-layers-he",
        stack(15, "relu", "he_normal", width=20, steps=150, optimizer="adam", lr=0.002),
        0.1,
        _SIDES,
    ),
    Healthy(
        "twenty-tanh-layers-orthogonal",
        stack(20, "tanh", "orthogonal", optimizer="momentum", lr=0.01, steps=150),
        0.1,
        "Saxe et al. (2014): orthogonal weights keep gradients at any depth",
    ),
    Healthy(
        "twelve-layers-of-layer-norm",
        stack(12, "tanh", "xavier_normal", norm="layer_norm", steps=150, **_ADAM),
        0.1,
        _SIDES,
    ),
    Healthy(
        "eight-sigmoid-layers-of-batch-norm",
        stack(8, "sigmoid", "xavier_normal", norm="batch_norm", steps=200, **_ADAM),
        0.2,
        "Ioffe and Szegedy (2015): with batch norm sigmoids train too",
    ),
    Healthy(
        "small-weights-before-layer-norm",
        stack(6, "tanh", "normal(0;0.01)", norm="layer_norm", optimizer="sgd", lr=0.02, steps=200),
        0.15,
        "a normalisation takes the size of the weights away: the gradients at the sums are large, and no harm",
    ),
    Healthy(
        "three-sigmoid-layers",
        stack(3, "sigmoid", "xavier_normal", steps=300, optimizer="adam", lr=0.03),
        0.1,
        _SIDES,
    ),
    Healthy(
        "deep-and-converged",
        stack(6, "relu", "he_normal", steps=400, **_ADAM),
        0.01,
        "all gradients are small at the end, as they should be",
    ),
    Healthy(
        "deep-with-a-long-warm-up",
        stack(10, "relu", "he_normal", optimizer="momentum", lr=0.03, warmup=60, steps=200),
        0.2,
        _SIDES,
    ),
    Healthy("gated-recurrence", _gated(), 0.05, _EXACT),
    Healthy("long-short-term-memory", _memory(), 0.1, _EXACT),
    Healthy(
        "identity-recurrence",
        kept(steps=250),
        0.05,
        "Le, Jaitly and Hinton (2015): what begins as the identity keeps what it has seen, the first of sixteen",
    ),
    Healthy("blocks-normalised-first", _blocks(), 0.15, "ten classes that are told apart nearly always"),
    Healthy("other-units-within", _units(), 0.01, _EXACT),
)
