"""Networks of many kinds: of pairs, of factors, with noise inside, with a loss of their own; what begins near 0 on
purpose, and what is fed one sample at a time."""

from __future__ import annotations

import numpy as np

from gradstep.engine.index import Array
from tests.diagnosis.case import Healthy
from tests.diagnosis.writing import blobs, halves, mlp, net, plane, scenario, wave

_RNG = np.random.default_rng(701)
_HX, _HT = halves(80, 4, 702)
_PX, _PT = plane(80, 5, 703, 0.3)
_CX, _CC = blobs(96, 4, 3, 704, 0.4)
_WX, _WT = wave(80, 705, 0.1)
#: Classes that are told with a chance for each, none of them 0.
_SHARES = _RNG.dirichlet(np.ones(4) * 0.3, size=4)[_CC.astype(int)] * 0.98 + 0.005
#: Pairs of points, and whether they are of one cloud.
_A, _AC = blobs(80, 4, 4, 706, 0.4)
_OTHER = np.roll(np.arange(80), 7)
_B, _SAME = _A[_OTHER], (_AC[_OTHER] == _AC).astype(float)[:, None]
_NEAR = _A[[int(np.flatnonzero(c == _AC)[k % 20]) for k, c in enumerate(_AC)]]
_FAR = _A[[int(np.flatnonzero(c != _AC)[k % 60]) for k, c in enumerate(_AC)]]
#: Six columns that two numbers make, with noise of variance 0.01.
_LX = _RNG.normal(size=(90, 2)) @ _RNG.normal(size=(2, 6)) + 0.1 * _RNG.normal(size=(90, 6))
_COUNTS = _RNG.poisson(np.exp(0.4 * _PX[:, :1] - 0.3 * _PX[:, 1:2])).astype(float)
_RARE = (_HX @ np.array([[1.0], [0.7], [-0.5], [0.3]]) > 1.9).astype(float)
_ADAM = {"optimizer": "adam", "lr": 0.02, "steps": 250}
_TWO = "u = tanh(a @ W1.T + b1)\nv = tanh(c @ W1.T + b1)\n"


def _pairs(rest: str, more: str = "") -> str:
    parameters = f"W1 8x4 xavier_normal, b1 8 zeros{more}"
    return scenario(_TWO + rest, parameters, _ADAM | {"lr": 0.03}, batch="a c t", a=_A, c=_B, t=_SAME)


def _triplets() -> str:
    graph = (
        "u = tanh(a @ W1.T)\nv = tanh(p @ W1.T)\nw = tanh(n @ W1.T)\n"
        "dp = sum((u - v) ** 2, axis=1)\ndn = sum((u - w) ** 2, axis=1)\nL = mean(relu(dp - dn + 1))"
    )
    inputs = {"a": _A / 4, "p": _NEAR / 4, "n": _FAR / 4}
    return scenario(
        graph, "W1 6x4 normal(0;0.3)", {"optimizer": "adam", "lr": 0.02, "steps": 200}, batch="a p n", **inputs
    )


def _variational() -> str:
    """Kingma and Welling (2014), the loss written out."""
    graph = """
        h = tanh(x @ W1.T + b1)
        mu = h @ W2.T + b2
        lv = h @ W3.T + b3
        z = mu + exp(lv / 2) * e
        y = z @ W4.T + b4
        r = mean(sum((y - t) ** 2, axis=1))
        k = mean(sum(exp(lv) + mu ** 2 - 1 - lv, axis=1)) / 2
        L = r + 0.1 * k
    """
    parameters = "W1 12x6 xavier_normal, b1 12 zeros, W2 2x12 xavier_normal, b2 2 zeros, W3 2x12 xavier_normal"
    parameters += ", b3 2 zeros, W4 6x2 xavier_normal, b4 6 zeros"
    noise = np.random.default_rng(707).normal(size=(90, 2))
    training = {"optimizer": "adam", "lr": 0.01, "steps": 400}
    return scenario(graph, parameters, training, batch="x t e", x=_LX, t=_LX, e=noise)


def _frozen(shape: tuple[int, int], scale: float) -> Array:
    """Weights that are given, and not trained."""
    return np.round(np.random.default_rng(708).normal(size=shape) * scale, 4)


def _adapted() -> str:
    """Low-rank adaptation (Hu et al., LoRA, ICLR 2022): weights that stay, and a product that begins at 0."""
    rng = np.random.default_rng(709)
    base, x = _frozen((5, 5), 0.4), rng.normal(size=(80, 5))
    t = x @ (base + 0.5 * np.outer(rng.normal(size=5), rng.normal(size=5))).T
    graph = "y = x @ W0.T + (x @ A.T) @ B.T\nL = mse(y, t)"
    training = {"optimizer": "adam", "lr": 0.03, "steps": 400}
    return scenario(graph, "A 2x5 normal(0;0.4), B 5x2 zeros", training, x=x, t=t, W0=base)


def _adapted_inside() -> str:
    graph = "h = relu(x @ W0.T + (x @ A.T) @ B.T)\ny = h @ W2.T + b2\nL = bce_with_logits(y, t)"
    parameters = "A 2x4 normal(0;0.4), B 10x2 zeros, W2 1x10 xavier_normal, b2 1 zeros"
    return scenario(graph, parameters, _ADAM, x=_HX, t=_HT, W0=_frozen((10, 4), 0.5))


def _residual(branch: str, parameters: str, blocks: int = 4) -> str:
    """So many blocks, each adding a branch of what enters it, {k}, to it."""
    lines, drawn = ["h0 = x @ W0.T"], ["W0 10x4 xavier_normal"]
    for k in range(1, blocks + 1):
        lines.append(f"h{k} = h{k - 1} + {branch}".replace("{k}", str(k)).replace("{h}", f"h{k - 1}"))
        drawn.append(parameters.replace("{k}", str(k)))
    lines += [f"y = h{blocks} @ V.T + c", "L = bce_with_logits(y, t)"]
    drawn.append("V 1x10 xavier_normal, c 1 zeros")
    training = {"optimizer": "adam", "lr": 0.01, "steps": 150}
    return scenario("\n".join(lines), ", ".join(drawn), training, x=_HX, t=_HT)


_BRANCH = "relu({h} @ A{k}.T + a{k}) @ B{k}.T"


def _ends(last: str) -> str:
    return f"A{{k}} 10x10 he_normal, a{{k}} 10 zeros, B{{k}} 10x10 {last}"


def _language() -> str:
    """A small Transformer that counts on in fives, its embedding used for the output too."""
    sequence = (np.arange(8)[None, :] + np.arange(40)[:, None]) % 5
    graph = """
        e = embedding(E, s) + P
        q = e @ Wq.T
        k = e @ Wk.T
        v = e @ Wv.T
        a = softmax(causal_mask(matmul(q, transpose(k, (0, 2, 1))) / sqrt(12)))
        h = e + a @ v
        m = h + relu(layer_norm(h) @ A.T) @ B.T
        y = reshape(m @ E.T, (-1, 5))
        L = cross_entropy(y, reshape(t, (-1,)))
    """
    parameters = "E 5x12 normal(0;0.5), P 7x12 normal(0;0.1), Wq 12x12 xavier_normal, Wk 12x12 xavier_normal"
    parameters += ", Wv 12x12 xavier_normal, A 24x12 he_normal, B 12x24 xavier_normal"
    training = {"optimizer": "adam", "lr": 0.01, "steps": 100, "warmup": 10}
    return scenario(graph, parameters, training, batch="s t", s=sequence[:, :-1], t=sequence[:, 1:])


def _one_at_a_time(noise: float, size: int, lr: float) -> str:
    x, t = plane(100, 3, 710, noise)
    training = {"optimizer": "sgd", "lr": lr, "batch_size": size, "shuffle": 1, "steps": 400}
    return net((3, 1), "mse(y, t)", training, x=x, t=t)


def _with_its_variance() -> str:
    graph = """
        h = tanh(x @ W1.T + b1)
        m = h @ W2.T + b2
        lv = h @ W3.T + b3
        L = mean(lv + (m - t) ** 2 / exp(lv)) / 2
    """
    parameters = "W1 12x1 normal(0;1.5), b1 12 zeros, W2 1x12 xavier_normal, b2 1 zeros, W3 1x12 xavier_normal"
    return scenario(graph, f"{parameters}, b3 1 zeros", _ADAM | {"steps": 400}, x=_WX, t=_WT)


def _divergence() -> str:
    lines, parameters = mlp(3, 12, 4)
    loss = "p = softmax(y)\nL = mean(sum(t * (log(t) - log(p)), axis=1))"
    return scenario(f"{lines}\n{loss}", parameters, _ADAM, x=_CX, t=_SHARES)


def _factors() -> str:
    """Ratings as products of two factors each (Koren et al., 2009)."""
    rng = np.random.default_rng(711)
    u, v = rng.normal(size=(12, 2)), rng.normal(size=(10, 2))
    ids = np.array([(i, j) for i in range(12) for j in range(10)])[rng.permutation(120)]
    t = (u[ids[:, 0]] * v[ids[:, 1]]).sum(1, keepdims=True) + 0.05 * rng.normal(size=(120, 1))
    graph = "y = sum(embedding(U, a) * embedding(V, c), axis=1, keepdims=true)\nL = mse(y, t)"
    parameters = "U 12x3 normal(0;0.5), V 10x3 normal(0;0.5)"
    return scenario(graph, parameters, _ADAM | {"lr": 0.03}, batch="a c t", a=ids[:, 0], c=ids[:, 1], t=t)


def _certain() -> str:
    """Scores of 40 and more: the chance of a mistake is no number of this type."""
    x = np.concatenate([_RNG.normal(size=(30, 2)) + 6, _RNG.normal(size=(30, 2)) - 6])
    t = np.repeat([[1.0], [0.0]], 30, axis=0)
    graph = "y = x @ W.T + b\nL = bce_with_logits(y, t)"
    training = {"optimizer": "sgd", "lr": 0.5, "steps": 50}
    return scenario(graph, "W = [[4.0; 4.0]], b 1 zeros", training, x=x, t=t)


def _low_rank() -> str:
    x, t = plane(80, 6, 712, 0.1, 4)
    graph = "y = (x @ A.T) @ B.T + b\nL = mse(y, t)"
    return scenario(graph, "A 4x6 xavier_normal, B 4x4 xavier_normal, b 4 zeros", _ADAM, x=x, t=t)


def _gated(blocks: int = 3) -> str:
    """Highway layers (Srivastava et al., 2015), which begin by passing on what enters."""
    lines, parameters = ["h0 = tanh(x @ W0.T)"], ["W0 8x4 xavier_normal"]
    for k in range(1, blocks + 1):
        lines.append(f"g{k} = sigmoid(h{k - 1} @ G{k}.T + c{k})")
        lines.append(f"h{k} = g{k} * tanh(h{k - 1} @ A{k}.T + a{k}) + (1 - g{k}) * h{k - 1}")
        parameters.append(f"G{k} 8x8 xavier_normal, c{k} 8 constant(-2), A{k} 8x8 xavier_normal, a{k} 8 zeros")
    lines += [f"y = h{blocks} @ V.T + c", "L = bce_with_logits(y, t)"]
    parameters.append("V 1x8 xavier_normal, c 1 zeros")
    training = {"optimizer": "adam", "lr": 0.01, "steps": 200}
    return scenario("\n".join(lines), ", ".join(parameters), training, x=_HX, t=_HT)


def _of(graph: str, parameters: str, x: object, t: object, lr: float, **inputs: object) -> str:
    return scenario(graph, parameters, {"optimizer": "adam", "lr": lr, "steps": 250}, x=x, t=t, **inputs)


_LINE = "W1 1x5 normal(0;0.1), b1 1 zeros"
_NET = "W1 12x4 he_normal, b1 12 zeros, W2 1x12 xavier_normal, b2 1 zeros"
_WEIGHED = "y = relu(x @ W1.T + b1) @ W2.T + b2\nL = bce_with_logits(y, t, pos_weight=w)"
_AXIS = _RNG.normal(size=(80, 4))
_ON_AXIS = _AXIS @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.1 * _RNG.normal(size=80)

HEALTHY = (
    Healthy(
        "siamese",
        _pairs(
            "d = sum((u - v) ** 2, axis=1, keepdims=true)\ny = s - d * exp(g)\nL = bce_with_logits(y, t)",
            ", s = [1.0], g = [0.0]",
        ),
        0.05,
        "clouds that hardly overlap",
    ),
    Healthy(
        "contrastive",
        _pairs(
            "d = sqrt(sum((u - v) ** 2, axis=1) + 0.000001)\n"
            "L = mean(t[:, 0] * d ** 2 + (1 - t[:, 0]) * relu(1 - d) ** 2)"
        ),
        0.02,
        "clouds that hardly overlap",
    ),
    Healthy("triplets", _triplets(), 0.05, "clouds that hardly overlap"),
    Healthy("variational", _variational(), 1.0, "what two numbers cannot tell, and the price of telling them"),
    Healthy("low-rank-adaptation", _adapted(), 0.01, "the difference has rank 1, and the product can have 2"),
    Healthy("low-rank-adaptation-inside", _adapted_inside(), 0.3, "a plane separates them"),
    Healthy("branches-end-in-zeros", _residual(_BRANCH, _ends("zeros")), 0.05, "Fixup (2019); a plane separates them"),
    Healthy("branches-end-small", _residual(_BRANCH, _ends("normal(0;0.001)"), 3), 0.05, "nearly the same"),
    Healthy(
        "branches-times-zero",
        _residual("g{k} * tanh({h} @ A{k}.T + a{k})", "A{k} 10x10 xavier_normal, a{k} 10 zeros, g{k} 1 zeros"),
        0.1,
        "ReZero (Bachlechner et al., 2021); a plane separates them",
    ),
    Healthy("language-model", _language(), 0.1, "each number follows from the one before"),
    Healthy("one-sample-at-a-time", _one_at_a_time(1.0, 1, 0.01), 2.0, "noise of variance 1, and steps that follow it"),
    Healthy("two-samples-at-a-time", _one_at_a_time(0.5, 2, 0.02), 0.6, "noise of variance 0.25"),
    Healthy(
        "counts",
        _of("y = x @ W1.T + b1\nL = mean(exp(y) - t * y)", _LINE, _PX, _COUNTS, 0.05),
        1.1,
        "Poisson's likelihood, without what does not depend on y: of the rates that made the counts it is about 0.9",
    ),
    Healthy("with-its-variance", _with_its_variance(), 0.0, "noise of standard deviation 0.1: ½ ln 0.01 + ½ is −1.8"),
    Healthy(
        "quantile",
        _of("y = x @ W1.T + b1\nd = t - y\nL = mean(maximum(0.9 * d, -0.1 * d))", _LINE, _PX, _PT, 0.05),
        0.1,
        "Koenker and Bassett (1978): noise of 0.3 leaves 0.05",
    ),
    Healthy("divergence-by-hand", _divergence(), 0.1, "clouds that hardly overlap"),
    Healthy("factors", _factors(), 0.05, "three factors for what two have made, noise of variance 0.0025"),
    Healthy("rare-and-weighed", _of(_WEIGHED, _NET, _HX, _RARE, 0.02, w="[8.0]"), 0.05, "a plane separates them"),
    Healthy("answers-certain-from-the-start", _certain(), 1e-6, "the weights are right before anything is trained"),
    Healthy(
        "weights-of-one-axis",
        _of("y = x @ w + b\nL = mse(y, t)", "w 4 normal(0;0.3), b 1 zeros", _AXIS, _ON_AXIS, 0.1),
        0.012,
        "noise of variance 0.01",
    ),
    Healthy("product-of-low-rank", _low_rank(), 0.05, "a linear map written as a product, on purpose"),
    Healthy("highway", _gated(), 0.1, "a plane separates them"),
    Healthy(
        "warm-up-of-half-the-training",
        net(
            (3, 12, 4),
            "cross_entropy(y, t)",
            {"optimizer": "adam", "lr": 0.03, "warmup": 100, "steps": 200},
            x=_CX,
            t=_CC,
        ),
        0.1,
        "clouds that hardly overlap",
    ),
)
