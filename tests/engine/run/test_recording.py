"""One iteration whole: its notes, its names, what is found out about it once and how long that is kept."""

from __future__ import annotations

import gc
import weakref

import pytest
from trainings import small

from gradstep.engine.files import loads
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History
from gradstep.engine.run import recording as module
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording, record, remembered
from gradstep.engine.run.timeline import Phase

NOTED = """format = 1
[parameters]
w = [1.0, 2.0]
[graph]
h = "w * w"
L = "sum(h)"
[training]
lr = 0.1
steps = 5
[[notes]]
at = "h[0]"
text = "one"
[[notes]]
at = "h[0]"
text = "two"
[[notes]]
at = "L"
text = "three"
[[notes]]
at = "@3 L"
text = "later"
"""


def test_notes_belong_to_their_iteration_and_those_of_one_step_to_each_other() -> None:
    scenario = loads(NOTED)
    history = History(scenario)
    assert record(scenario).notes == {1: "one\ntwo", 3: "three"}
    assert [history.recording(k).notes for k in (1, 2, 3)] == [{1: "one\ntwo", 3: "three"}, {}, {3: "later"}]


def test_what_a_phase_writes_as_one_types_it() -> None:
    recording = record(loads(NOTED))
    w, loss = recording.graph.by_name["w"].id, recording.graph.loss.id
    names = [recording.typed(Element(w, 1), phase) for phase in Phase]
    assert names == ["w[1]", "w[1]", "w.grad[1]", "w.next[1]"]
    assert recording.typed(Element(loss, 0)) == "L"


def test_the_next_loss_is_that_of_the_updated_parameters() -> None:
    scenario = small('optimizer = "adam"\nlr = 0.1')
    recording = record(scenario)
    leaves = {**scenario.leaves, **{p.id: recording.updated(p.id) for p in recording.graph.parameters}}
    assert recording.next_loss() == run(scenario.graph, leaves).loss
    assert recording.next_loss() < recording.trace.loss


def test_what_is_remembered_is_found_out_once_for_each_run_and_argument() -> None:
    asked: list[tuple[int, int]] = []

    @remembered
    def found(recording: Recording, much: int, more: int = 0) -> list[int]:
        """What it says."""
        asked.append((recording.iteration, much + more))
        return [much + more]

    one, other = record(loads(NOTED)), record(loads(NOTED))
    assert found(one, 1) is found(one, 1)
    assert found(one, 1, more=2) is found(one, 1, more=2)
    assert found(other, 1) == [1]
    assert asked == [(1, 1), (1, 3), (1, 1)]
    assert found.__doc__ == "What it says."


def test_what_is_remembered_goes_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Large:
        pass

    @remembered
    def found(recording: Recording, much: int) -> Large:
        return Large()

    recording = record(loads(NOTED))
    kept = weakref.ref(found(recording, 1))
    gc.collect()
    assert kept() is not None
    # Not so much is remembered that it would matter.
    monkeypatch.setattr(module, "_MOST", 3)
    for much in range(2, 8):
        found(recording, much)
        assert len(recording.memory) <= 3
    last = weakref.ref(found(recording, 7))
    gc.collect()
    assert kept() is None
    assert last() is not None
    del recording
    gc.collect()
    assert last() is None
