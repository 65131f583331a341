"""Parameters as .safetensors: written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradstep.engine.errors import CommandError
from gradstep.engine.index import Array


def check_output(file: str) -> None:
    """Raises CommandError where parameters could not be written to a file: before a long training, not after."""
    path = Path(file)
    if path.suffix != ".safetensors":
        raise CommandError(f"'{file}': parameters are written as .safetensors; give a name that ends so")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise CommandError(f"'{file}' cannot be written: {'it is a folder' if path.is_dir() else 'no such folder'}")
    if not os.access(path.resolve().parent, os.W_OK):
        raise CommandError(f"'{file}' cannot be written: permission denied")


def save_weights(file: str, arrays: Mapping[str, Array], iteration: int) -> None:
    """Writes parameters as .safetensors, whole or not at all. Raises CommandError."""
    from safetensors.numpy import save as packed

    # One entry: the format's writer puts several into another order each time, and the same training makes the
    # same file.
    about = {"iteration": str(iteration)}
    content = packed({name: np.ascontiguousarray(array) for name, array in arrays.items()}, about)
    folder = Path(file).resolve().parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
            part.write(content)
        os.chmod(part.name, 0o666 & ~_umask())
        os.replace(part.name, file)
    except OSError as error:
        raise CommandError(f"'{file}' cannot be written: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
