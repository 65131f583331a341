"""Sessions as tests drive them: by commands."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find


def fresh(name: str = "walkthrough", *lines: str) -> Session:
    """A session of a scenario, after some commands."""
    session = Session(find(name))
    for line in lines:
        session.do(line)
    return session


def refused(session: Session, line: str) -> str:
    """Why a command is refused; nothing has changed."""
    before = (session.position, len(session.edits), len(session.stops.breakpoints), len(session.stops.watches))
    with pytest.raises(CommandError) as error:
        session.do(line)
    assert (session.position, len(session.edits), len(session.stops.breakpoints), len(session.stops.watches)) == before
    return str(error.value)
