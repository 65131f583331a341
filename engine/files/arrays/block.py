"""Where in a file the numbers of one array are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Any, BinaryIO

import numpy as np

from gradstep.engine.errors import GraphError, nearest, shortened
from gradstep.engine.index import Array, Shape, check_shape


class Unreadable(Exception):
    """A file that is damaged, or not of the kind that its name says."""


class Block:
    """The numbers of one array, in a row from where `file` stands: of `dtype`, in C order or in that of Fortran. Where
    they are of `bfloat16`, which NumPy has not, that is one of 16 bits."""

    def __init__(
        self, file: BinaryIO, shape: Shape, dtype: np.dtype[Any], fortran: bool = False, bfloat16: bool = False
    ) -> None:
        self.shape, self.dtype, self.fortran, self.bfloat16 = shape, dtype, fortran, bfloat16
        self._file = file

    def numbers(self, count: int) -> Array:
        """The next of them. Raises Unreadable where there are fewer."""
        found = np.frombuffer(self.read(count * self.dtype.itemsize), dtype=self.dtype)
        return widened(found) if self.bfloat16 else found

    def read(self, size: int) -> bytes:
        """The next bytes. Raises Unreadable where there are fewer."""
        return exactly(self._file, size)

    def end(self) -> None:
        """Says that all has been read: what has a checksum compares it now."""
        self._file.read(1)


def widened(bits: Array) -> Array:
    """The numbers that are bfloat16, the upper half of float32, by their bits."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def exactly(file: BinaryIO, size: int) -> bytes:
    """So many bytes of a file. Raises Unreadable where there are fewer."""
    found = file.read(size)
    if len(found) < size:
        raise Unreadable("it ends too early; it is damaged or not yet complete")
    return found


def checked_shape(shape: object) -> Shape:
    """A shape that stands in a file. Raises Unreadable for what is none, GraphError for one that no array has."""
    if not isinstance(shape, list | tuple) or any(type(n) is not int or n < 0 for n in shape):
        raise Unreadable("its header gives no shape")
    check_shape(tuple(shape))
    return tuple(shape)


def fits(shape: Shape, dtype: np.dtype[Any], there: int) -> None:
    """Raises Unreadable where there are not as many bytes as an array takes."""
    if prod(shape) * dtype.itemsize > there:
        raise Unreadable(f"it ends too early: an array of shape {shape} does not fit into it")


#: How NumPy writes the types whose numbers are real.
_REAL = re.compile(r"[<>=|]?(?:[biuf][0-9]{1,2}|\?)")


def real(described: object) -> np.dtype[Any]:
    """The type of real numbers that NumPy describes so. Raises GraphError for another, Unreadable for none."""
    if not isinstance(described, str):
        raise GraphError("it holds records, and not an array of numbers")
    if "O" in described:
        raise Unreadable("it holds pickled Python objects, which are refused because reading them can run code")
    if _REAL.fullmatch(described):
        try:
            return np.dtype(described)
        except TypeError:
            pass
    kind = "complex numbers" if re.fullmatch(r"[<>=|]?c[0-9]+", described) else f"'{described[:40]}'"
    raise GraphError(f"it holds {kind}; only real numbers can be differentiated here")


def chosen(key: str | None, names: Sequence[str]) -> str:
    """Which of several arrays is meant. Raises GraphError."""
    shown = ", ".join(shortened(name, 60) for name in names[:8]) + (" …" if len(names) > 8 else "")
    if key is None:
        if len(names) == 1:
            return names[0]
        raise GraphError(f"it holds {len(names)} arrays{'; say which with key = ' if names else ''}{shown}")
    if key not in names:
        hint = nearest(key, names) or (f"; there are {shown}" if names else "; it holds none")
        raise GraphError(f"it has no array '{shortened(key, 60)}'{hint}")
    return key
