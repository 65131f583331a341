"""Convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable, op


def _sides(c: Called, count: int) -> list[tuple[int, int]]:
    """What is padded before and behind each axis of the image."""
    if c.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        kernel, steps = _kernel(c, count), c.get("strides") or [1] * count
        apart = c.get("dilations") or [1] * count
        found = []
        for n, k, s, d in zip(c.shape()[2:], kernel, steps, apart, strict=True):
            more = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            found.append(
                (more // 2, more - more // 2) if c.get("auto_pad") == "SAME_UPPER" else (more - more // 2, more // 2)
            )
        return found
    pads = c.get("pads") or [0] * (2 * count)
    return list(zip(pads[:count], pads[count:], strict=True))


def _kernel(c: Called, count: int) -> list[int]:
    return list(c.get("kernel_shape") or c.shape(1)[2:])


def _beside(text: str, sides: list[tuple[int, int]], value: str = "0") -> str:
    """An image with numbers around it."""
    if not any(map(any, sides)):
        return text
    flat = tuple(n for side in reversed(sides) for n in side)
    return f"pad({text}, {flat}, value={value})"


def _count(c: Called) -> int:
    count = len(c.shape()) - 2
    if count not in (1, 2, 3):
        raise Unwritable(f"windows in {count} dimensions")
    return count


def _even(sides: list[tuple[int, int]]) -> list[int] | None:
    """How much is padded on each axis, where that is the same on both sides."""
    return [a for a, _ in sides] if all(a == b >= 0 for a, b in sides) else None


def _options(**given: Any) -> str:
    """Options behind a comma, without those that are as they are by default: 1, or 0 of padding, or False."""
    found = []
    for name, value in given.items():
        values = value if isinstance(value, list | tuple) else [value]
        if any(one != (0 if name == "padding" else value is not False and 1) for one in values):
            found.append(f", {name}={value[0] if len(set(values)) == 1 and values is value else value}")
    return "".join(found)


@op("Conv")
def _conv(c: Called) -> Made:
    count, sides = _count(c), _sides(c, _count(c))
    padding = _even(sides)
    parts = [_beside(c[0], sides) if padding is None else c[0], c[1], *([c[2]] if c.has(2) else [])]
    steps, apart = tuple(c.get("strides") or [1] * count), tuple(c.get("dilations") or [1] * count)
    options = _options(stride=steps, padding=tuple(padding or [0]), dilation=apart, groups=c.get("group", 1))
    return f"conv{count}d({', '.join(parts)}{options})"


@op("ConvTranspose")
def _conv_transpose(c: Called) -> Made:
    count = _count(c)
    steps, apart = list(c.get("strides") or [1] * count), list(c.get("dilations") or [1] * count)
    kernel, more = _kernel(c, count), list(c.get("output_padding") or [0] * count)
    pads = list(c.get("pads") or [0] * (2 * count))
    whole = [
        (n - 1) * s + (k - 1) * d + 1 + p
        for n, s, k, d, p in zip(c.shape()[2:], steps, kernel, apart, more, strict=True)
    ]
    out = c.get("output_shape")
    if out is not None or c.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        out = list(out or [n * s for n, s in zip(c.shape()[2:], steps, strict=True)])[-count:]
        over = [w - o for w, o in zip(whole, out, strict=True)]
        upper = c.get("auto_pad") == "SAME_UPPER"
        first = [o // 2 if upper else o - o // 2 for o in over]
        pads = [*first, *(o - f for o, f in zip(over, first, strict=True))]
    inputs = ", ".join([c[0], c[1], *([c[2]] if c.has(2) else [])])
    options = (
        f"stride={tuple(steps)}, output_padding={tuple(more)}, dilation={tuple(apart)}, groups={c.get('group', 1)}"
    )
    text = f"conv_transpose{count}d({inputs}, {options})"
    ends = [f"{f}:{w - b}" for f, b, w in zip(pads[:count], pads[count:], whole, strict=True)]
    if min(pads) < 0:
        raise Unwritable("ConvTranspose: an output larger than what is made")
    return f"{text}[:, :, {', '.join(ends)}]" if any(pads) else text


@op("MaxPool")
def _max_pool(c: Called) -> Made:
    if c.outputs > 1 and c.get("storage_order"):
        raise Unwritable("MaxPool: places counted in columns")
    if c.outputs > 1:
        raise Unwritable("MaxPool: places counted through samples and channels")
    count = _count(c)
    kernel, apart = _kernel(c, count), c.get("dilations") or [1] * count
    sides, more = _sides(c, count), ", ceil_mode=True" if c.get("ceil_mode") else ""
    padding = _even(sides)
    if padding is not None and any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        padding = None
    x = _beside(c[0], sides, "-inf") if padding is None else c[0]
    options = _options(padding=tuple(padding or [0]), dilation=tuple(apart)) + more
    return f"max_pool{count}d({x}, {_size(kernel)}, stride={_size(c.get('strides') or [1] * count)}{options})"


def _size(values: Sequence[int]) -> str:
    """A size along all axes: one number where that is the same."""
    return str(values[0] if len(set(values)) == 1 else tuple(values))


@op("AveragePool")
def _average_pool(c: Called) -> Made:
    count = _count(c)
    if any(d != 1 for d in c.get("dilations") or []):
        raise Unwritable("AveragePool: dilations")
    sides, kernel = _sides(c, count), _kernel(c, count)
    options = f"{_size(kernel)}, stride={_size(c.get('strides') or [1] * count)}"
    padding = _even(sides)
    if padding and not c.get("ceil_mode") and all(2 * p <= k for p, k in zip(padding, kernel, strict=True)):
        inner = "" if c.get("count_include_pad") or not any(padding) else ", count_include_pad=False"
        return f"avg_pool{count}d({c[0]}, {options}{_options(padding=tuple(padding))}{inner})"
    options += f", ceil_mode={bool(c.get('ceil_mode'))}"
    if c.get("count_include_pad") or not any(map(any, sides)):
        if c.get("ceil_mode") and any(map(any, sides)):
            raise Unwritable("AveragePool: ceil_mode beside padding")
        return f"avg_pool{count}d({_beside(c[0], sides)}, {options})"
    there = _beside(f"expand(1, {(1, 1, *c.shape()[2:])})", sides)
    return f"avg_pool{count}d({_beside(c[0], sides)}, {options}) / avg_pool{count}d({there}, {options})"


@op("LpPool")
def _lp_pool(c: Called) -> Made:
    count, p = _count(c), c.get("p", 2)
    if any(d != 1 for d in c.get("dilations") or []):
        raise Unwritable("LpPool: dilations")
    kernel = tuple(_kernel(c, count))
    options = f"{kernel}, stride={tuple(c.get('strides') or [1] * count)}, ceil_mode={bool(c.get('ceil_mode'))}"
    powers = f"abs({_beside(c[0], _sides(c, count))}) ** {p}"
    return f"({int(np.prod(kernel))} * avg_pool{count}d({powers}, {options})) ** (1 / {p})"


TABLE["GlobalAveragePool"] = lambda c: f"mean({c[0]}, axis={tuple(range(2, len(c.shape())))}, keepdims=True)"
TABLE["GlobalMaxPool"] = lambda c: f"max({c[0]}, axis={tuple(range(2, len(c.shape())))}, keepdims=True)"


@op("MaxUnpool")
def _unpool(c: Called) -> Made:
    if c.has(2):
        raise Unwritable("MaxUnpool: output_shape")
    count = _count(c)
    kernel, steps = _kernel(c, count), c.get("strides") or [1] * count
    image = int(np.prod([(n - 1) * s + k for n, s, k in zip(c.shape()[2:], steps, kernel, strict=True)]))
    places = f"remainder({c[1]}, {image})"  # there they are counted through samples and channels
    return f"max_unpool{count}d({c[0]}, {places}, kernel_size={tuple(kernel)}, stride={tuple(steps)})"
