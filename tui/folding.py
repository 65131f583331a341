"""Which values of a network are not shown by themselves: those in a module, or within a formula, that is closed, are
shown as one thing, by what it gives.

Of a network with modules a person opens and closes them; what is `closed` is a set of groups (see `graph.modules`). Of
another network the picture closes its formulas where there is no room for their parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby, takewhile
from typing import NamedTuple

from gradstep.engine.graph import Role
from gradstep.engine.run import Position, Recording
from gradstep.tui.kept import kept_of_network

#: What is closed.
Closed = frozenset[str]
NOTHING: Closed = frozenset()
#: At first so many lines are shown, at most, where modules are closed for it; of those that only hold others, so many.
_FIRST, _HELD = 24, 64


def on_the_way(recording: Recording, value: int) -> bool:
    """Whether a value is what a formula makes on its way, without a name of its own."""
    whole = recording.graph.values[value]
    return whole.part and value != recording.graph.loss.id


def foldable(recording: Recording) -> bool:
    """Whether there are modules to open and to close."""
    return recording.board.modules.there


def home(recording: Recording, value: int) -> str:
    """The innermost module that a value lies in, formulas aside; empty where it is in none."""
    return next((group for group in reversed(recording.board.modules.of(value)) if not group.endswith(":")), "")


@kept_of_network
def formulas(recording: Recording) -> Closed:
    """All formulas with parts, closed."""
    return frozenset(group for group in recording.board.modules.members if group.endswith(":"))


@kept_of_network
def opened_first(recording: Recording) -> frozenset[str]:
    """What is open at first: whole levels of the tree of modules, as long as there are few lines, and the formulas
    last."""
    modules = recording.board.modules
    made = [modules.of(v.id) for v in recording.graph.values if v.node >= 0]
    holders = {group for group in modules.members if _only_holds(group, made)}
    opened: set[str] = set()
    for level in range(max(map(len, made), default=0)):
        more = {groups[level] for groups in made if len(groups) > level and not groups[level].endswith(":")}
        if not more or _lines(made, opened | more) > (_HELD if more <= holders else _FIRST):
            break
        opened |= more
    every = frozenset(modules.members)
    return every if len(made) <= _FIRST else frozenset(opened)


def _only_holds(group: str, made: list[tuple[str, ...]]) -> bool:
    """Whether a module does nothing itself, as a list of blocks."""
    return not group.endswith(":") and all(len(groups) > groups.index(group) + 1 for groups in made if group in groups)


def _lines(made: list[tuple[str, ...]], opened: set[str]) -> int:
    """How many lines there are with some groups open."""
    closed = [next((group for group in groups if group not in opened), None) for groups in made]
    return len(set(filter(None, closed))) + closed.count(None)


def closed_in(recording: Recording, opened: frozenset[str] | None) -> Closed:
    """What is closed of a network with modules, of which some are `opened`, None at first; nothing of another."""
    return _closed(recording, opened) if foldable(recording) else NOTHING


@kept_of_network
def _closed(recording: Recording, opened: frozenset[str] | None) -> Closed:
    return frozenset(recording.board.modules.members) - (opened_first(recording) if opened is None else opened)


def group_of(recording: Recording, value: int, closed: Closed) -> str | None:
    """The closed group that a value is shown as; None where it is shown by itself."""
    return next((group for group in recording.board.modules.of(value) if group in closed), None) if closed else None


def hidden(recording: Recording, value: int, closed: Closed) -> bool:
    """Whether a value is shown by another one."""
    group = group_of(recording, value, closed)
    return group is not None and recording.board.modules.outputs[group] != value and value != recording.graph.loss.id


def parameters_in(recording: Recording, group: str) -> tuple[int, ...]:
    """The parameters of a module."""
    values = recording.graph.values
    return tuple(v for v in recording.board.modules.members[group] if values[v].role is Role.PARAMETER)


def called(group: str) -> str:
    """The name of a group: the path of a module; of a formula that of its line."""
    return group.removesuffix(":")


def shown_as(recording: Recording, group: str) -> str:
    """Likewise, as the screen writes names: of the formula of `n1` n₁."""
    value = recording.graph.by_name.get(called(group)) if group.endswith(":") else None
    return called(group) if value is None else recording.board.whole(value.id)


def tail(name: str, around: str) -> str:
    """A name within a group that is open: what comes behind the path of that."""
    if not around:
        return name
    if name.startswith(around if around.endswith(":") else f"{around}."):
        return name[len(around) + (not around.endswith(":")) :]
    return name.rpartition(".")[2] or name


# Lists as trees --------------------------------------------------------------------------------------


class Branch(NamedTuple):
    """A row of a list that is folded: its items from `first` to before `last`. They are in a `group` that is closed, or
    one item by itself; or there is none of them, and a group that is open `begins`. `around` are the open groups that
    they are in, the outermost first."""

    first: int
    last: int
    group: str
    around: tuple[str, ...]
    begins: bool = False

    @property
    def size(self) -> int:
        """How many items it has."""
        return self.last - self.first

    @property
    def inside(self) -> str:
        """The innermost open group that it is in; empty where it is in none."""
        return self.around[-1] if self.around else ""


def branches(recording: Recording, values: Iterable[int], closed: Closed) -> Iterator[Branch]:
    """The rows of a list of values: neighbours in the same closed group are one row."""
    of = recording.board.modules.of if foldable(recording) else lambda value: ()
    around, row = tuple[str, ...](), None
    for k, value in enumerate(values):
        groups = of(value)
        depth = next((d for d, group in enumerate(groups) if group in closed), len(groups))
        here, into = groups[:depth], groups[depth] if depth < len(groups) else ""
        if row is not None and into and (row.around, row.group) == (here, into):
            row = row._replace(last=k + 1)
            continue
        if row is not None:
            yield row
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(around, here, strict=False)))
        yield from (Branch(k, k, here[d], here[:d], True) for d in range(same, len(here)))
        row, around = Branch(k, k + 1, into, here), here
    if row is not None:
        yield row


# How far a step goes, where a row is a step -----------------------------------------------------------


@kept_of_network
def _rests(recording: Recording, closed: Closed) -> tuple[tuple[int, ...], frozenset[int]]:
    """After how many arrays a step comes to rest: in order, and as a set."""
    found, start = [0], 0
    for _, sweeps in groupby(recording.timeline.sweeps, lambda sweep: sweep.phase):
        values = [sweep.value for sweep in sweeps]
        found += [start + row.last for row in branches(recording, values, closed) if not row.begins]
        start += len(values)
    return tuple(found), frozenset(found)


def arrays_to(recording: Recording, here: Position, forward: bool, closed: Closed) -> int:
    """How many arrays a step goes onward, or back: to the end of the row that it is in, or to that of the next."""
    if not closed or not here.step:
        before = after = 0
    else:
        sweep = recording.timeline.sweep_at(here.step)
        before, after = sweep.number, sweep.number + (here.step == sweep.stop and here.term is None)
    rests, _ = _rests(recording, closed)
    if forward:
        at = bisect_right(rests, after)
        return rests[at] - after if at < len(rests) else 1
    return before - rests[bisect_right(rests, before) - 1] + 1


def opened_at(recording: Recording, here: Position, opened: frozenset[str] | None) -> frozenset[str] | None:
    """What is open once one has come to a place: of the groups around it those in whose midst it is as well."""
    closed = closed_in(recording, opened)
    if not here.step or not closed:
        return opened
    sweep = recording.timeline.sweep_at(here.step)
    complete = here.step == sweep.stop and here.term is None
    while (group := group_of(recording, sweep.value, closed)) is not None:
        if complete and sweep.number + 1 in _rests(recording, closed)[1]:
            break
        closed -= {group}
        opened = frozenset(recording.board.modules.members) - closed
    return opened


# Opening and closing ----------------------------------------------------------------------------------


class Turned(NamedTuple):
    """A group that is opened or closed, and what is open then."""

    group: str
    opened: frozenset[str]


def turning(recording: Recording, opened: frozenset[str] | None, group: str) -> Turned:
    """Opens a group that is closed, or closes it."""
    return Turned(group, frozenset(recording.board.modules.members) - (closed_in(recording, opened) ^ {group}))


def opening_up(recording: Recording, opened: frozenset[str] | None, value: int) -> Turned | None:
    """Opens the closed group that shows a value; None where the value is shown by itself."""
    closed = closed_in(recording, opened)
    group = group_of(recording, value, closed)
    return None if group is None else Turned(group, frozenset(recording.board.modules.members) - closed | {group})


def seen_in(recording: Recording, opened: frozenset[str] | None, value: int) -> str:
    """The innermost group that is seen open around a value; empty where there is none."""
    if not foldable(recording):
        return ""
    closed = closed_in(recording, opened)
    return (["", *takewhile(lambda group: group not in closed, recording.board.modules.of(value))])[-1]


def closing_up(recording: Recording, opened: frozenset[str] | None, value: int) -> Turned | None:
    """Closes the innermost group that is seen open around a value; None where there is none."""
    group, closed = seen_in(recording, opened, value), closed_in(recording, opened)
    return Turned(group, frozenset(recording.board.modules.members) - closed - {group}) if group else None
