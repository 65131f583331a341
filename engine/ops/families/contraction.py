"""Sums of products over axes that letters name: einsum, and what is written as one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from string import ascii_letters

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, Space, strides
from gradstep.engine.ops.affine import Contract
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Multiply
from gradstep.engine.ops.families.diagonals import Diagonal
from gradstep.engine.ops.families.reduction import Sum
from gradstep.engine.ops.families.shape import Reshape, Transpose
from gradstep.engine.ops.shapes import normal_axes, shape_text


@dataclass(frozen=True)
class Contraction(Contract):
    """y[ik] = Σⱼ a[ij] · b[jk] for the equation "ij,jk->ik": a letter for each axis, none twice in an operand. What
    only one operand has is in the result, and what both have and the result has not is summed over."""

    name = "contract"
    slots = ("a", "b")
    notation = "Σ {0} × {1}"
    slopes = ("{1}", "{0}")
    summed = (0,)
    label = "sum of products"

    equation: str = "i,i->"

    def __post_init__(self) -> None:
        parts = self._parts if isinstance(self.equation, str) and self.equation.count(",") == 1 else ()
        letters = len(parts) == 3 and all(p.isascii() and (p.isalpha() or not p) for p in parts)
        found = letters and all(len(set(p)) == len(p) for p in parts) and {*parts[0]} ^ {*parts[1]} <= {*parts[2]}
        if not found or not {*parts[2]} <= {*parts[0], *parts[1]}:
            raise OpError(f"contract: an equation is written as in 'ij,jk->ik', not {self.equation!r}")

    @property
    def _parts(self) -> tuple[str, ...]:
        return tuple(part for side in self.equation.split("->") for part in side.split(","))

    def _extents(self, shapes: Sequence[Shape]) -> dict[str, int]:
        """The length of each letter's axis. Raises OpError."""
        found: dict[str, int] = {}
        for letters, shape in zip(self._parts, shapes, strict=False):
            if len(letters) != len(shape):
                raise OpError(f"einsum: '{letters}' has {len(letters)} letters for shape {shape_text(shape)}")
            for letter, length in zip(letters, shape, strict=True):
                if found.setdefault(letter, length) != length:
                    raise OpError(_unequal(letter, found[letter], length, shapes))
        return found

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        extents = self._extents(shapes)
        return tuple(extents[letter] for letter in self._parts[2])

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.einsum(self.equation, *xs, optimize=True))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        mine, other, out = self._parts[slot], self._parts[1 - slot], self._parts[2]
        return np.asarray(np.einsum(f"{out},{other}->{mine}", g, xs[1 - slot], optimize=True))

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        extents = self._extents(shapes)
        letters = [*self._parts[2], *(a for a in extents if a not in self._parts[2])]

        def seen(part: str, shape: Shape) -> tuple[int, ...]:
            steps = dict(
                zip(part, (s if n > 1 else 0 for s, n in zip(strides(shape), shape, strict=True)), strict=True)
            )
            return tuple(steps.get(letter, 0) for letter in letters)

        operands = tuple(seen(part, shape) for part, shape in zip(self._parts, shapes, strict=False))
        out = seen(self._parts[2], tuple(extents[a] for a in self._parts[2]))
        return Space(tuple(extents[a] for a in letters), operands, out)


def _unequal(letter: str, length: int, other: int, shapes: Sequence[Shape]) -> str:
    return (
        f"einsum: '{letter}' is {length} long in one operand and {other} in another, of shapes "
        f"{' and '.join(map(shape_text, shapes))}; lengths must be equal, or one of them 1"
    )


def _read(equation: str, x: Sequence[Given]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, in the place of `...` letters of their own. Raises OpError."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    sides = left.split(",")
    if not all(side.replace("...", "", 1).isalpha() or side in ("", "...") for side in [*sides, right]):
        raise OpError(f"einsum: an equation is written as in 'ij,jk->ik', not {equation!r}")
    if len(sides) != len(x):
        raise OpError(f"einsum: {equation!r} is for {len(sides)} operands, and there are {len(x)}")
    free = [letter for letter in reversed(ascii_letters) if letter not in text]
    rest = [len(one.shape) - len(side.replace("...", "")) for side, one in zip(sides, x, strict=True)]
    for side, one, more in zip(sides, x, rest, strict=True):
        if more < 0 or (more and "..." not in side):
            raise OpError(
                f"einsum: '{side}' does not fit shape {shape_text(one.shape)}, which has {len(one.shape)} axes"
            )
    most = max((more for side, more in zip(sides, rest, strict=True) if "..." in side), default=0)
    dots = "".join(free[:most])
    letters = [s.replace("...", dots[len(dots) - m :]) for s, m in zip(sides, rest, strict=True)]
    if not arrow:
        once = [a for a in sorted(set("".join(s.replace("...", "") for s in sides))) if left.count(a) == 1]
        right = "..." * bool("..." in left) + "".join(once)
    out = right.replace("...", dots)
    if len(set(out)) < len(out) or not set(out) <= set("".join(letters)):
        raise OpError(f"einsum: each letter of the result stands once, and in an operand, not as in {equation!r}")
    return letters, out


def _without_repeats(plan: Plan, letters: str) -> tuple[Plan, str]:
    """Diagonals where a letter stands twice."""
    while repeated := next((a for a in letters if letters.count(a) > 1), ""):
        first = letters.index(repeated)
        second = letters.index(repeated, first + 1)
        plan = (Diagonal(0, first, second), [plan])
        letters = "".join(a for k, a in enumerate(letters) if k not in (first, second)) + repeated
    return plan, letters


@composite(operands="x")
def einsum(*x: Given, equation: str = "i->i") -> Plan:
    """Sums of products: each axis has a letter, those of the result stand behind ->, and all others are summed over."""
    letters, out = _read(equation, x)
    _check_repeats(letters, x)
    return _products(letters, out, x)


def _products(letters: Sequence[str], out: str, x: Sequence[Given]) -> Plan:
    """Operands one after the other, each with its letters: of each product what later ones need is kept."""
    extents: dict[str, int] = {}
    for text, one in zip(letters, x, strict=True):
        for letter, length in zip(text, one.shape, strict=True):
            if 1 not in (length, extents.get(letter, 1)) and extents[letter] != length:
                raise OpError(_unequal(letter, extents[letter], length, [g.shape for g in x]))
            extents[letter] = max(length, extents.get(letter, length)) if length else 0
    slim = [_slim(text, one, extents) for text, one in zip(letters, x, strict=True)]
    made = []
    for k, (plan, text) in enumerate(slim):
        others = "".join(other for j, (_, other) in enumerate(slim) if j != k)
        made.append(_summed(plan, text, {*out, *others}))
    plan, have = made[0]
    for k, (other, theirs) in enumerate(made[1:], 1):
        later = {*out, *"".join(text for _, text in made[k + 1 :])}
        into = out if k == len(x) - 1 else "".join(dict.fromkeys(a for a in have + theirs if a in later))
        into = "".join(a for a in into if a in have + theirs)
        plan, have = (Contraction(f"{have},{theirs}->{into}"), [plan, other]), into
    return _ordered(plan, have, out)


def _slim(text: str, x: Given, extents: Mapping[str, int]) -> tuple[Plan, str]:
    """An operand with each letter once, and without axes of length 1 that are longer elsewhere."""
    plan: Plan = x
    narrow = [a for a, n in zip(text, x.shape, strict=True) if n == 1 != extents[a]]
    if narrow:
        plan = (Reshape(tuple(n for a, n in zip(text, x.shape, strict=True) if a not in narrow)), [plan])
        text = "".join(a for a in text if a not in narrow)
    return _without_repeats(plan, text)


def _summed(plan: Plan, text: str, needed: Collection[str]) -> tuple[Plan, str]:
    """An operand summed over the axes that no other one and not the result has."""
    alone = tuple(j for j, a in enumerate(text) if a not in needed)
    return ((Sum(alone), [plan]) if alone else plan), "".join(a for a in text if a in needed)


def _ordered(plan: Plan, have: str, out: str) -> Plan:
    """The axes in the order of the result; of one operand that is the result already, a copy."""
    if have != out:
        plan = (Transpose(tuple(have.index(a) for a in out)), [plan])
    return (Transpose(tuple(range(len(out)))), [plan]) if isinstance(plan, Given) else plan


def _check_repeats(letters: Sequence[str], x: Sequence[Given]) -> None:
    for text, one in zip(letters, x, strict=True):
        lengths: dict[str, int] = {}
        for letter, length in zip(text, one.shape, strict=True):
            if lengths.setdefault(letter, length) != length:
                raise OpError(
                    f"einsum: '{letter}' stands for axes of {lengths[letter]} and {length} of {shape_text(one.shape)}"
                )


def _letters(count: int, start: int = 0) -> str:
    return ascii_letters[start : start + count]


@composite(dims="axes")
def tensordot(a: Given, b: Given, *, axes: int | tuple[tuple[int, ...], ...] = 2) -> Plan:
    """Σ a · b over the last `axes` of a and the first of b, or over pairs of axes, ((of a, …), (of b, …))."""
    if isinstance(axes, int):
        if not 0 <= axes <= min(len(a.shape), len(b.shape)):
            raise OpError(f"tensordot: {shape_text(a.shape)} and {shape_text(b.shape)} have not both {axes} axes")
        of_a, of_b = tuple(range(len(a.shape) - axes, len(a.shape))), tuple(range(axes))
    else:
        pairs = list(axes)
        if len(pairs) != 2 or len(pairs[0]) != len(pairs[1]):
            raise OpError(f"tensordot: axes are a number, or as many of a as of b, not {axes!r}")
        of_a, of_b = normal_axes("tensordot", pairs[0], len(a.shape)), normal_axes("tensordot", pairs[1], len(b.shape))
    mine = list(_letters(len(a.shape)))
    theirs = list(_letters(len(b.shape), len(a.shape)))
    for p, q in zip(of_a, of_b, strict=True):
        if a.shape[p] != b.shape[q] and 1 not in (a.shape[p], b.shape[q]):
            raise OpError(
                f"tensordot: axis {p} of {shape_text(a.shape)} and axis {q} of {shape_text(b.shape)} must be as long"
            )
        theirs[q] = mine[p]
    out = [k for k in mine if k not in theirs] + [k for k in theirs if k not in mine]
    return _products(["".join(mine), "".join(theirs)], "".join(out), [a, b])


@composite(vec2="b", input="a")
def outer(a: Given, b: Given) -> Plan:
    """Every product of an element of a row a and one of a row b."""
    return (Multiply(), [(Reshape((prod(a.shape), 1)), [a]), (Reshape((prod(b.shape),)), [b])])


@composite(other="b")
def inner(a: Given, b: Given) -> Plan:
    """Σ a · b over the last axes of both."""
    if not a.shape or not b.shape:
        return (Multiply(), [a, b])
    if a.shape[-1] != b.shape[-1]:
        raise OpError(
            f"inner: the last axes of a {shape_text(a.shape)} and b {shape_text(b.shape)} must be as long as each "
            f"other, and are {a.shape[-1]} and {b.shape[-1]}"
        )
    mine, theirs = _letters(len(a.shape) - 1), _letters(len(b.shape) - 1, len(a.shape))
    last = _letters(1, len(a.shape) + len(b.shape))
    return _products([mine + last, theirs + last], mine + theirs, [a, b])


@composite(other="b")
def kron(a: Given, b: Given) -> Plan:
    """Every product of an element of a and all of b, in its place (Kronecker)."""
    count = max(len(a.shape), len(b.shape))
    wide = [(*(1,) * (count - len(s)), *s) for s in (a.shape, b.shape)]
    left: Plan = (Reshape(tuple(n for length in wide[0] for n in (length, 1))), [a])
    right: Plan = (Reshape(tuple(n for length in wide[1] for n in (1, length))), [b])
    return (Reshape(tuple(n * m for n, m in zip(*wide, strict=True))), [(Multiply(), [left, right])])


@composite(input1="a", input2="b", weight="W", bias="c")
def bilinear(a: Given, b: Given, W: Given, c: Given | None = None) -> Plan:
    """y[…, o] = Σᵢⱼ a[…, i] W[o, i, j] b[…, j] + c[o]."""
    if len(W.shape) != 3 or a.shape[-1:] != W.shape[1:2] or b.shape[-1:] != W.shape[2:]:
        raise OpError(
            f"bilinear: W must be (out, {', '.join(map(str, (*a.shape[-1:], *b.shape[-1:])))}) for a "
            f"{shape_text(a.shape)} and b {shape_text(b.shape)}, but it is {shape_text(W.shape)}"
        )
    if a.shape[:-1] != b.shape[:-1]:
        raise OpError(
            f"bilinear: a {shape_text(a.shape)} and b {shape_text(b.shape)} must have the same axes before the last, "
            f"and have {shape_text(a.shape[:-1])} and {shape_text(b.shape[:-1])}"
        )
    rows = _letters(len(a.shape) - 1)
    i, j, o = tuple(ascii_letters[-3:])
    first: Plan = Part("weighted", (Contraction(f"{rows}{i},{o}{i}{j}->{rows}{o}{j}"), [a, W]))
    product: Plan = (Contraction(f"{rows}{o}{j},{rows}{j}->{rows}{o}"), [first, b])
    return product if c is None else (Add(), [product, c])
