"""Images in another size."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from gradstep.onnx.formulas.table import Called, Made, Unwritable, op

#: Of images with so many axes what is linear is called so.
_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@op("Resize", "Upsample")
def _resize(c: Called) -> Made:
    sizes, scales = _sizes(c)
    shape, mode = c.shape(), str(c.get("mode", "nearest"))
    how = _how(c)
    if c.get("antialias") or c.get("exclude_outside") or how in ("tf_crop_and_resize", "half_pixel_symmetric"):
        raise Unwritable(f"resizing with {'antialias' if c.get('antialias') else how}")
    changed = [axis for axis, (a, b) in enumerate(zip(shape, sizes, strict=True)) if (a, 1.0) != (b, scales[axis])]
    if not changed:
        return c[0]
    if mode == "nearest":
        return _nearest(c, how, sizes, scales, changed)
    spatial = list(range(2, len(shape)))
    if len(shape) < 3 or min(changed) < 2:
        raise Unwritable("resizing along samples and channels")
    return _smooth(c, mode, how, [sizes[axis] for axis in spatial], [scales[axis] for axis in spatial])


def _how(c: Called) -> str:
    """How places in the two images belong together."""
    return str(c.get("coordinate_transformation_mode", "half_pixel" if c.opset >= 11 else "asymmetric"))


def _sizes(c: Called) -> tuple[list[int], list[float]]:
    """The new size of each axis, and by how much it is larger."""
    shape, given = c.shape(), c.get("scales")
    at = 1 if c.opset < 11 else 2
    axes = [a % len(shape) for a in c.get("axes") or range(len(shape))]
    sizes, scales = list(shape), [1.0] * len(shape)
    if c.opset >= 11 and c.has(3) and c.value(3).shape != (0,):
        if c.get("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise Unwritable("resizing that keeps the ratio of height and width")
        for axis, n in zip(axes, c.numbers("sizes", 3), strict=True):
            sizes[axis], scales[axis] = n, n / max(shape[axis], 1)
        return sizes, scales
    for axis, scale in zip(axes, given or [float(n) for n in c.array(at).reshape(-1)], strict=True):
        sizes[axis], scales[axis] = floor(shape[axis] * scale), float(scale)
    return sizes, scales


def _nearest(c: Called, how: str, sizes: Sequence[int], scales: Sequence[float], changed: Sequence[int]) -> str:
    """Of each axis the elements that stay: which these are is known."""
    shape, rounding = c.shape(), str(c.get("nearest_mode", "round_prefer_floor" if c.opset >= 11 else "floor"))
    times = [sizes[axis] / max(shape[axis], 1) for axis in changed]
    plain = how == "asymmetric" and rounding == "floor" and min(changed) >= 2 and len(shape) in (3, 4, 5)
    if plain and all(t == scales[axis] for t, axis in zip(times, changed, strict=True)):
        spatial = tuple(sizes[2:])
        return f"interpolate({c[0]}, size={spatial})"
    text = c[0]
    for axis in changed:
        places = [_place(k, how, shape[axis], sizes[axis], scales[axis]) for k in range(sizes[axis])]
        found = [min(max(_rounded(x, rounding), 0), shape[axis] - 1) for x in places]
        text = f"{text}[{', '.join([':'] * axis + [str(found)])}]"
    return text


def _place(k: int, how: str, before: int, after: int, scale: float) -> float:
    """Where the k-th element along an axis was before."""
    if how == "align_corners":
        return 0.0 if after == 1 else k * (before - 1) / (after - 1)
    if how == "asymmetric":
        return k / scale
    if how == "pytorch_half_pixel" and after == 1:
        return 0.0
    return (k + 0.5) / scale - 0.5


def _rounded(x: float, how: str) -> int:
    if how == "round_prefer_floor":
        return ceil(x - 0.5)
    if how == "round_prefer_ceil":
        return floor(x + 0.5)
    return floor(x) if how == "floor" else ceil(x)


def _smooth(c: Called, mode: str, how: str, sizes: list[int], scales: list[float]) -> str:
    """As PyTorch does it, where it does it so."""
    count, before = len(sizes), c.shape()[2:]
    word = _LINEAR.get(count) if mode == "linear" else "bicubic" if count == 2 else None
    halves = how == "half_pixel" or (how == "pytorch_half_pixel" and 1 not in sizes)
    if word is None or not (halves or how == "align_corners"):
        raise Unwritable(f"resizing, {mode} in {count} dimensions with {how}")
    if mode == "cubic" and round(c.get("cubic_coeff_a", -0.75), 6) != -0.75:
        raise Unwritable(f"resizing, cubic with cubic_coeff_a {c.get('cubic_coeff_a')}")
    exact = all(n / max(b, 1) == s for n, b, s in zip(sizes, before, scales, strict=True))
    size = f"size={tuple(sizes)}" if exact or how == "align_corners" else f"scale_factor={tuple(scales)}"
    return f"interpolate({c[0]}, {size}, mode='{word}', align_corners={how == 'align_corners'})"
