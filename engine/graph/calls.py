"""What a formula calls, and how the arguments of a call are inputs and options."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from gradstep.engine.errors import ExpressionError, OpError, nearest
from gradstep.engine.ops.composite import COMPOSITES, Composite
from gradstep.engine.ops.op import REGISTRY, Op

#: An operation, or what several make up.
Called = type[Op] | Composite


def called(name: str) -> Called | None:
    """What is called by this name, if anything is."""
    return REGISTRY.get(name) or COMPOSITES.get(name)


def unknown(name: str) -> str:
    """What to say where nothing is."""
    known = [*REGISTRY, *COMPOSITES]
    hint = nearest(name, known) or f"; there are {', '.join(sorted(known))}"
    return f"unknown operation '{name}'{hint}"


def bind(called: Called, call: ast.Call) -> tuple[dict[str, ast.expr], dict[str, Any]]:
    """The inputs and the options of a call, by place and by name. Raises OpError."""
    options = called.options()
    slots = tuple(f"x{k}" for k in range(max(len(call.args), 1))) if called.variadic else called.slots
    given = _placed(called.name, [*slots, *options], call)
    needed = slots[: len(slots) - called.optional]
    if isinstance(called, type):  # its inputs are told apart by their number
        last = max((k for k, slot in enumerate(slots) if slot in given), default=0)
        needed = slots[: max(last, len(needed))]
    missing = [slot for slot in needed if slot not in given]
    if missing:
        raise OpError(f"{called.name} needs {' and '.join(missing)}")
    return (
        {slot: given[slot] for slot in slots if slot in given},
        {option: _written(called.name, option, given[option]) for option in options if option in given},
    )


def _placed(name: str, places: Sequence[str], call: ast.Call) -> dict[str, ast.expr]:
    """The arguments of a call, each in its place."""
    if len(call.args) > len(places):
        raise OpError(f"{name} takes at most {len(places)} arguments, not {len(call.args)}")
    given = dict(zip(places, call.args, strict=False))
    for keyword in call.keywords:
        place = keyword.arg or "**"
        if place not in places:
            raise OpError(f"{name} has no argument '{place}'{nearest(place, places)}")
        if place in given:
            raise OpError(f"{name} is given '{place}' twice")
        given[place] = keyword.value
    return given


def _written(name: str, option: str, node: ast.expr) -> Any:
    """The value of an option, which stands in the formula as it is."""
    try:
        found = ast.literal_eval(node)
        return tuple(found) if isinstance(found, list) else found
    except (ValueError, TypeError, RecursionError):
        raise OpError(f"{name}: option '{option}' must be written out as a number") from None


def indexed(inside: ast.expr) -> Op:
    """The operation that takes the part `[inside]` of an array."""
    found: list[int | tuple[int | None, ...]] = []
    for part in inside.elts if isinstance(inside, ast.Tuple) else [inside]:
        try:
            if isinstance(part, ast.Slice):
                ends = (part.lower, part.upper, part.step)
                found.append(tuple(None if end is None else ast.literal_eval(end) for end in ends))
            else:
                found.append(ast.literal_eval(part))
        except (ValueError, TypeError, RecursionError):
            raise ExpressionError(
                "an index is written in whole numbers, as in x[0] or x[:, 1:3]", part.col_offset
            ) from None
    try:
        return REGISTRY["index"](tuple(found))  # type: ignore[call-arg]
    except OpError as error:
        raise ExpressionError(str(error), inside.col_offset) from None
