""".safetensors: several arrays by their names, behind a header in JSON (github.com/huggingface/safetensors)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from math import prod
from typing import Any, BinaryIO

import numpy as np

from gradstep.engine.errors import GraphError, shortened
from gradstep.engine.files.arrays.block import Block, Unreadable, checked_shape, chosen, exactly, fits

#: A longer header is that of more than a hundred thousand arrays.
_LONGEST = 16 << 20

TYPES: Mapping[str, str] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "BF16": "<u2",
}  # fmt: skip


def find(file: BinaryIO, key: str | None) -> Block:
    """The array called `key`, or the only one. Raises GraphError and Unreadable."""
    tensors, length = header(file)
    return block(file, tensors, length, chosen(key, list(tensors)))


def header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """What the header says of each array, and its length in bytes. Raises Unreadable."""
    length = int.from_bytes(exactly(file, 8), "little")
    if length > min(os.fstat(file.fileno()).st_size - 8, _LONGEST):
        raise Unreadable(f"it is no .safetensors file, or damaged: its header would be {length:,} bytes long")
    return _tensors(exactly(file, length)), length


def block(file: BinaryIO, tensors: Mapping[str, Any], length: int, name: str) -> Block:
    """One of the arrays that a header of such a length lists; the file is then at its numbers. Raises GraphError and
    Unreadable."""
    about, there = tensors[name], os.fstat(file.fileno()).st_size - 8
    if not isinstance(about, dict):
        raise Unreadable(f"its header is damaged at '{shortened(name, 60)}'")
    kind, shape, offsets = about.get("dtype"), checked_shape(about.get("shape")), about.get("data_offsets")
    if not isinstance(kind, str) or kind not in TYPES:
        shown = kind[:20] if isinstance(kind, str) else "nothing"
        raise GraphError(
            f"'{shortened(name, 60)}' is of type {shown}, which NumPy does not have; there are {', '.join(TYPES)}"
        )
    dtype = np.dtype(TYPES[kind])
    if not isinstance(offsets, list) or len(offsets) != 2 or any(type(n) is not int or n < 0 for n in offsets):
        raise Unreadable(f"its header does not say where '{shortened(name, 60)}' is")
    if offsets[1] - offsets[0] != prod(shape) * dtype.itemsize:
        raise Unreadable(f"its header is damaged: '{shortened(name, 60)}' has another size than its shape says")
    fits(shape, dtype, there - length - offsets[0])
    file.seek(8 + length + offsets[0])
    return Block(file, shape, dtype, bfloat16=kind == "BF16")


def _tensors(header: bytes) -> dict[str, Any]:
    """What the header says of each array."""
    try:
        said = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable("its header is damaged") from None
    if not isinstance(said, dict):
        raise Unreadable("its header is damaged")
    said.pop("__metadata__", None)
    return said
