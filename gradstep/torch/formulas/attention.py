"""Attention, whatever kernel computes it."""

from __future__ import annotations

import math
from typing import Any

from gradstep.torch.formulas.table import Unwritten, Writer, function, number, operation, shape_of
from gradstep.torch.seen import Called, Ref


@function("scaled_dot_product_attention")
def _called(call: Called, write: Writer) -> str:
    names = (("query", None), ("key", None), ("value", None), ("attn_mask", None), ("dropout_p", 0.0))
    q, k, v, mask, p = (call.argument(place, name, default) for place, (name, default) in enumerate(names))
    causal, scale = call.argument(5, "is_causal", False), call.argument(6, "scale")
    if p:
        raise Unwritten("dropout inside of attention: its mask is not seen")
    return _written(write, (q, k, v), mask, causal, scale)


@operation(
    "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_attention_math",
    "_scaled_dot_product_efficient_attention", "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_cudnn_attention",
)  # fmt: skip
def _kernel(call: Called, write: Writer) -> list[str | None]:
    if call.option("dropout_p", 0.0):
        raise Unwritten("dropout inside of attention: its mask is not seen")
    mask = call.option("attn_mask") or call.option("attn_bias")
    return [_written(write, call.args[:3], mask, call.option("is_causal", False), call.option("scale"))]


def _written(write: Writer, qkv: Any, mask: Any, causal: bool, scale: float | None) -> str:
    (q, k, v), rows, columns = map(write, qkv), shape_of(qkv[0]), shape_of(qkv[1])
    if len(rows) != len(columns) or rows[:-3] != columns[:-3]:
        raise Unwritten("batches that share keys")
    if rows[-3:-2] != columns[-3:-2]:  # several heads have the same keys
        k, v = (f"repeat_interleave({one}, {rows[-3] // columns[-3]}, axis=-3)" for one in (k, v))
    if mask is None and scale is None and (not causal or rows[-2] == columns[-2]):
        return f"attention({q}, {k}, {v}, is_causal={bool(causal)})"
    factor = 1 / math.sqrt(rows[-1]) if scale is None else scale
    scores = f"matmul({q}, swapaxes({k}, -2, -1)) * {number(float(factor))}"
    if causal:
        scores = f"causal_mask({scores})"
    elif isinstance(mask, Ref) and mask.seen.dtype.is_floating_point:
        scores = f"{scores} + {write(mask)}"
    elif mask is not None:
        scores = f"where({write(mask)}, {scores}, -inf)"
    return f"matmul(softmax({scores}), {v})"
