"""The screen of a recording, with an operation that is recorded and not explained."""

from __future__ import annotations

from pathlib import Path

import observations as seen
from everywhere import moments, visit

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find


def test_every_place_of_it_is_painted(tmp_path: Path) -> None:
    session = Session(find(str(seen.write(tmp_path / "a.gradstep"))))
    assert sum(visit(session, moment, False) for moment in moments(session, True)) > 300
