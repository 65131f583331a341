"""Over axes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.onnx.formulas.table import TABLE, Called, Made, op


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
        axis, shape = c.get("axis", -1 if c.opset >= 13 else 1), c.shape()
        if not shape or c.opset >= 13 or axis in (-1, len(shape) - 1):
            return f"{of}({c[0]}, {axis})"
        rows = int(np.prod(shape[: axis % len(shape)], dtype=int))  # until 13 all axes from there on were one
        return f"reshape({of}(reshape({c[0]}, {(rows, -1)}), -1), {shape})"

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
