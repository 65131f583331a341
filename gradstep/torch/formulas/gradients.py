"""Backward passes that are part of a forward pass, as where a loss has the gradient of something in it."""

from __future__ import annotations

import math

import torch

from gradstep.torch.formulas.table import Unwritten, Writer, listed, number, operation, shape_of, simple
from gradstep.torch.seen import Called

simple({
    "tanh_backward": "{0} * (1 - {1} ** 2)",
    "sigmoid_backward": "{0} * {1} * (1 - {1})",
    "leaky_relu_backward": "where({1} > 0, {0}, {2} * {0})",
    "log_sigmoid_backward": "{0} * sigmoid(-{1})",
    "softplus_backward": "{0} * sigmoid({2} * {1})",
    "silu_backward": "{0} * sigmoid({1}) * (1 + {1} * (1 - sigmoid({1})))",
})  # fmt: skip


@operation("threshold_backward")
def _threshold(call: Called, write: Writer) -> str:
    return f"where({write(call.args[1])} > {number(call.args[2])}, {write(call.args[0])}, 0)"


@operation("_softmax_backward_data")
def _softmax(call: Called, write: Writer) -> str:
    up, y, axis = write(call.args[0]), write(call.args[1]), int(call.args[2])
    return f"{y} * ({up} - sum({up} * {y}, axis={axis}, keepdims=True))"


@operation("_log_softmax_backward_data")
def _log_softmax(call: Called, write: Writer) -> str:
    up, y, axis = write(call.args[0]), write(call.args[1]), int(call.args[2])
    return f"{up} - exp({y}) * sum({up}, axis={axis}, keepdims=True)"


@operation("gelu_backward")
def _gelu(call: Called, write: Writer) -> str:
    up, x = map(write, call.args[:2])
    if call.option("approximate", "none") != "none":
        raise Unwritten("the gradient of an approximate gelu")
    share = f"0.5 * (1 + erf({x} * {number(math.sqrt(0.5))}))"
    return f"{up} * ({share} + {x} * exp(-0.5 * {x} ** 2) * {number(1 / math.sqrt(2 * math.pi))})"


@operation("mse_loss_backward")
def _mse(call: Called, write: Writer) -> str:
    up, x, t = map(write, call.args[:3])
    share = 2 / math.prod(shape_of(call.args[1])) if int(call.args[3]) == 1 else 2
    return f"{number(share)} * ({x} - {t}) * {up}"


@operation("nll_loss_backward")
def _nll(call: Called, write: Writer) -> str:
    """The gradient of what it has for an input, which does not depend on it, times what arrived."""
    up, x, t, weight, how, ignored, total = call.args
    given = [None if one is None else one.seen.data() for one in (t, weight, total)]
    like = x.seen.data()
    slope = torch.ops.aten.nll_loss_backward(
        torch.ones(shape_of(up), dtype=like.dtype), like, given[0], given[1], how, ignored, given[2]
    )
    arrived = f"reshape({write(up)}, {listed((*shape_of(up), 1))})" if shape_of(up) else write(up)
    return f"{arrived} * {write.constant(slope, 'slope')}"


@operation("convolution_backward")
def _convolution(call: Called, write: Writer) -> list[str | None]:
    """What a convolution passes on to its inputs: a transposed convolution of what arrived; and one of both, of which
    one is a weight."""
    up, x, w = call.args[:3]
    stride, padding, dilation = (list(call.option(name)) for name in ("stride", "padding", "dilation"))
    groups, axes = int(call.option("groups", 1)), len(shape_of(w)) - 2
    if call.option("transposed"):
        raise Unwritten("the gradient of a transposed convolution")
    pairs = zip(shape_of(x)[2:], shape_of(up)[2:], shape_of(w)[2:], stride, padding, dilation, strict=True)
    extra = [n - ((m - 1) * s - 2 * p + d * (k - 1) + 1) for n, m, k, s, p, d in pairs]
    options = f"stride={listed(stride)}, padding={listed(padding)}, dilation={listed(dilation)}"
    whole = (
        f"conv_transpose{axes}d({write(up)}, {write(w)}, {options}, output_padding={listed(extra)}, groups={groups})"
    )
    swapped = listed((1, 0, *range(2, 2 + axes)))
    both = (
        f"conv{axes}d(transpose({write(x)}, {swapped}), transpose({write(up)}, {swapped}), "
        f"stride={listed(dilation)}, padding={listed(padding)}, dilation={listed(stride)})"
    )
    cut = ", ".join([":", ":", *(f":{k}" for k in shape_of(w)[2:])])
    weights = f"transpose({both}[{cut}], {swapped})" if groups == 1 else None
    return [whole, weights, f"sum({write(up)}, axis={listed((0, *range(2, 2 + axes)))})"]


@operation("native_batch_norm_backward", "cudnn_batch_norm_backward")
def _batch_norm(call: Called, write: Writer) -> list[str | None]:
    up, x, w = call.args[:3]
    if not call.option("train", True):
        raise Unwritten("the gradient of a normalisation by running statistics")
    rank, eps = len(shape_of(x)), number(float(call.option("eps", call.option("epsilon", 1e-5))))
    axes, channels = listed((0, *range(2, rank))), listed((1, -1, *[1] * (rank - 2)))
    name, unit = write(x), f"standardize({write(x)}, axis={axes}, eps={eps})"
    arrived = write(up) if w is None else f"({write(up)} * reshape({write(w)}, {channels}))"
    along = f"axis={axes}, keepdims=True"
    rest = f"({arrived} - mean({arrived}, {along}) - {unit} * mean({arrived} * {unit}, {along}))"
    whole = f"{rest} * rsqrt(var({name}, {along}, correction=0) + {eps})"
    return [whole, f"sum({write(up)} * {unit}, axis={axes})", f"sum({write(up)}, axis={axes})"]
