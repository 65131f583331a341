"""The types of ONNX by their numbers, and of which type the results of an operator are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradstep.onnx.values import Value

#: What numbers in a model can be read: by ONNX's number of the type, NumPy's name of it.
KINDS: Mapping[int, str] = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}  # fmt: skip

_TRUTHS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsNaN", "IsInf", "Not", "And", "Or", "Xor")
_PLACES = ("Shape", "Size", "NonZero", "ArgMax", "ArgMin")
#: Operators whose results are of the type of another input than the first.
_OTHER: Mapping[str, int] = {"Where": 1, "OneHot": 2}


def kind_name(number: int) -> str:
    """The name of a type for people, also of one that is not read."""
    from onnx import TensorProto

    known = {value: name for name, value in TensorProto.DataType.items()}
    return KINDS.get(number) or known.get(number, f"type {number}").lower()


def kind_of_result(op: str, attributes: Mapping[str, Any], inputs: Sequence[Value | None], output: int) -> str:
    """The type of one result of an operator."""
    if op in _TRUTHS or (op == "Dropout" and output == 1):
        return "bool"
    if op in _PLACES or (op in ("TopK", "MaxPool") and output == 1):
        return "int64"
    if op == "Cast":
        return str(attributes["to"])
    at = _OTHER.get(op, 0)
    found = inputs[at] if at < len(inputs) else None
    return "float32" if found is None else found.kind
