"""How a training moves, on a bowl: of Σ w² an update of η multiplies w by 1 − 2η."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.motion import Motion
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

BOWL = 'format = 1\n[parameters]\nW = [[3.0, -2.0]]\n[graph]\nL = "sum(W * W)"\n[training]\n{training}\nsteps = 20\n'


def motion(training: str) -> Motion:
    history = History(loads(BOWL.format(training=training)))
    history.make(20)
    return Motion(history)


def test_gradients_and_moves() -> None:
    found = motion("lr = 0.1")
    assert found.gradient_norms[:3].tolist() == pytest.approx([2 * 13**0.5 * 0.8**k for k in range(3)])
    assert found.update_ratios.tolist() == pytest.approx([0.2 / 0.8] * 20)  # of what it is afterwards
    assert (found.rises, found.warm, found.decayed_at) == (0, True, 0)


def test_schedules() -> None:
    assert motion('lr = 0.1\nschedule = "step"\nstep_size = 5\ngamma = 0.001').decayed_at == 6
    assert not motion("lr = 0.1\nwarmup = 10").warm
