"""Element by element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable, op, simple, unknown
from gradstep.onnx.values import FLOATS, coarser

_SAME = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "Log",
    "Mish", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan",
    "Tanh", "HardSwish", "IsNaN",
)  # fmt: skip
_TRUTHS = {"Equal": "==", "Greater": ">", "GreaterOrEqual": ">=", "Less": "<", "LessOrEqual": "<="}

simple({name: f"{name.lower()}({{0}})" for name in _SAME})
simple({name: f"{{0}} {sign} {{1}}" for name, sign in {"Add": "+", "Sub": "-", "Mul": "*", "Pow": "**"}.items()})
simple({name: f"where({{0}} {sign} {{1}}, 1, 0)" for name, sign in _TRUTHS.items()})
simple(
    {
        "Neg": "-{0}",
        "Identity": "{0}",
        "Not": "where({0} == 0, 1, 0)",
        "And": "where({0} * {1} != 0, 1, 0)",
        "Or": "where(abs({0}) + abs({1}) != 0, 1, 0)",
        "Xor": "where({0} != {1}, 1, 0)",
        "Where": "where({0}, {1}, {2})",
        "PRelu": "where({0} < 0, {1} * {0}, {0})",
        "MatMul": "matmul({0}, {1})",
    }
)
TABLE |= {
    "Elu": lambda c: f"elu({c[0]}, alpha={c.get('alpha', 1.0)})",
    "Celu": lambda c: f"celu({c[0]}, alpha={c.get('alpha', 1.0)})",
    "LeakyRelu": lambda c: f"leaky_relu({c[0]}, {c.get('alpha', 0.01)})",
    "ThresholdedRelu": lambda c: f"threshold({c[0]}, {c.get('alpha', 1.0)}, 0)",
    "Gelu": lambda c: (
        f"gelu({c[0]})" if c.get("approximate", "none") == "none" else f"gelu({c[0]}, approximate='tanh')"
    ),
    "Swish": lambda c: f"{c[0]} * sigmoid({c.get('alpha', 1.0)} * {c[0]})",
    "Mod": lambda c: f"{'fmod' if c.get('fmod') else 'remainder'}({c[0]}, {c[1]})",
    "Einsum": lambda c: f"einsum({c.get('equation')!r}, {', '.join(c.names)})",
}


@op("HardSigmoid")
def _hard_sigmoid(c: Called) -> Made:
    alpha, beta = c.get("alpha", 0.2), c.get("beta", 0.5)
    if beta == 0.5 and abs(alpha - 1 / 6) < 1e-7:  # PyTorch's
        return f"hardsigmoid({c[0]})"
    return f"clip({alpha} * {c[0]} + {beta}, 0, 1)"


unknown("Det", "determinants")


@op("Div")
def _div(c: Called) -> Made:
    whole = c.value(0).whole and c.value(1).whole
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
    if abs(alpha - 1.6732632423543772) < 1e-6 and abs(gamma - 1.0507009873554805) < 1e-6:
        return f"selu({c[0]})"  # the numbers of the paper, of which ONNX keeps eight digits
    return f"{gamma} * where({c[0]} > 0, {c[0]}, {alpha} * (exp({c[0]}) - 1))"


@op("Shrink")
def _shrink(c: Called) -> Made:
    x, lambd, bias = c[0], c.get("lambd", 0.5), c.get("bias", 0.0)
    return f"where({x} < -{lambd}, {x} + {bias}, where({x} > {lambd}, {x} - {bias}, 0 * {x}))"


@op("Clip")
def _clip(c: Called) -> Made:
    low, high = (c[k] if c.has(k) else c.get(name) for k, name in ((1, "min"), (2, "max")))
    if all(isinstance(bound, float) or (bound and not bound.startswith("v")) for bound in (low, high)):
        return f"clip({c[0]}, {low}, {high})"
    text = c[0]
    for k, of, name in ((1, "maximum", "min"), (2, "minimum", "max")):
        bound = c[k] if c.has(k) else c.get(name)
        text = f"{of}({text}, {bound})" if bound is not None else text
    return text


@op("Sum")
def _of_several(c: Called) -> Made:
    return " + ".join(c.names)


def _nested(of: str) -> Callable[[Called], Made]:
    def made(c: Called) -> Made:
        text = c[0]
        for name in c.names[1:]:
            text = f"{of}({text}, {name})"
        return text

    return made


TABLE["Max"], TABLE["Min"] = _nested("maximum"), _nested("minimum")
TABLE["Mean"] = lambda c: f"({_of_several(c)}) / {len(c.names)}"


@op("Cast")
def _cast(c: Called) -> Made:
    """What is the same number in the other type is only called otherwise."""
    to, given = str(c.get("to")), c.kind()
    if to in FLOATS:
        to = coarser(to, c.dtype)
        there = c.dtype if given not in FLOATS else coarser(given, c.dtype)
        return c[0] if to == there else f"cast({c[0]}, '{to}')"
    if given == to or (given == "bool" and to in _WHOLE) or (given in _WHOLE and to in _WIDE):
        return c[0]
    if to == "bool":
        return f"where({c[0]} != 0, 1, 0)"
    if to in _WIDE:
        return f"trunc({c[0]})"
    if to in _NARROW:  # what is too large for it comes round; here it is a number like others again
        return f"cast(cast({c[0]}, '{to}'), '{c.dtype}')"
    if to == "uint16":
        return f"remainder(trunc({c[0]}), {1 << 16})"
    raise Unwritable("a cast to text, or to numbers of four bits")


_WIDE = ("int32", "int64", "uint32", "uint64")
_NARROW = ("int8", "int16", "uint8")
_WHOLE = (*_WIDE, *_NARROW, "uint16")


@op("Dropout")
def _dropout(c: Called) -> Made:
    share = float(np.asarray(c.array(1)).item()) if c.has(1) else float(c.get("ratio", 0.5))
    text = c[0]
    if c.has(2) and bool(np.asarray(c.array(2)).any()) and share > 0:
        seed = c.seed()
        if seed is None:
            raise Unwritable("what is dropped is drawn by another generator")
        text = f"dropout({c[0]}, p={share!r}, seed={seed})"
    return [text, f"where({c[0]} == {c[0]}, 1, 1)"] if c.outputs > 1 else text
