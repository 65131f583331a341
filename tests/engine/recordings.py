"""Runs that tests look at."""

from __future__ import annotations

from functools import cache

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.files import find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.run.recording import Recording, record


@cache
def recording(name: str) -> Recording:
    """The first iteration of a built-in scenario."""
    return record(find(name))


def written(parameters: str, *lines: str, dtype: str = "float64", more: str = "") -> Recording:
    """The first iteration of a network: `x = 2.0` and the like, and its graph's lines, as `L = x ** 3`."""
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in lines)
    return record(loads(f'format = 1\ndtype = "{dtype}"\n[parameters]\n{parameters}\n[graph]\n{graph}\n{more}'))


def element(rec: Recording, text: str) -> Element:
    """The one number that a name means."""
    target = rec.board.resolve(text)
    assert target.flat is not None
    return Element(target.value.id, target.flat)


def all_of(rec: Recording, text: str) -> list[str]:
    """The steps at which a condition holds: their phase, and what they write."""
    condition = Condition(text, rec)
    return [
        f"{sweep.phase.value} {rec.board.typed(sweep.value, int(flat))}"
        for sweep in rec.timeline.sweeps
        for flat in np.flatnonzero(condition.mask(sweep, 0, sweep.size))
    ]
