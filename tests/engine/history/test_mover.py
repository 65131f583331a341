"""Which parameter an update moved most, of those that enter a neuron: against all of them."""

from __future__ import annotations

import pytest
from trainings import small

from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History
from gradstep.engine.history.mover import mover


@pytest.fixture(scope="module")
def history() -> History:
    found = History(small())
    found.make(30)
    return found


@pytest.mark.parametrize("name", ["z1", "h"])
@pytest.mark.parametrize("unit", range(6))
def test_it_is_the_largest_of_a_units_weights_and_its_bias(history: History, name: str, unit: int) -> None:
    graph = history.start.graph
    w, b = graph.by_name["W1"].id, graph.by_name["b1"].id
    for iteration in (2, 30):
        before = history.recording(iteration - 1)
        by = {(w, unit * 5 + k): abs(before.updated(w) - before.trace.data[w])[unit, k] for k in range(5)}
        by[b, unit] = abs(before.updated(b) - before.trace.data[b])[unit]
        value, flat = max(by, key=lambda k: by[k])
        found = mover(history, Element(graph.by_name[name].id, 3 * 6 + unit), iteration)  # of sample 3
        assert found is not None
        assert found.element == (value, flat)
        assert (found.old, found.new) == (before.trace.data[value].flat[flat], before.updated(value).flat[flat])
        assert found.iteration == iteration - 1
        sweep, at = before.timeline.locate(found.step)
        assert (sweep.value, at) == (value, flat)
        assert f"(@{iteration - 1} {found.step})" in found.text


def test_there_is_none_before_the_first_update_or_where_nothing_enters_or_moves(history: History) -> None:
    graph = history.start.graph
    assert mover(history, Element(graph.by_name["z1"].id, 0), 1) is None
    assert mover(history, Element(graph.by_name["x"].id, 0), 5) is None
    still = History(small("lr = 0.0"))
    still.make(3)
    assert mover(still, Element(graph.by_name["z1"].id, 0), 2) is None


def test_what_is_frozen_does_not_move() -> None:
    history = History(find("frozen-backbone"))
    history.make(3)
    graph = history.start.graph
    trained = {p.id for p in graph.parameters}
    found = [mover(history, Element(v.id, 0), 3) for v in graph.values if v.size]
    assert {one.element.value for one in found if one is not None} <= trained
    assert None in found


def test_it_can_be_interrupted(history: History) -> None:
    history.release()
    with pytest.raises(Interrupted):
        mover(history, Element(history.start.graph.by_name["z1"].id, 0), 28, lambda share: False)
