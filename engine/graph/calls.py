"""What a formula calls, and how the arguments of a call are inputs and options."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from gradstep.engine.errors import OpError, nearest
from gradstep.engine.graph.parsing import literal
from gradstep.engine.ops.composite import COMPOSITES, Composite
from gradstep.engine.ops.op import REGISTRY, Op
from gradstep.engine.ops.recorded import Recorded
from gradstep.engine.ops.synonyms import SYNONYMS, WRITTEN

#: An operation, or what several make up.
Called = type[Op] | Composite


def called(name: str) -> Called | None:
    """What is called by this name, if anything is."""
    if name == Recorded.name:
        return Recorded
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
    """What is said of the operation `name`, or of one that it is made of, under the name by which the formula calls
    it."""
    if said.startswith(name):
        return written + said.removeprefix(name)
    inner, colon, rest = said.partition(": ")
    return f"{written}: {rest}" if colon and inner.isidentifier() and called(inner) is not None else said


#: Words of PyTorch and NumPy for what has another one here. Operations have more of their own, see `Op.words`.
_EVERYWHERE = {"dim": "axis", "dims": "axes", "keepdim": "keepdims", "target": "t"}


def bind(called: Called, call: ast.Call, in_use: bool = False) -> tuple[dict[str, ast.expr], dict[str, Any]]:
    """The inputs and the options of a call, by place and by name; an input that is None is left out, and those of an
    operation of any number of them may stand in brackets, as torch.cat has them. `in_use`: it is for a network as it is
    used, and not as it is trained. Raises OpError."""
    slots = called.slots
    named = () if isinstance(called, type) else called.named
    arguments: Sequence[ast.expr] = call.args
    if called.variadic:
        if texts := [a for a in arguments[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]:
            # No array is a text: it is the first option, as in einsum("ij,jk", a, b).
            first = ast.keyword(next(iter(called.options()), ""), texts[0])
            call = ast.Call(call.func, call.args[1:], [first, *call.keywords])
            arguments = call.args
        arguments, behind = _apart(arguments)
        slots = (*(f"x{k}" for k in range(max(len(arguments), 1))), *named)
        arguments = [*arguments, *behind]
    options = called.options()
    places = [*(slot for slot in slots if slot not in named), *options, *named]
    if called.axis_second and _axis_second(arguments, call.keywords):
        places = [slots[0], "axis", *slots[1:], *(option for option in options if option != "axis")]
    given = _placed(called, places, arguments, call.keywords)
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
    inputs, said = {slot: given[slot] for slot in slots if slot in given}, _options(called, given)
    return inputs, said if isinstance(called, type) or not in_use else said | called.in_use(inputs)


def _apart(arguments: Sequence[ast.expr]) -> tuple[Sequence[ast.expr], Sequence[ast.expr]]:
    """The inputs of an operation of any number of them, which may stand in brackets, and the options behind those."""
    if arguments and isinstance(arguments[0], ast.List | ast.Tuple):
        return arguments[0].elts, arguments[1:]
    return arguments, ()


def _axis_second(arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> bool:
    """Whether an axis stands behind the first argument, as in gather(x, 1, ids), and not in a place of its own."""
    if len(arguments) + len(keywords) < 3 or len(arguments) < 2 or any(k.arg in ("axis", "dim") for k in keywords):
        return False
    second = arguments[1].operand if isinstance(arguments[1], ast.UnaryOp) else arguments[1]
    return isinstance(second, ast.Constant) and type(second.value) is int


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


def _fixed(found: Any) -> Any:
    """Lists as tuples, also within others. Raises TypeError for what no option is, OverflowError for a whole number
    that has no room in 64 bits, as PyTorch does."""
    if isinstance(found, list | tuple):
        return tuple(map(_fixed, found))
    if isinstance(found, int) and not -(1 << 63) <= found < 1 << 63:
        raise OverflowError
    if isinstance(found, dict | set | bytes | complex) or found is ...:
        raise TypeError
    return found


def _written(name: str, option: str, node: ast.expr) -> Any:
    """The value of an option, which stands in the formula as it is."""
    try:
        return _fixed(literal(node))
    except OverflowError:
        raise OpError(
            f"{name}: option '{option}' is a whole number of more than 64 bits; one so large is written as in 1e20"
        ) from None
    except (ValueError, TypeError, RecursionError):
        raise OpError(f"{name}: option '{option}' must be written out as a number, a word or a list of them") from None
