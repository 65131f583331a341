"""[[expect]]: numbers that somebody else has printed."""

from __future__ import annotations

import math

import numpy as np

from gradstep.engine.errors import CommandError, GraphError
from gradstep.engine.files import arrays
from gradstep.engine.files.draft import Draft, Table
from gradstep.engine.files.keys import EXPECT
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.graph.typed import Target
from gradstep.engine.index import Array, Shape
from gradstep.engine.notation import shown
from gradstep.engine.run.moments import NO_AVERAGE, step_of
from gradstep.engine.run.scenario import Expectation
from gradstep.engine.run.timeline import Timeline


def read_expectations(draft: Draft, time: Timeline | None, last: int, averages: bool) -> tuple[Expectation, ...]:
    """Those of iterations up to the `last`: to check them, all up to there have to be made. `averages` says whether
    those of the weights are kept."""
    return tuple(found for table in draft.entries("expect") if (found := _expectation(table, time, last, averages)))


def _expectation(table: Table, time: Timeline | None, last: int, averages: bool) -> Expectation | None:
    table.only(EXPECT)
    iteration = table.whole("iteration", 1, last) or 1
    if not table.needs(("of", "value"), "an expectation"):
        return None
    of, decimals, rtol = table.text("of"), table.whole("decimals", 0), table.said.get("rtol", 1e-6)
    if type(rtol) not in (int, float) or not 0 <= rtol < math.inf:
        table.bad("rtol", f"rtol must be a number from 0 on, not {shown(rtol)}")
        return None
    if "decimals" in table and "rtol" in table:
        table.bad("rtol", "give decimals or rtol, not both", about_key=True)
    misprint = table.flag("misprint")
    if "exact" in table and not misprint:
        table.bad("exact", "'exact' says what is right for a misprint; add misprint = true", about_key=True)
    target = None if time is None or not isinstance(table.said["of"], str) else _target(table, of, time)
    if target is not None and target.kind == "averaged" and not averages:
        table.bad("of", f"{of}: {NO_AVERAGE}")
        return None
    if target is None:
        return None
    shape = target.value.shape[len(target.index or ()) :]
    value, exact = (_number(table, key, shape, of) for key in ("value", "exact"))
    return None if value is None else Expectation(of, target, value, decimals, rtol, misprint, exact, iteration)


def _target(table: Table, of: str, time: Timeline) -> Target | None:
    """What the number is of."""
    try:
        target = Blackboard(time.graph).resolve(of)
        itself = target.kind == "grad" and target.value.id == time.graph.loss.id  # which is 1
        if target.kind != "data" and not itself:
            step_of(time, target)  # refuses what never gets such a number
    except CommandError as error:
        table.bad("of", str(error))
        return None
    return target


def _number(table: Table, key: str, shape: Shape, of: str) -> Array | None:
    """The printed number, in the shape of what it is of; None where there is none."""
    if key not in table:
        return None
    try:
        found = arrays.read(table.said[key], np.dtype(np.float64), None)
    except GraphError as error:
        table.bad(key, f"{key}: {error}")
        return None
    if math.prod(found.shape) != math.prod(shape) or (found.shape != shape and math.prod(shape) != 1):
        table.bad(key, f"{key} has shape {found.shape}, but {of} has shape {shape}")
        return None
    return found.make().reshape(shape)
