"""How PyTorch's convolutions, pools and what makes arrays larger or smaller are written as formulas; see
operator_lines.py."""

from __future__ import annotations

from collections.abc import Callable

from operator_formulas import Given

_CONVOLUTION = "input, weight, bias, stride=1, padding=0, dilation=1, groups=1"
_TRANSPOSED = "input, weight, bias, stride=1, padding=0, output_padding=0, groups=1, dilation=1"
_LARGEST = "input, kernel_size, stride, padding=0, dilation=1, ceil_mode=False, return_indices=*"
_MEAN = "input, kernel_size, stride, padding=0, ceil_mode=False, count_include_pad=True"


def upsampled(options: str) -> Callable[[Given], str]:
    def written(g: Given) -> str:
        given = [f"{k}={g[k]}" for k in ("size", "scale_factor") if k in g.texts]
        return f"interpolate({', '.join([g['input'], *given, options])})"

    return written


def sampled(g: Given) -> str:
    """PyTorch's inner names for grid_sample have its options as numbers."""
    mode = ("bilinear", "nearest", "bicubic")[g.values["interpolation_mode"]]
    padding = ("zeros", "border", "reflection")[g.values["padding_mode"]]
    corners = g.values["align_corners"]
    return f"grid_sample({g['input']}, {g['grid']}, {mode!r}, {padding!r}, align_corners={corners})"


LINES: dict[str, str | tuple[str, Callable[[Given], str]]] = {
    **{f"nn.functional.conv{d}d": f"conv{d}d({_CONVOLUTION})" for d in (1, 2, 3)},
    **{f"nn.functional.conv_transpose{d}d": f"conv_transpose{d}d({_TRANSPOSED})" for d in (1, 2, 3)},
    **{f"nn.functional.max_pool{d}d": f"max_pool{d}d({_LARGEST})" for d in (1, 2, 3)},
    "nn.functional.avg_pool1d": f"avg_pool1d({_MEAN})",
    **{f"nn.functional.avg_pool{d}d": f"avg_pool{d}d({_MEAN}, divisor_override)" for d in (2, 3)},
    **{f"nn.functional.adaptive_avg_pool{d}d": f"adaptive_avg_pool{d}d(input, output_size)" for d in (1, 2, 3)},
    **{
        f"nn.functional.adaptive_max_pool{d}d": f"adaptive_max_pool{d}d(input, output_size, return_indices=*)"
        for d in (1, 2, 3)
    },
    **{
        f"nn.functional.interpolate.{mode}": (
            "interpolate(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)"
        )
        for mode in ("nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear")
    },
    "nn.functional.upsample_nearest": ("input size scale_factor", upsampled("mode='nearest'")),
    "nn.functional.upsample_bilinear": (
        "input size scale_factor", upsampled("mode='bilinear', align_corners=True"),
    ),
    **{
        f"nn.functional.pad.{mode}": "pad(input, pad, mode, value)"
        for mode in ("constant", "reflect", "replicate", "replicate_negative", "circular")
    },
    "constant_pad_nd": "pad({input}, {pad}, value={value}) | input pad value=0",
    "nn.functional.grid_sample": "grid_sample(input, grid, mode, padding_mode, align_corners)",
    "grid_sampler_2d": ("input grid interpolation_mode padding_mode align_corners", sampled),
    "grid_sampler_3d": ("input grid interpolation_mode padding_mode align_corners", sampled),
    "nn.functional.ctc_loss": (
        "ctc_loss(input, targets, input_lengths, target_lengths, blank, reduction, zero_infinity)"
    ),
    "nn.functional.pixel_shuffle": "pixel_shuffle(input, upscale_factor)",
    "nn.functional.pixel_unshuffle": "pixel_unshuffle(input, downscale_factor)",
    "nn.functional.channel_shuffle": "channel_shuffle(input, groups)",
    "nn.functional.unfold": "unfold(input, kernel_size, dilation, padding, stride)",
}  # fmt: skip
