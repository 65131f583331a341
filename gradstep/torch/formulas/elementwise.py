"""Functions of single numbers."""

from __future__ import annotations

from gradstep.torch.formulas.table import Unwritten, Writer, number, operation, simple
from gradstep.torch.seen import Called, Ref

_ALIKE = (
    "relu sigmoid tanh exp log sqrt rsqrt reciprocal abs sin cos tan sinh cosh asin acos atan asinh acosh atanh exp2 "
    "expm1 log1p log2 log10 erf erfc silu mish relu6 selu hardswish hardsigmoid softsign sign round floor ceil "
    "trunc frac"
)
simple({name: f"{name}({{0}})" for name in _ALIKE.split()})
simple({
    "neg": "-{0}", "square": "{0} ** 2", "log_sigmoid": "logsigmoid({0})", "log_sigmoid_forward": "logsigmoid({0})",
    "atan2": "atan2({0}, {1})", "maximum": "maximum({0}, {1})", "minimum": "minimum({0}, {1})",
    "fmax": "fmax({0}, {1})", "fmin": "fmin({0}, {1})", "pow": "{0} ** {1}", "hypot": "hypot({0}, {1})",
    "where": "where({0}, {1}, {2})", "prelu": "prelu({0}, {1})", "_prelu_kernel": "where({0} > 0, {0}, {1} * {0})",
    "logaddexp": "logaddexp({0}, {1})", "xlogy": "xlogy({0}, {1})", "lerp": "{0} + {2} * ({1} - {0})",
    "fmod": "fmod({0}, {1})", "remainder": "remainder({0}, {1})", "copysign": "copysign({0}, {1})",
    "floor_divide": "{0} // {1}",
})  # fmt: skip


def _scaled(call: Called, write: Writer, sign: str) -> str:
    alpha = call.option("alpha", 1)
    first, second = call.args[:2]
    if sign == "r":
        first, second, sign = second, first, "-"
        return (
            f"{write(first)} - {write(second)}" if alpha == 1 else f"{write(first)} - {number(alpha)} * {write(second)}"
        )
    return (
        f"{write(first)} {sign} {write(second)}"
        if alpha == 1
        else f"{write(first)} {sign} {number(alpha)} * {write(second)}"
    )


@operation("add")
def _add(call: Called, write: Writer) -> str:
    return _scaled(call, write, "+")


@operation("sub")
def _sub(call: Called, write: Writer) -> str:
    return _scaled(call, write, "-")


@operation("rsub")
def _rsub(call: Called, write: Writer) -> str:
    return _scaled(call, write, "r")


@operation("mul")
def _mul(call: Called, write: Writer) -> str:
    return f"{write(call.args[0])} * {write(call.args[1])}"


@operation("div")
def _div(call: Called, write: Writer) -> str:
    mode = call.option("rounding_mode")
    if mode is not None:
        return f"div({write(call.args[0])}, {write(call.args[1])}, rounding_mode={mode!r})"
    return f"{write(call.args[0])} / {write(call.args[1])}"


@operation("addcmul")
def _addcmul(call: Called, write: Writer) -> str:
    a, b, c = map(write, call.args[:3])
    return f"{a} + {number(call.option('value', 1))} * {b} * {c}"


@operation("addcdiv")
def _addcdiv(call: Called, write: Writer) -> str:
    a, b, c = map(write, call.args[:3])
    return f"{a} + {number(call.option('value', 1))} * {b} / {c}"


@operation("gelu")
def _gelu(call: Called, write: Writer) -> str:
    return f"gelu({write(call.args[0])}, approximate={call.option('approximate', 'none')!r})"


@operation("leaky_relu")
def _leaky_relu(call: Called, write: Writer) -> str:
    return f"leaky_relu({write(call.args[0])}, negative_slope={number(call.option('negative_slope'))})"


@operation("elu")
def _elu(call: Called, write: Writer) -> str:
    alpha, scale = call.option("alpha", 1), call.option("scale", 1)
    if call.option("input_scale", 1) != 1:
        return f"celu({write(call.args[0])}, alpha={number(alpha)})"
    if scale != 1:
        return f"selu({write(call.args[0])})"
    return f"elu({write(call.args[0])}, alpha={number(alpha)})"


@operation("celu")
def _celu(call: Called, write: Writer) -> str:
    return f"celu({write(call.args[0])}, alpha={number(call.option('alpha', 1.0))})"


@operation("softplus")
def _softplus(call: Called, write: Writer) -> str:
    beta, threshold = number(call.option("beta")), number(call.option("threshold"))
    return f"softplus({write(call.args[0])}, beta={beta}, threshold={threshold})"


@operation("softshrink", "hardshrink")
def _shrink(call: Called, write: Writer) -> str:
    return f"{call.name.partition('.')[0]}({write(call.args[0])}, lambd={number(call.option('lambd'))})"


@operation("hardtanh")
def _hardtanh(call: Called, write: Writer) -> str:
    low, high = number(call.option("min_val")), number(call.option("max_val"))
    return f"hard_tanh({write(call.args[0])}, min_val={low}, max_val={high})"


@operation("threshold")
def _threshold(call: Called, write: Writer) -> str:
    return f"threshold({write(call.args[0])}, threshold={number(call.args[1])}, value={number(call.args[2])})"


@operation("clamp", "clamp_min", "clamp_max")
def _clamp(call: Called, write: Writer) -> str:
    low, high = call.option("min"), call.option("max")
    if isinstance(low, Ref) or isinstance(high, Ref):
        raise Unwritten("bounds that are tensors")
    bounds = [f"{name}={number(value)}" for name, value in (("min", low), ("max", high)) if value is not None]
    return f"clip({', '.join([write(call.args[0]), *bounds])})"


@operation("masked_fill")
def _masked_fill(call: Called, write: Writer) -> str:
    return f"masked_fill({write(call.args[0])}, {write(call.args[1])}, {write(call.args[2])})"


@operation("native_dropout")
def _native_dropout(call: Called, write: Writer) -> list[str | None]:
    mask, p = call.outputs[1], call.args[1]
    if mask is None or p == 1:
        raise Unwritten("all is dropped")
    return [f"{write(call.args[0])} * {write(Ref(mask))} * {number(1 / (1 - p))}", None]


@operation("_to_copy")
def _to_copy(call: Called, write: Writer) -> str:
    kind = call.option("dtype")
    return f"cast({write(call.args[0])}, {str(kind).removeprefix('torch.')!r})"


simple({
    "nansum": "sum(where(isnan({0}), 0.0, {0}))",
    "special_entr": "-xlogy({0}, {0})",
    "special_xlog1py": "{0} * log1p({1})",
    "special_log_ndtr": "log(0.5 * erfc({0} * -0.7071067811865476))",
    "sinc": "where({0} == 0, 1.0, sin({0} * 3.141592653589793) / ({0} * 3.141592653589793))",
})  # fmt: skip


@operation("logit")
def _logit(call: Called, write: Writer) -> str:
    eps = call.option("eps")
    return f"logit({write(call.args[0])}{'' if eps is None else f', eps={number(float(eps))}'})"


@operation("nan_to_num")
def _nan_to_num(call: Called, write: Writer) -> str:
    options = [
        f"{name}={number(float(v))}" for name in ("nan", "posinf", "neginf") if (v := call.option(name)) is not None
    ]
    return f"nan_to_num({', '.join([write(call.args[0]), *options])})"


@operation("copy")
def _copy(call: Called, write: Writer) -> str:
    made = call.outputs[0]
    if made is None:
        raise Unwritten("nothing is written to")
    shape = f"({', '.join(map(str, made.shape))}{',' if len(made.shape) == 1 else ''})"
    copied = f"expand({write(call.args[1])}, {shape})"
    return copied if call.args[1].seen.dtype == made.dtype else f"cast({copied}, {made.precision!r})"
