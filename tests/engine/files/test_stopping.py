"""Breakpoints and watches of a file: what they are, and where their mistakes stand."""

from __future__ import annotations

import pytest
from texts import TRAINED

from gradstep.engine.debugger import Session, check
from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import loads, stops_of
from gradstep.engine.run import record


def test_those_of_the_file_in_its_order() -> None:
    scenario = loads(TRAINED.format("debug") + 'breakpoints = ["loss < 1", "w.grad == 0"]\nwatch = ["y"]\n')
    stops = stops_of(scenario, record(scenario))
    assert [b.text for b in stops.breakpoints] == ["loss < 1", "w.grad == 0"]
    assert [w.text for w in stops.watches] == ["y"]


def test_what_a_file_breaks_at_is_refused_where_it_stands() -> None:
    text = TRAINED.format("debug") + 'breakpoints = ["loss < 1", "dead(zz[1])"]\nwatch = ["losss"]\n'
    for read in (Session, check):
        with pytest.raises(ScenarioError) as refused:
            read(loads(text, file="f.toml"))
        assert [str(p).removeprefix("f.toml:") for p in refused.value.problems] == [
            "12:28: unknown name 'zz'",
            "13:10: unknown name 'losss'",
        ]
