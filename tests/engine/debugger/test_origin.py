"""Where a number comes from, against the numbers in the picture that the screen was designed with."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find


def test_paths_that_pull_against_each_other_cancel() -> None:
    """Two paths meet at h₁: −0.0558 and +0.0411, so 74 % of the larger are taken away."""
    session = Session(find("fan-out"))
    session.goto("h.grad[0]")
    pull = session.frame().origin.pull
    assert pull is not None
    assert (round(pull.up, 4), round(pull.down, 4)) == (0.0411, -0.0558)
    assert pull.cancelled == pytest.approx(0.74, abs=0.005)


def test_where_a_single_path_comes_nothing_pulls() -> None:
    session = Session(find("walkthrough"))
    session.goto("h.grad[1]")
    assert session.frame().origin.pull is None
