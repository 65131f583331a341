""".safetensors, written one array after the other: none stands in memory longer than it takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import prod
from typing import BinaryIO, NamedTuple

import numpy as np

from gradstep.engine.files.arrays.tensors import TYPES
from gradstep.engine.index import Array, Shape

#: The format's names of types by NumPy's; bfloat16, which that has not, is told by its name.
_NAMES: Mapping[str, str] = {np.dtype(kind).name: name for name, kind in TYPES.items() if name != "BF16"} | {
    "bfloat16": "BF16"
}


class Packed(NamedTuple):
    """An array to be written: the name of its type, its shape, and what gives its bytes, little-endian, in C order."""

    kind: str
    shape: Shape
    content: Callable[[], bytes]

    @property
    def length(self) -> int:
        return prod(self.shape) * np.dtype(TYPES[_NAMES[self.kind]]).itemsize


def packed(array: Array) -> Packed:
    """An array as it is written."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return Packed(array.dtype.name, array.shape, little.tobytes)


def write_tensors(file: BinaryIO, arrays: Mapping[str, Packed]) -> None:
    """Writes arrays by their names."""
    header, at = dict[str, object](), 0
    for name, one in arrays.items():
        header[name] = {"dtype": _NAMES[one.kind], "shape": list(one.shape), "data_offsets": [at, at + one.length]}
        at += one.length
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the format's own writer begins the numbers at a multiple of eight
    file.write(len(text).to_bytes(8, "little") + text)
    for name, one in arrays.items():
        content = one.content()
        assert len(content) == one.length, f"'{name}' has other bytes than its shape says"
        file.write(content)
