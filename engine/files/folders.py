"""A folder of files, written whole or not at all: it gets its name when it is complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from gradstep.engine.errors import CommandError, printable, shortened
from gradstep.engine.files.opening import reason


def check_new_folder(path: str) -> Path:
    """The folder that is to be written. Raises CommandError where there is something of that name, or it could not be
    written: before a long computation, not after."""
    try:
        folder = Path(path)
        if "\0" in path:
            raise ValueError("no file has such a name")
        if os.path.lexists(folder):
            raise CommandError(f"'{_shown(path)}' exists already; give another name, nothing is overwritten")
        if not folder.parent.is_dir():
            raise _cannot(path, "no such folder to put it in")
        if not os.access(folder.parent, os.W_OK):
            raise _cannot(path, "permission denied")
    except (OSError, ValueError) as error:  # a name that no file has
        raise _cannot(path, reason(error)) from None
    return folder


def write_folder(path: str, files: Mapping[str, Callable[[BinaryIO], None]], check: Callable[[Path], None]) -> int:
    """Writes a new folder of files, each as its function does; how many bytes they have. `check` looks at it before it
    gets its name, and where that raises nothing is left. Raises CommandError."""
    folder, size = check_new_folder(path), 0
    try:
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".gradstep-", suffix=".part"))
        try:
            for name, write in files.items():
                with open(part / name, "wb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                    size += file.tell()
            check(part)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(part, 0o777 & ~mask)
            check_new_folder(path)
            os.rename(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise _cannot(path, reason(error)) from None
    return size


def _shown(path: str) -> str:
    return printable(shortened(path))


def _cannot(path: str, why: str) -> CommandError:
    return CommandError(f"'{_shown(path)}' cannot be written: {why}")
