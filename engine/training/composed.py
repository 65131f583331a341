"""Schedules that are made of others: one after the other, or each on top of the one before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gradstep.engine.training.settings import Option, whole_numbers

Options = Mapping[str, Any]


class Schedule(NamedTuple):
    """How the learning rate changes: `rate(k, lr, options)` is the one of update k, from 0 on. Options whose default is
    None are `filled` in by the training: with its steps, or with its rate. What is `needed` is told by an example.
    `momentum(k, options)` is that of update k where the schedule has one as well. `follows(k, before, lr, options)` is
    the rate of update k from that `before` it, as PyTorch computes it where several are chained; None where it is the
    same whatever was before."""

    rate: Callable[[int, float, Options], float]
    options: Mapping[str, Option]
    needed: Mapping[str, str] = {}
    momentum: Callable[[int, Options], float] | None = None
    #: Whether it follows the losses: see `plateau`.
    reacts: bool = False
    follows: Callable[[int, float, float, Options], float] | None = None
    #: Whether it begins with the rate that it finds, and not with that of the optimiser.
    goes_on: bool = False


class Part(NamedTuple):
    """A schedule with its options set, as one of several."""

    schedule: Schedule
    options: Options

    def after(self, k: int, before: float, lr: float) -> float:
        """The rate of update k from that before it."""
        follows = self.schedule.follows
        return self.schedule.rate(k, lr, self.options) if follows is None else follows(k, before, lr, self.options)


class Parts:
    """Several of them, and what they were at some updates when each was put on top of the one before."""

    #: So far apart are the updates whose rates are kept: those between are computed again.
    APART = 4096

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        #: By the rate of the optimiser: what there was at every `APART`th update, and the last one that was asked for.
        self._known: dict[float, list[float]] = {}
        self._last: dict[float, tuple[int, float]] = {}

    def chained(self, k: int, lr: float) -> float:
        """The rate of update k, from `lr` on: each schedule changes what those before it have made of it."""
        known = self._known.setdefault(lr, [])
        at = min(k // self.APART, len(known) - 1)
        begins = (at * self.APART, known[at]) if known else (-1, lr)
        last = self._last.get(lr, begins)
        update, found = last if begins[0] < last[0] <= k else begins
        while update < k:
            update += 1
            for part in self.parts:
                found = part.after(update, found, lr)
            if update == len(known) * self.APART:
                known.append(found)
        self._last[lr] = update, found
        return found


def _sequential(k: int, lr: float, o: Options) -> float:
    """Each from its milestone on, counted from there."""
    at = bisect_right(o["milestones"], k)
    start = o["milestones"][at - 1] if at else 0
    part = o["schedules"].parts[at]
    begins = _sequential(start - 1, lr, o) if part.schedule.goes_on and start else lr
    return float(part.schedule.rate(k - start, begins, part.options))


def _listed(x: object) -> bool:
    return isinstance(x, Parts) or (isinstance(x, list) and bool(x) and all(isinstance(one, Mapping) for one in x))


_SCHEDULES = Option(None, 'a list of schedules, as in [{ schedule = "linear", total_iters = 20 }, …]', _listed)
_NEEDED = {"schedules": 'schedules = [{ schedule = "linear", total_iters = 20 }, { schedule = "cosine" }]'}

#: torch.optim.lr_scheduler.SequentialLR.
SEQUENTIAL = Schedule(
    _sequential,
    {"schedules": _SCHEDULES, "milestones": whole_numbers()},
    {**_NEEDED, "milestones": "milestones = [20]"},
)
#: torch.optim.lr_scheduler.ChainedScheduler.
CHAINED = Schedule(lambda k, lr, o: float(o["schedules"].chained(k, lr)), {"schedules": _SCHEDULES}, _NEEDED)
