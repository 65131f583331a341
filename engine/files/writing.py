"""Files are written here and nowhere else: whole or not at all, also when the program is killed or the disk is full.

What is written stands under a temporary name beside its place, is flushed to the disk, and gets its name only then
(as in Pillai et al., All File Systems Are Not Created Equal, OSDI 2014: rename alone is not enough).
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from gradstep.engine.errors import CommandError, printable, shortened
from gradstep.engine.files.opening import content as already
from gradstep.engine.files.opening import reason


def write_new(file: str, content: str | bytes) -> None:
    """Writes a file that does not exist yet. Raises CommandError if it does, or cannot be written."""
    _write(file, content, replace=False)


def write_over(file: str, content: str | bytes) -> None:
    """Writes a file, in the place of one of that name. Raises CommandError if it cannot be written; the old one is
    then as it was."""
    _write(file, content, replace=True)


def write_more(file: str, content: bytes, most: int) -> None:
    """Adds to a file, which is begun anew where it has more than so many bytes. Raises CommandError if it cannot be
    written; what was there stays."""
    try:
        before = already(file, most)
    except OSError:  # there is none, or it is too long
        before = b""
    _write(file, before + content, replace=True)


def check_place(file: str) -> None:
    """Raises CommandError where a file could not be written: before a long computation, not after."""
    try:
        path = Path(file).resolve()
        if path.is_dir():
            raise _cannot(file, "it is a folder")
        if not path.parent.is_dir():
            raise _cannot(file, "no such folder")
        if path.exists() and not path.is_file():
            raise _cannot(file, "it is no ordinary file")
        if not os.access(path.parent, os.W_OK):
            raise _cannot(file, "permission denied")
    except (OSError, ValueError) as error:
        raise _cannot(file, reason(error)) from None


def _write(file: str, content: str | bytes, replace: bool) -> None:
    check_place(file)
    path = Path(file).resolve()
    if not replace and path.exists():
        raise _exists(file)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".gradstep-", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(data)
                opened.flush()
                os.fchmod(opened.fileno(), _mode(path))
                os.fsync(opened.fileno())
            if replace:
                os.replace(part, path)
            else:
                _name(part, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part)
        _settle(path.parent)
    except FileExistsError:
        raise _exists(file) from None
    except (OSError, ValueError) as error:
        raise _cannot(file, reason(error)) from None


def _name(part: str, path: Path) -> None:
    """Gives a finished file its name. Raises FileExistsError where something of that name has appeared meanwhile."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without links: the name is taken first, and then filled.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        os.replace(part, path)


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, or those of a new one."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _settle(folder: Path) -> None:
    """The new name reaches the disk as well, where the system can say so of a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _exists(file: str) -> CommandError:
    return CommandError(f"'{printable(file)}' exists already; give another name, nothing is overwritten")


def _cannot(file: str, why: str) -> CommandError:
    return CommandError(f"'{printable(shortened(file))}' cannot be written: {why}")
