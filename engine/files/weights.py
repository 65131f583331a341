"""Parameters as .safetensors: written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradstep.engine.errors import CommandError
from gradstep.engine.files.writing import check_place, write_over
from gradstep.engine.index import Array


def check_output(file: str) -> None:
    """Raises CommandError where parameters could not be written to a file: before a long training, not after."""
    if Path(file).suffix != ".safetensors":
        raise CommandError(f"'{file}': parameters are written as .safetensors; give a name that ends so")
    check_place(file)


def save_weights(file: str, arrays: Mapping[str, Array], iteration: int) -> None:
    """Writes parameters as .safetensors, whole or not at all. Raises CommandError."""
    from safetensors.numpy import save as packed

    # One entry: the format's writer puts several into another order each time, and the same training makes the
    # same file.
    about = {"iteration": str(iteration)}
    write_over(file, packed({name: np.ascontiguousarray(array) for name, array in arrays.items()}, about))
