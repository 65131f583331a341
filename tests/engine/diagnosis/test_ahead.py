"""One update ahead: the numbers of the next iteration, where it sees the same samples."""

from __future__ import annotations

import numpy as np

from gradstep.engine.diagnosis.ahead import after_update
from gradstep.engine.files import find
from gradstep.engine.history.history import History


def test_it_is_the_next_iteration_where_that_sees_the_same_samples() -> None:
    history = History(find("xor-training"))
    history.make(2)
    ahead, second = after_update(history.recording(1)), history.recording(2).trace
    assert ahead.loss == second.loss
    for parameter in history.start.graph.parameters:
        np.testing.assert_array_equal(ahead.gradient(parameter.id), second.gradient(parameter.id))
