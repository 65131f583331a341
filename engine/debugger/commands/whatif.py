"""Commands that change a run: what if a number, an operation were another one?"""

from __future__ import annotations

from gradstep.engine.ask.effects import Effect
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing
from gradstep.engine.debugger.session import Session
from gradstep.engine.notation import counted


def _edited(session: Session, what: str) -> Result:
    found = Effect.of(session.base, session.recording, len(session.edits))
    return Result("\n".join([what, *found.lines()]), found.document())


@command
def _set(session: Session, rest: str, go_on: GoOn) -> Result:
    """set NAME = VALUE: what-if: recompute from there on, stay at the same step; set op h = leaky_relu."""
    return _edited(session, f"set {session.edit(rest, go_on).text}")


@command
def _undo(session: Session, rest: str, go_on: GoOn) -> Result:
    """undo: take the last edit back."""
    nothing(rest)
    return _edited(session, f"undone: {session.undo(go_on).text}")


@command
def _redo(session: Session, rest: str, go_on: GoOn) -> Result:
    """redo: make it again."""
    nothing(rest)
    return _edited(session, f"redone: {session.redo(go_on).text}")


@command
def _revert(session: Session, rest: str, go_on: GoOn) -> Result:
    """revert: take all edits back."""
    nothing(rest)
    return _edited(session, f"{counted(session.revert(), 'edit')} taken back")
