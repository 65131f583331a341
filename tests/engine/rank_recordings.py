"""Recordings of two ranks, made without the program that they would come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import observations as seen

#: Rank 1 has twice the x of rank 0.
SCALES = (1.0, 2.0)


def local(k: int, w: np.ndarray[Any, Any] = seen.W) -> np.ndarray[Any, Any]:
    """∂ mean (w·x − t)² / ∂w of a rank by itself, by hand."""
    x = seen.X * SCALES[k]
    return (w * x - seen.T) * x


def rank(folder: Path, k: int, w: np.ndarray[Any, Any] = seen.W, **about: Any) -> Path:
    """The recording of a rank: a model of one line and its loss."""
    x = seen.X * SCALES[k]
    h = w * x
    trace = {
        "value:h": h, "gradient:h": h - seen.T, "value:loss": np.array(((h - seen.T) ** 2).mean()),
        "gradient:w": local(k, w), "mean:w": (local(0) + local(1)) / 2,
    }  # fmt: skip
    said = {"rank": k, "world_size": 2, "model": "Line", "loss": float(trace["value:loss"]), **about}
    lines = {"h": "w * x", "loss": "mse(h, t)"}
    return seen.write(
        folder / f"r{len(list(folder.iterdir()))}.gradstep", lines, trace, said, ("w",), "", {"x": x, "w": w}
    )
