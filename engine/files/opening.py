"""Files are opened for reading here and nowhere else: ordinary ones, and of what may have no end, a part."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

#: The name of standard input.
STANDARD_INPUT = "-"

_KINDS = (
    (stat.S_ISFIFO, "it is a pipe; standard input is written -"),
    (stat.S_ISCHR, "it is a device, and no ordinary file"),
    (stat.S_ISBLK, "it is a device, and no ordinary file"),
    (stat.S_ISSOCK, "it is a socket, and no ordinary file"),
)


class Version:
    """Which content of a file was read: another one has another of these. Compared where a file is read twice."""

    def __init__(self, file: BinaryIO) -> None:
        found = os.fstat(file.fileno())
        self.size = found.st_size
        self._key = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def ordinary(path: Path, links: bool = True) -> BinaryIO:
    """An ordinary file, opened for reading; with `links` also through a symbolic one. Raises OSError for everything
    else, a pipe or a device among it, and never waits."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        # Looked at before, because to open a device can already do something; and after, because it may be another.
        _check(os.stat(path, follow_symlinks=links).st_mode)
        descriptor = os.open(path, flags if links else flags | getattr(os, "O_NOFOLLOW", 0))
    except ValueError as error:  # a zero byte in the name
        raise OSError(errno.EINVAL, str(error)) from None
    try:
        _check(os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _check(mode: int) -> None:
    """Raises OSError for what is no ordinary file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, next((text for is_one, text in _KINDS if is_one(mode)), "it is no ordinary file"))


def content(name: str, most: int) -> bytes:
    """All of a file, or of standard input for `-`: at most so many bytes. Raises OSError."""
    if name == STANDARD_INPUT:
        found = _standard_input(most)
    else:
        with ordinary(Path(name)) as file:
            found = file.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB")
    return found


_read: list[BinaryIO] = []


def _standard_input(most: int) -> bytes:
    """What stands there, once. Never asks a terminal: on a screen it has other things to say."""
    file = None if sys.stdin is None else sys.stdin.buffer
    if file is None:
        raise OSError(errno.EBADF, "standard input is closed")
    if file.isatty():
        raise OSError(errno.EINVAL, "standard input is a terminal; give a file, or pipe one into this")
    if any(file is other for other in _read):
        raise OSError(errno.EINVAL, "standard input has been read already")
    _read.append(file)
    return file.read(most + 1)


def reason(error: Exception) -> str:
    """Why a file cannot be read or written, in words."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
