"""Whether recordings are those that all ranks made of one step: which rank is missing, and what differs by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import CommandError, printable, shortened
from gradstep.engine.index import Array, unravel
from gradstep.engine.run.scenario import Scenario

#: What a manifest says that is the same for all ranks of a step.
_SAID = ("model", "dtype", "level", "step", "optimizer", "samples", "keep", "updates", "backward_passes")
#: Numbers that all ranks have together, and what they are called.
_OF_ALL: Mapping[str, str] = {
    "mean": "the gradient of {} after it was averaged",
    "kept": "what the optimiser keeps of {}",
    "next": "{} after the update",
}


class Rank(NamedTuple):
    """The recording of one rank: its scenario, its manifest, and the arrays that were recorded, by their keys."""

    folder: str
    scenario: Scenario
    about: Mapping[str, Any]
    trace: Mapping[str, Array]

    @property
    def number(self) -> int:
        return int(self.about["rank"])


def agreeing(given: Sequence[Rank]) -> list[Rank]:
    """The recordings in the order of their ranks. Raises CommandError where they are not all of one step."""
    ranks = _all_there(given)
    for other in ranks[1:]:
        _same_step(ranks[0], other)
    return ranks


def _all_there(given: Sequence[Rank]) -> list[Rank]:
    by_rank, sizes = dict[int, Rank](), dict[int, Rank]()
    for one in given:
        rank, among = one.about.get("rank"), one.about.get("world_size")
        if type(rank) is not int or type(among) is not int or not 0 <= rank < among:
            raise CommandError(f"{_named(one)} is of no rank: it was recorded where no processes train together")
        if rank in by_rank:
            raise CommandError(f"{_named(by_rank[rank])} and {_named(one)} are both of rank {rank}")
        by_rank[rank], sizes[among] = one, one
    if len(sizes) > 1:
        (a, one), (b, other) = list(sizes.items())[:2]
        raise CommandError(f"{_named(one)} is one of {a} ranks, and {_named(other)} one of {b}")
    (among,) = sizes
    missing = [str(rank) for rank in range(among) if rank not in by_rank]
    if missing:
        listed = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        several = "ranks {} of {} are missing" if len(missing) > 1 else "rank {} of {} is missing"
        raise CommandError(several.format(listed, among))
    return [by_rank[rank] for rank in range(among)]


def _named(one: Rank) -> str:
    return f"'{printable(shortened(one.folder))}'"


def _same_step(a: Rank, b: Rank) -> None:
    for key in _SAID:
        if a.about.get(key) != b.about.get(key):
            what = key.replace("_", " ")
            raise CommandError(
                f"rank {a.number} and rank {b.number} are not of one step: "
                f"{what} {a.about.get(key, 'none')} and {b.about.get(key, 'none')}"
            )
    mine, theirs = _parameters(a), _parameters(b)
    for one, other, here in ((mine, theirs, b), (theirs, mine, a)):
        for name in one:
            if name not in other:
                raise CommandError(f"rank {here.number} has no parameter '{name}': it is another model")
    for name, array in mine.items():
        _same(a, b, f"parameter {name}", array, theirs[name])
    for key in sorted({*a.trace, *b.trace}):
        kind, *names = key.split(":")
        if kind in _OF_ALL:
            nothing = np.zeros(0)
            _same(a, b, _OF_ALL[kind].format(names[-1]), a.trace.get(key, nothing), b.trace.get(key, nothing))


def _parameters(one: Rank) -> dict[str, Array]:
    return {value.name: one.scenario.leaves[value.id] for value in one.scenario.graph.parameters}


def _same(a: Rank, b: Rank, what: str, mine: Array, theirs: Array) -> None:
    """Raises CommandError where numbers differ that all ranks have together."""
    ranks = f"rank {a.number} and rank {b.number}"
    if mine.shape != theirs.shape:
        if not (mine.size and theirs.size):
            raise CommandError(f"{what} is recorded in one of {ranks} only")
        raise CommandError(f"{what} has another shape in {ranks}: {mine.shape} and {theirs.shape}")
    if np.array_equal(mine, theirs, equal_nan=True):
        return
    with np.errstate(all="ignore"):
        off = np.where((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)), 0, np.abs(mine - theirs))
    off = np.where(np.isnan(off), np.inf, off).reshape(-1)
    at = int(off.argmax())
    index = unravel(at, mine.shape)
    place = f" at [{','.join(map(str, index))}]" if index else ""
    raise CommandError(
        f"{what} differs between {ranks} by {off[at]:.3g}{place}: "
        f"{float(mine.reshape(-1)[at])!r} and {float(theirs.reshape(-1)[at])!r}"
    )
