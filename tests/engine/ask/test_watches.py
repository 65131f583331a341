"""Watches: when they change, what they are, and both over the iterations of a training, against a loop by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from recordings import recording

from gradstep.engine.ask.search import search
from gradstep.engine.ask.watches import Watch, Watched
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import loads
from gradstep.engine.history import search as across
from gradstep.engine.history.history import History
from gradstep.engine.history.series import watched
from gradstep.engine.run.timeline import Phase, Position

#: w ← w − 0.25 · 2 (w − 3): the distance to 3 is halved in each iteration, exactly.
HALVING = (
    'format = 1\n[parameters]\nw = [7.0]\n[graph]\nd = "w - 3"\nL = "sum(d * d)"\n[training]\nlr = 0.25\nsteps = 6\n'
)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("h.grad[1]", ["h.grad[1]"]),
        ("h", ["h[0]", "h[1]"]),
        ("W1.grad[:,1]", ["W1.grad[0,1]", "W1.grad[1,1]"]),
        ("norm(W1.grad)", ["W1.grad[1,1]"]),
        ("h[0] * h.grad[0]", ["h.grad[0]"]),
        ("b2.next", ["b2.next"]),
        ("loss", ["L"]),
    ],
)
def test_a_watch_changes_when_what_it_is_made_of_is_written(text: str, changes: list[str]) -> None:
    rec = recording("walkthrough")
    watch = Watch(text, rec)
    board, time = rec.board, rec.timeline
    expected = []
    for name in changes:
        target = board.resolve(name)
        phase = {"grad": Phase.BACKWARD, "next": Phase.UPDATE}.get(target.kind, Phase.FORWARD)
        phase = Phase.LOSS if name == "L" else phase
        expected.append(time.step_of(phase, target.value.id, target.flat or 0))
    found = [f.position.step for f in search(rec, [watch], Position(0), True)]
    assert found == expected
    assert [s for s in range(time.total + 1) if watch.changed(Position(s))] == expected
    last = max(s for s in expected if s is not None)
    assert not np.all(watch.at(Position(last - 1)).known)
    assert np.all(watch.at(Position(last)).known)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("w", lambda k: 3 + 4 * 0.5 ** (k - 1)),
        ("w[0]", lambda k: 3 + 4 * 0.5 ** (k - 1)),
        ("w.grad", lambda k: 8 * 0.5 ** (k - 1)),
        ("w.next[0]", lambda k: 3 + 4 * 0.5**k),
        ("norm(w.grad) + 1", lambda k: 8 * 0.5 ** (k - 1) + 1),
        ("loss", lambda k: 16 * 0.25 ** (k - 1)),
        ("loss > 1", lambda k: float(k < 3)),
        ("previous", lambda k: 16 * 0.25 ** (k - 2) if k > 1 else None),
        ("previous(w[0]) - w[0]", lambda k: 2 * 0.5 ** (k - 2) if k > 1 else None),
    ],
)
def test_a_single_number_is_drawn_over_the_iterations(text: str, at: Callable[[int], float | None]) -> None:
    """As the summaries tell it, else as it was noted. In the first iteration there was none before, so `previous` is
    not known there."""
    session = Session(loads(HALVING))
    session.watch(text)
    session.train(6)
    (watch,) = session.stops.watches
    assert watch.single
    found = watched(session.history, session.history.summaries, watch)
    assert found is not None
    drawn = {k: found.latest(k) for k in range(1, 7)}
    expected = {k: float("nan") if (value := at(k)) is None else value for k in range(1, 7)}
    assert drawn == pytest.approx(expected, rel=1e-8, nan_ok=True)
    assert set(watch.seen) <= set(range(1, 7))


def test_an_array_is_not_noted_and_keeps_nothing_else_from_being_so() -> None:
    session = Session(loads(HALVING.replace("[7.0]", "[7.0, 5.0]")))
    session.watch("w.grad")
    session.watch("w[1]")
    session.train(6)
    array, number = session.stops.watches
    assert not array.single
    assert array.seen == {}
    assert number.seen == pytest.approx({k: 3 + 2 * 0.5 ** (k - 1) for k in range(1, 7)})
    assert np.size(array.at(session.position).value) == 2


@pytest.mark.parametrize("text", ["w.grad", "d[0] * 2", "loss", "w.next"])
def test_it_is_written_once_in_each_iteration_and_found_onward_and_back(text: str) -> None:
    history = History(loads(HALVING))
    history.make(5)
    watch = Watch(text, history.recording(1))
    onward = [found.position for _, found in across.onward(history, [watch], Position(0), 5)]
    assert [p.iteration for p in onward] == [1, 2, 3, 4, 5]
    assert len({p.step for p in onward}) == 1
    end = Position(history.recording(5).timeline.total + 1, 1, 5)
    assert [found.position for _, found in across.back(history, [watch], end)] == onward[::-1]
    for place in onward:
        there = watch.of(history.recording(place.iteration))
        assert there.changed(place)
        assert there.at(place).certain
        before = place._replace(step=place.step - 1)
        assert not there.changed(before)
        assert not there.at(before).certain


def test_it_stops_a_session_in_every_iteration_both_ways() -> None:
    session = Session(loads(HALVING))
    session.train(4)
    session.goto("@1")
    session.watch("w.grad")
    for k in (1, 2, 3, 4):
        stop = session.run(True)
        assert (stop.reason, stop.text) == ("watch", "w.grad changed")
        assert session.position.iteration == k
        assert session.stops.watches[0].at(session.position).value == 8 * 0.5 ** (k - 1)
    for k in (3, 2, 1):
        session.run(False)
        assert session.position.iteration == k
    assert session.run(False).reason == "start"


def test_one_about_another_iteration_shares_what_was_seen() -> None:
    history = History(loads(HALVING))
    history.make(3)
    watch = Watch("w", history.recording(1))
    assert watch.of(history.recording(1)) is watch
    later = watch.of(history.recording(3))
    assert later.at(Position(0, None, 3)).value == 4.0
    later.note(history.recording(3))
    assert not watch.wants(3)
    assert watch.wants(2)
    assert watch.seen == {3: 4.0}


def test_what_is_watched_is_told_to_people_and_to_programs() -> None:
    rec = recording("walkthrough")
    watches = [Watch(text, rec) for text in ("h", "loss", "x > 0.6")]
    step = rec.timeline.step_of(Phase.FORWARD, rec.graph.by_name["h"].id, 1)
    assert step is not None
    told = Watched.at(watches, Position(step))
    assert list(told.lines()) == ["h = [0.54, 0.2 ]   ◂ just changed", "loss = not yet", "x > 0.6 = [False,  True]"]
    assert told.document() == [
        {"watch": "h", "value": pytest.approx([0.54, 0.2]), "changed": True},
        {"watch": "loss", "value": None, "changed": False},
        {"watch": "x > 0.6", "value": [False, True], "changed": False},
    ]
    assert list(Watched.at([], Position(0)).lines()) == ["nothing is watched"]
    assert Watched.at([], Position(0)).document() == []


def test_what_cannot_be_read_is_refused() -> None:
    for text in ("", "nothing", "h[", "max(grad)"):
        with pytest.raises(CommandError):
            Watch(text, recording("walkthrough"))
