"""What an expression was in iterations before: `previous(EXPR)`, and `median(EXPR, 20)` over the twenty before this."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradstep.engine.ask.scope import Moment, Part
from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.run.recording import Recording, remembered

#: What may be asked of a number over so many iterations before, the present one left out.
OVER: Mapping[str, Callable[..., Any]] = {"median": np.median, "mean": np.mean, "max": np.max, "min": np.min}
#: Over so many at most: each is computed again where an iteration is looked at.
LONGEST = 1000


@dataclass(frozen=True)
class Written:
    """An expression as a function of the moment: the same `dump` of its tree is the same expression."""

    text: str = field(compare=False)
    dump: str
    read: Callable[[Moment], Part] = field(compare=False)

    def __call__(self, moment: Moment) -> Part:
        part = self.read(moment)
        if np.asarray(part.value).dtype.kind in "US":
            raise CommandError(f"'{shortened(self.text)}': iterations before are asked for numbers")
        return part


def reach(tree: ast.expr) -> int:
    """How many iterations an expression looks back, at most."""
    counts = (
        count_of(node.args[1])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in OVER
        and len(node.args) == 2
    )
    return 1 + sum(filter(None, counts))


def earlier(recording: Recording, read: Written) -> Part:
    """What an expression was at the end of the iteration before; unknown in the first."""
    if recording.earlier is None:
        # Read all the same, so that a mistake in it is said.
        return read(Moment.end(recording))._replace(known=False)
    return read(Moment.end(recording.earlier(recording.iteration - 1)))._replace(known=True)


def count_of(node: ast.expr) -> int | None:
    """The number of iterations that stands there; None where something else does."""
    if isinstance(node, ast.Constant) and type(node.value) is int and 1 <= node.value <= LONGEST:
        return node.value
    return None


def over(recording: Recording, name: str, count: int, read: Written) -> Part:
    """The median, or what else `name` says, of one number at the end of each of the `count` iterations before; unknown
    where there are not so many. Raises CommandError where it is not one number."""
    if not read(Moment.end(recording)).single:
        raise CommandError(f"{name}(EXPR, {count}) is about one number in each iteration, as in {name}(loss, {count})")
    if recording.earlier is None or recording.iteration <= count:
        return Part(np.float64(0), False)
    numbers = _numbers(recording, count, read)
    with np.errstate(all="ignore"):
        return Part(np.float64(0), False) if numbers is None else Part(OVER[name](np.array(numbers)), True)


@remembered
def _numbers(recording: Recording, count: int, read: Written) -> tuple[float, ...] | None:
    """One number at the end of each of the iterations before, the earliest first: what lies between is then computed
    once. None where one of them is not known."""
    look, here = recording.earlier, recording.iteration
    assert look is not None, "there are so many before"
    parts = [read(Moment.end(look(k))) for k in range(here - count, here)]
    if not all(part.certain for part in parts):
        return None
    return tuple(float(np.asarray(part.value).reshape(-1)[0]) for part in parts)
