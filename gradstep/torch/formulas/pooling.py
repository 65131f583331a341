"""Largest numbers of windows, by the places where PyTorch found them, and arrays in other sizes."""

from __future__ import annotations

import math
from typing import Any

import torch

from gradstep.torch.formulas.table import Unwritten, Writer, listed, operation, outputs, shape_of
from gradstep.torch.seen import Called, Ref


@operation(
    "adaptive_max_pool2d", "adaptive_max_pool3d", "fractional_max_pool2d", "fractional_max_pool3d",
    "max_pool3d_with_indices",
)  # fmt: skip
def _by_places(call: Called, write: Writer) -> list[str | None]:
    indices, shape = call.outputs[1], shape_of(call.args[0])
    if indices is None:
        raise Unwritten("no indices")
    axes = 3 if "3d" in call.name else 2
    before, size = shape[:-axes], math.prod(shape[-axes:])
    ids = write.constant(indices.data().reshape(*before, -1), "places")
    flat = f"reshape({write(call.args[0])}, {listed((*before, size))})"
    return [f"reshape(gather({flat}, {ids}, axis={len(before)}), {listed(outputs(call)[0])})", None]


@operation("max_unpool2d", "max_unpool3d")
def _unpool(call: Called, write: Writer) -> str:
    axes, made = 3 if "3d" in call.name else 2, outputs(call)[0]
    before, size = made[:-axes], math.prod(made[-axes:])
    count = math.prod(shape_of(call.args[0])[-axes:])
    empty = write.constant(torch.zeros(*before, size), "zeros")
    ids = write.constant(call.args[1].seen.data().reshape(*before, count), "places")
    return (
        f"reshape(scatter({empty}, {ids}, reshape({write(call.args[0])}, {listed((*before, count))}), "
        f"axis={len(before)}), {listed(made)})"
    )


@operation("_adaptive_avg_pool3d", "adaptive_avg_pool3d")
def _adaptive(call: Called, write: Writer) -> str:
    return f"adaptive_avg_pool3d({write(call.args[0])}, {listed(call.option('output_size'))})"


@operation(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d",
)  # fmt: skip
def _nearest(call: Called, write: Writer) -> str:
    """Whatever is picked, found by picking from an array of places."""
    shape, made = shape_of(call.args[0]), outputs(call)[0]
    size = math.prod(shape[2:])
    places = torch.arange(size, dtype=torch.float64).reshape(1, 1, *shape[2:])
    ids = write.constant(_func(call)(places, *call.args[1:], **call.kwargs).reshape(-1).long(), "places")
    flat = f"reshape({write(call.args[0])}, {listed((*shape[:2], size))})"
    return f"reshape(index_select({flat}, {ids}, axis=2), {listed(made)})"


def _func(call: Called) -> Any:
    name, _, overload = call.name.partition(".")
    return getattr(getattr(torch.ops.aten, name), overload or "default")


@operation(
    "upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "_upsample_bilinear2d_aa",
    "_upsample_bicubic2d_aa", "upsample_trilinear3d",
)  # fmt: skip
def _resized(call: Called, write: Writer) -> str:
    """A weighted sum along each axis, the weights found by making single ones larger."""
    given, made = shape_of(call.args[0]), outputs(call)[0]
    axes, found = len(given) - 2, write(call.args[0])
    rest = [one for one in (call.args[2], call.kwargs.get("align_corners")) if isinstance(one, bool)][:1]
    names = ("scales_d", "scales_h", "scales_w")[3 - axes :] if axes > 1 else ("scales",)
    scales, func = [call.option(name) for name in names], _func(call)
    for k in range(axes):
        n, m = given[2 + k], made[2 + k]
        # Of all other axes there are two equal places: with a single one kernels take another memory format.
        shape = [1, n, *[2] * axes]
        shape[2 + k] = n
        single = torch.eye(n, dtype=torch.float64).reshape(1, n, *[n if j == k else 1 for j in range(axes)])
        size = [m if j == k else 2 for j in range(axes)]
        one = func(
            single.expand(shape).contiguous(), size, *rest, *(s if j == k else None for j, s in enumerate(scales))
        )
        weights = one[(0, slice(None), *(slice(None) if j == k else 0 for j in range(axes)))]
        order = [j for j in range(len(given)) if j != 2 + k]
        back = [*range(2 + k), len(given) - 1, *range(2 + k, len(given) - 1)]
        there = f"matmul(transpose({found}, {listed([*order, 2 + k])}), {write.constant(weights, 'weights')})"
        found = f"transpose({there}, {listed(back)})"
    return found


@operation("col2im")
def _fold(call: Called, write: Writer) -> str:
    """Each number is added to where it came from; one place more takes those of the padding."""
    samples, channels, *size = outputs(call)[0] if len(outputs(call)[0]) == 4 else (1, *outputs(call)[0])
    count = math.prod(size)
    image = torch.arange(1, count + 1, dtype=torch.float64).reshape(1, 1, *size)
    options = (tuple(call.option(name)) for name in ("kernel_size", "dilation", "padding", "stride"))
    one = torch.nn.functional.unfold(image, *options).reshape(-1).long()
    places = (torch.arange(channels)[:, None] * (count + 1) + one).reshape(1, -1).expand(samples, -1)
    empty = write.constant(torch.zeros(samples, channels * (count + 1)), "zeros")
    columns = f"reshape({write(call.args[0])}, {listed(places.shape)})"
    added = f"scatter_add({empty}, {write.constant(places.contiguous(), 'places')}, {columns}, axis=1)"
    whole = f"reshape({added}, {listed((samples, channels, count + 1))})[:, :, 1:]"
    return f"reshape({whole}, {listed(outputs(call)[0])})"


@operation("rrelu_with_noise", "rrelu_with_noise_functional")
def _rrelu(call: Called, write: Writer) -> str:
    """The slopes were drawn while it ran; they are what came out of it beside what went in."""
    made = call.outputs[0]
    if made is None or not isinstance(call.args[0], Ref):
        raise Unwritten("nothing comes out")
    x = call.args[0].seen.data().double()
    slopes = torch.where(x == 0, 1.0, made.data().double() / x)
    return f"{write(call.args[0])} * {write.constant(slopes, 'slopes')}"
