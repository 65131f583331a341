"""Attention and positions."""

from __future__ import annotations

from gradstep.onnx.formulas.table import Called, Made, Unwritable, op


@op("RotaryEmbedding")
def _rotary(c: Called) -> Made:
    x, shape, flat = c[0], c.shape(), len(c.shape()) == 3
    if flat:
        heads = c.get("num_heads")
        x = f"swapaxes(reshape({x}, {(*shape[:2], heads, shape[2] // heads)}), 1, 2)"
    width = (shape[2] // c.get("num_heads")) if flat else shape[3]
    turned = c.get("rotary_embedding_dim", 0) or width
    cos, sin = (f"unsqueeze({f'{c[k]}[{c[3]}]' if c.has(3) else c[k]}, 1)" for k in (1, 2))
    if c.get("interleaved"):
        a, b = f"{x}[..., 0:{turned}:2]", f"{x}[..., 1:{turned}:2]"
    else:
        a, b = f"{x}[..., :{turned // 2}]", f"{x}[..., {turned // 2}:{turned}]"
    parts = [f"{a} * {cos} - {b} * {sin}", f"{b} * {cos} + {a} * {sin}"]
    if c.get("interleaved"):
        text = f"flatten(stack({', '.join(parts)}, axis=-1), -2)"
    else:
        text = f"concat({', '.join(parts)}, axis=-1)"
    if turned < width:
        text = f"concat({text}, {x}[..., {turned}:], axis=-1)"
    return f"reshape(swapaxes({text}, 1, 2), {shape})" if flat else text


@op("Attention", "FlexAttention")
def _attention(c: Called) -> Made:
    known = {"q_num_heads", "kv_num_heads", "is_causal", "scale", "softcap", "left_window_size", "right_window_size"}
    if other := set(c.attributes) - known:
        raise Unwritable(f"Attention: {sorted(other)[0]}")
    if c.has(6) or c.outputs not in (1, 3):
        raise Unwritable("Attention: lengths of keys that are given, scores as a result")
    names, flat = [c[k] for k in (0, 1, 2)], len(c.shape()) == 3
    shapes = [c.shape(k) for k in (0, 1, 2)]
    if flat:
        for k, heads in enumerate((c.get("q_num_heads"), *[c.get("kv_num_heads")] * 2)):
            n, length, wide = shapes[k]
            names[k] = f"swapaxes(reshape({names[k]}, {(n, length, heads, wide // heads)}), 1, 2)"
            shapes[k] = (n, heads, length, wide // heads)
    before = c.shape(4)[2] if c.has(4) else 0
    if before:
        names[1:] = [f"concat({c[k + 3]}, {names[k]}, axis=2)" for k in (1, 2)]
    left, right = c.get("left_window_size", -1), c.get("right_window_size", -1)
    if before and (left, right) != (-1, -1):
        raise Unwritable("Attention: a window beside keys from before")
    if c.get("is_causal"):
        right = before
    options = [f"enable_gqa={shapes[0][1] != shapes[1][1]}", f"window=({left}, {right})"]
    options += [f"{k}={c.get(k)}" for k in ("scale", "softcap") if c.get(k)]
    if c.has(3):
        truths = c.kind(3) == "bool"
        options += [f"mask={c[3]}", f"bool_mask={truths}"]
    text = f"attention({', '.join([*names, *options])})"
    if flat:
        text = f"reshape(swapaxes({text}, 1, 2), {(*c.shape()[:2], -1)})"
    return [text, names[1], names[2]] if c.outputs == 3 else text
