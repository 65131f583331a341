"""What is left out of a row of things where there is no room for all: its middle. How it begins says what it is about,
and at its end is what it comes to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradstep.engine.explain import Num
from gradstep.tui.cells import breadth, fold

#: Signs between the parts of a formula, those that bind least first.
_JOINTS = ((" + ", " − "), (" × ",), ("·",))
_LEFT_OUT = "…"
#: A term in fewer cells than this says nothing.
_LEAST = 16
#: A gradient in fewer cells than this is cut as one.
_BOTH = 14
#: How much one element changes with another, both with their places.
_BETWEEN = re.compile(r"(∂[^\s·×/∂\[\]]+)\[[^\[\]]*\]/(∂[^\s·×/∂\[\]]+)\[[^\[\]]*\]")


def without_places(text: str) -> str:
    """A formula in which local gradients are between arrays instead of between elements, `∂a/∂d` for
    `∂a[1,0]/∂d[1,0]`: which ones is said by the upstream gradient, and by what is computed."""
    return _BETWEEN.sub(r"\1/\2", text)


def kept(widths: Sequence[int], room: int, joint: int) -> tuple[int, int]:
    """How many things of some widths, with `joint` cells between two, are kept of a row's begin and of its end: the
    first, and as many of the last as there is room for. (0, n) where not even two have room."""
    count = len(widths)
    if sum(widths) + joint * (count - 1) <= room:
        return count, 0
    left = room - 1 - joint  # for what stands in the place of the others
    if count > 1 and widths[0] + widths[-1] + joint <= left:
        left, begin = left - widths[0] - joint, 1
    else:
        begin = 0
    end = 0
    while end < count - begin - 1 and sum(widths[count - end - 1 :]) + joint * end <= left:
        end += 1
    return begin, max(end, 1)


def row(widths: Sequence[int], room: int, joint: int) -> list[int | None]:
    """The numbers of the things that are kept, and None where others are left out."""
    begin, end = kept(widths, room, joint)
    left_out: list[int | None] = [None] if begin + end < len(widths) else []
    return [*range(begin), *left_out, *range(len(widths) - end, len(widths))]


def folded(text: str, room: int) -> str:
    """A formula in at most `room` cells: terms of its middle are left out, or, where that is not enough, letters of the
    factors of the last, of which both matter."""
    shorter = without_middle(text, room)
    if shorter is not None:
        return shorter
    text = without_places(text)
    terms, between = _split(text, _JOINTS[0])
    if len(terms) > 1 and room > _LEAST:
        head = _LEFT_OUT + between[-1]
        return head + folded(terms[-1], room - breadth(head))
    for joints in _JOINTS[1:]:
        parts, between = _split(text, joints)
        if len(parts) == 2 and room > _LEAST:
            left = room - breadth(between[0])
            first = fold_name(parts[0], max(left - breadth(parts[1]), left // 2))
            return f"{first}{between[0]}{fold_name(parts[1], left - breadth(first))}"
    return fold(text, room)


def without_middle(text: str, room: int) -> str | None:
    """A formula in at most `room` cells, without places, or terms of its middle; None where that is not enough."""
    for shorter in (text, re.sub(r" \([^()]*\)$", "", text)):  # over what it runs is said by its letters too
        if breadth(shorter) <= room:
            return shorter
    text = without_places(shorter)
    if breadth(text) <= room:
        return text
    for joints in _JOINTS:
        parts, between = _split(text, joints)
        if len(parts) == 1:
            continue
        begin, end = kept([breadth(part) for part in parts], room, breadth(joints[0]))
        tail = "".join(map("".join, zip(between[len(parts) - end - 1 :], parts[len(parts) - end :], strict=True)))
        shorter = (parts[0] + between[0] if begin else "") + _LEFT_OUT + tail
        both = not begin and len(parts) == 2 and joints != _JOINTS[0]  # of a product both matter
        return shorter if breadth(shorter) <= room and not both else None
    return None


def fold_name(name: str, width: int) -> str:
    """A name in at most `width` cells; of a gradient, `∂a/∂b`, what is derived and by what are cut each by itself, and
    the sign of a sum before it is not."""
    summed, space, name_of = name.partition(" ")
    if summed.startswith("Σ") and breadth(summed) < width // 3 < breadth(name):
        return f"{summed}{space}{fold_name(name_of, width - breadth(summed) - 1)}"
    above, line, below = name.partition("/")
    if not (line and name.startswith("∂") and below.startswith("∂")) or breadth(name) <= width or width < _BOTH:
        return fold(name, width)
    left = width - 1
    first = fold(above, max(left - breadth(below), min(breadth(above), left // 2)))
    return f"{first}/{fold(below, left - breadth(first))}"


def _split(text: str, joints: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The parts of a formula between some signs, and the signs; what stands in brackets is one part."""
    parts, between, depth = [""], [], 0
    pieces = re.split("([()\\[\\]]|" + "|".join(map(re.escape, joints)) + ")", text)
    for piece in pieces:
        depth += (piece in ("(", "[")) - (piece in (")", "]"))
        if piece in joints and not depth:
            between.append(piece)
            parts.append("")
        else:
            parts[-1] += piece
    return parts, between


def folded_numbers(parts: Sequence[str | Num], room: int, digits: int) -> tuple[str | Num, ...]:
    """The same formula with numbers put in, likewise."""
    terms: list[list[str | Num]] = [[]]
    for part in parts:
        if isinstance(part, Num):
            terms[-1].append(part)
            continue
        first, *more = part.split(" + ")
        terms[-1].append(first)
        terms += [[one] for one in more]
    widths = [sum(breadth(p if isinstance(p, str) else p.text(digits)) for p in term) for term in terms]
    begin, end = kept(widths, room, 3)
    if begin == len(terms):
        return tuple(parts)
    if not begin:
        return ()
    found: list[str | Num] = []
    left_out: list[str | Num] = [_LEFT_OUT]
    for term in (*terms[:begin], left_out, *terms[len(terms) - end :]):
        found += [" + ", *term] if found else term
    return tuple(found)
