"""What the screen has found out and keeps: pictures, places, painted lines. None of it lies in the engine, and it
goes with the run, the network or the training that it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from gradstep.engine.history import History
from gradstep.engine.run import Recording

Owner = TypeVar("Owner")
P = ParamSpec("P")
R = TypeVar("R")
#: So much is kept of each function for each run; then the oldest goes.
_MOST = 512

Function = Callable[Concatenate[Owner, P], R]


def kept_of_run(function: Function[Recording, P, R]) -> Function[Recording, P, R]:
    """A function of a run (and hashable arguments) that is asked the same only once. What it gives must not hold on to
    the run: an edited run of a large network would then never go."""
    return _kept(function, lambda recording: recording)


def kept_of_network(function: Function[Recording, P, R]) -> Function[Recording, P, R]:
    """Likewise, where the answer follows from the network alone: from its graph, its names, and which axes count
    samples. It is the same for all iterations of a training, and for all edits but those of an operation."""
    return _kept(function, lambda recording: recording.board)


def kept_of_training(function: Function[History, P, R]) -> Function[History, P, R]:
    """A function of a training (and hashable arguments that say how far it is), of which only what was found last is
    kept. What it gives must not hold on to the training."""
    return _kept(function, lambda history: history, most=1)


def _kept(
    function: Function[Owner, P, R], about: Callable[[Owner], object], most: int | None = None
) -> Function[Owner, P, R]:
    memory: WeakKeyDictionary[object, dict[Any, R]] = WeakKeyDictionary()

    @wraps(function)
    def once(owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> R:
        mine = memory.setdefault(about(owner), {})
        key = (args, *kwargs.items())
        if key not in mine:
            if len(mine) >= (_MOST if most is None else most):
                del mine[next(iter(mine))]
            mine[key] = function(owner, *args, **kwargs)
        return mine[key]

    return once
