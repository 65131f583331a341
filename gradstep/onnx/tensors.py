"""The arrays of a model: in the file itself, or in others beside it, of which only those in its own folder are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.errors import CommandError, GraphError, shortened
from gradstep.engine.files import inside, ordinary, reason
from gradstep.engine.index import check_shape
from gradstep.onnx.kinds import KINDS, kind_name
from gradstep.onnx.values import Array

#: How NumPy stores each type; of bfloat16, which it has not, the bits.
STORED: Mapping[str, str] = {"bfloat16": "<u2", "bool": "?"}

#: In which field of a tensor numbers stand that are written one by one.
_FIELDS: Mapping[str, str] = {
    "float32": "float_data", "float64": "double_data", "int64": "int64_data", "uint32": "uint64_data",
    "uint64": "uint64_data",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tensor:
    """An array of a model: its type, its shape, and what gives its bytes, in C order, little-endian."""

    kind: str
    shape: tuple[int, ...]
    content: Callable[[], bytes]

    @property
    def stored(self) -> np.dtype[Any]:
        return stored(self.kind)

    @property
    def size(self) -> int:
        return prod(self.shape)

    def raw(self) -> Array:
        """As it is stored: of bfloat16 the bits."""
        return np.frombuffer(self.content(), self.stored).reshape(self.shape)

    def array(self) -> Array:
        """Its numbers."""
        raw = self.raw()
        return (raw.astype(np.uint32) << np.uint32(16)).view(np.float32) if self.kind == "bfloat16" else raw

    def transposed(self) -> Tensor:
        """The same with its two axes in the other order."""
        return Tensor(self.kind, self.shape[::-1], lambda: np.ascontiguousarray(self.raw().T).tobytes())

    def same(self, other: Tensor) -> bool:
        """Whether two of the same type and shape are the same numbers, which is no chance."""
        return not self.uniform() and bool(np.array_equal(self.raw(), other.raw()))

    def uniform(self) -> bool:
        """Whether all its numbers are the same."""
        raw = self.raw().reshape(-1)
        return raw.size == 0 or bool((raw == raw[0]).all())


def stored(kind: str) -> np.dtype[Any]:
    """How a type is stored."""
    return np.dtype(STORED.get(kind, kind)).newbyteorder("<")


def tensor_of(proto: Any, folder: Path) -> Tensor:
    """An array as a model has it; others of its files are looked for in `folder`. Raises CommandError."""
    name = f"'{shortened(proto.name, 60)}'"
    kind = KINDS.get(proto.data_type)
    if kind is None:
        raise CommandError(f"{name} holds {kind_name(proto.data_type)}, which is not read")
    shape = tuple(proto.dims)
    if any(n < 0 for n in shape) or proto.HasField("segment"):
        raise CommandError(f"{name} is damaged, or only a part of an array")
    try:
        check_shape(shape)
    except GraphError as error:
        raise CommandError(f"{name}: {error}") from None
    length = prod(shape) * stored(kind).itemsize
    if proto.data_location == proto.EXTERNAL:
        return Tensor(kind, shape, _beside(proto, name, folder, length))
    if proto.HasField("raw_data"):
        if len(proto.raw_data) != length:
            raise _damaged(name, shape, len(proto.raw_data), length)
        return Tensor(kind, shape, lambda: bytes(proto.raw_data))
    return Tensor(kind, shape, _written_out(proto, name, kind, shape))


def _written_out(proto: Any, name: str, kind: str, shape: tuple[int, ...]) -> Callable[[], bytes]:
    numbers = getattr(proto, _FIELDS.get(kind, "int32_data"))
    if len(numbers) != prod(shape):
        raise _damaged(name, shape, len(numbers), prod(shape))

    def content() -> bytes:
        if kind in ("float16", "bfloat16"):  # their bits
            return np.array(numbers, np.uint32).astype("<u2").tobytes()
        with np.errstate(all="ignore"):
            return np.array(numbers).astype(stored(kind)).tobytes()

    return content


def _damaged(name: str, shape: tuple[int, ...], there: int, needed: int) -> CommandError:
    return CommandError(
        f"{name} is damaged: it has shape {shape}, so {needed:,} bytes or numbers, and {there:,} stand there"
    )


def _beside(proto: Any, name: str, folder: Path, length: int) -> Callable[[], bytes]:
    """What reads an array from another file. Raises CommandError where that is outside, or too short."""
    said = {one.key: one.value for one in proto.external_data}
    try:
        path, offset = inside(said.get("location", ""), folder), _number(said.get("offset", "0"))
        given = _number(said.get("length", str(length)))
        with ordinary(path, links=False) as file:
            there = os.fstat(file.fileno()).st_size
    except (GraphError, OSError, ValueError) as error:
        raise CommandError(f"{name} cannot be read: {reason(error)}") from None
    if given != length or offset + length > there:
        raise CommandError(
            f"{name} is damaged: its {length:,} bytes from {offset:,} on are not in '{shortened(path.name)}', "
            f"which has {there:,}"
        )

    def content() -> bytes:
        try:
            with ordinary(path, links=False) as file:
                file.seek(offset)
                found = file.read(length)
        except OSError as error:
            raise CommandError(f"{name} cannot be read: {reason(error)}") from None
        if len(found) < length:
            raise CommandError(f"'{shortened(path.name)}' is being written by another program")
        return found

    return content


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise ValueError(f"'{shortened(text, 30)}' is no place in a file")
    return int(text)
