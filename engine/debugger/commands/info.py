"""Commands that say what there is: breakpoints, watches, the scenario, the place, the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradstep.engine.ask.watches import Watched
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing, place
from gradstep.engine.debugger.commands.time import at
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError, nearest


def _breakpoints(session: Session) -> Result:
    found = session.stops.breakpoints
    return Result("\n".join(found.lines()), found.document())


def _watches(session: Session) -> Result:
    found = Watched.at(session.stops.watches, session.position)
    return Result("\n".join(found.lines()), found.document())


def _scenario(session: Session) -> Result:
    scenario, recording = session.recording.scenario, session.recording
    data = {
        "name": scenario.name,
        "title": scenario.title,
        "file": scenario.file,
        "dtype": str(recording.graph.dtype),
        "samples": recording.samples.count,
        "parameters": sum(p.size for p in recording.graph.parameters),
        "steps": recording.timeline.total,
        "edits": [e.text for e in session.edits],
    }
    return Result("\n".join(f"{k:<10} {v}" for k, v in data.items()), data)


def _position(session: Session) -> Result:
    frame = session.frame()
    data = {
        "iteration": frame.position.iteration,
        "step": frame.step,
        "term": frame.position.term,
        "of": frame.total,
        "phase": frame.phase.value,
        "at": place(session),
        "sample": session.sample,
    }
    return Result(transcript.block(frame), data)


_INFO: Mapping[str, Callable[[Session], Result]] = {
    "breakpoints": _breakpoints,
    "watch": _watches,
    "scenario": _scenario,
    "position": _position,
}


@command
def _info(session: Session, rest: str, go_on: GoOn) -> Result:
    """info breakpoints|watch|scenario|position: what there is."""
    if rest not in _INFO:
        raise CommandError(f"there are {', '.join(_INFO)}, not '{rest}'{nearest(rest, _INFO)}")
    return _INFO[rest](session)


@command
def _log(session: Session, rest: str, go_on: GoOn) -> Result:
    """log: every stop, edit and check so far."""
    nothing(rest)
    lines = [f"{at(line)}: {line.text}" for line in session.log]
    data = [{"iteration": line.iteration, "step": line.step, "text": line.text} for line in session.log]
    return Result("\n".join(lines) or "nothing yet", data)
