"""Commands that say what there is: breakpoints, watches, the scenario, the place, the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradstep.engine.ask.watches import Watched
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing, place
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError, nearest


def _breakpoints(traveller: Traveller) -> Result:
    return Result.of(traveller.stops.breakpoints)


def _watches(traveller: Traveller) -> Result:
    return Result.of(Watched.at(traveller.stops.watches, traveller.position))


def _scenario(traveller: Traveller) -> Result:
    scenario, recording = traveller.recording.scenario, traveller.recording
    data = {
        "name": scenario.name,
        "title": scenario.title,
        "file": scenario.file,
        "dtype": str(recording.graph.dtype),
        "samples": recording.samples.count,
        "parameters": sum(p.size for p in recording.graph.parameters),
        "steps": recording.timeline.total,
        "edits": [e.text for e in traveller.edits],
    }
    return Result("\n".join(f"{k:<10} {v}" for k, v in data.items()), data)


def _position(traveller: Traveller) -> Result:
    frame = traveller.frame()
    data = {
        "iteration": frame.position.iteration,
        "step": frame.step,
        "term": frame.position.term,
        "of": frame.total,
        "phase": frame.phase.value,
        "at": place(traveller),
        "sample": traveller.sample,
    }
    return Result(transcript.block(frame), data)


_INFO: Mapping[str, Callable[[Traveller], Result]] = {
    "breakpoints": _breakpoints,
    "watch": _watches,
    "scenario": _scenario,
    "position": _position,
}


@command
def _info(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """info breakpoints|watch|scenario|position: what there is."""
    if rest not in _INFO:
        raise CommandError(f"there are {', '.join(_INFO)}, not '{rest}'{nearest(rest, _INFO)}")
    return _INFO[rest](traveller)


@command
def _log(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """log: every stop, edit and check so far."""
    nothing(rest)
    return Result.of(traveller.log)
