"""The list of the steps at which something holds, against the runs themselves."""

from __future__ import annotations

import pytest
from brute import steps
from recordings import recording
from trainings import small

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.hits import Hit, Hits
from gradstep.engine.history import search
from gradstep.engine.history.history import History


@pytest.mark.parametrize("name", ["walkthrough", "xor", "log-of-zero"])
def test_a_hit_is_what_its_step_writes(name: str) -> None:
    rec = recording(name)
    for step in steps(name):
        hit = Hit.at(rec, step.number)
        assert (hit.iteration, hit.step) == (1, step.number)
        target = rec.board.resolve(hit.name)
        assert (target.value.name, target.flat or 0) == (step.name, step.index)
        assert target.kind == {"backward": "grad", "update": "next"}.get(step.phase, "data")
        assert hit.value == pytest.approx(step.grad if step.phase == "backward" else step.value, nan_ok=True, rel=0)


def test_what_is_found_is_told_in_the_order_of_time() -> None:
    found = Hits((Hit(1, 3, "h[0]", 0.54), Hit(1, 1_204, "L", -0.0)), several=False, more=False)
    assert list(found.lines()) == ["       3  h[0]             0.5400", "   1,204  L                0"]
    assert found.document() == [{"step": 3, "at": "h[0]", "value": 0.54}, {"step": 1204, "at": "L", "value": -0.0}]
    across = Hits(found.hits, several=True, more=True)
    first, *_, last = across.lines()
    assert first.startswith("@1 ")
    assert last == "these are the first 2; a narrower condition finds later ones"
    assert all(row["iteration"] == 1 for row in across.document())
    assert list(Hits((), False, False).lines()) == ["it holds at no step"]
    assert Hits((), False, False).document() == []


def test_all_iterations_are_looked_through() -> None:
    history = History(small())
    history.make(12)
    condition = Condition("W1.grad[0,0] < 0", history.recording(1))
    found = search.find(history, condition, 5)
    expected = []
    for k in range(1, 13):
        rec = history.recording(k)
        value = rec.graph.by_name["W1"].id
        if rec.trace.gradient(value)[0, 0] < 0:
            step = rec.timeline.step_of(rec.timeline.phase_of(value, "grad"), value, 0)
            expected.append((k, step, "W1.grad[0,0]", float(rec.trace.gradient(value)[0, 0])))
    assert len(expected) > 5
    assert list(found.hits) == expected[:5]
    assert found.several
    assert found.more
    assert not search.find(history, condition, 50).more
