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
    """A formula in at most `room` cells: terms of its middle are left out, or, where it has none, its letters."""
    shorter = without_middle(text, room)
    return fold(text, room) if shorter is None else shorter


def without_middle(text: str, room: int) -> str | None:
    """A formula in at most `room` cells, without terms of its middle; None where that is not enough."""
    shorter = text if breadth(text) <= room else re.sub(r" \([^()]*\)$", "", text)
    if breadth(shorter) <= room:  # over what it runs is said by its letters too
        return shorter
    for joints in _JOINTS:
        parts, between = _split(text, joints)
        if len(parts) == 1:
            continue
        begin, end = kept([breadth(part) for part in parts], room, breadth(joints[0]))
        tail = "".join(map("".join, zip(between[len(parts) - end - 1 :], parts[len(parts) - end :], strict=True)))
        shorter = (parts[0] + between[0] if begin else "") + _LEFT_OUT + tail
        if not begin and len(parts) == 2 and joints == _JOINTS[-1]:  # of a product both matter
            half = (room - 1) // 2
            return f"{fold(parts[0], room - 1 - half)}{between[0]}{fold(parts[1], half)}"
        if breadth(shorter) <= room:
            return shorter
        break
    return None


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
