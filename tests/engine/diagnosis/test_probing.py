"""Steps of other lengths, on a bowl where all is known: of Σ w² an update of η multiplies w by 1 − 2η, so that m times
the way leaves (1 − 2ηm)² of the loss."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.probing import FURTHEST, MULTIPLES, further, probe
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

BOWL = 'format = 1\n[parameters]\nW = [3.0, -2.0]\n[graph]\nL = "sum(W * W)"\n[training]\nlr = {lr}\nsteps = 9\n'


@pytest.mark.parametrize(
    ("lr", "timid", "overshoots"),
    [(1e-5, 100.0, False), (7.5e-3, 10.0, False), (0.1, 1.0, False), (0.5, 1.0, False), (1.2, 1.0, True)],
)
def test_on_a_bowl(lr: float, timid: float, overshoots: bool) -> None:
    found = probe(record(loads(BOWL.format(lr=lr))))
    assert found.before == 13
    assert found.gains == pytest.approx([1 - (1 - 2 * lr * m) ** 2 for m in MULTIPLES], rel=1e-9, abs=1e-12)
    assert found.timid == timid
    assert found.overshoots == overshoots


@pytest.mark.parametrize(("lr", "straight"), [(1e-5, 1e3), (1e-7, 1e5), (1e-9, 1e7), (1e-12, FURTHEST)])
def test_further_on_the_bowl(lr: float, straight: float) -> None:
    """Up to 2ηm of about 0.02 ten times the way gains about ten times as much; at 0.2 still more than three times."""
    assert further(record(loads(BOWL.format(lr=lr)))) == pytest.approx(10 * straight if lr > 1e-12 else straight)
