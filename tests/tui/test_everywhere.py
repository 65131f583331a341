"""Wherever one stands in a scenario, and from however near one looks, there is a picture, and arrows lead somewhere."""

from __future__ import annotations

from itertools import islice

import pytest
from everywhere import moments, visit

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find


@pytest.mark.parametrize("name", builtin())
def test_every_place_can_be_looked_at(name: str) -> None:
    """All that `python tests/tui/everywhere.py` visits, at fewer steps."""
    session = Session(find(name))
    for iteration in sorted({1, min(2, session.runs.last)}):
        session.goto(f"@{iteration} 0")
        for position in islice(moments(session, False), 0, None, 1 if iteration == 1 else 7):
            try:
                visit(session, position, False)
            except Exception as error:
                error.add_note(f"at {position}")
                raise
