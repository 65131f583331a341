"""The table of operators, and what a formula is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np


class Unwritable(Exception):
    """There is no formula for it; the message says what is missing."""


class Called:
    """A node: its attributes, and its inputs, as names in formulas or as the arrays that they are."""

    def __init__(self, attributes: dict[str, Any], names: Sequence[str], known: Sequence[Any], shapes: Sequence[Any],
                 outputs: int, opset: int) -> None:  # fmt: skip
        self.attributes, self.names, self.known, self.shapes = attributes, names, known, shapes
        self.outputs, self.opset = outputs, opset

    def __getitem__(self, k: int) -> str:
        """The name of input k."""
        if not self.has(k):
            raise Unwritable("an input that is left out")
        return self.names[k]

    def has(self, k: int) -> bool:
        return k < len(self.names) and bool(self.names[k])

    def array(self, k: int) -> Any:
        """The numbers of input k, where they are data."""
        if k >= len(self.known) or self.known[k] is None:
            raise Unwritable("a shape or an option that is computed")
        return self.known[k]

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def shape(self, k: int = 0) -> tuple[int, ...]:
        return tuple(self.shapes[k])

    def numbers(self, name: str, k: int) -> Any:
        """Whole numbers from an attribute, or from input k."""
        if name in self.attributes:
            return [int(v) for v in self.get(name)]
        return [int(v) for v in np.asarray(self.array(k)).reshape(-1)] if self.has(k) else None


Made = str | list[str]
TABLE: dict[str, Callable[[Called], Made]] = {}


def op(*names: str) -> Callable[[Callable[[Called], Made]], Callable[[Called], Made]]:
    def made(of: Callable[[Called], Made]) -> Callable[[Called], Made]:
        TABLE.update(dict.fromkeys(names, of))
        return of

    return made


def simple(templates: Mapping[str, str]) -> None:
    """Operators that are written with their inputs in the places {0}, {1} …"""
    TABLE.update({name: _simple(template) for name, template in templates.items()})


def _simple(template: str) -> Callable[[Called], Made]:
    places = sum(f"{{{k}}}" in template for k in range(3))
    return lambda c: template.format(*(c[k] for k in range(places)))


def unknown(name: str, what: str) -> None:
    """An operator that nothing here is like, and what it is."""

    @op(name)
    def made(c: Called) -> Made:
        raise Unwritable(what)
