"""The table of formats."""

from __future__ import annotations

import json

import pytest
from texts import SMALL

from gradstep.engine.files import FORMATS, export, loads
from gradstep.engine.run import record


@pytest.mark.parametrize("kind", list(FORMATS))
def test_every_format_writes_text_that_ends_its_last_line(kind: str) -> None:
    text = export(record(loads(SMALL)), kind)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_json_is_json() -> None:
    assert json.loads(export(record(loads(SMALL)), "json"))["dtype"] == "float64"
