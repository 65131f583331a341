"""The data sets that ship with gradstep: plain arrays, read without a network.

Each is two files in `scenarios/data/`, `NAME-inputs.npy` (samples, features) and `NAME-labels.npy`
(samples,), class numbers from 0. The other parts are made of these two. Where they come from, and
under which licence, is said in `scenarios/data/README.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import GraphError, nearest
from gradstep.engine.files.arrays.leaf import Leaf, only
from gradstep.engine.files.keys import DATASET
from gradstep.engine.files.shipped import SHIPPED
from gradstep.engine.index import Array, Shape
from gradstep.engine.notation import shown


class DataSet(NamedTuple):
    """What is known of a set before it is read. Inputs are divided by `scale`; `image` is the shape
    of one sample where it is a picture. A set that is `whole` has no test split."""

    samples: int
    features: int
    classes: int
    scale: float = 1.0
    image: Shape = ()
    whole: bool = False


DATASETS: Mapping[str, DataSet] = {
    "xor": DataSet(4, 2, 2, whole=True),
    "two-moons": DataSet(200, 2, 2),
    "spiral": DataSet(300, 2, 3),
    "iris": DataSet(150, 4, 3),
    "digits": DataSet(1797, 64, 10, scale=16.0, image=(8, 8)),
}

SPLITS = ("all", "train", "test")
#: The last of so many samples in a row is one of the test split. Sets that are sorted by class, or
#: by who wrote the digits, are so divided evenly.
EVERY = 5

#: How each part is made of the inputs and the labels of a set.
_PARTS: Mapping[str, Callable[[DataSet, Array, Array], Array]] = {
    "inputs": lambda of, x, labels: x,
    "images": lambda of, x, labels: x.reshape(-1, *of.image),
    "labels": lambda of, x, labels: labels,
    "targets": lambda of, x, labels: labels.reshape(-1, 1),
    "one_hot": lambda of, x, labels: np.eye(of.classes)[labels],
}


def parts(name: str) -> tuple[str, ...]:
    """The parts that a set has: `images` where a sample is a picture, `targets` (samples, 1) of 0
    and 1 where there are two classes."""
    of = DATASETS[name]
    without = {"images"} if not of.image else set()
    without |= {"targets"} if of.classes != 2 else set()
    return tuple(p for p in _PARTS if p not in without)


def read(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    """The leaf of `{ dataset = "digits", split = "train", part = "inputs" }`. Raises GraphError."""
    only(spec, DATASET)
    leaf = find(spec["dataset"], spec.get("split", "all"), spec.get("part"))
    return Leaf(leaf.shape, lambda: leaf.make().astype(dtype))


def find(name: object, split: object, part: object) -> Leaf:
    """One part of one split of a set (float64). Raises GraphError with what there is."""
    name = _one_of("data set", name, tuple(DATASETS))
    of = DATASETS[name]
    split = _one_of("split", split, ("all",) if of.whole else SPLITS, f"'{name}' has ")
    if part is None:
        raise GraphError(f"a data set needs 'part', one of {', '.join(parts(name))}")
    part = _one_of("part", part, parts(name), f"'{name}' has ")
    rows = np.arange(of.samples)
    test = rows % EVERY == EVERY - 1
    rows = rows[{"all": np.ones_like(test), "train": ~test, "test": test}[split]]
    tail = {"inputs": (of.features,), "images": of.image, "targets": (1,), "one_hot": (of.classes,)}

    def make() -> Array:
        x, labels = (np.load(SHIPPED / "data" / f"{name}-{file}.npy")[rows] for file in _FILES)
        return np.asarray(_PARTS[part](of, x / of.scale, labels), dtype=np.float64)

    return Leaf((len(rows), *tail.get(part, ())), make)


_FILES = ("inputs", "labels")


def _one_of(what: str, given: object, allowed: tuple[str, ...], whose: str = "") -> str:
    if isinstance(given, str) and given in allowed:
        return given
    hint = nearest(given, allowed) if isinstance(given, str) else ""
    raise GraphError(f"{whose}no {what} {shown(given)}{hint or '; there are ' + ', '.join(allowed)}")
