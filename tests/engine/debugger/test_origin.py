"""Where a number comes from, against the numbers in the picture that the screen was designed with."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads


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


def test_along_no_edge_moves_a_gradient_that_no_sample_gives() -> None:
    """Of an empty batch: what enters the operation is no way that the gradient has come."""
    text = 'format = 1\nbatch = ["x"]\n[inputs]\nx = { shape = [0, 3], init = "zeros" }\n[parameters]\n'
    text += 'W = [[0.3, -0.4, 1.0], [1.0, 2.0, 3.0]]\n[graph]\nL = "sum(x @ W.T)"\n'
    session = Session(loads(text))
    for flat in ("0,0", "1,2"):
        session.goto(f"W.grad[{flat}]")
        assert session.frame().origin.live == ()
