"""Commands that say what there is: breakpoints, watches, the scenario, the place, the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradstep.engine.ask.stops import shown
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.commands.questions import plainly
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing, place
from gradstep.engine.debugger.commands.time import at
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError, nearest


def _breakpoints(session: Session) -> Result:
    rows = [(b.number, b.text, b.state) for b in session.stops.breakpoints]
    text = "\n".join(f"{n:>3}  {text}   {state}" for n, text, state in rows) or "no breakpoints"
    data = [
        {
            "breakpoint": b.number,
            "text": b.text,
            "enabled": b.enabled,
            "once": b.once,
            "hits": b.hits,
            "ignore": b.ignore,
        }
        for b in session.stops.breakpoints
    ]
    return Result(text, data)


def _watches(session: Session) -> Result:
    rows = [(w.text, w.at(session.position), w.changed(session.position)) for w in session.stops.watches]
    lines = [f"{text} = {shown(part)}{'   ◂ just changed' if new else ''}" for text, part, new in rows]
    data = [
        {"watch": text, "value": plainly(part.value) if np.all(part.known) else None, "changed": new}
        for text, part, new in rows
    ]
    return Result("\n".join(lines) or "nothing is watched", data)


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
