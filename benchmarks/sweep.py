"""The cases of `operations.py`: functions of one number and of two, reductions, rows, losses, moving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from benchmarks.case import IMAGES, ROWS, Case, Shape


def one(
    name: str, of: Callable[..., Any], kind: str = "normal", said: str = "", shape: Shape = ROWS
) -> tuple[str, Case]:
    """A function of one array."""
    return name, Case(f"{name}(X{said})", of, {"X": (shape, kind)})


def two(name: str, of: Callable[..., Any], kinds: str = "normal normal", formula: str = "") -> tuple[str, Case]:
    """A function of two arrays of the same shape."""
    first, second = kinds.split()
    return name, Case(formula or f"{name}(X, Y)", of, {"X": (ROWS, first), "Y": (ROWS, second)})


def loss(
    name: str, of: Callable[..., Any], target: str = "normal", kind: str = "normal", said: str = ""
) -> tuple[str, Case]:
    """A loss of an array and a given target."""
    return name, Case(f"{name}(X, t{said})", of, {"X": (ROWS, kind), "t": (ROWS, target)})


def compared(name: str, of: Callable[..., Any]) -> tuple[str, Case]:
    return name, Case(f"{name}(x, y)", lambda x, y: of(x, y).float(), {"x": (ROWS, "normal"), "y": (ROWS, "normal")})


def told(name: str, of: Callable[..., Any]) -> tuple[str, Case]:
    """What has no gradient."""
    return name, Case(f"{name}(x)", lambda x: of(x).float(), {"x": (ROWS, "normal")})


CASES: dict[str, Case] = dict([
    # Activations
    one("relu", F.relu), one("leaky_relu", F.leaky_relu), one("elu", F.elu), one("celu", F.celu), one("selu", F.selu),
    one("gelu", F.gelu), ("gelu tanh", Case("gelu(X, approximate='tanh')", lambda x: F.gelu(x, approximate="tanh"),
        {"X": (ROWS, "normal")})),
    one("silu", F.silu), one("softplus", F.softplus), one("mish", F.mish), one("softsign", F.softsign),
    one("tanhshrink", F.tanhshrink), one("logsigmoid", F.logsigmoid), one("logit", torch.logit, "chance"),
    one("sigmoid", torch.sigmoid), one("tanh", torch.tanh), one("hard_tanh", F.hardtanh), one("relu6", F.relu6),
    one("hardsigmoid", F.hardsigmoid), one("hardswish", F.hardswish), one("hardshrink", F.hardshrink),
        one("softshrink", F.softshrink),
    one("threshold", lambda x: F.threshold(x, 0.1, 0.5), said=", 0.1, 0.5"),
    ("prelu", Case("prelu(X, A)", F.prelu, {"X": (ROWS, "normal"), "A": ((1024,), "chance")})),
    one("glu", F.glu),
    # Arithmetic
    two("add", torch.add, formula="X + Y"), two("subtract", torch.sub, formula="X - Y"), two("multiply", torch.mul,
        formula="X * Y"),
    two("divide", torch.div, "normal positive", "X / Y"), two("power", torch.pow, "positive within", "X ** Y"),
    ("square", Case("X ** 2", torch.square, {"X": (ROWS, "normal")})), ("cube", Case("X ** 3", lambda x: x**3,
        {"X": (ROWS, "normal")})),
    ("negative", Case("-X", torch.neg, {"X": (ROWS, "normal")})),
    ("add a bias", Case("X + B", torch.add, {"X": (ROWS, "normal"), "B": ((1024,), "normal")})),
    ("scale", Case("X * G", torch.mul, {"X": (ROWS, "normal"), "G": ((1024,), "normal")})),
    # Functions of one number
    one("exp", torch.exp), one("exp2", torch.exp2), one("expm1", torch.expm1), one("log", torch.log, "positive"),
    one("log2", torch.log2, "positive"), one("log10", torch.log10, "positive"), one("log1p", torch.log1p, "positive"),
    one("sqrt", torch.sqrt, "positive"), one("rsqrt", torch.rsqrt, "positive"), one("reciprocal", torch.reciprocal,
        "positive"),
    one("abs", torch.abs), one("erf", torch.erf), one("erfc", torch.erfc), one("sin", torch.sin), one("cos", torch.cos),
    one("tan", torch.tan), one("asin", torch.asin, "within"), one("acos", torch.acos, "within"), one("atan",
        torch.atan),
    one("sinh", torch.sinh), one("cosh", torch.cosh), one("asinh", torch.asinh), one("acosh", torch.acosh, "beyond"),
    one("atanh", torch.atanh, "within"), one("deg2rad", torch.deg2rad), one("rad2deg", torch.rad2deg), one("frac",
        torch.frac),
    one("nan_to_num", torch.nan_to_num), one("clip", lambda x: torch.clamp(x, -0.5, 0.5), said=", -0.5, 0.5"),
    two("atan2", torch.atan2), two("hypot", torch.hypot), two("logaddexp", torch.logaddexp), two("logaddexp2",
        torch.logaddexp2),
    two("xlogy", torch.xlogy, "normal positive"), two("maximum", torch.maximum), two("minimum", torch.minimum),
        two("fmax", torch.fmax),
    two("fmin", torch.fmin), two("fmod", torch.fmod, "normal positive"), two("remainder", torch.remainder,
        "normal positive"),
    two("copysign", torch.copysign),
    # Without a gradient
    told("floor", torch.floor), told("ceil", torch.ceil), told("trunc", torch.trunc), told("round", torch.round),
        told("sign", torch.sign),
    told("isnan", torch.isnan), told("isinf", torch.isinf), told("isfinite", torch.isfinite),
    compared("greater", torch.gt), compared("greater_equal", torch.ge), compared("less", torch.lt),
        compared("less_equal", torch.le),
    compared("equal", torch.eq), compared("not_equal", torch.ne),
    # Choosing
    ("where", Case("where(c, X, Y)", lambda c, x, y: torch.where(c != 0, x, y), {"c": (ROWS, "mask"), "X": (ROWS,
        "normal"), "Y": (ROWS, "normal")})),
    ("masked_fill", Case("masked_fill(X, m, 0.5)", lambda x, m: x.masked_fill(m != 0, 0.5), {"X": (ROWS, "normal"),
        "m": (ROWS, "mask")})),
    # Reductions
    one("sum", torch.sum), one("mean", torch.mean), one("max", torch.amax), one("min", torch.amin), one("prod",
        torch.prod, "chance", shape=(64, 64)),
    ("sum rows", Case("sum(X, axis=1)", lambda x: x.sum(1), {"X": (ROWS, "normal")})), ("sum columns",
        Case("sum(X, axis=0)", lambda x: x.sum(0), {"X": (ROWS, "normal")})),
    ("mean rows", Case("mean(X, axis=1)", lambda x: x.mean(1), {"X": (ROWS, "normal")})), ("max rows",
        Case("max(X, axis=1)", lambda x: x.max(1)[0], {"X": (ROWS, "normal")})),
    ("var", Case("var(X, axis=1)", lambda x: x.var(1), {"X": (ROWS, "normal")})), ("std", Case("std(X, axis=1)",
        lambda x: x.std(1), {"X": (ROWS, "normal")})),
    ("norm", Case("norm(X, axis=1)", lambda x: torch.linalg.vector_norm(x, dim=1), {"X": (ROWS, "normal")})),
    ("logsumexp", Case("logsumexp(X, axis=1)", lambda x: torch.logsumexp(x, 1), {"X": (ROWS, "normal")})),
    ("prod rows", Case("prod(X, axis=1)", lambda x: x.prod(1), {"X": (ROWS, "positive")})),
    ("cumsum", Case("cumsum(X, axis=1)", lambda x: x.cumsum(1), {"X": (ROWS, "normal")})),
    ("cumprod", Case("cumprod(X, axis=1)", lambda x: x.cumprod(1), {"X": ((256, 64), "positive")})),
    ("cummax", Case("cummax(X, axis=1)[0]", lambda x: x.cummax(1)[0], {"X": (ROWS, "normal")})),
    ("median", Case("median(X, axis=1)[0]", lambda x: x.median(1)[0], {"X": (ROWS, "normal")})),
    ("argmax", Case("argmax(x, axis=1)", lambda x: x.argmax(1).float(), {"x": (ROWS, "normal")})),
    ("argsort", Case("argsort(x, axis=1)", lambda x: x.argsort(1).float(), {"x": (ROWS, "order")})),
    ("sort", Case("sort(X, axis=1)[0]", lambda x: x.sort(1)[0], {"X": (ROWS, "order")})),
    ("topk", Case("topk(X, 8, axis=1)[0]", lambda x: x.topk(8, 1)[0], {"X": (ROWS, "normal")})),
    ("quantile", Case("quantile(X, 0.3, axis=1)", lambda x: torch.quantile(x, 0.3, 1), {"X": (ROWS, "normal")})),
    # Rows
    one("softmax", lambda x: torch.softmax(x, -1)), one("log_softmax", lambda x: torch.log_softmax(x, -1)),
    one("standardize", lambda x: F.layer_norm(x, (1024,))), one("rms_normalize", lambda x: F.rms_norm(x, (1024,))),
    ("layer_norm", Case("layer_norm(X, G, B)", lambda x, g, b: F.layer_norm(x, (1024,), g, b), {"X": (ROWS,
        "normal"), "G": ((1024,), "normal"), "B": ((1024,), "normal")})),
    ("rms_norm", Case("rms_norm(X, G)", lambda x, g: F.rms_norm(x, (1024,), g), {"X": (ROWS, "normal"),
        "G": ((1024,), "normal")})),
    ("batch_norm", Case("batch_norm(X, G, B)", lambda x, g, b: F.batch_norm(x, None, None, g, b, True),
        {"X": (IMAGES, "normal"), "G": ((32,), "normal"), "B": ((32,), "normal")})),
    # Products and windows
    ("matmul", Case("X @ W", torch.matmul, {"X": ((64, 784), "normal"), "W": ((784, 128), "small")})),
    ("matmul batched", Case("X @ Y", torch.matmul, {"X": ((8, 4, 128, 64), "normal"), "Y": ((8, 4, 64, 128),
        "normal")})),
    ("linear", Case("linear(X, W, B)", F.linear, {"X": ((64, 784), "normal"), "W": ((128, 784), "small"),
        "B": ((128,), "small")})),
    ("conv2d of 32", Case("conv2d(X, W, padding=1)", lambda x, w: F.conv2d(x, w, padding=1), {"X": (IMAGES, "normal"),
        "W": ((32, 32, 3, 3), "small")})),
    ("max_pool2d", Case("max_pool2d(X, 2)", lambda x: F.max_pool2d(x, 2), {"X": (IMAGES, "normal")})),
    ("avg_pool2d", Case("avg_pool2d(X, 2)", lambda x: F.avg_pool2d(x, 2), {"X": (IMAGES, "normal")})),
    ("attention", Case("attention(Q, K, V)", F.scaled_dot_product_attention,
        dict.fromkeys("QKV", ((8, 4, 128, 64), "normal")))),
    # Losses
    loss("mse", F.mse_loss), loss("mae", F.l1_loss), loss("huber", F.huber_loss), loss("smooth_l1", F.smooth_l1_loss),
    loss("half_squared_error", lambda x, t: 0.5 * ((x - t) ** 2).sum()), loss("bce", F.binary_cross_entropy, "mask",
        "chance"),
    loss("bce_with_logits", F.binary_cross_entropy_with_logits, "mask"),
    loss("kl_div", lambda x, t: F.kl_div(x, t), "shares"), loss("poisson_nll", F.poisson_nll_loss, "positive"),
    loss("soft_margin", F.soft_margin_loss, "signs"), loss("hinge_embedding", F.hinge_embedding_loss, "signs"),
    ("gaussian_nll", Case("gaussian_nll(X, t, V)", F.gaussian_nll_loss, {"X": (ROWS, "normal"), "t": (ROWS,
        "normal"), "V": (ROWS, "positive")})),
    ("cross_entropy", Case("cross_entropy(X, t)", lambda x, t: F.cross_entropy(x, t.long()), {"X": (ROWS, "normal"),
        "t": ((256,), "below 1024")})),
    ("cross_entropy, shares", Case("cross_entropy(X, t)", F.cross_entropy, {"X": (ROWS, "normal"), "t": (ROWS,
        "shares")})),
    ("nll", Case("nll(X, t)", lambda x, t: F.nll_loss(x, t.long()), {"X": (ROWS, "normal"), "t": ((256,),
        "below 1024")})),
    ("margin_ranking", Case("margin_ranking(X, Y, t)", F.margin_ranking_loss, {"X": (ROWS, "normal"), "Y": (ROWS,
        "normal"), "t": (ROWS, "signs")})),
    ("cosine_similarity", Case("cosine_similarity(X, Y)", lambda x, y: F.cosine_similarity(x, y, -1), {"X": (ROWS,
        "normal"), "Y": (ROWS, "normal")})),
    ("pairwise_distance", Case("pairwise_distance(X, Y)", F.pairwise_distance, {"X": (ROWS, "normal"), "Y": (ROWS,
        "normal")})),
    ("triplet_margin", Case("triplet_margin(X, Y, Z)", F.triplet_margin_loss, dict.fromkeys("XYZ", (ROWS, "normal")))),
    # Moving
    ("reshape", Case("reshape(X, (512, 512))", lambda x: x.reshape(512, 512), {"X": (ROWS, "normal")})),
    ("transpose", Case("transpose(X)", lambda x: x.t().contiguous(), {"X": (ROWS, "normal")})),
    ("flip", Case("flip(X, 1)", lambda x: x.flip(1), {"X": (ROWS, "normal")})), ("roll", Case("roll(X, 7, 1)",
        lambda x: x.roll(7, 1), {"X": (ROWS, "normal")})),
    ("tile", Case("tile(X, (1, 2))", lambda x: x.tile(1, 2), {"X": (ROWS, "normal")})), ("rot90", Case("rot90(X)",
        lambda x: torch.rot90(x).contiguous(), {"X": (ROWS, "normal")})),
    ("repeat_interleave", Case("repeat_interleave(X, 2, 1)", lambda x: x.repeat_interleave(2, 1), {"X": (ROWS,
        "normal")})),
    ("expand", Case("expand(X, (256, 1024))", lambda x: x.expand(256, 1024).contiguous(), {"X": ((1, 1024),
        "normal")})),
    ("concat", Case("concat(X, Y, axis=1)", lambda x, y: torch.cat([x, y], 1), {"X": (ROWS, "normal"), "Y": (ROWS,
        "normal")})),
    ("stack", Case("stack(X, Y)", lambda x, y: torch.stack([x, y]), {"X": (ROWS, "normal"), "Y": (ROWS, "normal")})),
    ("a part", Case("X[:, 100:900]", lambda x: x[:, 100:900].contiguous(), {"X": (ROWS, "normal")})),
    ("tril", Case("tril(X)", torch.tril, {"X": (ROWS, "normal")})), ("triu", Case("triu(X)", torch.triu, {"X": (ROWS,
        "normal")})),
    ("diagonal", Case("diagonal(X)", lambda x: x.diagonal().contiguous(), {"X": (ROWS, "normal")})),
    ("embedding", Case("embedding(W, i)", lambda w, i: F.embedding(i.long(), w), {"W": ((2000, 128), "normal"),
        "i": ((32, 64), "below 2000")})),
    ("gather", Case("gather(X, 1, i)", lambda x, i: x.gather(1, i.long()), {"X": (ROWS, "normal"), "i": (ROWS,
        "below 1024")})),
    ("index_select", Case("index_select(X, 0, i)", lambda x, i: x.index_select(0, i.long()), {"X": (ROWS, "normal"),
        "i": ((300,), "below 256")})),
    ("take", Case("take(X, i)", lambda x, i: x.take(i.long()), {"X": (ROWS, "normal"), "i": ((50000,),
        "below 262144")})),
    ("scatter", Case("scatter(X, 1, i, Y)", lambda x, i, y: x.scatter(1, i.long(), y), {"X": (ROWS, "normal"),
        "i": (ROWS, "order"), "Y": (ROWS, "normal")})),
    ("scatter_add", Case("scatter_add(X, 1, i, Y)", lambda x, i, y: x.scatter_add(1, i.long(), y), {"X": (ROWS,
        "normal"), "i": (ROWS, "below 1024"), "Y": (ROWS, "normal")})),
    ("index_add", Case("index_add(X, 0, i, Y)", lambda x, i, y: x.index_add(0, i.long(), y), {"X": (ROWS, "normal"),
        "i": ((300,), "below 256"), "Y": ((300, 1024), "normal")})),
])  # fmt: skip
