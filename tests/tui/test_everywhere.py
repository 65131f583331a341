"""Wherever one stands in a scenario, and from however near one looks, there is a picture, and arrows lead somewhere."""

from __future__ import annotations

import pytest
from everywhere import moments, visit

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find

#: So many places of an iteration are looked at.
MOST = 100


@pytest.mark.parametrize("name", builtin())
def test_every_place_can_be_looked_at(name: str) -> None:
    """All that `python tests/tui/everywhere.py` visits, at fewer steps: of long ones some, as many as in the others."""
    session = Session(find(name))
    for iteration in sorted({1, min(2, session.runs.last)}):
        session.goto(f"@{iteration} 0")
        places = [*moments(session, False)]
        # A stride that no turn of what is looked at is a multiple of.
        stride = next(n for n in (1, 5, 7, 11, 13, 17) if len(places) <= n * MOST) if iteration == 1 else 7
        for position in places[::stride]:
            try:
                visit(session, position, False)
            except Exception as error:
                error.add_note(f"at {position}")
                raise
