"""Models of ONNX that are written down node by node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def model(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    arrays: Mapping[str, np.ndarray] | None = None,
    opset: int = 17,
    kinds: Mapping[str, int] | None = None,
) -> ModelProto:
    """A model: the shapes of its inputs, of FLOAT where `kinds` says nothing else, and its arrays."""
    kinds = kinds or {}
    graph = helper.make_graph(
        list(nodes),
        "built",
        [helper.make_tensor_value_info(name, kinds.get(name, FLOAT), shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (arrays or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def saved(proto: ModelProto, folder: Path, change: Callable[[bytes], bytes] = bytes) -> str:
    """The file that a model is written to."""
    path = folder / "model.onnx"
    path.write_bytes(change(proto.SerializeToString()))
    return str(path)


def perceptron(opset: int = 17) -> ModelProto:
    """relu(x W₁ + b₁) W₂, with names of scopes."""
    rng = np.random.default_rng(0)
    w1, b1, w2 = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4), (4,), (4, 2)))
    nodes = [
        helper.make_node("MatMul", ["x", "fc1.weight"], ["a"], name="/fc1/MatMul"),
        helper.make_node("Add", ["a", "fc1.bias"], ["b"], name="/fc1/Add"),
        helper.make_node("Relu", ["b"], ["c"], name="/act/Relu"),
        helper.make_node("MatMul", ["c", "fc2.weight"], ["out"], name="/fc2/MatMul"),
    ]
    return model(nodes, {"x": ["batch", 3]}, ["out"], {"fc1.weight": w1, "fc1.bias": b1, "fc2.weight": w2}, opset)
