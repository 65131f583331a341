"""Arrays as a table describes them: what is made, and what is said of those that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays import read

F8, F4 = np.dtype("f8"), np.dtype("f4")


def made(spec: object, dtype: Any = F8, folder: Path | None = None) -> np.ndarray[Any, Any]:
    leaf = read(spec, np.dtype(dtype), folder)
    array = leaf.make()
    assert array.shape == leaf.shape
    assert array.dtype == dtype
    return array


def refused(spec: object, dtype: Any = F8, folder: Path | None = None) -> str:
    with pytest.raises(GraphError) as error:
        made(spec, dtype, folder)
    return str(error.value)
