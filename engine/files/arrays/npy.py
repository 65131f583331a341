""".npy: one array. The format is described in numpy.lib.format."""

from __future__ import annotations

import ast
import os
import re
from typing import Any, BinaryIO

import numpy as np

from gradstep.engine.errors import GraphError, shortened
from gradstep.engine.files.arrays.block import Block, Unreadable, checked_shape, exactly, fits, real
from gradstep.engine.index import Shape

MAGIC = b"\x93NUMPY"
#: A longer header, which NumPy refuses as well, is none of an array of numbers.
_LONGEST = 10_000


def find(file: BinaryIO, key: str | None) -> Block:
    """The array of a .npy file. Raises GraphError and Unreadable."""
    if key is not None:
        raise GraphError(f"a .npy file holds one array and has no key '{shortened(key, 60)}'")
    shape, dtype, fortran = header(file)
    fits(shape, dtype, os.fstat(file.fileno()).st_size - file.tell())
    return Block(file, shape, dtype, fortran)


def header(file: BinaryIO) -> tuple[Shape, np.dtype[Any], bool]:
    """The shape, the type and whether the order is that of Fortran; the file then stands at the first number."""
    begun = file.read(len(MAGIC))
    if begun[:4] == b"PK\x03\x04":
        raise Unreadable("it is a zip archive; such a file is called .npz")
    if begun != MAGIC:
        raise Unreadable("it is no .npy file: it does not begin as one")
    major, minor = exactly(file, 2)
    if (major, minor) not in ((1, 0), (2, 0), (3, 0)):
        raise Unreadable(f"it is of version {major}.{minor} of the format; 1.0, 2.0 and 3.0 are read")
    length = int.from_bytes(exactly(file, 2 if major == 1 else 4), "little")
    if length > _LONGEST:
        raise Unreadable(f"its header is {length:,} bytes long; at most {_LONGEST:,} are read")
    return _described(exactly(file, length).decode("utf-8" if major == 3 else "latin-1", errors="replace"))


def _described(text: str) -> tuple[Shape, np.dtype[Any], bool]:
    """What a header says. It is a Python literal, and Python 2 has written its whole numbers with an L."""
    try:
        said = ast.literal_eval(re.sub(r"(?<=[0-9])L\b", "", text).strip())
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise Unreadable("its header is damaged") from None
    if not isinstance(said, dict) or set(said) != {"descr", "fortran_order", "shape"}:
        raise Unreadable("its header is damaged")
    if not isinstance(said["fortran_order"], bool):
        raise Unreadable("its header does not say in which order the numbers stand")
    return checked_shape(said["shape"]), real(said["descr"]), said["fortran_order"]
