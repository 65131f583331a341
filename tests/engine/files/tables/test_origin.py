"""[origin]: where values come from."""

from __future__ import annotations

import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import loads
from gradstep.engine.run.scenario import Origin

NET = 'format = 1\n[parameters]\nx = 2.0\n[graph]\n"fc.0" = "x * 3"\nL = "fc.0 ** 2"\n[origin]\n'


def test_what_is_said_is_read() -> None:
    found = loads(NET + '"fc.0" = { module = "fc", call = "mul", where = "train.py:3" }')
    assert found.origins == {"fc.0": Origin("fc", "mul", "train.py:3")}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('L = "here"', "8:5: 'L' must be a table with module, call, where, op"),
        ('L = { wher = "a.py" }', "unknown key 'wher'; did you mean 'where'?"),
        ("L = { where = 3 }", "where must be text in quotes"),
    ],
)
def test_mistakes_have_their_place(line: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says.replace("?", r"\?")):
        loads(NET + line)
