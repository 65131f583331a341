"""Terms in order of size, wherever one stands: they add up to the number, by NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.debugger.ranking import Ranked, ranked, step_of
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.run.timeline import Grain, Phase


def told(session: Session, name: str, phase: Phase, limit: int) -> Ranked | None:
    value = session.recording.graph.by_name[name].id
    return ranked(session.frame(), Element(value, 0), phase, limit)


def test_the_largest_come_first_with_their_own_running_sum() -> None:
    session = Session(find("digits"))
    trace, graph = session.recording.trace, session.recording.graph.by_name
    found = told(session, "z1", Phase.FORWARD, 200)
    assert found is not None
    assert not found.known
    terms = trace.data[graph["x"].id][0] * trace.data[graph["W1"].id][0]
    terms = np.append(terms, trace.data[graph["b1"].id][0])
    shown = np.array([row.contribution for row in found.rows])
    assert sorted(shown) == pytest.approx(sorted(terms))
    assert (np.diff(abs(shown)) <= 0).all()
    assert [row.running for row in found.rows] == pytest.approx(np.cumsum(shown))
    assert found.rows[-1].running == pytest.approx(trace.data[graph["z1"].id][0, 0])


def test_of_a_long_sum_the_others_are_folded() -> None:
    session = Session(find("digits"))
    session.goto("end")
    found = told(session, "h", Phase.BACKWARD, 4)
    assert found is not None
    assert found.fold is not None
    assert found.known
    assert len(found.rows) + found.fold.size == 10
    total = found.rows[-1].running + found.fold.contribution
    grad = session.recording.trace.gradient(session.recording.graph.by_name["h"].id)
    assert total == pytest.approx(grad[0, 0])


def test_while_terms_are_stepped_through_they_keep_their_order() -> None:
    session = Session(find("digits"))
    for _ in range(3):
        session.step(Grain.TERM)
    found = told(session, "z1", Phase.FORWARD, 10)
    assert found is not None
    assert [row.order for row in found.rows] == sorted(row.order for row in found.rows)
    assert [row.entered for row in found.rows][:4] == [True, True, True, False]


def test_what_is_no_sum_and_what_is_not_written_has_no_terms() -> None:
    session = Session(find("walkthrough"))
    assert told(session, "h", Phase.FORWARD, 9) is None
    assert told(session, "x", Phase.FORWARD, 9) is None
    assert told(session, "L", Phase.BACKWARD, 9) is None


def test_terms_that_are_not_finite_keep_their_order() -> None:
    text = 'format = 1\n[parameters]\nw = [[1.0, 0.0, 3.0]]\n[inputs]\nx = [1.0, inf, 9.0]\n[graph]\nL = "sum(w @ x)"\n'
    session = Session(loads(text))
    value = session.recording.graph.nodes[0].output
    found = ranked(session.frame(), Element(value, 0), Phase.FORWARD, 9)
    assert found is not None
    assert [row.order for row in found.rows] == [0, 1, 2]


def test_the_loss_is_the_end_of_the_forward_pass() -> None:
    session = Session(find("walkthrough"))
    timeline, loss = session.recording.timeline, session.recording.graph.loss.id
    step = step_of(session.frame(), Element(loss, 0), Phase.FORWARD)
    assert step == timeline.step_of(Phase.LOSS, loss, 0)
    assert step_of(session.frame(), Element(loss, 0), Phase.BACKWARD) is None
