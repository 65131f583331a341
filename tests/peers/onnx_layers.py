"""ONNX's layers, normalisations and losses as formulas, for onnx_node_tests.py."""

from __future__ import annotations

import numpy as np
from onnx_formulas import TABLE, Called, Made, Unwritable, op


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


@op("Conv")
def _conv(c: Called) -> Made:
    count = _count(c)
    parts = [_beside(c[0], _sides(c, count)), c[1], *([c[2]] if c.has(2) else [])]
    steps, apart = tuple(c.get("strides") or [1] * count), tuple(c.get("dilations") or [1] * count)
    return f"conv{count}d({', '.join(parts)}, stride={steps}, dilation={apart}, groups={c.get('group', 1)})"


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
    steps = c.get("strides") or [1] * count
    ceil = bool(c.get("ceil_mode"))
    return (
        f"max_pool{count}d({_beside(c[0], _sides(c, count), '-inf')}, {tuple(kernel)}, stride={tuple(steps)}, "
        f"dilation={tuple(apart)}, ceil_mode={ceil})"
    )


@op("AveragePool")
def _average_pool(c: Called) -> Made:
    count = _count(c)
    if any(d != 1 for d in c.get("dilations") or []):
        raise Unwritable("AveragePool: dilations")
    sides, kernel = _sides(c, count), tuple(_kernel(c, count))
    options = f"{kernel}, stride={tuple(c.get('strides') or [1] * count)}, ceil_mode={bool(c.get('ceil_mode'))}"
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


def _wide(name: str, c: Called) -> str:
    """A number for each channel, spread over an image."""
    return f"reshape({name}, {(-1, *(1 for _ in c.shape()[2:]))})"


@op("BatchNormalization")
def _batch_norm(c: Called) -> Made:
    if c.get("training_mode"):
        raise Unwritable("BatchNormalization: running statistics as results")
    scale, bias, mean, var = (_wide(c[k], c) for k in (1, 2, 3, 4))
    return f"({c[0]} - {mean}) / sqrt({var} + {c.get('epsilon', 1e-5)}) * {scale} + {bias}"


@op("InstanceNormalization")
def _instance_norm(c: Called) -> Made:
    axes = tuple(range(2, len(c.shape())))
    return f"standardize({c[0]}, axis={axes}, eps={c.get('epsilon', 1e-5)}) * {_wide(c[1], c)} + {_wide(c[2], c)}"


@op("GroupNormalization")
def _group_norm(c: Called) -> Made:
    groups, shape = c.get("num_groups"), c.shape()
    text = f"standardize(reshape({c[0]}, ({shape[0]}, {groups}, -1)), axis=2, eps={c.get('epsilon', 1e-5)})"
    text = f"reshape({text}, {shape})"
    each = [c[k] if c.shape(k)[0] == shape[1] else f"repeat_interleave({c[k]}, {shape[1] // groups})" for k in (1, 2)]
    return f"{text} * {_wide(each[0], c)} + {_wide(each[1], c)}"


def _over_last(of: str) -> None:
    def made(c: Called) -> Made:
        axis, count = c.get("axis", -1), len(c.shape())
        axes = tuple(range(axis % count, count))
        text = f"{of}({c[0]}, axis={axes}, eps={c.get('epsilon', 1e-5)}) * {c[1]}"
        text += f" + {c[2]}" if c.has(2) else ""
        deviation = f"rsqrt(var({c[0]}, axis={axes}, correction=0, keepdims=True) + {c.get('epsilon', 1e-5)})"
        return [text, f"mean({c[0]}, axis={axes}, keepdims=True)", deviation] if c.outputs == 3 else text

    TABLE["LayerNormalization" if of == "standardize" else "RMSNormalization"] = made


_over_last("standardize")
_over_last("rms_normalize")


@op("MeanVarianceNormalization")
def _mvn(c: Called) -> Made:
    axes = tuple(c.get("axes") or (0, 2, 3))
    centred = f"({c[0]} - mean({c[0]}, axis={axes}, keepdims=True))"
    return f"{centred} / (std({c[0]}, axis={axes}, correction=0, keepdims=True) + 1e-9)"


@op("LpNormalization")
def _lp_norm(c: Called) -> Made:
    norm = f"norm({c[0]}, {c.get('p', 2)}, axis={c.get('axis', -1)}, keepdims=True)"
    return f"where({norm} == 0, 0, {c[0]} / {norm})"


@op("LRN")
def _lrn(c: Called) -> Made:
    size, alpha, beta, k = c.get("size"), c.get("alpha", 1e-4), c.get("beta", 0.75), c.get("bias", 1.0)
    before = (size - 1) // 2
    flat = (0,) * (2 * (len(c.shape()) - 2)) + (before, size - 1 - before)
    window = f"sum(windows(pad({c[0]} ** 2, {flat}), 1, {size}), axis=-1)"
    return f"{c[0]} / ({k} + {alpha / size} * {window}) ** {beta}"


def _likelihood(of: str, name: str) -> None:
    def made(c: Called) -> Made:
        options = f"reduction='{c.get('reduction', 'mean')}'"
        if "ignore_index" in c.attributes:
            options += f", ignore_index={c.get('ignore_index')}"
        inputs = ", ".join([c[0], c[1], *([c[2]] if c.has(2) else [])])
        text = f"{of}({inputs}, {options}, axis=1)"
        return [text, f"log_softmax({c[0]}, 1)"][: c.outputs] if c.outputs > 1 else text

    TABLE[name] = made


_likelihood("cross_entropy", "SoftmaxCrossEntropyLoss")
_likelihood("nll", "NegativeLogLikelihoodLoss")


@op("MaxUnpool")
def _unpool(c: Called) -> Made:
    if c.has(2):
        raise Unwritable("MaxUnpool: output_shape")
    count = _count(c)
    kernel, steps = _kernel(c, count), c.get("strides") or [1] * count
    image = int(np.prod([(n - 1) * s + k for n, s, k in zip(c.shape()[2:], steps, kernel, strict=True)]))
    places = f"remainder({c[1]}, {image})"  # there they are counted through samples and channels
    return f"max_unpool{count}d({c[0]}, {places}, kernel_size={tuple(kernel)}, stride={tuple(steps)})"


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
        truths = c.known[3] is not None and np.asarray(c.known[3]).dtype == bool
        options += [f"mask={c[3]}", f"bool_mask={truths}"]
    text = f"attention({', '.join([*names, *options])})"
    if flat:
        text = f"reshape(swapaxes({text}, 1, 2), {(*c.shape()[:2], -1)})"
    return [text, f"1 * {names[1]}", f"1 * {names[2]}"] if c.outputs == 3 else text


TABLE["Hardmax"] = lambda c: (
    f"where(argmax({c[0]}, {c.get('axis', -1)}, True) == "
    f"cumsum(expand(1, {c.shape()}), {c.get('axis', -1)}) - 1, 1, 0) * 1"
)
