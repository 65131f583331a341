"""A model file of ONNX as a graph of nodes. Nothing outside of its folder is read, and nothing in it is run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.files import ordinary, reason
from gradstep.engine.notation import amount
from gradstep.engine.run import budget
from gradstep.onnx.functions import inlined
from gradstep.onnx.tensors import Tensor, tensor_of

#: A message of Protocol Buffers is no larger.
_LARGEST = (2 << 30) - 1
#: While a file is read it stands in memory about so many times.
_TIMES = 3
#: The oldest operators that are read as they are written today, or nearly so.
_OLDEST = 7
_MOST_NODES = 200_000
STANDARD = ("", "ai.onnx")


@dataclass(frozen=True, eq=False)
class Model:
    """What a model file says: its nodes in order, its arrays, inputs and outputs."""

    name: str
    opset: int
    producer: str
    nodes: Sequence[Any]
    tensors: Mapping[str, Tensor]
    #: Those of them that are written out where they are used.
    constants: frozenset[str]
    inputs: Sequence[Any]
    outputs: Sequence[str]
    #: What PyTorch's exporter says of parameters and buffers, by their names.
    signature: str = ""


def read_model(path: Path) -> Model:
    """The model in a file. Raises CommandError."""
    proto = _parsed(path)
    if not _is_text(proto):
        raise _bad(path, "it is damaged: a name in it is no text")
    return _read(proto, path)


def _is_text(proto: Any) -> bool:
    """Whether all texts of a message are texts: what is no UTF-8 comes as bytes."""
    left = [proto]
    while left:
        for field, found in left.pop().ListFields():
            if field.type in (field.TYPE_STRING, field.TYPE_MESSAGE):
                several = [found] if isinstance(found, str | bytes) or hasattr(found, "ListFields") else [*found]
                if field.type == field.TYPE_MESSAGE:
                    left += several
                elif any(isinstance(one, bytes) for one in several):
                    return False
    return True


def _parsed(path: Path) -> Any:
    """Raises CommandError where the file is none of ONNX, or larger than there is memory for."""
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    try:
        with ordinary(path) as file:
            size, most = os.fstat(file.fileno()).st_size, budget()
            if size > _LARGEST:
                raise _bad(path, "it is larger than 2 GiB; larger models keep their arrays in files beside them")
            if most is not None and size * _TIMES > most:
                raise _bad(path, f"reading it needs {amount(size * _TIMES)} of memory, and there are {amount(most)}")
            content = file.read(size + 1)
    except OSError as error:
        raise CommandError(f"'{shortened(str(path))}' cannot be read: {reason(error)}") from None
    proto = ModelProto()
    try:
        proto.ParseFromString(content)
    except (DecodeError, MemoryError, RecursionError):
        raise _bad(path, "it is no ONNX model, or damaged") from None
    if not proto.HasField("graph") or not proto.opset_import:
        raise _bad(path, "it is no ONNX model, or damaged")
    return proto


def _read(proto: Any, path: Path) -> Model:
    graph = proto.graph
    opset = max((one.version for one in proto.opset_import if one.domain in STANDARD), default=0)
    if opset < _OLDEST:
        raise _bad(path, f"its operators are of version {opset}; versions from {_OLDEST} on are read")
    if not graph.node:
        raise _bad(path, "it has no nodes: nothing is computed in it")
    if graph.sparse_initializer:
        raise _bad(
            path, f"'{shortened(graph.sparse_initializer[0].values.name, 60)}' is a sparse array, which is not read"
        )
    nodes = inlined(graph.node, proto.functions, _MOST_NODES)
    tensors = dict[str, Tensor]()
    for one in graph.initializer:
        if one.name in tensors:
            raise _bad(path, f"two arrays are called '{shortened(one.name, 60)}'")
        tensors[one.name] = tensor_of(one, path.parent)
    written, rest = set[str](), []
    for node in nodes:
        array = next((one.t for one in node.attribute if one.name == "value"), None)
        if node.op_type == "Constant" and node.domain in STANDARD and array is not None and len(node.output) == 1:
            tensors.setdefault(node.output[0], tensor_of(array, path.parent))
            written.add(node.output[0])
        else:
            rest.append(node)
    said = {one.key: one.value for one in graph.metadata_props}
    return Model(
        shortened(graph.name or path.stem, 60),
        opset,
        " ".join(filter(None, (proto.producer_name, proto.producer_version))),
        rest,
        tensors,
        frozenset(written),
        [one for one in graph.input if one.name not in tensors],
        [one.name for one in graph.output],
        said.get("pkg.torch.export.ExportedProgram.graph_signature", ""),
    )


def _bad(path: Path, text: str) -> CommandError:
    return CommandError(f"'{shortened(str(path))}': {text}")
