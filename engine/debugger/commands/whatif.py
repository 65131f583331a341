"""Commands that change a run: what if a number, an operation were another one?"""

from __future__ import annotations

from gradstep.engine.ask.effects import Effect
from gradstep.engine.debugger import editing
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.notation import counted


def _edited(traveller: Traveller, what: str) -> Result:
    found = Effect.of(traveller.base, traveller.recording, len(traveller.edits))
    return Result("\n".join([what, *found.lines()]), found.document())


@command
def _set(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """set NAME = VALUE: what-if: recompute from there on, stay at the same step; set op h = leaky_relu."""
    return _edited(traveller, f"set {editing.edit(traveller, rest, go_on).text}")


@command
def _undo(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """undo: take the last edit back."""
    nothing(rest)
    return _edited(traveller, f"undone: {editing.undo(traveller, go_on).text}")


@command
def _redo(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """redo: make it again."""
    nothing(rest)
    return _edited(traveller, f"redone: {editing.redo(traveller, go_on).text}")


@command
def _revert(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """revert: take all edits back."""
    nothing(rest)
    return _edited(traveller, f"{counted(editing.revert(traveller, go_on), 'edit')} taken back")
