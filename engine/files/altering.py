"""A scenario with another line, read anew: as if somebody had written it into the file."""

from __future__ import annotations

from pathlib import Path

from gradstep.engine.errors import CommandError, ScenarioError, nearest
from gradstep.engine.files.finding import loads
from gradstep.engine.files.opening import STANDARD_INPUT
from gradstep.engine.files.rewriting import Place, quoted, removed, rewritten
from gradstep.engine.files.shipped import builtin
from gradstep.engine.files.tables.names import normal
from gradstep.engine.files.toml import parse
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.training.reading import belongs


def altered(scenario: Scenario, line: str) -> Scenario:
    """The same scenario with `NAME = VALUE` in [training], or with `init NAME = KIND`, a parameter drawn at random.
    Raises CommandError where that cannot be said."""
    key, equals, value = (part.strip() for part in line.removeprefix("init ").partition("="))
    if not equals or not key.isidentifier() or not value:
        raise CommandError(f"'{line}' is no line of [training]; it is written NAME = VALUE, as in lr = 0.01")
    try:
        place, text = ("training", key), scenario.text
        if line.startswith("init "):
            place, value = _drawn(scenario, key, value)
        else:
            text = _without_what_belonged(scenario, key, value)
        return loads(rewritten(text, {place: value}), scenario.name, scenario.file, _folder(scenario))
    except ScenarioError as error:
        raise CommandError(f"'{line}' cannot be tried: {error.problems[0].text}") from None


def _without_what_belonged(scenario: Scenario, key: str, value: str) -> str:
    """The text without the options of an optimiser or a schedule in whose place another one comes."""
    text = scenario.text
    said = parse(text, scenario.file)[0].get("training", {})
    other = {**said, key: parse(f"value = {value}", "")[0]["value"]}
    for option in said if key in ("optimizer", "schedule") else ():
        if belongs(option, said) and not belongs(option, other):
            text = removed(text, "training", option)
    return text


def _drawn(scenario: Scenario, name: str, init: str) -> tuple[Place, str]:
    """Where a parameter is given, and what stands there where it is drawn at random."""
    said, _ = parse(scenario.text, scenario.file)
    value = scenario.graph.by_name.get(name)
    key = next((key for key in said.get("parameters", {}) if normal(key) == name), None)
    if value is None or key is None:
        raise CommandError(f"there is no parameter '{name}'{nearest(name, said.get('parameters', {}))}")
    shape = ", ".join(map(str, value.shape))
    # Another seed for each, lest equal shapes are equal numbers.
    before = said["parameters"][key]
    frozen = ", requires_grad = false" if isinstance(before, dict) and before.get("requires_grad") is False else ""
    return ("parameters", key), f"{{ shape = [{shape}], init = {quoted(init)}, seed = {value.id}{frozen} }}"


def _folder(scenario: Scenario) -> Path | None:
    """Where arrays are looked for that a scenario reads; None where it may read none."""
    if builtin().get(scenario.name) == scenario.file or scenario.file == STANDARD_INPUT:
        return None
    return Path(scenario.file).parent
