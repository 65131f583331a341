"""A scenario with another line in its [training], read anew: as if somebody had written it into the file."""

from __future__ import annotations

from pathlib import Path

from gradstep.engine.errors import CommandError, ScenarioError
from gradstep.engine.files.finding import builtin, loads
from gradstep.engine.files.opening import STANDARD_INPUT
from gradstep.engine.files.rewriting import rewritten
from gradstep.engine.run.scenario import Scenario


def altered(scenario: Scenario, line: str) -> Scenario:
    """The same scenario with `NAME = VALUE` in [training]. Raises CommandError where that cannot be said there."""
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not key.isidentifier() or not value:
        raise CommandError(f"'{line}' is no line of [training]; it is written NAME = VALUE, as in lr = 0.01")
    try:
        text = rewritten(scenario.text, {("training", key): value})
        return loads(text, scenario.name, scenario.file, _folder(scenario))
    except ScenarioError as error:
        raise CommandError(f"'{line}' cannot be tried: {error.problems[0].text}") from None


def _folder(scenario: Scenario) -> Path | None:
    """Where arrays are looked for that a scenario reads; None where it may read none."""
    if builtin().get(scenario.name) == scenario.file or scenario.file == STANDARD_INPUT:
        return None
    return Path(scenario.file).parent
