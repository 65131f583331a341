""".npz: several arrays by their names, in a zip archive."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

from gradstep.engine.files.arrays import npy
from gradstep.engine.files.arrays.block import Block, Unreadable, chosen, fits

#: Bytes that are read at a time; the directory of a hundred thousand arrays is as long.
_LONGEST = 8 << 20


def find(file: BinaryIO, key: str | None) -> Block:
    """The array called `key`, or the only one. Raises GraphError and Unreadable."""
    if file.read(len(npy.MAGIC)) == npy.MAGIC:
        raise Unreadable("it holds one array without a name; such a file is called .npy")
    with _faults():
        archive = zipfile.ZipFile(cast("BinaryIO", _Bounded(file)))
        members = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
    about = archive.getinfo(members[chosen(key, list(members))])
    if about.flag_bits & 0x1:
        raise Unreadable("it is encrypted")
    if about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable("it is compressed in another way than NumPy does")
    with _faults():
        member = _Member(archive.open(about))
        shape, dtype, fortran = npy.header(cast("BinaryIO", member))
        fits(shape, dtype, about.file_size - member.at)
        return Block(cast("BinaryIO", member), shape, dtype, fortran)


class _Bounded:
    """A file of which not much is read at a time: of the archive's directory, all of it is."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self.seekable, self._file = file.seek, file.tell, file.seekable, file

    def read(self, size: int = -1) -> bytes:
        if size > _LONGEST:
            raise Unreadable(f"its directory is {size:,} bytes long; at most {_LONGEST:,} are read")
        return self._file.read(_LONGEST if size < 0 else size)


class _Member:
    """One file of an archive while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.at = 0

    def read(self, size: int) -> bytes:
        with _faults():
            found = self._file.read(size)
        self.at += len(found)
        return found


@contextmanager
def _faults() -> Iterator[None]:
    """What reading a damaged archive raises, as one error."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, KeyError, RuntimeError) as error:
        raise Unreadable(f"it is a damaged archive ({str(error)[:100] or type(error).__name__})") from None
