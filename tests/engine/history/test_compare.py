"""Two trainings side by side."""

from __future__ import annotations

import pytest
from trainings import small

from gradstep.engine.ask.whatif import read_edit
from gradstep.engine.errors import Interrupted
from gradstep.engine.history.compare import trainings
from gradstep.engine.history.history import History


def test_two_that_are_the_same_say_so() -> None:
    found = trainings(History(small()), History(small()), 12)
    assert found.same
    assert (found.first, found.iterations) == (0, 12)
    (line,) = found.lines()
    assert line == f"the same: {found.last.compared:,} numbers agree in each of 12 iterations"
    assert found.document()["iteration"] is None


def test_the_iteration_in_which_they_part_is_named_with_the_losses_on_the_way() -> None:
    a, b = History(small()), History(small())
    parted = b.with_edits({5: [read_edit(b.recording(5), "W1[0,0] = 2.5")]})
    found = trainings(a, parted, 25)
    assert not found.same
    assert found.first == 5
    assert found.there.first is not None
    assert found.there.first.name == "W1[0,0]"
    assert (found.there.first.b, found.there.differing > 0) == (2.5, True)
    assert [k for k, _, _ in found.losses] == [1, 2, 5, 10, 20, 25]
    for k, one, other in found.losses:
        assert (one, other) == (a.recording(k).trace.loss, parted.recording(k).trace.loss)
        assert (one == other) == (k < 5)
    lines = list(found.lines())
    assert lines[0] == "first in iteration 5:"
    assert f"iteration 25: {found.last.differing:,} of {found.last.compared:,} numbers differ" in lines
    document = found.document()
    assert (document["same"], document["iteration"], len(document["losses"])) == (False, 5, 6)
    assert document["first"]["name"] == "W1[0,0]"


def test_differences_within_rtol_are_none() -> None:
    a, b = History(small(dtype="float64")), History(small(dtype="float32"))
    assert not trainings(a, b, 3).same
    assert trainings(a, b, 3, rtol=1e-3).same


def test_it_can_be_interrupted_while_it_trains_and_while_it_looks_back() -> None:
    with pytest.raises(Interrupted):
        trainings(History(small()), History(small()), 500, go_on=lambda share: False)
    a, b = History(small()), History(small("lr = 0.01"))
    for history in (a, b):
        history.make(400)
        history.release()
    asked: list[float] = []

    def go_on(share: float) -> bool:
        asked.append(share)
        return len(asked) < 10

    with pytest.raises(Interrupted):
        trainings(a, b, 400, go_on=go_on)
    assert len(asked) == 10
