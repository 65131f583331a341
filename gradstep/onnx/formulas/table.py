"""The table of operators, and what a formula is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from gradstep.onnx.values import Value


class Writer(Protocol):
    """What formulas are written for."""

    dtype: str

    def next_seed(self) -> int | None:
        """What numbers are drawn by, another one each time; None where nothing may be drawn."""

    def word(self, value: Value) -> str:
        """A value in a formula."""

    def is_data(self, value: Value) -> bool:
        """Whether a value stands, or will stand, under [inputs]."""

    def several(self, text: str, word: str, count: int) -> list[str]:
        """The results of a call, which gets a line."""


class Unwritable(Exception):
    """There is no formula for it; the message says what is missing."""


class Called:
    """A node: its attributes, and its inputs, as they are written in formulas or as the arrays that they are. `wanted`
    says of each output whether anything uses it, `dtype` is what the network computes in."""

    def __init__(
        self,
        attributes: Mapping[str, Any],
        inputs: Sequence[Value | None],
        writer: Writer,
        wanted: Sequence[bool],
        opset: int,
    ) -> None:
        self.attributes, self.inputs, self.opset, self.wanted = attributes, inputs, opset, wanted
        self._writer = writer

    @property
    def outputs(self) -> int:
        return len(self.wanted)

    @property
    def dtype(self) -> str:
        return self._writer.dtype

    def seed(self) -> int | None:
        """What is dropped is drawn by, another one each time; None where nothing may be drawn."""
        return self._writer.next_seed()

    def __getitem__(self, k: int) -> str:
        """Input k in a formula."""
        return self._writer.word(self.value(k))

    def value(self, k: int) -> Value:
        """Input k. Raises Unwritable where it is left out."""
        found = self.inputs[k] if k < len(self.inputs) else None
        if found is None:
            raise Unwritable("an input that is left out")
        return found

    def has(self, k: int) -> bool:
        return k < len(self.inputs) and self.inputs[k] is not None

    def data(self, *slots: int) -> bool:
        """Whether inputs are data under [inputs], each of its own type."""
        return all(self._writer.is_data(self.value(k)) for k in slots)

    @property
    def names(self) -> list[str]:
        """All inputs in formulas."""
        return [self[k] for k in range(len(self.inputs))]

    def array(self, k: int) -> Any:
        """The numbers of input k, where they are data."""
        found = self.value(k)
        if found.numbers is None:
            raise Unwritable("a shape or an option that is computed")
        return found.numbers()

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def kind(self, k: int = 0) -> str:
        """The type of input k."""
        return self.value(k).kind

    def shape(self, k: int = 0) -> tuple[int, ...]:
        return self.value(k).shape

    def numbers(self, name: str, k: int) -> Any:
        """Whole numbers from an attribute, or from input k."""
        if name in self.attributes:
            return [int(v) for v in self.get(name)]
        return [int(v) for v in np.asarray(self.array(k)).reshape(-1)] if self.has(k) else None

    def several(self, text: str, word: str, count: int) -> list[str]:
        """The results of a call, on a line of their own, as they are written in formulas."""
        return self._writer.several(text, word, count)


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
