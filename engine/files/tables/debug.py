"""[debug]: where a session starts, what it stops at, and what it watches."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.files.draft import Draft
from gradstep.engine.files.keys import DEBUG
from gradstep.engine.files.tables.moments import moment
from gradstep.engine.run.timeline import Timeline


class Debug(NamedTuple):
    """The breakpoints and watches as written: what they say is read by `files.stopping`, for a run."""

    breakpoints: tuple[str, ...]
    watch: tuple[str, ...]
    start: str | None


def read_debug(draft: Draft, time: Timeline | None, last: int) -> Debug:
    """It starts in an iteration up to the `last`."""
    table = draft.table("debug")
    table.only(DEBUG)
    breakpoints, watch = table.texts("breakpoints"), table.texts("watch")
    if "start" not in table:
        return Debug(breakpoints, watch, None)
    moment(table, "start", "backward", time, last)
    return Debug(breakpoints, watch, str(table.said["start"]))
