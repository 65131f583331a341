"""The same elements in another shape or place."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable, op


@op("Reshape")
def _reshape(c: Called) -> Made:
    to = c.numbers("shape", 1)
    if not c.get("allowzero"):
        to = [c.shape()[k] if n == 0 else n for k, n in enumerate(to)]
    return f"reshape({c[0]}, {tuple(to)})"


@op("Flatten")
def _flatten(c: Called) -> Made:
    axis = c.get("axis", 1)
    axis += len(c.shape()) if axis < 0 else 0
    first = int(np.prod(c.shape()[:axis], dtype=int))
    return f"reshape({c[0]}, ({first}, {int(np.prod(c.shape()[axis:], dtype=int))}))"


@op("Squeeze")
def _squeeze(c: Called) -> Made:
    axes = c.numbers("axes", 1)
    return f"squeeze({c[0]}, {tuple(axes)})" if axes else f"squeeze({c[0]})"


@op("Unsqueeze")
def _unsqueeze(c: Called) -> Made:
    axes, count = c.numbers("axes", 1), len(c.shape())
    to = list(c.shape())
    for axis in sorted(a % (count + len(axes)) for a in axes):
        to.insert(axis, 1)
    return f"reshape({c[0]}, {tuple(to)})"


@op("Transpose")
def _transpose(c: Called) -> Made:
    order = c.get("perm")
    return f"transpose({c[0]})" if order is None else f"transpose({c[0]}, {tuple(order)})"


@op("Concat")
def _concat(c: Called) -> Made:
    return f"concat({', '.join(c.names)}, axis={c.get('axis')})"


@op("Split")
def _split(c: Called) -> Made:
    axis, sizes = c.get("axis", 0), c.numbers("split", 1)
    if sizes is None:
        there, parts = c.shape()[axis], c.get("num_outputs", c.outputs)
        each = -(-there // parts)
        sizes = [min(each, there - k * each) for k in range(parts)]
    return [f"split({c[0]}, {tuple(sizes)}, axis={axis})"]


@op("Slice")
def _slice(c: Called) -> Made:
    starts, ends = c.numbers("starts", 1), c.numbers("ends", 2)
    axes = c.numbers("axes", 3) or list(range(len(starts)))
    steps = (c.numbers("steps", 4) if c.has(4) else None) or [1] * len(starts)
    parts = [":"] * len(c.shape())
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        there = c.shape()[axis]
        first = min(max(start + there if start < 0 else start, 0), there if step > 0 else there - 1)
        last = min(max(end + there if end < 0 else end, 0 if step > 0 else -1), there)
        parts[axis] = f"{first}:{'' if last < 0 else last}" + (f":{step}" if step != 1 else "")
        parts[axis] = ":" if (first, last, step) == (0, there, 1) else parts[axis]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return f"{c[0]}[{', '.join(parts)}]" if parts and parts != [":"] else c[0]


@op("Expand")
def _expand(c: Called) -> Made:
    return f"expand({c[0]}, {np.broadcast_shapes(c.shape(), tuple(int(n) for n in c.array(1)))})"


TABLE["Tile"] = lambda c: f"tile({c[0]}, {tuple(int(n) for n in c.array(1))})"


@op("Trilu")
def _trilu(c: Called) -> Made:
    offset = int(np.asarray(c.array(1)).item()) if c.has(1) else 0
    return f"{'triu' if c.get('upper', 1) else 'tril'}({c[0]}, {offset})"


@op("Pad")
def _pad(c: Called) -> Made:
    pads, count = c.numbers("pads", 1), len(c.shape())
    axes = [a % count for a in c.numbers("axes", 3)] if c.has(3) else list(range(count))
    mode = c.get("mode", "constant")
    value = float(np.asarray(c.array(2)).item()) if c.has(2) else c.get("value", 0.0)
    text, half = c[0], len(pads) // 2
    for k, axis in enumerate(axes):
        text = _padded(
            text, c.shape()[axis], axis, (pads[k], pads[half + k]), mode, (value, c.shape(), axes[:k], pads, half)
        )
    return text


def _padded(text: str, there: int, axis: int, by: tuple[int, int], mode: str, known: Any) -> str:
    """One axis made longer: the index of what stands in each place, or numbers put beside it."""
    before, after = by
    lead = [":"] * axis
    if mode != "constant":
        how: Any = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}[mode]
        if min(by) < 0:
            raise Unwritable("Pad: less than nothing")
        return f"{text}[{', '.join([*lead, str(np.pad(np.arange(there), by, mode=how).tolist())])}]"
    value, shape, done, pads, half = known
    now = [n + (pads[done.index(a)] + pads[half + done.index(a)] if a in done else 0) for a, n in enumerate(shape)]
    if min(by) < 0:
        inside = f"{max(-before, 0)}:{there - max(-after, 0)}"
        text = f"{text}[{', '.join([*lead, inside])}]"
    sides = [tuple(max(n, 0) if a == axis else m for a, m in enumerate(now)) for n in by]
    parts = [f"expand({value}, {sides[0]})"] * (before > 0) + [text] + [f"expand({value}, {sides[1]})"] * (after > 0)
    return f"concat({', '.join(parts)}, axis={axis})" if len(parts) > 1 else text


@op("DepthToSpace")
def _depth(c: Called) -> Made:
    n, d, h, w = c.shape()
    b = c.get("blocksize")
    if c.get("mode", "DCR") == "DCR":
        wide, order = (n, b, b, d // b**2, h, w), (0, 3, 4, 1, 5, 2)
    else:
        wide, order = (n, d // b**2, b, b, h, w), (0, 1, 4, 2, 5, 3)
    return f"reshape(transpose(reshape({c[0]}, {wide}), {order}), {(n, d // b**2, h * b, w * b)})"


@op("SpaceToDepth")
def _space(c: Called) -> Made:
    n, d, h, w = c.shape()
    b = c.get("blocksize")
    if c.get("mode", "DCR") != "DCR":
        raise Unwritable("SpaceToDepth: mode")
    wide = (n, d, h // b, b, w // b, b)
    return f"reshape(transpose(reshape({c[0]}, {wide}), (0, 3, 5, 1, 2, 4)), {(n, d * b * b, h // b, w // b)})"
