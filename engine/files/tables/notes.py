"""[[notes]]: the author's own words at a step."""

from __future__ import annotations

from gradstep.engine.files.draft import Draft, Table
from gradstep.engine.files.keys import NOTE
from gradstep.engine.files.tables.moments import moment
from gradstep.engine.run.scenario import Note
from gradstep.engine.run.timeline import Timeline
from gradstep.engine.training.settings import LAST_ITERATION


def read_notes(draft: Draft, time: Timeline | None) -> tuple[Note, ...]:
    return tuple(note for table in draft.entries("notes") if (note := _note(table, time)))


def _note(table: Table, time: Timeline | None) -> Note | None:
    table.only(NOTE)
    if not table.needs(("at", "text"), "a note"):
        return None
    text, at = table.text("text"), moment(table, "at", "h.grad[1]", time, LAST_ITERATION)
    return None if at is None else Note(at.step, text, at.iteration)
