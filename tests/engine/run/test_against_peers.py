"""Operations against the same mathematics written for HIPS autograd, values and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from gradstep.engine.files import loads
from gradstep.engine.run.passes import run

Array = Any
RNG = np.random.default_rng(20)
IMAGE, KERNEL = RNG.normal(size=(2, 3, 5, 6)), RNG.normal(size=(4, 3, 3, 2))
ROWS, TABLE = RNG.normal(size=(4, 5)), RNG.normal(size=(6, 3))
HEAD = RNG.normal(size=(2, 4, 3))
CLASSES, ONE_HOT = np.array([1.0, 4.0, 0.0, 2.0]), np.eye(5)[[1, 4, 0, 2]]
CHANCE = RNG.uniform(0.1, 0.9, size=(4, 5))


def softmax(x: Array, axis: int = -1) -> Array:
    e = anp.exp(x - anp.max(x, axis=axis, keepdims=True))
    return e / anp.sum(e, axis=axis, keepdims=True)


def standard(x: Array, axes: Any) -> Array:
    centred = x - anp.mean(x, axis=axes, keepdims=True)
    return centred / anp.sqrt(anp.mean(centred**2, axis=axes, keepdims=True) + 1e-5)


def conv(x: Array, w: Array, stride: int, padding: int) -> Array:
    x = anp.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), "constant")
    height, width = (x.shape[2] - w.shape[2]) // stride + 1, (x.shape[3] - w.shape[3]) // stride + 1
    total = 0.0
    for k in range(w.shape[2]):
        for m in range(w.shape[3]):
            seen = x[:, :, k : k + stride * height : stride, m : m + stride * width : stride]
            total = total + anp.einsum("nchw,oc->nohw", seen, w[:, :, k, m])
    return total


def pooled(x: Array, size: int, stride: int, reduce: Callable[..., Array]) -> Array:
    height, width = (x.shape[2] - size) // stride + 1, (x.shape[3] - size) // stride + 1
    parts = [
        x[:, :, k : k + stride * height : stride, m : m + stride * width : stride]
        for k in range(size)
        for m in range(size)
    ]
    return reduce(anp.stack(parts), axis=0)


def attended(q: Array, k: Array, v: Array, causal: bool) -> Array:
    scores = anp.matmul(q, anp.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1])
    if causal:
        scores = scores + np.where(np.tri(*scores.shape[-2:]) > 0, 0.0, -1e30)
    return anp.matmul(softmax(scores), v)


#: Formula, its parameters, its inputs, and the same for autograd.
CASES: list[tuple[str, dict[str, Array], dict[str, Array], Callable[..., Array]]] = [
    ("softmax(x)", {"x": ROWS}, {}, softmax),
    ("softmax(x, axis=0)", {"x": ROWS}, {}, lambda x: softmax(x, 0)),
    ("log_softmax(x)", {"x": ROWS}, {}, lambda x: anp.log(softmax(x))),
    ("layer_norm(x, g, b)", {"x": ROWS, "g": RNG.normal(size=5), "b": RNG.normal(size=5)}, {},
     lambda x, g, b: standard(x, -1) * g + b),
    ("layer_norm(x)", {"x": ROWS}, {}, lambda x: standard(x, -1)),
    ("rms_norm(x, g, eps=1e-5)", {"x": ROWS, "g": RNG.normal(size=5)}, {},
     lambda x, g: x / anp.sqrt(anp.mean(x**2, axis=-1, keepdims=True) + 1e-5) * g),
    ("batch_norm(x, g, b)", {"x": ROWS, "g": RNG.normal(size=5), "b": RNG.normal(size=5)}, {},
     lambda x, g, b: standard(x, 0) * g + b),
    ("batch_norm(x, g, b)", {"x": IMAGE, "g": RNG.normal(size=3), "b": RNG.normal(size=3)}, {},
     lambda x, g, b: standard(x, (0, 2, 3)) * g[:, None, None] + b[:, None, None]),
    ("attention(q, k, v)", {"q": HEAD, "k": HEAD[::-1].copy(), "v": HEAD * 0.5}, {},
     lambda q, k, v: attended(q, k, v, False)),
    ("attention(q, k, v, causal=True)", {"q": HEAD[0], "k": HEAD[1], "v": ROWS}, {},
     lambda q, k, v: attended(q, k, v, True)),
    ("cross_entropy(x, t)", {"x": ROWS}, {"t": CLASSES},
     lambda x, t: -anp.mean(anp.sum(anp.log(softmax(x)) * ONE_HOT, 1))),
    ("cross_entropy(x, t)", {"x": ROWS}, {"t": ONE_HOT}, lambda x, t: -anp.mean(anp.sum(anp.log(softmax(x)) * t, 1))),
    ("nll(x, t)", {"x": ROWS}, {"t": CLASSES}, lambda x, t: -anp.mean(anp.sum(x * ONE_HOT, 1))),
    ("bce(y, t)", {"y": CHANCE}, {"t": (CHANCE > 0.5) * 1.0},
     lambda y, t: -anp.mean(t * anp.log(y) + (1 - t) * anp.log(1 - y))),
    ("bce_with_logits(z, t)", {"z": ROWS}, {"t": CHANCE},
     lambda z, t: anp.mean(anp.log(1 + anp.exp(z)) - z * t)),
    ("mae(y, t)", {"y": ROWS}, {"t": CHANCE}, lambda y, t: anp.mean(anp.abs(y - t))),
    ("huber(y, t, delta=0.7)", {"y": ROWS}, {"t": CHANCE},
     lambda y, t: anp.mean(anp.where(anp.abs(y - t) <= 0.7, 0.5 * (y - t) ** 2, 0.7 * (anp.abs(y - t) - 0.35)))),
    ("hinge(y, t)", {"y": ROWS}, {"t": np.sign(CHANCE - 0.5)}, lambda y, t: anp.mean(anp.maximum(0, 1 - t * y))),
    ("conv2d(x, w)", {"x": IMAGE, "w": KERNEL}, {}, lambda x, w: conv(x, w, 1, 0)),
    ("conv2d(x, w, b, stride=2, padding=1)", {"x": IMAGE, "w": KERNEL, "b": RNG.normal(size=4)}, {},
     lambda x, w, b: conv(x, w, 2, 1) + b[:, None, None]),
    ("max_pool2d(x)", {"x": IMAGE}, {}, lambda x: pooled(x, 2, 2, anp.max)),
    ("max_pool2d(x, 3, stride=1)", {"x": IMAGE}, {}, lambda x: pooled(x, 3, 1, anp.max)),
    ("avg_pool2d(x, 2)", {"x": IMAGE}, {}, lambda x: pooled(x, 2, 2, anp.mean)),
    ("embedding(w, ids)", {"w": TABLE}, {"ids": np.array([[0.0, 5.0], [5.0, 2.0]])},
     lambda w, ids: w[np.array([[0, 5], [5, 2]])]),
    ("concat(a, b, axis=1)", {"a": ROWS, "b": CHANCE}, {}, lambda a, b: anp.concatenate([a, b], axis=1)),
    ("stack(a, b, axis=-1)", {"a": ROWS, "b": CHANCE}, {}, lambda a, b: anp.stack([a, b], axis=-1)),
    ("x[1:, ::2] * x[0, 0]", {"x": ROWS}, {}, lambda x: x[1:, ::2] * x[0, 0]),
    ("x.T @ x", {"x": ROWS}, {}, lambda x: anp.dot(x.T, x)),
    ("reshape(x, (2, -1)) @ flatten(y)", {"x": ROWS, "y": RNG.normal(size=(2, 5))}, {},
     lambda x, y: anp.dot(anp.reshape(x, (2, 10)), anp.reshape(y, 10))),
    ("max(x, axis=0) - min(x, axis=0)", {"x": ROWS}, {}, lambda x: anp.max(x, axis=0) - anp.min(x, axis=0)),
    ("where(x > y, x * y, y ** 2)", {"x": ROWS, "y": CHANCE}, {}, lambda x, y: anp.where(x > y, x * y, y**2)),
    ("maximum(x, y) * minimum(x, y)", {"x": ROWS, "y": CHANCE}, {},
     lambda x, y: anp.maximum(x, y) * anp.minimum(x, y)),
    ("clip(x, -0.5, 0.5) + abs(x) + sqrt(y) * sin(x) - cos(y)", {"x": ROWS, "y": CHANCE}, {},
     lambda x, y: anp.clip(x, -0.5, 0.5) + anp.abs(x) + anp.sqrt(y) * anp.sin(x) - anp.cos(y)),
    ("softplus(x) * silu(x) + elu(x) - leaky_relu(x, 0.2) + hard_tanh(x)", {"x": ROWS}, {},
     lambda x: anp.log(1 + anp.exp(x)) * x / (1 + anp.exp(-x)) + anp.where(x > 0, x, anp.exp(x) - 1)
     - anp.where(x > 0, x, 0.2 * x) + anp.clip(x, -1, 1)),
]  # fmt: skip


def toml(array: Array) -> str:
    return repr(np.asarray(array).tolist())


@pytest.mark.parametrize(("formula", "parameters", "inputs", "peer"), CASES, ids=[c[0] for c in CASES])
def test_values_and_gradients_are_those_of_autograd(
    formula: str, parameters: dict[str, Array], inputs: dict[str, Array], peer: Callable[..., Array]
) -> None:
    # A loss with another weight for each element, so that no gradient is hidden by symmetry.
    def loss(*leaves: Array) -> Array:
        y = peer(*leaves, *inputs.values())
        return anp.sum(y * np.cos(np.arange(np.size(y))).reshape(np.shape(y)))

    size = np.shape(peer(*parameters.values(), *inputs.values()))
    weights = np.cos(np.arange(int(np.prod(size, dtype=int)))).reshape(size)
    tables = [f"{name} = {toml(value)}" for name, value in parameters.items()]
    given = [f"{name} = {toml(value)}" for name, value in {**inputs, "weights": weights}.items()]
    text = "\n".join(
        [
            "format = 1",
            "[inputs]",
            *given,
            "[parameters]",
            *tables,
            "[graph]",
            f'y_ = "{formula}"',
            'L = "sum(y_ * weights)"',
        ]
    )
    scenario = loads(text)
    trace = run(scenario.graph, scenario.leaves)
    assert trace.loss == pytest.approx(float(loss(*parameters.values())), rel=1e-12, abs=1e-13)
    for number, name in enumerate(parameters):
        expected = grad(loss, number)(*parameters.values())
        found = trace.grad[scenario.graph.by_name[name].id]
        assert found is not None
        scale = max(1e-3, float(np.abs(expected).max()))
        assert np.abs(found - expected).max() <= 1e-10 * scale, name
