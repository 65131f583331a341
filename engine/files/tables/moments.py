"""A moment that a table names: a step number, a phase, or the name that is written then."""

from __future__ import annotations

from gradstep.engine.errors import CommandError
from gradstep.engine.files.draft import Table
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.run.moments import find
from gradstep.engine.run.timeline import Position, Timeline


def moment(table: Table, key: str, example: str, time: Timeline | None, last: int) -> Position | None:
    """The moment that a key names, in an iteration up to the `last`; None where that is a problem, or where there is no
    `time` to find it in because the graph is broken."""
    at = table.said[key]
    if not isinstance(at, str | int) or isinstance(at, bool):
        table.bad(key, f'{key} must be a step number, a phase or a name, as in {key} = "{example}"')
        return None
    if time is None:
        return None
    try:
        found = find(time, Blackboard(time.graph), Position(0), str(at))
    except CommandError as error:
        table.bad(key, f"{key}: {error}")
        return None
    if found.iteration > last:
        table.bad(key, f"{key} must be in an iteration from 1 to {last:,}, not {found.iteration:,}")
        return None
    return found
