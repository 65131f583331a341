"""Elements of arrays under letters that run: z[i,0] for all i, x[0,i+1,2j] for all i and j.

A letter runs over the whole axis on which it stands alone, unless it is said from where to where.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.index import Elements, Grid, Shape, unravel
from gradstep.engine.notation import MINUS
from gradstep.engine.ops.windows import steps

_LETTERS = dict(zip("ijklmnprstuv", "ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ", strict=True))


class Member(NamedTuple):
    """Elements of one value, in the order in which they run."""

    value: int
    grid: Grid


class Running(NamedTuple):
    """`over` are the letters as subscripts, as in Σᵢⱼ; `names` how each member is called under them; `ranges` from
    where to where those letters run that do not run over a whole axis, as in ` (i = 1…2)`."""

    over: str
    names: tuple[str, ...]
    ranges: str


class _Axes(NamedTuple):
    """Where a member's first element is, and how far the next one is along each letter, on each of its axes."""

    shape: Shape
    first: tuple[int, ...]
    directions: tuple[tuple[int, ...], ...]

    def alone(self, letter: int) -> Iterator[int]:
        """The axes on which a letter alone moves, and by one."""
        for axis in range(len(self.shape)):
            if [d[axis] for d in self.directions] == [int(k == letter) for k in range(len(self.directions))]:
                yield axis


def running(board: Blackboard, members: Sequence[Member]) -> Running | None:
    """Names for members that run together: their grids have the same shape. None where no letters say it."""
    extents = [n for n in members[0].grid.shape if n > 1]
    letters = [letter for letter in _LETTERS if letter not in board.graph.by_name][: len(extents)]
    found = [_axes(board.graph.values[m.value].shape, m.grid) for m in members]
    axes = [a for a in found if a is not None]
    if len(axes) < len(members) or len(letters) < len(extents):
        return None
    starts = [_start(axes, k, n) for k, n in enumerate(extents)]
    names = tuple(_name(board, m, a, letters, starts) for m, a in zip(members, axes, strict=True))
    parts = [k for k, n in enumerate(extents) if not _whole(axes, k, n, starts[k])]
    explicit = {letters[k]: f"{starts[k]}…{starts[k] + extents[k] - 1}" for k in parts}
    return Running("".join(_LETTERS[letter] for letter in letters), names, _ranges(explicit))


def _axes(shape: Shape, grid: Grid) -> _Axes | None:
    """A grid along the axes of an array of `shape`; None where it jumps over the ends of its axes."""
    first, directions = unravel(grid.base, shape), []
    low, high = list(first), list(first)
    for extent, stride in zip(grid.shape, grid.strides, strict=True):
        if extent == 1:
            continue
        last = unravel(grid.base + (extent - 1) * stride, shape)
        each = tuple((b - a) // (extent - 1) for a, b in zip(first, last, strict=True))
        if sum(e * s for e, s in zip(each, steps(shape), strict=True)) != stride:
            return None
        for axis, far in enumerate(e * (extent - 1) for e in each):
            low[axis], high[axis] = low[axis] + min(far, 0), high[axis] + max(far, 0)
        directions.append(each)
    inside = all(a >= 0 and b < n for a, b, n in zip(low, high, shape, strict=True))
    return _Axes(shape, first, tuple(directions)) if inside else None


def _start(axes: Sequence[_Axes], letter: int, extent: int) -> int:
    """Where a letter begins: so that it stands alone on an axis, best on a whole one."""
    alone = [(a.shape[axis], a.first[axis]) for a in axes for axis in a.alone(letter)]
    return next((first for size, first in alone if size == extent), alone[0][1] if alone else 0)


def _whole(axes: Sequence[_Axes], letter: int, extent: int, start: int) -> bool:
    """Whether a letter runs over the whole of all axes on which it stands alone, of which there is one."""
    alone = [a.shape[axis] for a in axes for axis in a.alone(letter) if a.first[axis] == start]
    return start == 0 and set(alone) == {extent}


def _name(board: Blackboard, member: Member, axes: _Axes, letters: Sequence[str], starts: Sequence[int]) -> str:
    if board.graph.values[member.value].role is Role.LITERAL or not any(map(any, axes.directions)):
        return board.element(member.value, member.grid.base)
    index = []
    for axis, first in enumerate(axes.first):
        by = [d[axis] for d in axes.directions]
        constant = first - sum(b * s for b, s in zip(by, starts, strict=True))
        index.append(_coordinate([(b, letter) for b, letter in zip(by, letters, strict=True) if b], constant))
    return f"{board.whole(member.value)}[{','.join(index)}]"


def _coordinate(terms: Sequence[tuple[int, str]], constant: int) -> str:
    """`2i+k−1`; what is subtracted stands last."""
    parts = [(by, f"{abs(by) if abs(by) > 1 else ''}{letter}") for by, letter in terms]
    if constant or not parts:
        parts.append((constant, str(abs(constant))))
    parts.sort(key=lambda part: part[0] < 0)
    text = "".join(f"{MINUS if by < 0 else '+'}{shown}" for by, shown in parts)
    return text.removeprefix("+")


def _ranges(explicit: dict[str, str]) -> str:
    if not explicit:
        return ""
    together = {r: ", ".join(k for k, other in explicit.items() if other == r) for r in explicit.values()}
    return f" ({', '.join(f'{letters} = {r}' for r, letters in together.items())})"


def indexed(board: Blackboard, element: Element) -> str:
    """The name of an element beside such that run: z[0], also where it has a shorter one."""
    value = board.graph.values[element.value]
    index = ",".join(map(str, unravel(element.flat, value.shape)))
    return board.element(*element) if value.role is Role.LITERAL or not index else f"{board.whole(value.id)}[{index}]"


def summed(board: Blackboard, values: Sequence[int], grids: Sequence[Elements], template: str, count: int) -> str:
    """Σᵢ ½(y[i] − t[i])²: the sum of a template's terms over elements of several values that run together."""
    members = [Member(value, grid) for value, grid in zip(values, grids, strict=True) if isinstance(grid, Grid)]
    found = running(board, members) if len(members) == len(grids) else None
    if found is None:
        whole = template.format(*map(board.whole, values))
        return f"Σ {whole}, {count:,} terms"
    sign, bare = (MINUS, template[1:]) if template.startswith(MINUS) else ("", template)
    return f"{sign}Σ{found.over} {bare.format(*found.names)}{found.ranges}"
