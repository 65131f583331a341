"""Formulas of all families that are wrong in a shape, an option or a number: each is told with its place."""

from __future__ import annotations

import pytest

from gradstep.engine.errors import GradstepError
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

TEXT = """format = 1
[inputs]
x = [[0.4, 1.0, -2.0], [1.0, 0.5, 3.0]]
n = {{ value = [3, -1], dtype = "int64" }}
k = [0, 1]
m = [true, false]
img = {{ init = "normal(0, 1)", shape = [2, 3, 5, 5], seed = 1 }}
seq = {{ init = "normal(0, 1)", shape = [4, 2, 3], seed = 1 }}
[parameters]
w = [[0.3, -2.7], [1.0, 0.1], [2.0, 2.0]]
b = [0.1, 0.2]
K = {{ init = "normal(0, 1)", shape = [4, 3, 3, 3], seed = 2 }}
[graph]
h = "w * 2"
q = "{}"
L = "sum(cast(q, 'float64')) + sum(w)"
"""
#: Known to be wrong before anything is computed; the operation, or the form, that is told.
READ = {
    "add": "x + w", "linear": "x @ b", "multiply": "x * b", "power": "x ** w", "matmul": "matmul(x, x)",
    "conv2d": "conv2d(img, K, groups=2)", "conv1d": "conv1d(seq, K)", "max_pool2d": "max_pool2d(img, 9)",
    "avg_pool2d": "avg_pool2d(img, 0)", "interpolate": "interpolate(img, scale_factor=0)", "pad": "pad(img, (1,))",
    "reshape": "reshape(x, (4, 2))", "transpose": "transpose(x, 5)", "squeeze": "squeeze(x, 7)",
    "concat": "concat(x, w)", "stack": "stack(x, w)", "chunk": "chunk(x, 0)[0]", "gather": "gather(w, k, 5)",
    "index": "w[k, k, k]", "embedding": "embedding(k, b)", "cross_entropy": "cross_entropy(w, k)", "nll": "nll(w, n)",
    "mse": "mse(x, w)", "kl_div": "kl_div(x, w)", "softmax": "softmax(x, 4)", "layer_norm": "layer_norm(x, b)",
    "batch_norm": "batch_norm(x, b)", "group_norm": "group_norm(img, 2)", "attention": "attention(x, x)",
    "rotary": "rotary(x)", "lstm": "lstm(seq, w, w)", "sum": "sum(x, 5)", "mean": "mean(w, axis=(0, 0))",
    "quantile": "quantile(w, 3)", "topk": "topk(w, 9)", "cumsum": "cumsum(w, 9)", "einsum": "einsum('ij,jk->ik', x, x)",
    "tensordot": "tensordot(x, w, 3)", "inner": "inner(x, w)", "bilinear": "bilinear(x, x, K)", "subtract": "m - m",
    "floor_divide": "m // m", "cast": "cast(w, 'int12')", "dropout": "dropout(w, p=2)", "clip": "clip(w, 'a', 3)",
    "where": "where(w, x, b)", "scatter_add": "scatter_add(w, h, x, 0)", "norm": "norm(w, 'nuc')", "relu": "relu(w, x)",
    "diagonal": "diagonal(b)", "pixel_shuffle": "pixel_shuffle(img, 4)", "grid_sample": "grid_sample(img, w)",
    "cross": "cross(x, x, 0)", "kron": "kron(w)", "scale_gradient": "scale_gradient(w, 'a')",
}  # fmt: skip
#: Wrong only in the numbers that come out.
COMPUTED = {
    "take": "take(w, x * 1.5)", "gather": "gather(w, h, 0)", "index": "w[h]", "embedding": "embedding(h * 1, w)",
    "floor_divide": "n // (n - 3)", "remainder": "n % (n + 1)", "ctc_loss": "ctc_loss(seq, k * 1, (9, 9), (1, 1))",
    "cross_entropy": "cross_entropy(h, n[[0, 1, 0]] * 1)", "max_unpool2d": "max_unpool2d(img, img * 1, 2)",
}  # fmt: skip


@pytest.mark.parametrize("operation", READ)
def test_what_does_not_fit_has_its_place(operation: str) -> None:
    with pytest.raises(GradstepError, match=rf"^scenario\.toml:15:\d+: (?s:.*)\b{operation}\b"):
        record(loads(TEXT.format(READ[operation])))


@pytest.mark.parametrize("operation", COMPUTED)
def test_what_cannot_be_computed_has_its_place(operation: str) -> None:
    with pytest.raises(GradstepError, match=rf"^scenario\.toml:1[05]:\d+: (?s:.*)\b{operation}\b"):
        record(loads(TEXT.format(COMPUTED[operation])))
