"""Cases of what is made of others: sums of products by letters, arrays beside one another, attention, margins, bags."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch_leaves import INF, NAN, X4, X34, Y34, Case, drawn
from torch_moving import CUBE

HEADS = drawn(1, 4, 3, 2, seed=11)
KEYS, VALUES = drawn(1, 2, 5, 2, seed=12), drawn(1, 2, 5, 3, seed=13)
Q, K, V = drawn(2, 3, 4, seed=14), drawn(2, 5, 4, seed=15), drawn(2, 5, 3, seed=16)
#: The second query sees nothing.
SEEN = [[1.0, 0.0, 1.0, 1.0, 0.0], [0.0] * 5, [0.0, 1.0, 0.0, 0.0, 1.0]]
EXACT = partial(torch.arange, dtype=torch.float64)
SCORES = drawn(4, 3, seed=17)


def attended(q: Any, k: Any, v: Any, **options: Any) -> Any:
    return F.scaled_dot_product_attention(q, k, v, **options)


def capped(q: Any, k: Any, v: Any) -> Any:
    """As Gemma 2 does it."""
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return torch.softmax(torch.tanh(scores / 0.5) * 0.5, -1) @ v


def band(rows: int, columns: int, left: int, right: int) -> Any:
    ahead = torch.arange(columns) - torch.arange(rows)[:, None]
    return (ahead >= -left) & (ahead <= right)


def rotated(x: Any, base: float = 10000.0, start: int = 0, dims: int | None = None) -> Any:
    """As the rotate_half of Llama in Hugging Face's transformers."""
    width = dims or x.shape[-1]
    angle = (torch.arange(x.shape[-2]) + start)[:, None] * base ** (-EXACT(0, width, 2) / width)
    cos, sin = (torch.cat([part(angle)] * 2, -1).to(x.dtype) for part in (torch.cos, torch.sin))
    turned, rest = x[..., :width], x[..., width:]
    half = torch.cat([-turned[..., width // 2 :], turned[..., : width // 2]], -1)
    return torch.cat([turned * cos + half * sin, rest], -1)


def turned(x: Any) -> Any:
    """As products of complex numbers, which RoFormer and Llama's first code are."""
    angle = torch.arange(x.shape[-2])[:, None] * 10000.0 ** (-EXACT(0, x.shape[-1], 2) / x.shape[-1])
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle).to(pairs.dtype)).flatten(-2)


CASES: dict[str, list[Case]] = {
    "contraction": [
        *(
            (
                f"einsum('{equation}', {', '.join('XYZ'[: len(leaves)])})",
                lambda *x, equation=equation: torch.einsum(equation, *x),
                dict(zip("XYZ", leaves, strict=False)),
            )
            for equation, *leaves in (
                ("ij,kj->ik", X34, Y34),
                ("ij->ji", X34),
                ("ij->", X34),
                ("ij,ij->j", X34, Y34),
                ("ij,k", X34, X4),
                ("...i,...i->...", X34, Y34),
                ("ii->i", X34[:3] and [r[:3] for r in X34]),
                ("i,ij,j->", X4[:3], X34, X4),
                ("bij,bjk->bik", CUBE, [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]),
            )
        ),
        ("tensordot(X, Y, 2)", lambda X, Y: torch.tensordot(X, Y, 2), {"X": X34, "Y": Y34}),
        (
            "tensordot(X, Y, ((1,), (0,)))",
            lambda X, Y: torch.tensordot(X, Y, ((1,), (0,))),
            {"X": X34, "Y": drawn(4, 2)},
        ),
        ("outer(X, Y)", torch.outer, {"X": X4, "Y": X4[:3]}),
        ("inner(X, Y)", torch.inner, {"X": X34, "Y": Y34}),
        ("kron(X, Y)", torch.kron, {"X": [[1.0, 2.0], [3.0, 4.0]], "Y": X4}),
        (
            "bilinear(X, Y, W, B)",
            F.bilinear,
            {"X": X34, "Y": SCORES[:3], "W": drawn(2, 4, 3, seed=5), "B": [0.5, -1.0]},
        ),
    ],
    "arranging": [
        ("windows(X, 1, 2)", lambda X: X.unfold(1, 2, 1), {"X": X34}),
        ("windows(X, 0, size=2, step=2)", lambda X: X.unfold(0, 2, 2), {"X": X4}),
        ("hstack(X, Y)", lambda X, Y: torch.hstack((X, Y)), {"X": X4, "Y": X4}),
        ("vstack(X, Y)", lambda X, Y: torch.vstack((X, Y)), {"X": X34, "Y": X4}),
        ("dstack(X, Y)", lambda X, Y: torch.dstack((X, Y)), {"X": X34, "Y": Y34}),
        ("column_stack(X, Y)", lambda X, Y: torch.column_stack((X, Y)), {"X": X34, "Y": [1.0, 2.0, 3.0]}),
        ("atleast_1d(X) * X", lambda X: torch.atleast_1d(X) * X, {"X": 2.0}),
        ("atleast_2d(X) * 1", lambda X: torch.atleast_2d(X) * 1, {"X": X4}),
        ("atleast_3d(X) * 1", lambda X: torch.atleast_3d(X) * 1, {"X": X34}),
        ("block_diag(X, Y)", lambda X, Y: torch.block_diag(X, Y), {"X": X34, "Y": X4}),
        ("cartesian_prod(X, Y)", lambda X, Y: torch.cartesian_prod(X, Y), {"X": X4, "Y": X4[:2]}),
        ("combinations(X)", torch.combinations, {"X": X4}),
        ("combinations(X, 3, True)", lambda X: torch.combinations(X, 3, True), {"X": X4[:3]}),
        ("cross(X, Y, 1)", lambda X, Y: torch.cross(X, Y, 1), {"X": SCORES, "Y": drawn(4, 3, seed=9)}),
        ("sum_to_size(X, (1, 4))", lambda X: X.sum_to_size(1, 4), {"X": X34}),
        *((f"var_mean(X, 1)[{k}]", lambda X, k=k: torch.var_mean(X, 1)[k], {"X": X34}) for k in (0, 1)),
        ("std_mean(X, unbiased=False)[0]", lambda X: torch.std_mean(X, unbiased=False)[0], {"X": X34}),
    ],
    "integrating": [
        ("trapezoid(Y, X)", torch.trapezoid, {"Y": Y34, "X": X4}),
        ("trapezoid(Y, dx=0.5, axis=0)", lambda Y: torch.trapezoid(Y, dx=0.5, dim=0), {"Y": Y34}),
        ("cumulative_trapezoid(Y)", torch.cumulative_trapezoid, {"Y": Y34}),
    ],
    "attention": [
        (
            "attention(Q, K, V, M)",
            lambda Q, K, V, M: attended(Q, K, V, attn_mask=M),
            {"Q": Q, "K": K, "V": V, "M": drawn(3, 5)},
        ),
        (
            "attention(Q, K, V, m, bool_mask=True)",
            lambda Q, K, V, m: attended(Q, K, V, attn_mask=m != 0),
            {"Q": Q, "K": K, "V": V, "m": SEEN},
        ),
        (
            "attention(Q, K, V, m)",
            lambda Q, K, V, m: attended(Q, K, V, attn_mask=m),
            {"Q": Q, "K": K, "V": V, "m": [[0.0, -INF, 1.0, 0.0, -INF], [-INF] * 5, [0.0] * 5]},
        ),
        ("attention(Q, K, V, scale=0.3)", lambda Q, K, V: attended(Q, K, V, scale=0.3), {"Q": Q, "K": K, "V": V}),
        (
            "attention(Q, K, V, is_causal=True)",
            lambda Q, K, V: attended(Q, K, V, is_causal=True),
            {"Q": Q, "K": K, "V": V},
        ),
        (
            "attention(Q, K, V, enable_gqa=True)",
            lambda Q, K, V: attended(Q, K, V, enable_gqa=True),
            {"Q": HEADS, "K": KEYS, "V": VALUES},
        ),
        ("attention(Q, K, V, softcap=0.5)", capped, {"Q": Q, "K": K, "V": V}),
        (
            "attention(Q, K, V, window=(1, 0))",
            lambda Q, K, V: attended(Q, K, V, attn_mask=band(3, 5, 1, 0)),
            {"Q": Q, "K": K, "V": V},
        ),
        (
            "softmax(X, safe=True)",
            lambda X: torch.ops.aten._safe_softmax(X, -1),
            {"X": [[1.0, -INF, 2.0], [-INF] * 3, [NAN, 1.0, 2.0]]},
        ),
        (
            "softmax(band_mask(X, 1, 1))",
            lambda X: torch.softmax(X.masked_fill(~band(3, 4, 1, 1), -INF), -1),
            {"X": X34},
        ),
    ],
    "rotary": [
        ("rotary(X)", rotated, {"X": drawn(2, 3, 6, seed=21)}),
        ("rotary(X, base=100, offset=5, dims=4)", lambda X: rotated(X, 100.0, 5, 4), {"X": drawn(3, 6, seed=22)}),
        ("rotary(X, interleaved=True)", turned, {"X": drawn(2, 3, 4, seed=23)}),
    ],
    "margins": [
        *(
            (
                f"{name}(Y, t, w, reduction='{how}')",
                lambda Y, t, w, name=name, how=how: getattr(F, name)(Y, t, weight=w, reduction=how),
                {"Y": X34, "t": Y34, "w": [[0.5, 1.0, 0.0, 2.0], [1.0] * 4, [0.25, 3.0, 1.0, 0.5]]},
            )
            for name in ("mse_loss", "l1_loss", "huber_loss")
            for how in ("mean", "sum", "none")
        ),
        ("mse_loss(Y, T)", F.mse_loss, {"Y": X34, "T": Y34}),
        *(
            (
                f"multi_margin(Y, t, p={p}, margin=0.7, reduction='{how}')",
                lambda Y, t, p=p, how=how: F.multi_margin_loss(Y, t.long(), p, 0.7, reduction=how),
                {"Y": SCORES, "t": [2.0, 0.0, 1.0, 1.0]},
            )
            for p, how in ((1, "mean"), (2, "none"))
        ),
        (
            "multi_margin(Y, t, w)",
            lambda Y, t, w: F.multi_margin_loss(Y, t.long(), weight=w),
            {"Y": SCORES, "t": [2.0, 0.0, 1.0, 1.0], "w": [0.5, 1.0, 2.0]},
        ),
        (
            "multilabel_margin(Y, t)",
            lambda Y, t: F.multilabel_margin_loss(Y, t.long()),
            {"Y": SCORES, "t": [[2.0, 0.0, -1.0], [-1.0, 0.0, 1.0], [0.0, -1.0, 2.0], [1.0, 2.0, 0.0]]},
        ),
        ("multilabel_soft_margin(Y, t)", F.multilabel_soft_margin_loss, {"Y": SCORES, "t": [[1.0, 0.0, 1.0]] * 4}),
        (
            "linear_cross_entropy(X, W, t, B, ignore_index=1, label_smoothing=0.1)",
            lambda X, W, t, B: F.cross_entropy(F.linear(X, W, B), t.long(), ignore_index=1, label_smoothing=0.1),
            {"X": X34, "W": drawn(3, 4, seed=31), "t": [2.0, 1.0, 0.0], "B": [0.5, 0.0, -0.5]},
        ),
    ],
    "bags": [
        *(
            (
                f"embedding_bag(X, i, mode='{how}', padding_idx=1)",
                lambda X, i, how=how: F.embedding_bag(i.long(), X, mode=how, padding_idx=1),
                {"X": drawn(4, 3, seed=41), "i": [[0.0, 3.0, 1.0], [1.0, 1.0, 1.0], [2.0, 2.0, 0.0]]},
            )
            for how in ("sum", "mean", "max")
        ),
        (
            "embedding_bag(X, i, o, W, mode='sum')",
            lambda X, i, o, W: F.embedding_bag(i.long(), X, o.long(), mode="sum", per_sample_weights=W),
            {"X": drawn(4, 3, seed=41), "i": [0.0, 3.0, 1.0, 2.0], "o": [0.0, 1.0, 1.0], "W": X4},
        ),
    ],
    "unpooling": [
        (
            "max_unpool2d(X, i, kernel_size=2)",
            lambda X, i: F.max_unpool2d(X, i.long(), 2),
            {"X": [[[1.0, 2.0], [3.0, 4.0]]], "i": [[[0.0, 3.0], [9.0, 14.0]]]},
        ),
        (
            "max_unpool1d(X, i, kernel_size=3, stride=2, output_size=(6,))",
            lambda X, i: F.max_unpool1d(X, i.long(), 3, 2, output_size=(6,)),
            {"X": [[1.0, 2.0]], "i": [[2.0, 5.0]]},
        ),
        (
            "max_unpool3d(X, i, kernel_size=2)",
            lambda X, i: F.max_unpool3d(X, i.long(), 2),
            {"X": [[[[1.5]]]], "i": [[[[5.0]]]]},
        ),
    ],
    "cumulative": [
        *(
            (f"logcumsumexp(X, {axis})", lambda X, axis=axis: X.logcumsumexp(axis), {"X": x})
            for axis in (0, -1)
            for x in (X34, CUBE)
        ),
        ("logcumsumexp(X, 0)", lambda X: X.logcumsumexp(0), {"X": [1.0, -INF, 3.0, 700.0, 710.0]}),
    ],
    "indexing": [
        (
            "embedding(X, i, padding_idx=1)",
            lambda X, i: F.embedding(i.long(), X, padding_idx=1),
            {"X": X34, "i": [[0.0, 1.0], [1.0, 2.0]]},
        ),
        ("embedding(X, i, padding_idx=-1)", lambda X, i: F.embedding(i.long(), X, -1), {"X": X34, "i": [0.0, 2.0]}),
        ("X[..., 1, None]", lambda X: X[..., 1, None], {"X": CUBE}),
    ],
}
