"""Computes every operation and its gradients with PyTorch, for the tests to compare with.

    pip install torch==2.13.0
    python tests/peers/torch_operations.py > tests/peers/torch_operations.json

By family, each case is a formula and how PyTorch says the same. Leaves in capitals are parameters, the others given.
The loss is the sum of all outputs, each times a weight of its own. Numbers lie on kinks too, and are NaN or infinite:
what PyTorch agreed upon there, gradstep does too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
import torch_casting
import torch_composed
import torch_elementwise
import torch_layers
import torch_linalg
import torch_losses
import torch_moving
import torch_taking
import torch_windows
from torch_leaves import (
    ANSWERS,
    CHANCES,
    EDGES,
    IMAGE,
    INF,
    LINE,
    LOGITS,
    NAN,
    PAIRS,
    POSITIVE,
    SHARES,
    TIED,
    UNEQUAL,
    X4,
    X34,
    Y34,
    Case,
    drawn,
)

#: By family.
CASES: dict[str, list[Case]] = {
    "activation": [
        ("relu(X)", F.relu, {"X": LINE}),
        ("leaky_relu(X, slope=0.2)", lambda X: F.leaky_relu(X, 0.2), {"X": LINE}),
        ("elu(X)", F.elu, {"X": LINE}),
        ("elu(X, alpha=1.5)", lambda X: F.elu(X, 1.5), {"X": [x for x in LINE if x]}),
        ("gelu(X)", F.gelu, {"X": LINE}),
        ("silu(X)", F.silu, {"X": LINE}),
        ("softplus(X)", F.softplus, {"X": [*LINE, 19.9, 20.0, 20.1, 800.0, -800.0, INF, -INF, NAN]}),
        ("softplus(X, beta=0.5)", lambda X: F.softplus(X, 0.5), {"X": [*LINE, 39.9, 40.1]}),
        ("softplus(X, 2, threshold=1)", lambda X: F.softplus(X, 2, 1), {"X": LINE}),
        ("sigmoid(X)", torch.sigmoid, {"X": LINE}),
        ("tanh(X)", torch.tanh, {"X": LINE}),
        ("hard_tanh(X)", F.hardtanh, {"X": LINE}),
        *((formula, of, {"X": EDGES})
          for formula, of in (
              ("relu(X)", F.relu), ("leaky_relu(X)", F.leaky_relu), ("silu(X)", F.silu), ("sigmoid(X)", torch.sigmoid),
              ("tanh(X)", torch.tanh), ("gelu(X)", F.gelu),
          )),
        # Alone: several at once take another way in PyTorch 2.13 on a CPU, where a NaN comes out as shut or as NaN.
        ("elu(X)", F.elu, {"X": [NAN]}),
        ("hard_tanh(X)", F.hardtanh, {"X": [NAN]}),
    ],
    "arithmetic": [
        ("X + Y", lambda X, Y: X + Y, {"X": X34, "Y": X4}),
        ("X - Y", lambda X, Y: X - Y, {"X": X4, "Y": Y34}),
        ("X * Y", lambda X, Y: X * Y, {"X": X34, "Y": Y34}),
        ("X / Y", lambda X, Y: X / Y, {"X": X34, "Y": Y34}),
        ("X ** Y", lambda X, Y: X**Y, {"X": POSITIVE, "Y": [0.0, 1.0, 2.0, -1.5, 0.5, 3.0]}),
        ("X + Y", lambda X, Y: X + Y, UNEQUAL),
        ("X - Y", lambda X, Y: X - Y, UNEQUAL),
        ("X * Y", lambda X, Y: X * Y, UNEQUAL),
        ("X / Y", lambda X, Y: X / Y, UNEQUAL),
        ("X ** Y", lambda X, Y: X**Y, UNEQUAL),
        ("X ** 0", lambda X: X**0.0, {"X": EDGES}),
        ("0 ** X", lambda X: 0.0**X, {"X": EDGES}),
        ("X ** -1", lambda X: X**-1.0, {"X": EDGES}),
        # Not at −0 and −∞, where PyTorch takes 1/√X for X ** -0.5; X ** Y is IEEE 754's there too, as here.
        ("X ** 0.5", lambda X: X**0.5, {"X": [NAN, INF, 0.0, -1.0]}),
        ("X ** 3", lambda X: X**3, {"X": LINE}),
        ("X ** 2", lambda X: X**2, {"X": LINE}),
        ("-X", lambda X: -X, {"X": LINE}),
    ],
    "functions": [
        ("exp(X)", torch.exp, {"X": LINE}),
        ("log(X)", torch.log, {"X": POSITIVE}),
        ("sqrt(X)", torch.sqrt, {"X": POSITIVE}),
        ("abs(X)", torch.abs, {"X": LINE}),
        *((formula, of, {"X": EDGES})
          for formula, of in (
              ("abs(X)", torch.abs), ("exp(X)", torch.exp), ("log(X)", torch.log), ("sqrt(X)", torch.sqrt),
              ("sin(X)", torch.sin), ("cos(X)", torch.cos),
          )),
        ("sin(X)", torch.sin, {"X": LINE}),
        ("cos(X)", torch.cos, {"X": LINE}),
    ],
    "choice": [
        ("maximum(X, Y)", torch.maximum, {"X": X34, "Y": Y34}),
        ("minimum(X, Y)", torch.minimum, {"X": X34, "Y": X4}),
        ("maximum(X, Y)", torch.maximum, PAIRS),
        ("minimum(X, Y)", torch.minimum, PAIRS),
        ("maximum(X, 0)", lambda X: torch.maximum(X, torch.zeros(())), {"X": LINE}),
        ("clip(X, -0.5, 1.5)", lambda X: torch.clamp(X, -0.5, 1.5), {"X": LINE}),
        ("clip(X, -0.5, 1.5)", lambda X: torch.clamp(X, -0.5, 1.5), {"X": EDGES}),
        ("where(c, X, Y)", lambda c, X, Y: torch.where(c != 0, X, Y), {"c": [1.0, 0.0, 2.0, 0.0], "X": X34, "Y": X4}),
    ],
    "comparison": [
        (f"where(a {sign} b, X, Y)", lambda a, b, X, Y, of=of: torch.where(of(a, b), X, Y),
         {"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 2.0], "X": [0.5, 0.25, 0.125], "Y": [4.0, 8.0, 16.0]})
        for sign, of in (
            (">", torch.gt), (">=", torch.ge), ("<", torch.lt), ("<=", torch.le), ("==", torch.eq), ("!=", torch.ne),
        )
    ],
    "linear": [
        ("linear(X, W, B)", F.linear, {"X": X34, "W": drawn(2, 4), "B": [0.5, -0.25]}),
        ("W @ X", lambda X, W: W @ X, {"X": X4, "W": drawn(2, 4)}),
        ("X @ W.T + B", F.linear, {"X": drawn(2, 3, 4), "W": drawn(5, 4, seed=1), "B": drawn(5, seed=2)}),
        ("matmul(X, Y)", torch.matmul, {"X": drawn(2, 1, 3, 4), "Y": drawn(5, 4, 2, seed=1)}),
        ("X @ Y", torch.matmul, {"X": X4, "Y": drawn(4, 2)}),
    ],
    "indexing": [
        ("X[1]", lambda X: X[1], {"X": X34}),
        ("X[:, 1:4:2]", lambda X: X[:, 1:4:2], {"X": X34}),
        ("X[-1, :2]", lambda X: X[-1, :2], {"X": X34}),
        ("embedding(X, k)", lambda X, k: F.embedding(k.long(), X), {"X": X34, "k": [[2.0, 0.0], [2.0, 2.0]]}),
    ],
    "joining": [
        ("concat(X, Y, axis=1)", lambda X, Y: torch.cat([X, Y], 1), {"X": X34, "Y": drawn(3, 2)}),
        ("stack(X, Y, axis=-1)", lambda X, Y: torch.stack([X, Y], -1), {"X": X34, "Y": Y34}),
    ],
    "shape": [
        ("reshape(X, (2, -1))", lambda X: X.reshape(2, -1), {"X": X34}),
        ("flatten(X, 1)", lambda X: X.flatten(1), {"X": drawn(2, 3, 2)}),
        ("transpose(X, (1, 2, 0))", lambda X: X.permute(1, 2, 0), {"X": drawn(2, 3, 2)}),
        ("transpose(X)", lambda X: X.T, {"X": X34}),
    ],
    "convolution": [
        ("conv2d(X, W, B)", F.conv2d, {"X": IMAGE, "W": drawn(2, 3, 3, 2), "B": [0.5, -0.25]}),
        ("conv2d(X, W, stride=2, padding=1)", lambda X, W: F.conv2d(X, W, stride=2, padding=1),
         {"X": IMAGE, "W": drawn(2, 3, 3, 3)}),
        ("conv2d(X, W, padding=2)", lambda X, W: F.conv2d(X, W, padding=2), {"X": IMAGE[0], "W": drawn(1, 3, 2, 2)}),
    ],
    "pooling": [
        ("max_pool2d(X)", lambda X: F.max_pool2d(X, 2), {"X": IMAGE}),
        ("max_pool2d(X, 3, stride=2, padding=1)", lambda X: F.max_pool2d(X, 3, 2, 1), {"X": IMAGE}),
        *(("max_pool2d(X, 3, stride=1, padding=1)", lambda X: F.max_pool2d(X, 3, 1, 1), {"X": [image]})
          for image in (
              [[0.0] * 4] * 4, [[-INF] * 4] * 4, [[1.0, NAN, 2.0, 3.0], [NAN, 0.0, INF, INF], [2.0, 2.0, NAN, -INF]],
          )),
    ],
    "averaging": [
        ("avg_pool2d(X)", lambda X: F.avg_pool2d(X, 2), {"X": IMAGE}),
        ("avg_pool2d(X, 3, stride=1, padding=1)", lambda X: F.avg_pool2d(X, 3, 1, 1), {"X": IMAGE}),
    ],
    "reduction": [
        ("sum(X, axis=0)", lambda X: X.sum(0), {"X": X34}),
        ("sum(X)", torch.sum, {"X": X34}),
        ("mean(X, axis=(0, 2), keepdims=True)", lambda X: X.mean((0, 2), keepdim=True), {"X": drawn(2, 3, 2)}),
        ("max(X, axis=1)", lambda X: X.amax(1), {"X": X34}),
        ("min(X, axis=(0, 2))", lambda X: X.amin((0, 2)), {"X": drawn(2, 3, 2)}),
        ("max(X)", torch.amax, {"X": X34}),
        ("max(X, axis=1)", lambda X: X.amax(1), {"X": TIED}),
        ("min(X, axis=1, keepdims=True)", lambda X: X.amin(1, keepdim=True), {"X": TIED}),
        *((formula, of, {"X": 1.5})
          for formula, of in (
              ("sum(X, axis=0)", lambda X: X.sum(0)), ("mean(X, axis=-1, keepdims=True)", lambda X: X.mean(-1, True)),
              ("max(X, axis=(0,))", lambda X: X.amax((0,))), ("min(X, axis=-1)", lambda X: X.amin(-1)),
          )),
        ("max(X, axis=(0, 2))", lambda X: X.amax((0, 2)), {"X": [[[1.0, 2.0], [2.0, 2.0]], [[2.0, 0.0], [2.0, -1.0]]]}),
    ],
    "softmax": [
        ("softmax(X)", lambda X: F.softmax(X, -1), {"X": [*X34, [1000.0, 999.0, 0.0, -1000.0]]}),
        ("softmax(X, axis=0)", lambda X: F.softmax(X, 0), {"X": X34}),
        ("log_softmax(X)", lambda X: F.log_softmax(X, -1), {"X": [*X34, [1000.0, 999.0, 0.0, -1000.0]]}),
        ("log_softmax(X, axis=0)", lambda X: F.log_softmax(X, 0), {"X": X34}),
        *((f"{name}(X, axis={axis})", lambda X, of=of, axis=axis: of(X, axis), {"X": row})
          for name, of in (("softmax", F.softmax), ("log_softmax", F.log_softmax))
          for row, axis in ((1.5, 0), (1.5, -1), ([[INF, 0.0, 1.0]], 1), ([[-INF] * 3], 1), ([[NAN, 0.0, 1.0]], 1),
                            ([[-INF, 0.0, -INF], [800.0, -800.0, 0.0]], 1))),
    ],
    "normalisation": [
        ("standardize(X, axis=(-2, -1))", lambda X: F.layer_norm(X, (5, 6)), {"X": IMAGE}),
        ("rms_normalize(X, axis=0, eps=0.001)", lambda X: F.rms_norm(X.T, (3,), None, 1e-3).T, {"X": X34}),
    ],
    "norm_layers": [
        ("layer_norm(X, G, B)", lambda X, G, B: F.layer_norm(X, (4,), G, B), {"X": X34, "G": X4, "B": drawn(4)}),
        ("layer_norm(X, bias=B)", lambda X, B: F.layer_norm(X, (4,), None, B), {"X": X34, "B": drawn(4)}),
        ("rms_norm(X)", lambda X: F.rms_norm(X, (4,)), {"X": [*X34, [1e-8, -2e-8, 3e-9, 0.0]]}),
        ("rms_norm(X, G, eps=0.001)", lambda X, G: F.rms_norm(X, (4,), G, 1e-3), {"X": X34, "G": X4}),
        ("batch_norm(X, G, B)", lambda X, G, B: F.batch_norm(X, None, None, G, B, training=True),
         {"X": drawn(5, 3), "G": [0.5, 2.0, -1.0], "B": [0.1, 0.0, 1.0]}),
        ("batch_norm(X, G)", lambda X, G: F.batch_norm(X, None, None, G, training=True),
         {"X": IMAGE, "G": [0.5, 2.0, -1.0]}),
    ],
    "attention": [
        ("attention(Q, K, V)", F.scaled_dot_product_attention,
         {"Q": drawn(2, 3, 4), "K": drawn(2, 5, 4, seed=1), "V": drawn(2, 5, 2, seed=2)}),
        ("attention(Q, K, V, causal=True)", lambda Q, K, V: F.scaled_dot_product_attention(Q, K, V, is_causal=True),
         {"Q": drawn(4, 3), "K": drawn(4, 3, seed=1), "V": drawn(4, 2, seed=2)}),
        ("softmax(causal_mask(X))", lambda X: F.softmax(X.masked_fill(torch.ones(3, 4).triu(1) > 0, -math.inf), -1),
         {"X": X34}),
    ],
    "regression_losses": [
        ("half_squared_error(X, Y)", lambda X, Y: F.mse_loss(X, Y, reduction="sum") / 2, {"X": X34, "Y": Y34}),
        ("mse(X, Y)", F.mse_loss, {"X": X34, "Y": Y34}),
        ("mae(X, Y)", F.l1_loss, {"X": [1.0, 2.0, -0.5], "Y": [1.0, 0.5, 3.0]}),
        *((formula, of, UNEQUAL)
          for formula, of in (
              ("mae(X, Y)", F.l1_loss), ("mse(X, Y)", F.mse_loss), ("huber(X, Y)", F.huber_loss),
              ("half_squared_error(X, Y)", lambda X, Y: F.mse_loss(X, Y, reduction="sum") / 2),
          )),
        ("huber(X, Y, delta=0.5)", lambda X, Y: F.huber_loss(X, Y, delta=0.5),
         {"X": [1.0, 2.0, -0.5, 0.0, 3.0], "Y": [1.0, 0.5, 3.0, 0.25, 2.5]}),
    ],
    "classification_losses": [
        ("hinge(X, Y)", lambda X, Y: F.relu(1 - X * Y).mean(),
         {"X": [NAN, NAN, 2.0, 0.0, 3.0], "Y": [1.0, -2.0, NAN, -0.0, 1.0]}),
        ("hinge(X, Y)", lambda X, Y: F.relu(1 - X * Y).mean(), {"X": [1.0, 0.5, 2.0], "Y": [1.0, 2.0, 0.5]}),
        ("hinge(X, y)", lambda X, y: F.relu(1 - X * y).mean(), {"X": X4, "y": [1.0, -1.0, 1.0, -1.0]}),
        ("bce(X, y)", F.binary_cross_entropy, {"X": CHANCES, "y": ANSWERS}),
        ("bce_with_logits(X, Y)", F.binary_cross_entropy_with_logits,
         {"X": [-40.0, -1.0, 0.0, 2.0, 40.0], "Y": ANSWERS}),
        *(("bce(X, Y)", F.binary_cross_entropy, {"X": [x], "Y": [y]})
          for x in (0.0, -0.0, 1.0, 1e-30, 1e-60, 1 - 1e-16) for y in (0.0, 1.0, 0.5)),
        *(("bce_with_logits(X, Y)", F.binary_cross_entropy_with_logits, {"X": [x], "Y": [y]})
          for x in (INF, -INF, NAN, 800.0, -800.0) for y in (0.0, 1.0, 0.5, -1.0, 2.0)),
        *(("cross_entropy(X, t)", F.cross_entropy, {"X": [row], "t": [share]})
          for row in ([0.0, 1.0, -INF], [-INF, -INF, -INF], [INF, 0.0, 1.0], [NAN, 0.0, 1.0], [-INF, 0.0, -INF])
          for share in ([1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 1.0, 0.0])),
        *(("cross_entropy(X, k)", lambda X, k: F.cross_entropy(X, k.long()), {"X": [row], "k": [k]})
          for row in ([0.0, 1.0, -INF], [-INF, -INF, -INF], [-INF, 0.0, -INF]) for k in (0.0, 1.0, 2.0)),
        ("nll(X, t)", lambda X, t: -(t * X).sum(-1).mean(), {"X": [[-INF, 0.0], [-1.0, 2.0]], "t": [[0.0, 1.0]] * 2}),
        ("nll(X, k)", lambda X, k: F.nll_loss(X, k.long()), {"X": LOGITS, "k": [0.0, 2.0, 1.0, 1.0]}),
        ("nll(X, t)", lambda X, t: -(t * X).sum(-1).mean(), {"X": LOGITS, "t": SHARES}),
        ("cross_entropy(X, k)", lambda X, k: F.cross_entropy(X, k.long()), {"X": LOGITS, "k": [0.0, 2.0, 1.0, 1.0]}),
        ("cross_entropy(X, t)", F.cross_entropy, {"X": LOGITS, "t": SHARES}),
    ],
}  # fmt: skip
_MODULES = (
    torch_casting,
    torch_elementwise,
    torch_losses,
    torch_moving,
    torch_taking,
    torch_windows,
    torch_composed,
    torch_layers,
    torch_linalg,
)
for _module in _MODULES:
    for _family, _cases in _module.CASES.items():
        CASES.setdefault(_family, []).extend(_cases)


def computed(
    formula: str, of: Callable[..., Any], leaves: dict[str, Any], dtype: torch.dtype = torch.float64
) -> dict[str, Any]:
    """The value of a case, and the gradients of the leaves that are parameters."""
    tensors = {k: torch.tensor(v, dtype=dtype, requires_grad=k.isupper()) for k, v in leaves.items()}
    y = of(*tensors.values())
    weight = torch.linspace(0.5, 1.5, y.numel(), dtype=dtype).reshape(y.shape)
    (y * weight).sum().backward()
    return {
        "formula": formula,
        "leaves": leaves,
        "y": y.tolist(),
        "grad": {k: t.grad.tolist() for k, t in tensors.items() if t.grad is not None},
    }


if __name__ == "__main__":
    found = {family: [computed(*case) for case in cases] for family, cases in CASES.items()}
    # NaN and infinities are written as Python reads them.
    print(json.dumps({"torch": torch.__version__.split("+")[0], "families": found}))
