"""What if? Edits to where one is: made, taken back, made again. The place stays the same."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.ask import whatif
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError, GoOn
from gradstep.engine.notation import counted, number


def edit(here: Traveller, text: str, go_on: GoOn | None = None) -> Edit:
    """Sets something to another number, and computes again what depends on it. Raises CommandError and Interrupted,
    and then nothing has changed."""
    made = whatif.read_edit(here.recording, text)
    _enter(here, [*here.edits, made], (), go_on)
    losses = f"{number(here.base.trace.loss)} → {number(here.recording.trace.loss)}"
    here.log.note(here.position, f"set {made.text}: loss {losses}")
    return made


def undo(here: Traveller, go_on: GoOn | None = None) -> Edit:
    """Takes the last edit back. Raises CommandError if there is none, and Interrupted."""
    if not here.edits:
        raise CommandError("there is no edit to undo")
    *kept, last = here.edits
    _enter(here, kept, [*here.runs.undone, last], go_on)
    here.log.note(here.position, f"undo {last.text}")
    return last


def redo(here: Traveller, go_on: GoOn | None = None) -> Edit:
    """Makes the edit that was undone last once more. Raises CommandError if there is none, and Interrupted."""
    if not here.runs.undone:
        raise CommandError("there is no edit to redo")
    *left, last = here.runs.undone
    _enter(here, [*here.edits, last], left, go_on)
    here.log.note(here.position, f"redo {last.text}")
    return last


def revert(here: Traveller, go_on: GoOn | None = None) -> int:
    """Takes all edits back; how many there were. Raises Interrupted."""
    count = len(here.edits)
    _enter(here, (), [*here.runs.undone, *reversed(here.edits)], go_on)
    if count:
        here.log.note(here.position, f"revert {counted(count, 'edit')}")
    return count


def _enter(here: Traveller, edits: Sequence[Edit], undone: Sequence[Edit], go_on: GoOn | None) -> None:
    here.enter(here.runs.with_edits(edits, undone, go_on), go_on)
