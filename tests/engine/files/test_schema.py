"""The schema against a validator that others wrote: what ships is valid, and what is refused there is refused here."""

from __future__ import annotations

import tomllib

import pytest
from jsonschema import Draft7Validator

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import builtin, loads, starter
from gradstep.engine.files.schema import json_schema
from gradstep.engine.files.shipped import SHIPPED
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.options import OPTIONS
from gradstep.engine.training.schedules import SCHEDULES

SCHEMA = json_schema()
VALIDATOR = Draft7Validator(SCHEMA)
#: Enough of a scenario, before which the lines of a case stand.
REST = '[parameters]\nw = 2.0\n[graph]\nL = "w * w"\n'


def wrong(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [*builtin().values(), "starter.toml"])
def test_what_ships_is_valid(name: str) -> None:
    assert wrong((SHIPPED / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        f'titel = "x"\nformat = 1\n{REST}',
        f"format = 2\n{REST}",
        REST,
        f'format = 1\ndtype = "float8"\n{REST}',
        f'format = 1\nbatch = "w"\n{REST}',
        f"format = 1\n{REST}[training]\nlearning_rate = 0.1\n",
        f"format = 1\n{REST}[training]\nsteps = 1.5\n",
        f'format = 1\n{REST}[training]\noptimizer = "adan"\n',
        f'format = 1\n{REST}[training]\nlr = "fast"\n',
        f"format = 1\n{REST}[training]\nzero_grad = 0\n",
        f"format = 1\n{REST}[[training.groups]]\nlr = 0.1\n",
        f"format = 1\n{REST}[[training.groups]]\nparameters = ['w']\nsteps = 1\n",
        f'format = 1\n{REST}[training]\nschedule = "plateau"\nthreshold_mode = "both"\n',
        f"format = 1\n{REST}[debug]\nstop = 3\n",
        f'format = 1\n{REST}[[expect]]\nof = "L"\n',
        f'format = 1\n{REST}[[notes]]\nat = "L"\n',
        'format = 1\n[parameters]\nw = { shape = [2], init = "he" }\n[graph]\nL = "sum(w)"\n',
        'format = 1\n[parameters]\nw = { shape = [-2], init = "zeros" }\n[graph]\nL = "sum(w)"\n',
        'format = 1\n[parameters]\nw = { init = "zeros" }\n[graph]\nL = "sum(w)"\n',
        'format = 1\n[parameters]\nw = { file = "x.npy", keys = "w" }\n[graph]\nL = "sum(w)"\n',
        'format = 1\n[parameters]\nw = { dataset = "mnist", part = "inputs" }\n[graph]\nL = "sum(w)"\n',
        'format = 1\n[parameters]\nw = "2"\n[graph]\nL = "sum(w)"\n',
        "format = 1\n[parameters]\nw = 2.0\n[graph]\nL = 3\n",
        "format = 1\n[parameters]\nw = 2.0\n",
    ],
)
def test_what_it_refuses_is_refused(text: str) -> None:
    assert wrong(text)
    with pytest.raises(ScenarioError):
        loads(text)


@pytest.mark.parametrize(
    "leaf",
    ["nan", "[1, inf]", "[[1, 2], [3, 4]]", '{ shape = [2, 2], init = "normal(0, 0.1)" }',
     '{ shape = [2], init = "normal", std = 0.1, seed = 3 }', '{ shape = [2, 3], init = "orthogonal" }',
     '{ dataset = "iris", split = "test", part = "one_hot" }'],
)  # fmt: skip
def test_what_is_read_is_valid(leaf: str) -> None:
    text = f'format = 1\n[parameters]\nw = {leaf}\n[graph]\nL = "sum(w)"\n'
    assert wrong(text) == []
    loads(text)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_option_of_training_has_the_type_that_it_takes(optimizer: str) -> None:
    """The default of each, where there is one, is of the type; and what the schema calls valid is taken."""
    known = SCHEMA["definitions"]["training"]["properties"]
    for name, option in {**OPTIONS, **OPTIMIZERS[optimizer].options}.items():
        check = Draft7Validator(known[name])
        for value in (True, 1, 0.5, *option.words, "x", [0.5, 0.9]):
            if option.fits(value):
                assert check.is_valid(value), (name, value)
        if option.default is not None:
            default = list(option.default) if isinstance(option.default, tuple) else option.default
            assert check.is_valid(default), name


def test_every_schedule_is_named_with_its_options() -> None:
    known = SCHEMA["definitions"]["training"]["properties"]
    assert known["schedule"]["enum"] == list(SCHEDULES)
    assert known["optimizer"]["enum"] == list(OPTIMIZERS)
    for schedule in SCHEDULES.values():
        assert set(schedule.options) <= set(known)


def test_the_starter_names_optimisers_that_there_are() -> None:
    (line,) = [line for line in starter().splitlines() if line.startswith("optimizer = ")]
    for word in line.partition("# or ")[2].split(", "):
        assert word in OPTIMIZERS
