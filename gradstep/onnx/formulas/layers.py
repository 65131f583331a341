"""Weighted sums, normalisations and losses."""

from __future__ import annotations

from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable, op


@op("Gemm")
def _gemm(c: Called) -> Made:
    a, b = (f"{c[k]}.T" if c.get(f"trans{'AB'[k]}") else c[k] for k in (0, 1))
    text = f"{c.get('alpha', 1.0)} * matmul({a}, {b})"
    return text + (f" + {c.get('beta', 1.0)} * {c[2]}" if c.has(2) else "")


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


TABLE["Hardmax"] = lambda c: (
    f"where(argmax({c[0]}, {c.get('axis', -1)}, True) == "
    f"cumsum(expand(1, {c.shape()}), {c.get('axis', -1)}) - 1, 1, 0) * 1"
)
