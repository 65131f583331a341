"""What every source of arrays gives, and how it reads the keys of its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from gradstep.engine.errors import GraphError, nearest
from gradstep.engine.index import Array, Shape
from gradstep.engine.notation import shown


class Leaf(NamedTuple):
    """An array to come: its shape, and how to make it, in the dtype of the network or in float64; and of what type its
    numbers are where that is none for gradients: bool, int64 … Of whole numbers `make_exact` gives all their digits;
    `lost` is one that is written out and that the dtype does not hold."""

    shape: Shape
    make: Callable[[], Array]
    make_wide: Callable[[], Array] | None = None
    exact: str = ""
    make_exact: Callable[[], Array] | None = None
    lost: int | None = None


def only(spec: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Raises GraphError where a table has another key than those allowed."""
    allowed = tuple(allowed)
    for key in spec:
        if key not in allowed:
            raise GraphError(f"unknown key '{key}'{nearest(key, allowed) or '; allowed are ' + ', '.join(allowed)}")


def described(found: object) -> str:
    """What stands where something else was expected, in words."""
    match found:
        case bool():
            return "true" if found else "false"
        case str():
            return f"the text {shown(found)}"
        case Mapping():
            return "a table"
        case list():
            return "an array"
        case int() | float():
            return f"the number {shown(found)}"
    return f"a {type(found).__name__}"
