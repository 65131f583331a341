"""Watches over the iterations of a training, against a loop in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads

#: w ← w − 0.25 · 2 (w − 3): the distance to 3 is halved in each iteration, exactly.
HALVING = (
    'format = 1\n[parameters]\nw = [7.0]\n[graph]\nd = "w - 3"\nL = "sum(d * d)"\n[training]\nlr = 0.25\nsteps = 6\n'
)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("w", lambda k: 3 + 4 * 0.5**k),
        ("w[0]", lambda k: 3 + 4 * 0.5**k),
        ("w.grad", lambda k: 8 * 0.5**k),
        ("norm(w.grad) + 1", lambda k: 8 * 0.5**k + 1),
        ("loss", lambda k: 16 * 0.25**k),
        ("loss > 1", lambda k: float(k < 2)),
        ("previous", lambda k: 16 * 0.25 ** (k - 1)),
    ],
)
def test_a_single_number_is_noted_at_the_end_of_iterations(text: str, at: object) -> None:
    session = Session(loads(HALVING))
    session.watch(text)
    session.train(6)
    (watch,) = session.stops.watches
    assert callable(at)
    first = {1: at(0)} if text != "previous" else {}
    expected = first | {k: at(k - 1) for k in range(2, 7)}
    assert {k: v for k, v in watch.seen.items() if k in expected} == pytest.approx(expected)


def test_of_an_array_nothing_is_noted() -> None:
    session = Session(loads(HALVING.replace("[7.0]", "[7.0, 5.0]")))
    session.watch("w.grad")
    session.train(6)
    assert session.stops.watches[0].seen == {}
    assert np.size(session.stops.watches[0].at(session.position).value) == 2
