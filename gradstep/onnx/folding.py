"""What depends on no input is computed while a model is read: shapes, axes, tables. How large it becomes is known
before it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, isfinite, prod
from typing import Any

import numpy as np

from gradstep.onnx.formulas import Unwritable
from gradstep.onnx.values import Array

#: Elements of what is computed while reading.
MOST = 1 << 24

Given = Sequence[Array | None]
Size = Callable[[Mapping[str, Any], Given], int]


def _together(attributes: Mapping[str, Any], given: Given) -> int:
    """No more than all that is given."""
    return sum(array.size for array in given if array is not None)


def _element_by_element(attributes: Mapping[str, Any], given: Given) -> int:
    shapes = [array.shape for array in given if array is not None]
    return prod(np.broadcast_shapes(*shapes))


def _whole(array: Array | None) -> list[int]:
    if array is None:
        raise Unwritable("an input that is left out")
    return [int(n) for n in array.reshape(-1)]


def _range(attributes: Mapping[str, Any], given: Given) -> int:
    start, stop, step = (float(_given(given, k).item()) for k in range(3))
    if not step or not all(map(isfinite, (start, stop, step))):
        raise Unwritable("a range without an end")
    return max(ceil((stop - start) / step), 0)


def _given(given: Given, k: int) -> Array:
    found = given[k] if k < len(given) else None
    if found is None:
        raise Unwritable("an input that is left out")
    return found


def _expanded(attributes: Mapping[str, Any], given: Given) -> int:
    return prod(np.broadcast_shapes(_given(given, 0).shape, tuple(_whole(_given(given, 1)))))


def _tiled(attributes: Mapping[str, Any], given: Given) -> int:
    return _given(given, 0).size * prod(_whole(_given(given, 1)))


def _gathered(attributes: Mapping[str, Any], given: Given) -> int:
    data, axis = _given(given, 0), attributes.get("axis", 0)
    return int(data.size // max(data.shape[axis], 1) * _given(given, 1).size)


def _gathered_along_several(attributes: Mapping[str, Any], given: Given) -> int:
    return _given(given, 0).size * max(_given(given, 1).size, 1)


def _padded(attributes: Mapping[str, Any], given: Given) -> int:
    by = attributes["pads"] if "pads" in attributes else _whole(_given(given, 1))
    return prod(n + 2 * max(map(abs, by), default=0) for n in _given(given, 0).shape)


def _multiplied(attributes: Mapping[str, Any], given: Given) -> int:
    return _given(given, 0).size * _given(given, 1).size


def _constant(attributes: Mapping[str, Any], given: Given) -> int:
    sparse = attributes.get("sparse_value")
    return 0 if sparse is None else prod(int(n) for n in sparse.dims)


#: By operator, how many elements its results have at most; others are not computed here.
SIZES: Mapping[str, Size] = {
    **dict.fromkeys(
        ("Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Slice", "Split",
         "Concat", "Shape", "Size", "ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceMean", "ArgMax",
         "ArgMin", "CumSum", "Trilu", "Compress", "Neg", "Abs", "Not", "Floor", "Ceil", "Round", "Sqrt", "Exp", "Log",
         "Sin", "Cos", "Sign", "Reciprocal", "Erf", "Tanh", "Sigmoid", "Relu", "IsNaN", "IsInf", "TopK", "ScatterND",
         "ScatterElements", "GatherElements", "Unique", "Softmax", "Dropout"),
        _together,
    ),
    **dict.fromkeys(
        ("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "Sum", "Mean", "Equal", "Greater", "GreaterOrEqual",
         "Less", "LessOrEqual", "And", "Or", "Xor", "Where", "Clip", "BitwiseAnd", "BitwiseOr", "BitShift"),
        _element_by_element,
    ),
    "NonZero": lambda attributes, given: _given(given, 0).size * max(_given(given, 0).ndim, 1),
    "Constant": _constant,
    "ConstantOfShape": lambda attributes, given: prod(_whole(_given(given, 0))),
    "Range": _range,
    "Expand": _expanded,
    "Tile": _tiled,
    "Gather": _gathered,
    "GatherND": _gathered_along_several,
    "Pad": _padded,
    "MatMul": _multiplied,
    "EyeLike": _together,
    "OneHot": lambda attributes, given: _given(given, 0).size * max(abs(_whole(_given(given, 1))[0]), 1),
}  # fmt: skip


def folded(node: Any, attributes: Mapping[str, Any], given: Given, opset: int) -> list[Array]:
    """The results of a node on numbers, as ONNX's reference computes them. Raises Unwritable where it is none of those
    above, would be too large, or does not fit."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    if node.op_type not in SIZES:
        raise Unwritable(f"its numbers are needed, and {node.op_type} is not computed while reading")
    try:
        size = SIZES[node.op_type](attributes, given)
        if size > MOST:
            raise Unwritable(f"it would have {size:,} elements; at most {MOST:,} are computed while reading")
        feeds = {name: array for name, array in zip(node.input, given, strict=False) if array is not None}
        ends = [helper.make_empty_tensor_value_info(o) for o in node.output if o]
        begins = [
            helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), None) for k, v in feeds.items()
        ]
        graph = helper.make_graph([node], "one", begins, ends)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(model).run(None, feeds)
    except (ArithmeticError, AttributeError, IndexError, KeyError, MemoryError, NotImplementedError, RuntimeError,
            TypeError, ValueError) as error:  # fmt: skip
        said = " ".join(str(error).split())[:160]
        raise Unwritable(f"it cannot be computed: {said or type(error).__name__}") from None
    return [_plain(np.asarray(one)) for one in found]


def _plain(array: Array) -> Array:
    """What is of a type that NumPy has not, as float32."""
    return array if array.dtype.kind in "fiub" else array.astype(np.float32)
