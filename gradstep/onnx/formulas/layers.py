"""Weighted sums, normalisations and losses."""

from __future__ import annotations

from gradstep.onnx.formulas.table import TABLE, Called, Made, op


@op("Linear")
def _linear(c: Called) -> Made:
    """No operator of ONNX: what exporters make two of, with the weights the other way round."""
    return f"linear({', '.join(c.names)})"


@op("Gemm")
def _gemm(c: Called) -> Made:
    alpha, beta, turned = c.get("alpha", 1.0), c.get("beta", 1.0), [c.get(f"trans{name}", 0) for name in "AB"]
    rows = c.shape(1)[0 if turned[1] else -1]
    plain = alpha == 1 and (not c.has(2) or (beta == 1 and c.shape(2) == (rows,)))
    if plain and not turned[0]:
        return f"linear({c[0]}, {c[1] if turned[1] else f'transpose({c[1]})'}{f', {c[2]}' if c.has(2) else ''})"
    a, b = (f"{c[k]}.T" if turned[k] else c[k] for k in (0, 1))
    text = f"matmul({a}, {b})" if alpha == 1 else f"{alpha} * matmul({a}, {b})"
    return text + (f" + {c[2]}" if beta == 1 else f" + {beta} * {c[2]}") if c.has(2) else text


def _wide(name: str, c: Called) -> str:
    """A number for each channel, spread over an image."""
    return f"reshape({name}, {(-1, *(1 for _ in c.shape()[2:]))})"


@op("BatchNormalization")
def _batch_norm(c: Called) -> Made:
    """ONNX's momentum is what is kept of the old, and its running variance divides by n."""
    keep, eps = c.get("momentum", 0.9), c.get("epsilon", 1e-5)
    if c.get("training_mode") or (c.opset < 14 and c.outputs > 1):
        axes = (0, *range(2, len(c.shape())))
        if c.outputs == 1:
            kept = f", running_mean={c[3]}, running_var={c[4]}, momentum={round(1 - keep, 9)!r}" if c.data(3, 4) else ""
            return f"batch_norm({c[0]}, {c[1]}, {c[2]}, eps={eps}{kept})"
        mean, var = f"mean({c[0]}, axis={axes})", f"var({c[0]}, axis={axes}, correction=0)"
        made = [f"{keep} * {c[3]} + {1 - keep} * {mean}", f"{keep} * {c[4]} + {1 - keep} * {var}", mean, var]
        return [f"batch_norm({c[0]}, {c[1]}, {c[2]}, eps={eps})", *made][: c.outputs]
    if c.data(3, 4):
        kept = f"running_mean={c[3]}, running_var={c[4]}"
        return f"batch_norm({c[0]}, {c[1]}, {c[2]}, {kept}, training=False, eps={eps})"
    scale, bias, mean, var = (_wide(c[k], c) for k in (1, 2, 3, 4))
    return f"({c[0]} - {mean}) / sqrt({var} + {eps}) * {scale} + {bias}"


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
        if axes == (count - 1,) and c.shape(1) == c.shape()[-1:] and (not c.has(2) or c.shape(2) == c.shape(1)):
            layer = "layer_norm" if of == "standardize" else "rms_norm"
            text = f"{layer}({', '.join(c.names)}, eps={c.get('epsilon', 1e-5)})"
        else:
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


TABLE["Hardmax"] = lambda c: (
    f"where(argmax({c[0]}, {c.get('axis', -1)}, True) == "
    f"cumsum(expand(1, {c.shape()}), {c.get('axis', -1)}) - 1, 1, 0) * 1"
)
