"""Weighted sums, convolutions, pools and normalisations."""

from __future__ import annotations

from typing import Any

from gradstep.torch.formulas.table import Unwritten, Writer, function, listed, number, operation, shape_of, simple
from gradstep.torch.seen import Called

simple(dict.fromkeys(("mm", "bmm", "matmul", "mv", "dot"), "matmul({0}, {1})"))

simple({"trace": "sum(diagonal({0}))", "vdot": "sum({0} * {1})"})


@operation("_weight_norm_interface")
def _weight_norm(call: Called, write: Writer) -> list[str | None]:
    return [f"weight_norm({write(call.args[0])}, {write(call.args[1])}, axis={int(call.option('dim', 0))})", None]


@operation("im2col")
def _unfold(call: Called, write: Writer) -> str:
    options = (f"{name}={listed(call.option(name))}" for name in ("kernel_size", "dilation", "padding", "stride"))
    return f"unfold({write(call.args[0])}, {', '.join(options)})"


@function("linear")
def _linear(call: Called, write: Writer) -> str:
    x, w, b = (call.argument(k, name) for k, name in enumerate(("input", "weight", "bias")))
    return f"linear({write(x)}, {write(w)}{_more(write, b)})"


@function("matmul", "__matmul__", "__rmatmul__", "bmm")
def _matmul(call: Called, write: Writer) -> str:
    return f"matmul({write(call.args[0])}, {write(call.args[1])})"


@operation("addmm", "addmv", "baddbmm", "addbmm")
def _addmm(call: Called, write: Writer) -> str:
    alpha, beta = call.option("alpha", 1), call.option("beta", 1)
    added, a, b = map(write, call.args[:3])
    product = f"matmul({a}, {b})" if alpha == 1 else f"{number(alpha)} * matmul({a}, {b})"
    if beta == 0:
        return product
    return f"{added} + {product}" if beta == 1 else f"{number(beta)} * {added} + {product}"


def _more(write: Writer, *arguments: Any) -> str:
    """What may be left out, behind a comma; what stands before another that is there is None."""
    while arguments and arguments[-1] is None:
        arguments = arguments[:-1]
    return "".join(f", {'None' if one is None else write(one)}" for one in arguments)


@operation("convolution", "_convolution")
def _convolution(call: Called, write: Writer) -> str:
    x, w, b = call.args[:3]
    axes = len(shape_of(w)) - 2
    stride, padding, dilation = (list(call.option(name)) for name in ("stride", "padding", "dilation"))
    groups, options = call.option("groups", 1), list[str]()
    for name, values, default in (("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1)):
        values = values * axes if len(values) == 1 else values
        if set(values) != {default}:
            options.append(f"{name}={values[0] if len(set(values)) == 1 else listed(values)}")
    if groups != 1:
        options.append(f"groups={groups}")
    name = f"conv{axes}d"
    if call.option("transposed"):
        name = f"conv_transpose{axes}d"
        extra = list(call.option("output_padding"))
        if any(extra):
            options.append(f"output_padding={listed(extra)}")
    return f"{name}({write(x)}, {write(w)}{_more(write, b)}{''.join(f', {one}' for one in options)})"


@operation("max_pool2d_with_indices", "max_pool2d", "avg_pool2d", "avg_pool3d")
def _pool(call: Called, write: Writer) -> list[str | None]:
    name = call.name.partition(".")[0] if call.name.startswith("avg") else "max_pool2d"
    size, padding = call.option("kernel_size"), call.option("padding")
    stride = call.option("stride") or size
    options = [f"{k}={_pair(v)}" for k, v in (("kernel_size", size), ("stride", stride), ("padding", padding))]
    if call.option("ceil_mode", False):
        options.append("ceil_mode=True")
    if name.startswith("avg") and not call.option("count_include_pad", True):
        options.append("count_include_pad=False")
    if call.option("divisor_override") is not None:
        options.append(f"divisor_override={call.option('divisor_override')}")
    if set(call.option("dilation", [1])) != {1}:
        options.append(f"dilation={_pair(call.option('dilation'))}")
    return [f"{name}({write(call.args[0])}, {', '.join(options)})", None]


def _pair(values: Any) -> str:
    found = [values] if isinstance(values, int) else list(values)
    return str(found[0]) if len(set(found)) == 1 else listed(found)


@operation("_adaptive_avg_pool2d", "adaptive_avg_pool2d")
def _adaptive(call: Called, write: Writer) -> str:
    made, given = call.option("output_size"), shape_of(call.args[0])[-2:]
    if list(made) == [1, 1]:
        return f"mean({write(call.args[0])}, axis=(-2, -1), keepdims=True)"
    if given[0] % made[0] == 0 and given[1] % made[1] == 0 and given[0] // made[0] == given[1] // made[1]:
        return f"avg_pool2d({write(call.args[0])}, kernel_size={given[0] // made[0]})"
    return f"adaptive_avg_pool2d({write(call.args[0])}, {listed(made)})"


@operation("native_layer_norm")
def _layer_norm(call: Called, write: Writer) -> list[str | None]:
    x, shape, w, b, eps = call.args[:5]
    name, inner = write(x), tuple(shape)
    if len(inner) == 1:
        return [f"layer_norm({name}{_more(write, w, b)}, eps={number(eps)})", None, None]
    axes = listed(range(-len(inner), 0))
    return [_affine(f"standardize({name}, axis={axes}, eps={number(eps)})", write, w, b), None, None]


def _affine(formula: str, write: Writer, w: Any, b: Any) -> str:
    formula = formula if w is None else f"{formula} * {write(w)}"
    return formula if b is None else f"{formula} + {write(b)}"


@operation(
    "native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm", "_batch_norm_with_update", "miopen_batch_norm"
)
def _batch_norm(call: Called, write: Writer) -> list[str | None]:
    x, w, b = call.args[:3]
    training = call.option("training", True)
    eps = call.option("eps", call.option("epsilon", 1e-5))
    if training:
        return [f"batch_norm({write(x)}{_more(write, w, b)}, eps={number(eps)})"]
    axes = len(shape_of(x)) - 2
    mean, var = call.option("running_mean"), call.option("running_var")
    channels = listed((-1, *[1] * axes))

    def along(one: Any) -> str:
        return f"reshape({write(one)}, {channels})" if axes else write(one)

    formula = f"({write(x)} - {along(mean)}) / sqrt({along(var)} + {number(eps)})"
    formula = formula if w is None else f"{formula} * {along(w)}"
    return [formula if b is None else f"{formula} + {along(b)}"]


@operation("native_group_norm")
def _group_norm(call: Called, write: Writer) -> list[str | None]:
    x, w, b, n, c, inner, groups, eps = call.args[:8]
    shape = shape_of(x)
    formula = f"reshape({write(x)}, {listed((n, groups, c // groups * inner))})"
    formula = f"reshape(standardize({formula}, eps={number(eps)}), {listed(shape)})"
    channels = listed((c, *[1] * (len(shape) - 2)))
    formula = formula if w is None else f"{formula} * reshape({write(w)}, {channels})"
    return [formula if b is None else f"{formula} + reshape({write(b)}, {channels})", None, None]


@operation("_fused_rms_norm", "rms_norm")
def _rms_norm(call: Called, write: Writer) -> list[str | None]:
    x, shape, w, eps = (*call.args, None, None)[:4]
    if len(shape) != 1:
        raise Unwritten("a root mean square over several axes")
    more = "" if eps is None else f", eps={number(eps)}"
    return [f"rms_norm({write(x)}{_more(write, w)}{more})"]


@operation("glu")
def _glu(call: Called, write: Writer) -> str:
    return f"glu({write(call.args[0])}, axis={int(call.option('dim', -1))})"


@operation("_trilinear")
def _trilinear(call: Called, write: Writer) -> str:
    """The sum of the products of three arrays, each with axes of length 1 where it has none."""
    parts = []
    for argument, more in zip(call.args[:3], call.args[3:6], strict=True):
        shape = list(shape_of(argument))
        for axis in sorted(more):
            shape.insert(axis, 1)
        parts.append(f"reshape({write(argument)}, {listed(shape)})")
    return f"sum({' * '.join(parts)}, axis={listed(call.args[6])})"


@operation("_sparse_addmm", "_sparse_mm")
def _sparse(call: Called, write: Writer) -> str:
    """A sparse matrix of numbers that are data, written out."""
    added, a, b = call.args[:3] if call.name.startswith("_sparse_addmm") else (None, *call.args[:2])
    if a.seen.tensor.requires_grad or (added is not None and call.option("beta", 1) != 0):
        raise Unwritten("a sparse array that gets a gradient")
    alpha = call.option("alpha", 1) if added is not None else 1
    return f"matmul({write.constant(a.seen.data().to_dense() * alpha, 'sparse')}, {write(b)})"
