"""The breakpoints and watches of a scenario file; their mistakes with line and column."""

from __future__ import annotations

from gradstep.engine.ask.stops import Stops, Unreadable
from gradstep.engine.errors import Problem, ScenarioError
from gradstep.engine.files.places import Places
from gradstep.engine.files.scanner import Scan
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario


def stops_of(scenario: Scenario, recording: Recording) -> Stops:
    """What stops a run of the scenario at first. Raises ScenarioError where one cannot be read."""
    try:
        return Stops.of(scenario, recording)
    except Unreadable as error:
        places = Places(Scan(scenario.text))
        problems = [Problem(scenario.file, *places.value(["debug", m.key, m.number]), m.text) for m in error.mistakes]
        raise ScenarioError(problems) from None
