"""Commands from and to disk: another scenario in place of this one or beside it, and this one written down."""

from __future__ import annotations

from gradstep.engine.debugger import questions
from gradstep.engine.debugger.commands.table import GoOn, Result, command
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.files import saving, writing
from gradstep.engine.files.finding import find
from gradstep.engine.files.formats import FORMATS, export


@command
def _export(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """export FORMAT FILE: the whole run as data."""
    kind, _, file = rest.partition(" ")
    if kind not in FORMATS:
        raise CommandError(f"there are the formats {', '.join(FORMATS)}, not '{kind}'{nearest(kind, FORMATS)}")
    if not file.strip():
        raise CommandError("a file is needed, as in export json run.json")
    writing.write_new(file.strip(), export(traveller.recording, kind))
    return Result(f"written to {file.strip()}", {"file": file.strip()})


@command
def _save(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """save FILE: the scenario with its edits, breakpoints and watches, as a new file."""
    if not rest:
        raise CommandError("a file is needed, as in save mine.toml")
    stops = traveller.stops
    texts = [b.text for b in stops.breakpoints], [w.text for w in stops.watches]
    saving.save(rest, traveller.history.recording(1), traveller.edits, *texts)
    return Result(f"saved as {rest}", {"file": rest})


@command
def _open(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """open FILE: another scenario: a file, or the name of a built-in one."""
    if not rest:
        raise CommandError("a file or the name of a built-in scenario is needed")
    traveller.open(find(rest), go_on)
    return Result(traveller.recording.scenario.title or rest, {"name": traveller.recording.scenario.name}, True)


@command
def _diff(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """diff FILE|off: compare with another run: first divergence, largest differences, both numbers on the screen."""
    if not rest:
        raise CommandError("a file or the name of a built-in scenario is needed")
    if rest == "off":
        traveller.runs = traveller.runs._replace(beside=None)
        return Result("no longer compared", {"off": True})
    return Result.of(questions.diff(traveller, find(rest), go_on))
