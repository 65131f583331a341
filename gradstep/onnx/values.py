"""What a name of ONNX stands for while a model is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

#: Types of numbers with a point, from coarse to fine.
FLOATS = ("bfloat16", "float16", "float32", "float64")


@dataclass(eq=False)
class Value:
    """A value of a model: its type, as `float32`, its shape, and how it is written in formulas; "" for what has no
    place in them yet. `numbers` gives what it is, where that is known before anything is computed: what is `constant`
    depends on no input either."""

    kind: str
    shape: tuple[int, ...]
    word: str = ""
    numbers: Callable[[], Array] | None = None
    constant: bool = False
    #: What it is to be called where it gets a name.
    wish: str = ""
    #: Whether it is a parameter as the file has it, which nodes must not use instead of the one with a gradient.
    trained: bool = False

    def numbers_now(self) -> Array:
        """What it is, of what is known."""
        assert self.numbers is not None, "it is known"
        return self.numbers()

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers or truths."""
        return self.kind not in FLOATS


def coarser(a: str, b: str) -> str:
    """Of two types of numbers with a point the one with fewer digits."""
    return min(a, b, key=FLOATS.index)


def constant(array: Array, kind: str = "", wish: str = "") -> Value:
    """Numbers that are known and depend on nothing."""
    return Value(kind or str(array.dtype), array.shape, "", lambda: array, True, wish)
