"""Rules for the random networks: elements that are chosen by their size or by numbers, put elsewhere, or come apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from autograd.tracer import getval
from graphs import Array

Rules = dict[str, tuple[str, Callable[..., Any], Callable[..., Any]]]


def _places(x: Array) -> Array:
    return np.arange(np.size(x)).reshape(np.shape(x))


def _chosen(m: Any, x: Array, places: Array) -> Array:
    """Elements by their number in C order."""
    return m.reshape(x, (-1,))[np.asarray(places)]


def _ordered(m: Any, x: Array, axis: int, part: Any) -> Array:
    """The elements in order along an axis, of them a part."""
    places = np.take_along_axis(_places(x), np.argsort(getval(x), axis), axis)
    return _chosen(m, x, np.moveaxis(np.moveaxis(places, axis, -1)[..., part], -1, axis))


def _running(m: Any, x: Array) -> Array:
    value = getval(x)
    best = np.stack([np.argmax(value[: k + 1], axis=0) for k in range(len(value))])
    return _chosen(m, x, np.take_along_axis(_places(x), best, 0))


def _gaps(x: Array) -> bool:
    """Whether all elements differ clearly."""
    return bool(x.size > 1 and np.diff(np.sort(x, axis=None)).min() > 1e-3)


def _rows(x: Array) -> bool:
    return bool(x.ndim > 1 and len(x) > 2)


#: Of one array.
UNARY: Rules = {
    "sort": ("sort({0}, 0)[0]", lambda m, x: _ordered(m, x, 0, slice(None)), lambda x: x.ndim and _gaps(x)),
    "topk": (
        "topk({0}, 2)[0]", lambda m, x: _ordered(m, x, -1, slice(-1, -3, -1)),
        lambda x: x.ndim and x.shape[-1] > 1 and _gaps(x),
    ),
    "argsort": (
        "argsort({0}, 0) * {0}", lambda m, x: np.argsort(getval(x), 0) * x, lambda x: x.ndim and _gaps(x),
    ),
    "median": (
        "median({0}, 0, True)[0]", lambda m, x: _ordered(m, x, 0, slice((len(x) - 1) // 2, (len(x) - 1) // 2 + 1)),
        lambda x: x.ndim and _gaps(x),
    ),
    "quantile": (
        "quantile({0}, 0.5)",
        lambda m, x: m.mean(_ordered(m, m.reshape(x, (-1,)), 0, [(x.size - 1) // 2, x.size // 2])), _gaps,
    ),
    "cummax": ("cummax({0}, 0)[0]", _running, lambda x: x.ndim and _gaps(x)),
    "split": ("concat(split({0}, (1, {0:n}))[1], {0})".replace("{0:n}", "2"),
              lambda m, x: m.concatenate([x[1:], x]), lambda x: x.ndim and len(x) == 3 and x.size < 40),
    "unbind": ("stack(unbind({0}), axis=1)", lambda m, x: m.swapaxes(x, 0, 1), lambda x: x.ndim > 1),
    "take_at": ("{0}[[2, 0, 2]]", lambda m, x: x[np.array([2, 0, 2])], lambda x: _rows(x) and x.size < 60),
    "gather": (
        "gather({0}, 0, ids)", lambda m, x: x[np.array([2, 0, 2, 1])], lambda x: x.ndim == 1 and len(x) > 2,
    ),
    "scatter_add": (
        "scatter_add({0}, 0, ids, 2 * {0}[[0, 1, 0, 1]])",
        lambda m, x: x + m.stack([2 * x[1], 2 * x[1], 4 * x[0], *(0 * x[k] for k in range(3, len(x)))]),
        lambda x: x.ndim == 1 and len(x) > 2,
    ),
    "scatter_reduce": (
        "scatter_reduce({0}, 0, ids, {0}[[0, 1, 0, 1]], 'prod')",
        lambda m, x: m.stack([x[0] * x[1], x[1] * x[1], x[2] * x[0] ** 2, *(x[k] for k in range(3, len(x)))]),
        lambda x: x.ndim == 1 and len(x) > 2 and np.abs(x).min() > 0.2,
    ),
    "slice_scatter": (
        "slice_scatter({0}, 2 * {0}[0:2], 0, 1, 3)",
        lambda m, x: m.concatenate([x[:1], 2 * x[0:2], x[3:]]), _rows,
    ),
}  # fmt: skip
UNARY["rotary"] = (
    "rotary({0}, base=10)",
    lambda m, x: _rotated(m, x),
    lambda x: x.ndim > 1 and x.shape[-1] == 4,
)
UNARY["logcumsumexp"] = (
    "logcumsumexp({0}, 0)", lambda m, x: m.log(m.cumsum(m.exp(x), axis=0)), lambda x: x.ndim and np.abs(x).max() < 5,
)  # fmt: skip
UNARY["windows"] = (
    "windows({0}, 0, 2)",
    lambda m, x: m.stack([x[:-1], x[1:]], -1),
    lambda x: x.ndim and len(x) > 1 and x.size < 40,
)
UNARY["band_mask"] = (
    "softmax(band_mask({0}, 1, 1), safe=True)",
    lambda m, x: _banded(m, x),
    lambda x: x.ndim > 1 and x.shape[-1] == x.shape[-2] + 1 and np.abs(x).max() < 9,
)


def _rotated(m: Any, x: Array) -> Any:
    angle = np.arange(x.shape[-2])[:, None] * 10.0 ** -np.array([0.0, 0.5])
    a, b = x[..., :2], x[..., 2:]
    return m.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], -1)


def _banded(m: Any, x: Array) -> Any:
    ahead = np.arange(x.shape[-1]) - np.arange(x.shape[-2])[:, None]
    e = m.exp(x) * (np.abs(ahead) <= 1)
    return e / m.sum(e, axis=-1, keepdims=True)


#: Of two arrays.
BINARY: Rules = {
    "einsum": (
        "einsum('...i,...i->...', {0}, {1})",
        lambda m, a, b: m.sum(a * b, axis=-1),
        lambda a, b: a.shape == b.shape and a.ndim,
    ),
    "outer": (
        "outer({0}, {1})",
        lambda m, a, b: m.reshape(a, (-1, 1)) * m.reshape(b, (1, -1)),
        lambda a, b: a.ndim == b.ndim == 1,
    ),
    "trapezoid": (
        "trapezoid({0}, {1})",
        lambda m, y, x: m.sum((y[..., 1:] + y[..., :-1]) / 2 * (x[..., 1:] - x[..., :-1]), -1),
        lambda y, x: y.shape == x.shape and y.ndim and y.shape[-1] > 1,
    ),
    "multilabel_soft_margin": (
        "multilabel_soft_margin({0}, {1})",
        lambda m, y, t: m.mean(t * m.log(1 + m.exp(-y)) + (1 - t) * m.log(1 + m.exp(y))),
        lambda y, t: y.shape == t.shape and y.ndim and np.abs(y).max() < 9,
    ),
    "hstack": (
        "hstack({0}, {1})",
        lambda m, a, b: m.concatenate([a, b], 1),
        lambda a, b: a.ndim == 2 and a.shape == b.shape and a.size < 40,
    ),
}

#: What is made of others, or does with other numbers what they do.
ALIKE = {
    **dict.fromkeys(("sorted", "msort", "kthvalue", "mode", "mode_along"), "sort"),
    **dict.fromkeys(("argmax", "argmin", "argmedian", "argmode", "running_argmax", "running_argmin"), "argsort"),
    **dict.fromkeys(("median_along", "median_all", "nanmedian", "nanmedian_all"), "median"),
    **dict.fromkeys(("quantile_of", "nanquantile"), "quantile"),
    **dict.fromkeys(("cummin", "running_max", "running_min", "aminmax"), "cummax"),
    **dict.fromkeys(("chunk", "tensor_split", "hsplit", "vsplit", "dsplit"), "split"),
    **dict.fromkeys(("meshgrid", "broadcast_tensors"), "expand"),
    **dict.fromkeys(("contract", "tensordot", "inner", "bilinear"), "einsum"),
    **dict.fromkeys(("kron", "cross", "cartesian_prod"), "outer"),
    "cumulative_trapezoid": "trapezoid",
    **dict.fromkeys(("vstack", "dstack", "column_stack", "block_diag"), "hstack"),
    **dict.fromkeys(("atleast_1d", "atleast_2d", "atleast_3d"), "reshape"),
    **dict.fromkeys(("combinations",), "take_at"),
    "sum_to_size": "sum",
    "var_mean": "var",
    "std_mean": "std",
    **dict.fromkeys(
        ("mse_loss", "l1_loss", "huber_loss", "multi_margin", "multilabel_margin"), "multilabel_soft_margin"
    ),
    "linear_cross_entropy": "cross_entropy",
    "embedding_bag": "embedding",
    **dict.fromkeys(("max_unpool1d", "max_unpool2d", "max_unpool3d", "unpool"), "slice_scatter"),
    "take_along_dim": "gather",
    **dict.fromkeys(("index_add",), "scatter_add"),
    **dict.fromkeys(("index_reduce",), "scatter_reduce"),
    **dict.fromkeys(
        ("scatter", "index_copy", "select_scatter", "diagonal_scatter", "masked_scatter", "put", "index_put"),
        "slice_scatter",
    ),
}
