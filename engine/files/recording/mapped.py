"""The arrays of trace.safetensors and of leaves.safetensors, mapped into memory: of a large recording only what is
looked at is ever read. Those of numbers narrower than the graph's are converted then.

Whoever cuts the file off while it is open ends the program; it is written whole and renamed, so that no program of ours
does.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays.block import Block, Unreadable, widened
from gradstep.engine.files.arrays.tensors import block, header
from gradstep.engine.files.opening import ordinary, reason
from gradstep.engine.index import Array, read_only
from gradstep.engine.run.later import Unmade

#: So many numbers are converted at a time.
_PIECE = 1 << 20


def arrays_in(path: Path, dtype: np.dtype[Any]) -> dict[str, Array | Unmade]:
    """All arrays of a file by their names; each must have a `dtype`, or a narrower one, and is then converted when
    it is first looked at. Raises GraphError."""
    try:
        with ordinary(path, links=False) as file:
            return dict(_arrays(file, dtype))
    except GraphError as error:
        raise GraphError(f"{path.name}: {error}") from None
    except (OSError, Unreadable, ValueError) as error:
        raise GraphError(f"{path.name} cannot be read: {reason(error)}") from None


def floats_in(path: Path) -> dict[str, Array]:
    """Those arrays of a file whose numbers are float32 or float64, by their names: others are read, and converted.
    Raises GraphError."""
    try:
        with ordinary(path, links=False) as file:
            tensors, length = header(file)
            plain = [name for name in tensors if block(file, tensors, length, name).dtype.str in ("<f4", "<f8")]
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if plain else b""
            return {name: _at(mapped, block(file, tensors, length, name), file.tell()) for name in plain}
    except GraphError as error:
        raise GraphError(f"{path.name}: {error}") from None
    except (OSError, Unreadable, ValueError) as error:
        raise GraphError(f"{path.name} cannot be read: {reason(error)}") from None


def _arrays(file: Any, dtype: np.dtype[Any]) -> Iterator[tuple[str, Array | Unmade]]:
    tensors, length = header(file)
    if not tensors:
        return
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for name in tensors:
        found = block(file, tensors, length, name)
        if found.bfloat16 or (found.dtype.kind == "f" and found.dtype.itemsize < dtype.itemsize):
            narrow = _at(mapped, found, file.tell())
            yield name, Unmade(found.shape, partial(_converted, narrow, found.bfloat16, dtype))
            continue
        if found.dtype != dtype:
            raise GraphError(f"'{name}' has numbers of type {found.dtype}, not {dtype}")
        yield name, _at(mapped, found, file.tell())


def _at(mapped: mmap.mmap | bytes, found: Block, place: int) -> Array:
    """The numbers of a block, where they stand in the file."""
    return read_only(np.frombuffer(mapped, found.dtype, prod(found.shape), place).reshape(found.shape))


def _converted(narrow: Array, bfloat16: bool, dtype: np.dtype[Any]) -> Array:
    """Numbers of a narrower type, piece by piece."""
    array, flat = np.empty(narrow.size, dtype), narrow.reshape(-1)
    with np.errstate(all="ignore"):
        for start in range(0, array.size, _PIECE):
            piece = flat[start : start + _PIECE]
            array[start : start + _PIECE] = widened(piece) if bfloat16 else piece
    return read_only(array.reshape(narrow.shape))
