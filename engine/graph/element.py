"""One number of a network: which value, and which of its elements."""

from __future__ import annotations

from typing import NamedTuple


class Element(NamedTuple):
    """Element number `flat`, in C order, of the value of an id."""

    value: int
    flat: int
