"""Recordings for tests, made without the program that they would come from: what happened there is written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.files import write_recording

#: y = sin(x) − w, which nobody here can explain; what it passes on is cos(x) and −1 times what arrives.
X, W, T = np.array([0.5, -1.0]), np.array([0.25, 2.0]), np.array([1.0, 0.5])
Y = np.sin(X) - W
LINES = {"enc.0": "recorded(x, w, of='wave', size=(2,))", "loss": "mse(enc.0, t)"}
#: ∂ mean (y − t)² / ∂y, by hand.
UP = (Y - T) * 2 / 2


def numbers() -> dict[str, np.ndarray[Any, Any]]:
    """What was recorded."""
    return {
        "value:enc.0": Y,
        "gradient:enc.0": UP,
        "value:loss": np.array(((Y - T) ** 2).mean()),
        "gradient:x": UP * np.cos(X),
        "gradient:w": -UP,
    }


def write(
    folder: Path,
    lines: Mapping[str, str] = LINES,
    trace: Mapping[str, np.ndarray[Any, Any]] | None = None,
    about: Mapping[str, Any] | None = None,
    parameters: Sequence[str] = ("x", "w"),
    more: str = "",
    changed: Mapping[str, np.ndarray[Any, Any]] | None = None,
    dtype: str = "float64",
) -> Path:
    """Writes a recording and gives its folder back. `changed` are leaves with other numbers."""
    leaves = {key: a.astype(dtype) for key, a in {"x": X, "w": W, "t": T, **(changed or {})}.items()}
    given = [name for name in leaves if name not in parameters]
    text = ["format = 1", 'title = "a wave"', 'loss = "loss"', f'dtype = "{dtype}"']
    for table, names in (("inputs", given), ("parameters", parameters)):
        text += [f"[{table}]", *(f'{name} = {{ file = "leaves.safetensors", key = "{name}" }}' for name in names)]
    text += ["[graph]", *(f'"{name}" = "{formula}"' for name, formula in lines.items()), more]
    trace = numbers() if trace is None else trace
    said: Mapping[str, Any] = {"torch": "2.13.0", **(about or {})}
    kinds = {key: kind for key in trace if (kind := said.get("precision", {}).get(key.rpartition(":")[2]))}
    write_recording(str(folder), "\n".join(text), leaves, trace, said, kinds)
    return folder
