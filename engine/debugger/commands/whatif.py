"""Commands that change a run: what if a number, an operation were another one?"""

from __future__ import annotations

import re
from collections.abc import Callable

from gradstep.engine.ask.effects import Change, Effect, went
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.debugger import editing, transcript, trying
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.notation import counted


def _edited(traveller: Traveller, act: Callable[[], Edit], again: bool = False) -> Result:
    """What an edit has done, or that it was taken back and all is as it was `again`."""
    before = traveller.recording
    change = Change.of(act(), before, traveller.recording)
    return _told(traveller, change.sentence(again), {"set": change.document()})


def _told(traveller: Traveller, what: str, data: dict[str, object]) -> Result:
    found = Effect.of(traveller.base, traveller.recording, len(traveller.edits))
    return Result("\n".join([what, *found.lines()]), {**found.document(), **data})


@command
def _set(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """set NAME = VALUE: what-if: recompute from there on, stay at the same step; set op h = leaky_relu."""
    return _edited(traveller, lambda: editing.edit(traveller, rest, go_on))


@command
def _undo(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """undo: take the last edit back."""
    nothing(rest)
    return _edited(traveller, lambda: editing.undo(traveller, go_on), again=True)


@command
def _redo(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """redo: make it again."""
    nothing(rest)
    return _edited(traveller, lambda: editing.redo(traveller, go_on))


@command
def _revert(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """revert: take all edits back."""
    nothing(rest)
    before = traveller.recording.trace.loss
    count = editing.revert(traveller, go_on)
    if not count:
        return _told(traveller, "There is no edit to take back.", {})
    return _told(traveller, f"{counted(count, 'edit')} taken back; {went(before, traveller.recording.trace.loss)}.", {})


@command
def _try(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """try [N] [keep]: train a copy with each change that finding N advises, and show both losses; this training stays
    as it is. keep: go on with the change that is offered first."""
    found = re.fullmatch(r"(\d{1,9})?\s*(keep)?", rest)
    if found is None:
        raise CommandError(f"it is written try 1, or try 1 keep, not '{shortened(rest)}'")
    number = int(found[1]) if found[1] else None
    if not found[2]:
        return Result.of(trying.try_out(traveller, number, go_on))
    change = trying.keep(traveller, number, go_on)
    news = f"{change} is in the training now; save writes it"
    return Result(f"{news}\n{transcript.block(traveller.frame())}", {"kept": change}, True, news=news)
