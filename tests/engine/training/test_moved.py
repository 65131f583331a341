"""An update of which only the result is known."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.training import OPTIMIZERS
from gradstep.engine.training.moved import Moved


def test_the_new_number_is_the_recorded_one() -> None:
    (line,) = Moved(4, True).lines(4)
    assert line.compute({"recorded": np.array([1.5, -2.0])}).tolist() == [1.5, -2.0]
    assert "as it was recorded" in line.says
    assert Moved(1, False).lines(1)[0].says == "no update of it was recorded"


def test_what_comes_after_it_is_not_made_up() -> None:
    with pytest.raises(OpError, match="a recording has one update"):
        Moved(4, True).lines(5)


def test_nobody_writes_it() -> None:
    assert "recorded" not in OPTIMIZERS
    assert not Moved.known
    assert all(one.known for one in OPTIMIZERS.values())
