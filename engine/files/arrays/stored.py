"""Arrays in files beside the scenario: .npy, .npz and .safetensors. Nothing pickled is read, and nothing outside.

They are read and never mapped into memory: a file that somebody else cuts off or writes anew can then neither end the
program nor change its numbers. It is opened twice, for the shape and for the numbers, and must be the same both times.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError, shortened
from gradstep.engine.files.arrays.block import Block, Unreadable
from gradstep.engine.files.arrays.leaf import Leaf, described, only
from gradstep.engine.files.keys import STORED
from gradstep.engine.files.opening import Version, ordinary, reason
from gradstep.engine.index import Array

#: The module that reads each kind of file: `find(file, key)` gives the block that holds the array.
_READERS: Mapping[str, str] = {
    ".npy": "gradstep.engine.files.arrays.npy",
    ".npz": "gradstep.engine.files.arrays.npz",
    ".safetensors": "gradstep.engine.files.arrays.tensors",
}

#: Bytes that are read and converted at a time.
_PIECE = 1 << 22


def read(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    """The leaf of `{ file = "weights.npz", key = "W2" }`, a file inside `folder`. Raises GraphError."""
    only(spec, STORED)
    path = inside(spec["file"], folder)
    key = spec.get("key")
    if key is not None and not isinstance(key, str):
        raise GraphError(f"key must be text, not {described(key)}")
    if path.suffix.lower() not in _READERS:
        raise GraphError(f"{_named(path)}: cannot read '{path.suffix}'; there are .npy, .npz and .safetensors")
    version, block, _ = _opened(path, key, None)
    shape, exact = block.shape, "" if block.bfloat16 or block.dtype.kind == "f" else block.dtype.name

    def make() -> Array:
        again, found, array = _opened(path, key, dtype)
        if again != version or found.shape != shape or array is None:
            raise _changed(path)
        return array

    return Leaf(shape, make, exact=exact)


def array_in(file: str, key: str, dtype: np.dtype[Any]) -> Array:
    """The array of any file, that of a name or the only one. Raises GraphError."""
    path = Path(file)
    spec, folder = {"file": path.name}, path.parent
    if path.suffix.lower() == ".npy":
        return read(spec, dtype, folder).make()
    try:
        return read(spec, dtype, folder).make()
    except GraphError:
        return read({**spec, "key": key}, dtype, folder).make()


def _opened(path: Path, key: str | None, dtype: np.dtype[Any] | None) -> tuple[Version, Block, Array | None]:
    """Which version of a file it is, the array in it as it lies there, and, where a `dtype` is given, the array. Raises
    GraphError."""
    try:
        with ordinary(path, links=False) as file:
            version = Version(file)
            block: Block = import_module(_READERS[path.suffix.lower()]).find(file, key)
            array = None if dtype is None else _array(block, dtype)
            same = Version(file) == version
    except GraphError as error:
        raise GraphError(f"{_named(path)}: {error}") from None
    except (OSError, Unreadable) as error:
        raise GraphError(f"{_named(path)} cannot be read: {reason(error)}") from None
    if not same:
        raise _changed(path)
    return version, block, array


def _array(block: Block, dtype: np.dtype[Any]) -> Array:
    """The numbers of a block in C order, converted piece by piece: a large array never stands twice in memory."""
    count, item = prod(block.shape), block.dtype.itemsize
    array = np.empty(count, dtype=dtype)
    with np.errstate(all="ignore"):
        for start in range(0, count, _PIECE // item):
            stop = min(start + _PIECE // item, count)
            array[start:stop] = block.numbers(stop - start)
    block.end()
    if block.fortran:
        return np.ascontiguousarray(array.reshape(block.shape[::-1]).transpose())
    return array.reshape(block.shape)


def inside(name: object, folder: Path | None, whose: str = "scenario") -> Path:
    """The file of that name, which is inside of the folder of the scenario, or of another file. Raises GraphError."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise GraphError(f"file must be the name of a file, not {described(name)}")
    if folder is None:
        raise GraphError("a file can only be read by a scenario that is a file itself")
    if Path(name).is_absolute():
        raise GraphError(f"'{shortened(name)}': the path must be relative to the {whose}")
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise GraphError(f"'{shortened(name)}' is outside the {whose}'s folder; only files inside it are read")
        if not os.path.lexists(path) or path.is_dir():
            raise GraphError(f"'{shortened(name)}': no such file in the {whose}'s folder")
    except RuntimeError:
        raise GraphError(f"'{shortened(name)}' cannot be found: its links lead round in a circle") from None
    except (OSError, ValueError) as error:  # too long, or of characters that no file name has
        raise GraphError(f"'{shortened(name)}' cannot be found: {reason(error)}") from None
    return path


def _named(path: Path) -> str:
    return f"'{shortened(path.name)}'"


def _changed(path: Path) -> GraphError:
    return GraphError(f"{_named(path)} is being written by another program; open the scenario again when it is done")
