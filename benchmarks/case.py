"""What a case of `operations.py` is: a formula, what it is in PyTorch, and the shapes and numbers of its leaves.

Leaves in capitals are parameters, whose gradients are computed; the others are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gradstep.engine.graph.graph import Graph

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]
#: Rows of activations; what normalisation and softmax have as rows; images.
ROWS: Shape = (256, 1024)
IMAGES: Shape = (8, 32, 28, 28)


@dataclass(frozen=True)
class Case:
    """A formula, PyTorch's function of its leaves in their order, and each leaf's shape and kind of numbers."""

    formula: str
    torch: Callable[..., Any]
    leaves: Mapping[str, tuple[Shape, str]]

    def shape(self, name: str) -> Shape:
        return self.leaves[name][0]

    def order(self, graph: Graph) -> list[int]:
        return [graph.by_name[name].id for name in self.leaves]

    def numbers(self, name: str, rng: np.random.Generator) -> Array:
        shape, kind = self.leaves[name]
        if kind.startswith("below "):
            return rng.integers(0, int(kind[6:]), shape).astype(np.float32)
        if kind == "order":
            return (
                np.stack([rng.permutation(shape[-1]) for _ in range(int(np.prod(shape[:-1])))])
                .reshape(shape)
                .astype(np.float32)
            )
        found = {
            "normal": lambda: rng.standard_normal(shape),
            "positive": lambda: rng.random(shape) * 3 + 0.1,
            "within": lambda: rng.random(shape) * 1.8 - 0.9,
            "chance": lambda: rng.random(shape) * 0.9 + 0.05,
            "beyond": lambda: rng.random(shape) * 3 + 1.1,
            "mask": lambda: rng.random(shape) < 0.5,
            "signs": lambda: np.sign(rng.standard_normal(shape)),
            "small": lambda: rng.standard_normal(shape) * 0.05,
            "shares": lambda: _shares(rng.standard_normal(shape)),
        }[kind]()
        return np.asarray(found, dtype=np.float32)


def _shares(x: Array) -> Array:
    e = np.exp(x)
    return np.asarray(e / e.sum(axis=-1, keepdims=True))
