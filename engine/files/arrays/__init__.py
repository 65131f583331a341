"""The arrays a scenario starts from. One module a source: written out, drawn, in a file, a data set that ships.

Reading happens in two moves: first every leaf says its shape, and only when the whole scenario is known to be sound
and small enough is anything allocated.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError, nearest
from gradstep.engine.files.arrays import written
from gradstep.engine.files.arrays.leaf import Leaf, only
from gradstep.engine.files.keys import WRITTEN
from gradstep.engine.index import check_shape

#: The key by which a table names its source, and the module whose `read(spec, dtype, folder)` gives the leaf. It is
#: loaded when it is used: most scenarios have their numbers written out.
SOURCES: Mapping[str, str] = {
    "init": "gradstep.engine.files.arrays.drawn",
    "file": "gradstep.engine.files.arrays.stored",
    "dataset": "gradstep.engine.files.arrays.datasets",
}


def read(spec: object, dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    """The leaf that a value of a TOML table describes; its array will have `dtype`.

    Files are looked for in `folder`, None where there is none. Raises GraphError.
    """
    leaf = _read(spec, dtype, folder)
    check_shape(leaf.shape)
    exact = (lambda: _read(spec, np.dtype(np.int64), folder).make()) if _many_digits(leaf.exact) else None
    return leaf._replace(make_wide=lambda: _read(spec, np.dtype(np.float64), folder).make(), make_exact=exact)


def _many_digits(kind: str) -> bool:
    """Whether it is a type of whole numbers of which float32 does not hold all."""
    return bool(kind) and kind != "bool" and np.iinfo(kind).bits > 16


def _read(spec: object, dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    if not isinstance(spec, Mapping):
        return written.read(spec, dtype)
    for key, module in SOURCES.items():
        if key in spec:
            leaf: Leaf = import_module(module).read(spec, dtype, folder)
            return leaf
    if "value" in spec:
        only(spec, WRITTEN)
        if "dtype" in spec:
            return written.whole(spec["value"], spec["dtype"], dtype)
        return written.read(spec["value"], dtype)
    hint = next((h for k in spec if (h := nearest(k, (*SOURCES, *WRITTEN)))), "")
    raise GraphError(f"a table here has 'init' (with 'shape'), 'file', 'dataset' or 'value'{hint}")
