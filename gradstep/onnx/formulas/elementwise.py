"""Element by element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable, op, simple, unknown

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
        "Identity": "1 * {0}",
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
    "HardSigmoid": lambda c: f"clip({c.get('alpha', 0.2)} * {c[0]} + {c.get('beta', 0.5)}, 0, 1)",
    "Gelu": lambda c: f"gelu({c[0]}, approximate='{c.get('approximate', 'none')}')",
    "Swish": lambda c: f"{c[0]} * sigmoid({c.get('alpha', 1.0)} * {c[0]})",
    "Mod": lambda c: f"{'fmod' if c.get('fmod') else 'remainder'}({c[0]}, {c[1]})",
    "Einsum": lambda c: f"einsum({c.get('equation')!r}, {', '.join(c.names)})",
}
unknown("Det", "determinants")


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
