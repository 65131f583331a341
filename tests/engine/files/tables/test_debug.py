"""[debug]: where a session starts, what stops it and what it watches."""

from __future__ import annotations

import pytest
from texts import SMALL, TRAINED, check_problems

from gradstep.engine.files import loads


def test_it_is_kept_as_written() -> None:
    scenario = loads(SMALL + "[debug]\nstart = 3\nbreakpoints = ['dead', 'h[0] > 1']\nwatch = ['L']\n")
    assert scenario.start == "3"
    assert scenario.breakpoints == ("dead", "h[0] > 1")
    assert scenario.watch == ("L",)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("start = 99", "12:9: start: there is no step 99"),
        ("start = '@3 zz'", "12:9: start: unknown name 'zz'"),
        ("start = '@10001 L'", "12:9: start must be in an iteration from 1 to 10,000, not 10,001"),
        ("start = '@1000000000000 L'", "12:9: start: iteration 1,000,000,000,000 is beyond what can be made"),
        ("start = 1.5", '12:9: start must be a step number, a phase or a name, as in start = "backward"'),
        ("zzz = 1", "12:1: unknown key 'zzz'; allowed are breakpoints, watch, start"),
        ("watches = ['L']", "12:1: unknown key 'watches'; did you mean 'watch'?"),
        ("watch = 'L'", "12:9: watch must be a list of texts"),
        ("breakpoints = [1]", "12:15: breakpoints must be a list of texts"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(lines: str, expected: str) -> None:
    check_problems(TRAINED.format("debug") + lines + "\n", expected)
