"""The attributes of a node, as numbers, texts and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradstep.engine.errors import shortened
from gradstep.onnx.formulas import Unwritable
from gradstep.onnx.kinds import KINDS


def _types(node: Any, opset: int) -> Mapping[str, Any]:
    """The type of each attribute that an operator has; of none where nobody knows it."""
    from onnx import defs

    try:
        return {name: one.type for name, one in defs.get_schema(node.op_type, min(opset, 1 << 20)).attributes.items()}
    except defs.SchemaError:
        return {}


def attributes_of(node: Any, opset: int) -> dict[str, Any]:
    """The attributes of a node: numbers, texts, arrays. Raises Unwritable for graphs inside of it, and for those that
    are not as the operator has them."""
    from onnx import AttributeProto, TensorProto, helper, numpy_helper

    found, types = dict[str, Any](), _types(node, opset)
    for one in node.attribute:
        if one.name in types and int(types[one.name]) != one.type:
            raise Unwritable(f"attribute '{shortened(one.name, 40)}' is of another type than the operator has it")
        if one.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS):
            raise Unwritable("control flow: a graph inside of a node is not read, because which of it runs is computed")
        if one.ref_attr_name:
            raise Unwritable(f"attribute '{shortened(one.name, 40)}' is that of a function, outside of one")
        try:
            value = helper.get_attribute_value(one)
            if one.type == AttributeProto.STRING:
                value = value.decode()
            elif one.type == AttributeProto.TENSOR:
                if value.data_location == TensorProto.EXTERNAL:
                    raise Unwritable("an array of an attribute is in another file, which is not read")
                value = numpy_helper.to_array(value)
        except (ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
            raise Unwritable(
                f"attribute '{shortened(one.name, 40)}' is damaged: {' '.join(str(error).split())[:120]}"
            ) from None
        if one.type in (AttributeProto.FLOAT, AttributeProto.FLOATS):
            value = _shortest(value) if one.type == AttributeProto.FLOAT else [*map(_shortest, value)]
        found[one.name] = KINDS.get(value, str(value)) if one.name == "to" and one.type == AttributeProto.INT else value
    return found


def _shortest(number: float) -> float:
    """A number of float32, as a model has them, as it was meant: 1e-5, and not 9.999999747378752e-06."""
    return float(str(np.float32(number)))
