"""What rules look at."""

from __future__ import annotations

import pytest
from recordings import recording

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History


def test_of_one_iteration_there_is_no_training() -> None:
    evidence = Evidence(recording("xor"), None, {})
    assert (evidence.made, evidence.trained) == (1, False)
    assert evidence.first is evidence.last is evidence.here
    h = recording("xor").graph.by_name["h"]
    place = evidence.place(Element(h.id, h.shape[1] + 1))
    assert (place.name, place.iteration, place.sample) == ("h[1,1]", None, 1)


def test_of_a_training_it_has_all_losses() -> None:
    history = History(find("xor-training"))
    history.make(20)
    evidence = Evidence(history.recording(20), history, {})
    assert evidence.trained
    assert evidence.losses.tolist() == [history.recording(k).trace.loss for k in range(1, 21)]
    assert evidence.starts.tolist() == list(range(1, 21))
    assert (evidence.first.iteration, evidence.last.iteration) == (1, 20)


def test_it_can_be_stopped() -> None:
    with pytest.raises(Interrupted):
        Evidence(recording("xor"), None, {}, lambda share: False).asked()
