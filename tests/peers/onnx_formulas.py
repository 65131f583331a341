"""How each operator of ONNX is written as a formula: one function an operator, for onnx_node_tests.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


class Unwritable(Exception):
    """There is no formula for it; the message says what is missing."""


class Called:
    """A node: its attributes, and its inputs, as names in formulas or as the arrays that they are."""

    def __init__(self, attributes: dict[str, Any], names: Sequence[str], known: Sequence[Any], shapes: Sequence[Any],
                 outputs: int, opset: int) -> None:  # fmt: skip
        self.attributes, self.names, self.known, self.shapes = attributes, names, known, shapes
        self.outputs, self.opset = outputs, opset

    def __getitem__(self, k: int) -> str:
        """The name of input k."""
        if not self.has(k):
            raise Unwritable("an input that is left out")
        return self.names[k]

    def has(self, k: int) -> bool:
        return k < len(self.names) and bool(self.names[k])

    def array(self, k: int) -> Any:
        """The numbers of input k, where they are data."""
        if k >= len(self.known) or self.known[k] is None:
            raise Unwritable("a shape or an option that is computed")
        return self.known[k]

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def shape(self, k: int = 0) -> tuple[int, ...]:
        return tuple(self.shapes[k])

    def numbers(self, name: str, k: int) -> Any:
        """Whole numbers from an attribute, or from input k."""
        if name in self.attributes:
            return [int(v) for v in self.get(name)]
        return [int(v) for v in np.asarray(self.array(k)).reshape(-1)] if self.has(k) else None


Made = str | list[str]
TABLE: dict[str, Callable[[Called], Made]] = {}


def op(*names: str) -> Callable[[Callable[[Called], Made]], Callable[[Called], Made]]:
    def made(of: Callable[[Called], Made]) -> Callable[[Called], Made]:
        TABLE.update(dict.fromkeys(names, of))
        return of

    return made


# Element by element -------------------------------------------------------------------------------

for _name, _ours in {
    **{n: n.lower() for n in (
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "Log",
        "Mish", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan",
        "Tanh",
    )}, "HardSwish": "hardswish", "IsNaN": "isnan",
}.items():  # fmt: skip
    TABLE[_name] = lambda c, ours=_ours: f"{ours}({c[0]})"
for _name, _sign in {"Add": "+", "Sub": "-", "Mul": "*", "Pow": "**"}.items():
    TABLE[_name] = lambda c, sign=_sign: f"{c[0]} {sign} {c[1]}"
for _name, _sign in {"Equal": "==", "Greater": ">", "GreaterOrEqual": ">=", "Less": "<", "LessOrEqual": "<="}.items():
    TABLE[_name] = lambda c, sign=_sign: f"where({c[0]} {sign} {c[1]}, 1, 0)"
TABLE |= {
    "Neg": lambda c: f"-{c[0]}",
    "Identity": lambda c: f"1 * {c[0]}",
    "Not": lambda c: f"where({c[0]} == 0, 1, 0)",
    "And": lambda c: f"where({c[0]} * {c[1]} != 0, 1, 0)",
    "Or": lambda c: f"where(abs({c[0]}) + abs({c[1]}) != 0, 1, 0)",
    "Xor": lambda c: f"where({c[0]} != {c[1]}, 1, 0)",
    "Where": lambda c: f"where({c[0]}, {c[1]}, {c[2]})",
    "Elu": lambda c: f"elu({c[0]}, alpha={c.get('alpha', 1.0)})",
    "Celu": lambda c: f"celu({c[0]}, alpha={c.get('alpha', 1.0)})",
    "LeakyRelu": lambda c: f"leaky_relu({c[0]}, {c.get('alpha', 0.01)})",
    "ThresholdedRelu": lambda c: f"threshold({c[0]}, {c.get('alpha', 1.0)}, 0)",
    "HardSigmoid": lambda c: f"clip({c.get('alpha', 0.2)} * {c[0]} + {c.get('beta', 0.5)}, 0, 1)",
    "Gelu": lambda c: f"gelu({c[0]}, approximate='{c.get('approximate', 'none')}')",
    "Swish": lambda c: f"{c[0]} * sigmoid({c.get('alpha', 1.0)} * {c[0]})",
    "PRelu": lambda c: f"where({c[0]} < 0, {c[1]} * {c[0]}, {c[0]})",
    "Mod": lambda c: f"{'fmod' if c.get('fmod') else 'remainder'}({c[0]}, {c[1]})",
    "MatMul": lambda c: f"matmul({c[0]}, {c[1]})",
    "Einsum": lambda c: f"einsum({c.get('equation')!r}, {', '.join(c.names)})",
    "Det": lambda c: _no("determinants"),
}


def _no(what: str) -> str:
    raise Unwritable(what)


@op("Div")
def _div(c: Called) -> Made:
    whole = all(k is None or np.issubdtype(np.asarray(k).dtype, np.integer) for k in c.known) and any(
        k is not None for k in c.known
    )
    return f"div({c[0]}, {c[1]}, rounding_mode='trunc')" if whole else f"{c[0]} / {c[1]}"


@op("IsInf")
def _isinf(c: Called) -> Made:
    kinds = [k for k, on in (("inf", c.get("detect_positive", 1)), ("-inf", c.get("detect_negative", 1))) if on]
    if not kinds:
        return f"0 * isnan({c[0]})"
    return " + ".join(f"where({c[0]} == {kind}, 1, 0)" for kind in kinds)


@op("Selu")
def _selu(c: Called) -> Made:
    alpha, gamma = c.get("alpha", 1.67326319217681884765625), c.get("gamma", 1.05070102214813232421875)
    return f"{gamma} * where({c[0]} > 0, {c[0]}, {alpha} * (exp({c[0]}) - 1))"


@op("Shrink")
def _shrink(c: Called) -> Made:
    x, lambd, bias = c[0], c.get("lambd", 0.5), c.get("bias", 0.0)
    return f"where({x} < -{lambd}, {x} + {bias}, where({x} > {lambd}, {x} - {bias}, 0 * {x}))"


@op("Clip")
def _clip(c: Called) -> Made:
    text = c[0]
    for k, of, name in ((1, "maximum", "min"), (2, "minimum", "max")):
        bound = c[k] if c.has(k) else c.get(name)
        text = f"{of}({text}, {bound})" if bound is not None else text
    return text if text != c[0] else f"1 * {text}"


@op("Sum")
def _of_several(c: Called) -> Made:
    return " + ".join(c.names) + (" + 0" if len(c.names) == 1 else "")


def _nested(of: str) -> Callable[[Called], Made]:
    def made(c: Called) -> Made:
        text = c[0]
        for name in c.names[1:]:
            text = f"{of}({text}, {name})"
        return text if text != c[0] else f"1 * {text}"

    return made


TABLE["Max"], TABLE["Min"] = _nested("maximum"), _nested("minimum")
TABLE["Mean"] = lambda c: f"({_of_several(c)}) / {len(c.names)}"


@op("Cast", "CastLike")
def _cast(c: Called) -> Made:
    to = c.get("to")
    kinds = {1: "float32", 10: "float16", 11: "float64", 16: "bfloat16"}
    if to not in kinds:
        raise Unwritable("a cast to whole numbers, truths, text or eight bits and less")
    return f"1 * {c[0]}" if kinds[to] in ("float32", "float64") else f"cast({c[0]}, '{kinds[to]}')"


@op("Dropout")
def _dropout(c: Called) -> Made:
    if c.has(2) and bool(np.asarray(c.array(2)).any()) and float(np.asarray(c.array(1)).item()) > 0:
        raise Unwritable("what is dropped is drawn by another generator")
    return [f"1 * {c[0]}", f"where({c[0]} == {c[0]}, 1, 1)"] if c.outputs > 1 else f"1 * {c[0]}"


# Over axes ----------------------------------------------------------------------------------------


def _reduced(of: str) -> Callable[[Called], Made]:
    def made(c: Called) -> Made:
        axes = c.numbers("axes", 1)
        axis = tuple(axes) if axes else () if c.get("noop_with_empty_axes") else None
        return of.format(x=c[0], axes=f"axis={axis}", keep=f"keepdims={bool(c.get('keepdims', 1))}")

    return made


for _name, _of in {
    "Sum": "sum({x}, {axes}, {keep})", "Mean": "mean({x}, {axes}, {keep})", "Max": "max({x}, {axes}, {keep})",
    "Min": "min({x}, {axes}, {keep})", "Prod": "prod({x}, {axes}, {keep})", "L1": "sum(abs({x}), {axes}, {keep})",
    "L2": "sqrt(sum({x} ** 2, {axes}, {keep}))", "LogSum": "log(sum({x}, {axes}, {keep}))",
    "LogSumExp": "logsumexp({x}, {axes}, {keep})", "SumSquare": "sum({x} ** 2, {axes}, {keep})",
}.items():  # fmt: skip
    TABLE[f"Reduce{_name}"] = _reduced(_of)


def _places(of: str) -> Callable[[Called], Made]:
    def made(c: Called) -> Made:
        axis, keep = c.get("axis", 0), bool(c.get("keepdims", 1))
        if not c.get("select_last_index"):
            return f"{of}({c[0]}, {axis}, {keep})"
        return f"{c.shape()[axis] - 1} - {of}(flip({c[0]}, {axis}), {axis}, {keep})"

    return made


TABLE["ArgMax"], TABLE["ArgMin"] = _places("argmax"), _places("argmin")


def _softmax(of: str) -> Callable[[Called], Made]:
    def made(c: Called) -> Made:
        if c.opset < 13:
            raise Unwritable("softmax of what is flattened")
        return f"{of}({c[0]}, {c.get('axis', -1)})"

    return made


TABLE["Softmax"], TABLE["LogSoftmax"] = _softmax("softmax"), _softmax("log_softmax")


def _running(of: str, nothing: int) -> Callable[[Called], Made]:
    def made(c: Called) -> Made:
        axis = int(np.asarray(c.array(1)).item()) % max(len(c.shape()), 1)
        text = f"flip({c[0]}, {axis})" if c.get("reverse") else c[0]
        text = f"{of}({text}, {axis})"
        if c.get("exclusive"):
            first = tuple(1 if a == axis else n for a, n in enumerate(c.shape()))
            before = f"[{', '.join([':'] * axis + [':-1'])}]"
            text = f"concat(expand({nothing}, {first}), {text}{before}, axis={axis})"
        return f"flip({text}, {axis})" if c.get("reverse") else text

    return made


TABLE["CumSum"], TABLE["CumProd"] = _running("cumsum", 0), _running("cumprod", 1)


@op("TopK")
def _topk(c: Called) -> Made:
    k = int(np.asarray(c.array(1)).item()) if c.has(1) else c.get("k")
    return [f"topk({c[0]}, {k}, axis={c.get('axis', -1)}, largest={bool(c.get('largest', 1))})"]


@op("Gemm")
def _gemm(c: Called) -> Made:
    a, b = (f"{c[k]}.T" if c.get(f"trans{'AB'[k]}") else c[k] for k in (0, 1))
    text = f"{c.get('alpha', 1.0)} * matmul({a}, {b})"
    return text + (f" + {c.get('beta', 1.0)} * {c[2]}" if c.has(2) else "")


# Moving -------------------------------------------------------------------------------------------


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
        parts[axis] = f"{first}:{'' if last < 0 else last}:{step}"
    return f"{c[0]}[{', '.join(parts)}]"


@op("Gather")
def _gather(c: Called) -> Made:
    axis = c.get("axis", 0) % len(c.shape())
    return f"{c[0]}[{', '.join([':'] * axis + [c[1]])}]"


TABLE["GatherElements"] = lambda c: f"gather({c[0]}, {c[1]}, axis={c.get('axis', 0)})"


@op("ScatterElements", "Scatter")
def _scatter(c: Called) -> Made:
    how, axis = c.get("reduction", "none"), c.get("axis", 0)
    if how == "none":
        return f"scatter({c[0]}, {c[1]}, {c[2]}, axis={axis})"
    ours = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}[how]
    return f"scatter_reduce({c[0]}, {c[1]}, {c[2]}, axis={axis}, reduce='{ours}')"


def _columns(c: Called) -> list[str]:
    """The index of each axis, taken from the last axis of an array of indices."""
    return [f"{c[1]}[..., {k}]" for k in range(c.shape(1)[-1])]


@op("GatherND")
def _gather_nd(c: Called) -> Made:
    if c.get("batch_dims", 0):
        raise Unwritable("GatherND: batch_dims")
    return f"{c[0]}[{', '.join(_columns(c))}]"


@op("ScatterND")
def _scatter_nd(c: Called) -> Made:
    how = c.get("reduction", "none")
    if how not in ("none", "add"):
        raise Unwritable(f"ScatterND: reduction {how}")
    return f"index_put({c[0]}, {c[2]}, {', '.join(_columns(c))}, accumulate={how == 'add'})"


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
        how = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}[mode]
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
    return f"concat({', '.join(parts)}, axis={axis})" if len(parts) > 1 else f"1 * {text}"


@op("Compress")
def _compress(c: Called) -> Made:
    keep = [k for k, on in enumerate(np.asarray(c.array(1)).reshape(-1)) if on]
    axis = c.get("axis")
    if axis is None:
        return f"reshape({c[0]}, (-1,))[{keep}]"
    return f"{c[0]}[{', '.join([':'] * (axis % len(c.shape())) + [str(keep)])}]"


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


@op("OneHot")
def _one_hot(c: Called) -> Made:
    depth, axis = int(np.asarray(c.array(1)).item()), c.get("axis", -1)
    count = len(c.shape()) + 1
    axis %= count
    wide = (*c.shape()[:axis], 1, *c.shape()[axis:])
    classes = f"reshape(cumsum(expand(1, ({depth},)), 0) - 1, {tuple(depth if a == axis else 1 for a in range(count))})"
    ids = f"remainder(reshape({c[0]}, {wide}), {depth})"
    return f"where({ids} == {classes}, {c[2]}[1], {c[2]}[0])"
