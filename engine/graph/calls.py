"""What a formula calls, and how the arguments of a call are inputs and options."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from gradstep.engine.errors import ExpressionError, OpError, nearest
from gradstep.engine.graph.parsing import literal
from gradstep.engine.ops.composite import COMPOSITES, Composite
from gradstep.engine.ops.op import REGISTRY, Op
from gradstep.engine.ops.synonyms import SYNONYMS, WRITTEN

#: An operation, or what several make up.
Called = type[Op] | Composite


def called(name: str) -> Called | None:
    """What is called by this name, if anything is."""
    found = REGISTRY.get(name) or COMPOSITES.get(name)
    return found or (called(SYNONYMS[name]) if name in SYNONYMS else None)


def unknown(name: str) -> str:
    """What to say where nothing is."""
    if name in WRITTEN:
        return f"there is no operation '{name}': it is written as in {WRITTEN[name]}"
    known = [*REGISTRY, *COMPOSITES]
    hint = nearest(name, [*known, *SYNONYMS]) or f"; `gradstep ops` lists all {len(known)}"
    return f"unknown operation '{name}'{hint}"


def renamed(said: str, name: str, written: str) -> str:
    """What is said of the operation `name`, under the name by which the formula calls it."""
    return written + said.removeprefix(name) if said.startswith(name) else said


#: Words of PyTorch and NumPy for what has another one here. Operations have more of their own, see `Op.words`.
_EVERYWHERE = {"dim": "axis", "dims": "axes", "keepdim": "keepdims", "target": "t"}


def bind(called: Called, call: ast.Call) -> tuple[dict[str, ast.expr], dict[str, Any]]:
    """The inputs and the options of a call, by place and by name; an input that is None is left out, and those of an
    operation of any number of them may stand in brackets, as torch.cat has them. Raises OpError."""
    arguments, slots = call.args, called.slots
    if called.variadic:
        if len(arguments) == 1 and isinstance(arguments[0], ast.List | ast.Tuple):
            arguments = arguments[0].elts
        slots = tuple(f"x{k}" for k in range(max(len(arguments), 1)))
    options = called.options()
    given = _placed(called, [*slots, *options], arguments, call.keywords)
    for slot in slots:
        if isinstance(given.get(slot), ast.Constant) and ast.literal_eval(given[slot]) is None:
            del given[slot]
    needed = slots[: len(slots) - called.optional]
    if isinstance(called, type):  # its inputs are told apart by their number
        last = max((k for k, slot in enumerate(slots) if slot in given), default=0)
        needed = slots[: max(last, len(needed))]
        for slot in needed:
            if slot not in given and slot in called.neutral:
                given[slot] = ast.Constant(called.neutral[slot])
    missing = [slot for slot in needed if slot not in given]
    if missing:
        raise OpError(f"{called.name} needs {' and '.join(missing)}")
    return {slot: given[slot] for slot in slots if slot in given}, _options(called, given)


def options(called: Called, keywords: Sequence[ast.keyword]) -> dict[str, Any]:
    """The options of a call that leaves its inputs out. Raises OpError."""
    return _options(called, _placed(called, list(called.options()), (), keywords))


def _options(called: Called, given: Mapping[str, ast.expr]) -> dict[str, Any]:
    return {option: _written(called.name, option, given[option]) for option in called.options() if option in given}


def _placed(
    called: Called, places: Sequence[str], arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword]
) -> dict[str, ast.expr]:
    """The arguments of a call, each in its place."""
    if len(arguments) > len(places):
        raise OpError(f"{called.name} takes at most {len(places)} arguments, not {len(arguments)}")
    given, words = dict(zip(places, arguments, strict=False)), _words(called, places)
    for keyword in keywords:
        word = keyword.arg or "**"
        place = word if word in places else words.get(word)
        if place is None:
            raise OpError(f"{called.name} has no argument '{word}'{nearest(word, [*places, *words])}")
        if place in given:
            also = "" if word == place else f": '{word}' is another word for it"
            raise OpError(f"{called.name} is given '{place}' twice{also}")
        given[place] = keyword.value
    return given


def _words(called: Called, places: Sequence[str]) -> dict[str, str]:
    """What else the places of a call are called, each with what it is here."""
    found = {word: ours for word, ours in {**_EVERYWHERE, "input": called.slots[0]}.items() if ours in places}
    if called.slots[:2] == ("a", "b"):
        found["other"] = "b"
    return found | {word: ours for word, ours in called.words.items() if ours in places}


def _written(name: str, option: str, node: ast.expr) -> Any:
    """The value of an option, which stands in the formula as it is."""
    try:
        found = literal(node)
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
        return REGISTRY["index"](tuple(found))  # type: ignore[call-arg]  # the class is looked up by name
    except OpError as error:
        raise ExpressionError(str(error), inside.col_offset) from None
