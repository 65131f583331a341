"""More cases of `operations.py`: layers, windows, images, recurrent cells, and what chooses and moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import torch
import torch.nn.functional as F

from benchmarks.case import IMAGES, ROWS, Case, Shape

#: 64 channels of 56², as the first layers of a network of images have them; signals, and volumes.
WIDE: Shape = (2, 64, 56, 56)
SIGNALS: Shape = (16, 64, 256)
VOLUMES: Shape = (2, 16, 16, 16, 16)
HEADS: Shape = (2, 8, 128, 64)
#: A shape, and what kind of numbers.
Leaf = Shape | tuple[Shape, str]


def called(name: str, of: Callable[..., Any], /, **leaves: Leaf) -> tuple[str, Case]:
    """A formula, with what it is of behind it where there are several, and PyTorch's; leaves with their shapes, of
    normal numbers where nothing else is said."""
    told = {leaf: as_it_is if _told(as_it_is) else (as_it_is, "normal") for leaf, as_it_is in leaves.items()}
    return name, Case(name.split(" of ")[0], of, told)


def _told(leaf: Leaf) -> TypeGuard[tuple[Shape, str]]:
    return isinstance(leaf[-1], str)


def small(*shape: int) -> tuple[Shape, str]:
    return shape, "small"


def below(most: int, *shape: int) -> tuple[Shape, str]:
    return shape, f"below {most}"


def _recurrent(kind: str, gates: int, steps: int = 32, batch: int = 32, wide: int = 128) -> tuple[str, Case]:
    """A layer of PyTorch's beside ours, with its own weights as leaves."""
    layer = getattr(torch.nn, kind.upper())(wide, wide)
    names = ("W", "U", "B", "C")

    def of(x: Any, *weights: Any) -> Any:
        named = dict(zip((name for name, _ in layer.named_parameters()), weights, strict=True))
        return torch.func.functional_call(layer, named, (x,))[0]

    leaves = {name: small(gates * wide, wide) if name in "WU" else small(gates * wide) for name in names}
    formula = f"{kind}(X, {', '.join(f'{name}' for name in names)})[0]"
    return called(formula, of, X=(steps, batch, wide), **leaves)


def _window(x: Any, ids: Any) -> Any:
    return F.cross_entropy(x, ids.long(), label_smoothing=0.1, ignore_index=3)


MORE: dict[str, Case] = dict([
    # Convolutions
    called("conv2d(X, W, padding=1)", lambda x, w: F.conv2d(x, w, padding=1), X=WIDE, W=small(64, 64, 3, 3)),
    called("conv2d(X, W, B, stride=2, padding=3)", lambda x, w, b: F.conv2d(x, w, b, 2, 3), X=(2, 3, 112, 112),
        W=small(64, 3, 7, 7), B=small(64)),
    called("conv2d(X, W)", F.conv2d, X=WIDE, W=small(64, 64, 1, 1)),
    called("conv2d(X, W, padding=1, groups=64)", lambda x, w: F.conv2d(x, w, padding=1, groups=64), X=WIDE,
        W=small(64, 1, 3, 3)),
    called("conv2d(X, W, stride=2, padding=1, groups=64)", lambda x, w: F.conv2d(x, w, stride=2, padding=1, groups=64),
        X=WIDE, W=small(64, 1, 3, 3)),
    called("conv2d(X, W, padding=2, groups=64)", lambda x, w: F.conv2d(x, w, padding=2, groups=64), X=WIDE,
        W=small(64, 1, 5, 5)),
    called("conv2d(X, W, padding=1, groups=4)", lambda x, w: F.conv2d(x, w, padding=1, groups=4), X=WIDE,
        W=small(64, 16, 3, 3)),
    called("conv2d(X, W, padding=2, dilation=2)", lambda x, w: F.conv2d(x, w, padding=2, dilation=2), X=IMAGES,
        W=small(32, 32, 3, 3)),
    called("conv2d(X, W, stride=2, padding=1)", lambda x, w: F.conv2d(x, w, stride=2, padding=1), X=IMAGES,
        W=small(64, 32, 3, 3)),
    called("conv1d(X, W, padding=1)", lambda x, w: F.conv1d(x, w, padding=1), X=SIGNALS, W=small(64, 64, 3)),
    called("conv1d(X, W, padding=3, groups=64)", lambda x, w: F.conv1d(x, w, padding=3, groups=64), X=SIGNALS,
        W=small(64, 1, 7)),
    called("conv3d(X, W, padding=1)", lambda x, w: F.conv3d(x, w, padding=1), X=VOLUMES, W=small(16, 16, 3, 3, 3)),
    called("conv_transpose1d(X, W, stride=2)", lambda x, w: F.conv_transpose1d(x, w, stride=2), X=SIGNALS,
        W=small(64, 32, 4)),
    called("conv_transpose2d(X, W, stride=2)", lambda x, w: F.conv_transpose2d(x, w, stride=2), X=(8, 32, 14, 14),
        W=small(32, 16, 2, 2)),
    called("conv_transpose2d(X, W, stride=2, padding=1)", lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1),
        X=(8, 32, 14, 14), W=small(32, 16, 4, 4)),
    called("conv_transpose3d(X, W, stride=2)", lambda x, w: F.conv_transpose3d(x, w, stride=2), X=(2, 16, 8, 8, 8),
        W=small(16, 8, 2, 2, 2)),
    called("unfold(X, 3)", lambda x: F.unfold(x, 3), X=IMAGES),
    # Pools
    called("max_pool2d(X, 2)", lambda x: F.max_pool2d(x, 2), X=WIDE),
    called("max_pool2d(X, 3, stride=2, padding=1)", lambda x: F.max_pool2d(x, 3, 2, 1), X=WIDE),
    called("max_pool2d(X, 3, stride=1, padding=1)", lambda x: F.max_pool2d(x, 3, 1, 1), X=IMAGES),
    called("max_pool1d(X, 2)", lambda x: F.max_pool1d(x, 2), X=SIGNALS),
    called("max_pool3d(X, 2)", lambda x: F.max_pool3d(x, 2), X=VOLUMES),
    called("avg_pool2d(X, 2)", lambda x: F.avg_pool2d(x, 2), X=WIDE),
    called("avg_pool2d(X, 3, stride=2, padding=1)", lambda x: F.avg_pool2d(x, 3, 2, 1), X=WIDE),
    called("avg_pool2d(X, 3, stride=1, padding=1)", lambda x: F.avg_pool2d(x, 3, 1, 1), X=IMAGES),
    called("avg_pool1d(X, 2)", lambda x: F.avg_pool1d(x, 2), X=SIGNALS),
    called("avg_pool3d(X, 2)", lambda x: F.avg_pool3d(x, 2), X=VOLUMES),
    called("adaptive_avg_pool2d(X, 1)", lambda x: F.adaptive_avg_pool2d(x, 1), X=WIDE),
    called("adaptive_avg_pool2d(X, 7)", lambda x: F.adaptive_avg_pool2d(x, 7), X=WIDE),
    called("adaptive_avg_pool2d(X, 9)", lambda x: F.adaptive_avg_pool2d(x, 9), X=WIDE),
    called("adaptive_max_pool2d(X, 7)", lambda x: F.adaptive_max_pool2d(x, 7), X=WIDE),
    called("adaptive_max_pool2d(X, 9)", lambda x: F.adaptive_max_pool2d(x, 9), X=WIDE),
    called("lp_pool2d(X, 2, 2)", lambda x: F.lp_pool2d(x, 2, 2), X=WIDE),
    # Images
    called("interpolate(X, scale_factor=2)", lambda x: F.interpolate(x, scale_factor=2), X=IMAGES),
    called("interpolate(X, scale_factor=2, mode='bilinear')",
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), X=IMAGES),
    called("interpolate(X, scale_factor=2, mode='bicubic')", lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
        X=IMAGES),
    called("interpolate(X, scale_factor=2, mode='linear')", lambda x: F.interpolate(x, scale_factor=2, mode="linear"),
        X=SIGNALS),
    called("interpolate(X, size=(20, 20), mode='area')", lambda x: F.interpolate(x, size=(20, 20), mode="area"),
        X=IMAGES),
    called("pixel_shuffle(X, 2)", lambda x: F.pixel_shuffle(x, 2), X=IMAGES),
    called("pixel_unshuffle(X, 2)", lambda x: F.pixel_unshuffle(x, 2), X=IMAGES),
    called("channel_shuffle(X, 4)", lambda x: F.channel_shuffle(x, 4), X=IMAGES),
    called("pad(X, (1, 1, 1, 1))", lambda x: F.pad(x, (1, 1, 1, 1)), X=IMAGES),
    called("pad(X, (1, 1, 1, 1), mode='reflect')", lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), X=IMAGES),
    called("pad(X, (1, 1, 1, 1), mode='replicate')", lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"), X=IMAGES),
    called("pad(X, (1, 1, 1, 1), mode='circular')", lambda x: F.pad(x, (1, 1, 1, 1), mode="circular"), X=IMAGES),
    # Norms
    called("group_norm(X, G, B, num_groups=8)", lambda x, g, b: F.group_norm(x, 8, g, b), X=WIDE, G=(64,), B=(64,)),
    called("instance_norm(X, G, B)", lambda x, g, b: F.instance_norm(x, weight=g, bias=b), X=WIDE, G=(64,), B=(64,)),
    called("batch_norm(X, G, B)", lambda x, g, b: F.batch_norm(x, None, None, g, b, True), X=ROWS, G=(1024,),
        B=(1024,)),
    called("batch_norm(X, G, B, running_mean=m, running_var=v, training=False)",
        lambda x, g, b, m, v: F.batch_norm(x, m, v, g, b), X=IMAGES, G=(32,), B=(32,), m=(32,), v=((32,), "positive")),
    called("local_response_norm(X, 5)", lambda x: F.local_response_norm(x, 5), X=IMAGES),
    called("weight_norm(V, G)", lambda v, g: torch._weight_norm(v, g, 0), V=ROWS, G=(256, 1)),
    called("normalize(X)", F.normalize, X=ROWS),
    called("layer_norm(X, G, B) of 64", lambda x, g, b: F.layer_norm(x, (64,), g, b), X=(4096, 64), G=(64,), B=(64,)),
    called("softmax(X, axis=1)", lambda x: torch.softmax(x, 1), X=IMAGES),
    called("log_softmax(X, axis=0)", lambda x: torch.log_softmax(x, 0), X=ROWS),
    called("softmax(causal_mask(X))", lambda x: torch.softmax(x.masked_fill(
        torch.ones(128, 128, dtype=torch.bool).triu(1), -torch.inf), -1), X=(16, 128, 128)),
    # Attention
    called("attention(Q, K, V, is_causal=True)", lambda q, k, v: F.scaled_dot_product_attention(q, k, v,
        is_causal=True), Q=HEADS, K=HEADS, V=HEADS),
    called("attention(Q, K, V, m)", F.scaled_dot_product_attention, Q=HEADS, K=HEADS, V=HEADS, m=(128, 128)),
    called("attention(Q, K, V, enable_gqa=True)", lambda q, k, v: F.scaled_dot_product_attention(q, k, v,
        enable_gqa=True), Q=HEADS, K=(2, 2, 128, 64), V=(2, 2, 128, 64)),
    # Products
    called("einsum('bhid,bhjd->bhij', Q, K)", lambda q, k: torch.einsum("bhid,bhjd->bhij", q, k), Q=HEADS, K=HEADS),
    called("einsum('bchw,oc->bohw', X, W)", lambda x, w: torch.einsum("bchw,oc->bohw", x, w), X=IMAGES,
        W=small(64, 32)),
    called("einsum('ij,ij->i', X, Y)", lambda x, y: torch.einsum("ij,ij->i", x, y), X=ROWS, Y=ROWS),
    called("tensordot(X, W, 1)", lambda x, w: torch.tensordot(x, w, 1), X=(8, 64, 256), W=small(256, 128)),
    called("outer(X, Y)", torch.outer, X=(512,), Y=(512,)),
    called("inner(X, Y)", torch.inner, X=ROWS, Y=(256, 1024)),
    called("bilinear(X, Y, W, B)", F.bilinear, X=(64, 64), Y=(64, 64), W=small(32, 64, 64), B=small(32)),
    called("kron(X, Y)", torch.kron, X=(32, 32), Y=(16, 16)),
    called("cross(X, Y, 1)", lambda x, y: torch.linalg.cross(x, y, dim=1), X=(4096, 3), Y=(4096, 3)),
    called("linear(X, W, B) of 768", F.linear, X=(256, 768), W=small(3072, 768), B=small(3072)),
    called("X @ W of a row", torch.matmul, X=(1, 784), W=small(784, 128)),
    # Recurrent
    called("rnn_cell(X, H, W, U, B, C)", torch.rnn_tanh_cell, X=(64, 128), H=(64, 128), W=small(128, 128),
        U=small(128, 128), B=small(128), C=small(128)),
    called("gru_cell(X, H, W, U, B, C)", torch.gru_cell, X=(64, 128), H=(64, 128), W=small(384, 128),
        U=small(384, 128), B=small(384), C=small(384)),
    called("lstm_cell(X, H, S, W, U, B, C)[0]", lambda x, h, s, *rest: torch.lstm_cell(x, (h, s), *rest)[0],
        X=(64, 128), H=(64, 128), S=(64, 128), W=small(512, 128), U=small(512, 128), B=small(512), C=small(512)),
    # Losses
    called("cross_entropy(X, t, label_smoothing=0.1, ignore_index=3)", _window, X=ROWS, t=below(1024, 256)),
    called("cross_entropy(X, t, w)", lambda x, t, w: F.cross_entropy(x, t.long(), w), X=ROWS, t=below(1024, 256),
        w=((1024,), "positive")),
    called("cross_entropy(X, t, axis=1) of images", lambda x, t: F.cross_entropy(x, t.long()), X=IMAGES,
        t=below(32, 8, 28, 28)),
    called("bce_with_logits(X, t, w, p)", lambda x, t, w, p: F.binary_cross_entropy_with_logits(x, t, w, pos_weight=p),
        X=ROWS, t=(ROWS, "mask"), w=(ROWS, "positive"), p=((1024,), "positive")),
    called("multi_margin(X, t)", lambda x, t: F.multi_margin_loss(x, t.long()), X=ROWS, t=below(1024, 256)),
    called("multilabel_soft_margin(X, t)", F.multilabel_soft_margin_loss, X=ROWS, t=(ROWS, "mask")),
    called("cosine_embedding(X, Y, t)", F.cosine_embedding_loss, X=ROWS, Y=ROWS, t=((256,), "signs")),
    # Choosing and moving
    called("cumsum(X, axis=0)", lambda x: x.cumsum(0), X=ROWS),
    called("cumprod(X, axis=0)", lambda x: x.cumprod(0), X=((64, 256), "positive")),
    called("cummin(X, axis=0)[0]", lambda x: x.cummin(0)[0], X=ROWS),
    called("logcumsumexp(X, axis=1)", lambda x: torch.logcumsumexp(x, 1), X=ROWS),
    called("sort(X, axis=0)[0]", lambda x: x.sort(0)[0], X=ROWS),
    called("topk(X, 64, axis=1)[0]", lambda x: x.topk(64, 1)[0], X=ROWS),
    called("kthvalue(X, 100, axis=1)[0]", lambda x: x.kthvalue(100, 1)[0], X=ROWS),
    called("max(X, axis=0)", lambda x: x.max(0)[0], X=ROWS),
    called("prod(X, axis=0)", lambda x: x.prod(0), X=((64, 256), "positive")),
    called("var(X, axis=0)", lambda x: x.var(0), X=ROWS),
    called("norm(X, 1, axis=1)", lambda x: torch.linalg.vector_norm(x, 1, 1), X=ROWS),
    called("norm(X, 3, axis=1)", lambda x: torch.linalg.vector_norm(x, 3, 1), X=ROWS),
    called("gather(X, 0, i)", lambda x, i: x.gather(0, i.long()), X=ROWS, i=below(256, 256, 1024)),
    called("scatter_add(X, 0, i, Y)", lambda x, i, y: x.scatter_add(0, i.long(), y), X=ROWS, i=below(256, 256, 1024),
        Y=ROWS),
    called("scatter_reduce(X, 1, i, Y, 'amax')", lambda x, i, y: x.scatter_reduce(1, i.long(), y, "amax"), X=ROWS,
        i=below(1024, 256, 1024), Y=ROWS),
    called("index_copy(X, 0, i, Y)", lambda x, i, y: x.index_copy(0, i.long(), y), X=ROWS, i=((256,), "order"),
        Y=ROWS),
    called("index_select(X, 1, i)", lambda x, i: x.index_select(1, i.long()), X=ROWS, i=below(1024, 300)),
    called("embedding_bag(W, i)", lambda w, i: F.embedding_bag(i.long(), w), W=(2000, 128), i=below(2000, 64, 16)),
    called("put(X, i, Y)", lambda x, i, y: x.put(i.long(), y), X=ROWS, i=((50000,), "order"), Y=(50000,)),
    called("masked_scatter(X, m, Y)", lambda x, m, y: x.masked_scatter(m != 0, y), X=ROWS, m=(ROWS, "mask"), Y=ROWS),
    called("transpose(X, (0, 2, 1, 3))", lambda x: x.permute(0, 2, 1, 3).contiguous(), X=(8, 128, 4, 64)),
    called("transpose(X, (0, 2, 3, 1))", lambda x: x.permute(0, 2, 3, 1).contiguous(), X=IMAGES),
    called("X[:, ::2]", lambda x: x[:, ::2].contiguous(), X=ROWS),
    called("X[::-1]", lambda x: x.flip(0), X=ROWS),
    called("rot90(X, 2)", lambda x: torch.rot90(x, 2), X=ROWS),
    called("tile(X, (2, 1))", lambda x: x.tile(2, 1), X=ROWS),
    called("roll(X, 5, 0)", lambda x: x.roll(5, 0), X=ROWS),
    called("concat(X, Y)", lambda x, y: torch.cat([x, y]), X=ROWS, Y=ROWS),
    called("split(X, 512, axis=1)[1]", lambda x: x.split(512, 1)[1].contiguous(), X=ROWS),
    called("expand(X, (256, 1024))", lambda x: x.expand(256, 1024).contiguous(), X=(256, 1)),
    called("diag_embed(X)", torch.diag_embed, X=(16, 128)),
    called("dropout(X, 0.0)", lambda x: F.dropout(x, 0.0), X=ROWS),
    called("slice_scatter(X, Y, 1, 100, 900)", lambda x, y: x.slice_scatter(y, 1, 100, 900), X=ROWS, Y=(256, 800)),
    called("X + Y of columns", torch.add, X=ROWS, Y=(256, 1)),
    called("X * Y of channels", torch.mul, X=IMAGES, Y=(32, 1, 1)),
    called("X / Y of rows", torch.div, X=ROWS, Y=((256, 1), "positive")),
    called("X ** 0.5", lambda x: x**0.5, X=(ROWS, "positive")),
    called("X ** -1", lambda x: x**-1, X=(ROWS, "positive")),
    called("2 ** X", lambda x: 2**x, X=ROWS),
    called("mean(X, axis=(2, 3))", lambda x: x.mean((2, 3)), X=WIDE),
    called("sum(X, axis=(0, 2, 3))", lambda x: x.sum((0, 2, 3)), X=WIDE),
    *(_recurrent(kind, gates) for kind, gates in (("rnn", 1), ("gru", 3), ("lstm", 4))),
])  # fmt: skip
