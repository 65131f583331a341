"""Breakpoints and watches together: what a hit does, over one iteration and over many."""

from __future__ import annotations

import dataclasses

import pytest
from recordings import recording
from trainings import small

from gradstep.engine.ask.search import Found
from gradstep.engine.ask.stops import Mistake, Stop, Stops, Tally, Unreadable
from gradstep.engine.ask.watches import Watch
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find
from gradstep.engine.history import search as across
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import record
from gradstep.engine.run.timeline import Position


def with_(*texts: str) -> Stops:
    stops = Stops()
    for text in texts:
        stops.add(text, recording("walkthrough"))
    return stops


def meet(stops: Stops, *which: int) -> tuple[Stop | None, list[str]]:
    """A run that finds these of what is wanted at one place, and comes to rest: why, and what log points note."""
    tally, rec = Tally(stops), recording("walkthrough")
    stop = tally.met(rec, Found(Position(rec.timeline.total), which))
    tally.count()
    return stop, [line.text for line in tally.noted]


def test_numbers_are_never_given_twice() -> None:
    stops = with_("backward", "loss", "h.grad")
    stops.breakpoints.remove(stops.find(3))
    assert stops.add("forward", recording("walkthrough")).number == 4
    stops.breakpoints.clear()
    assert stops.add("forward", recording("walkthrough")).number == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a condition is needed"),
        ("bogus > 1", "unknown name 'bogus'"),
        ("loss do stop", "after 'do' comes print EXPR, not 'stop'"),
        ("loss do print", "after 'do' comes print EXPR, not 'print'"),
        ("loss do print bogus", "unknown name 'bogus'"),
    ],
)
def test_what_cannot_be_read_is_not_set(text: str, says: str) -> None:
    stops = Stops()
    with pytest.raises(CommandError) as refused:
        stops.add(text, recording("walkthrough"))
    assert says in str(refused.value)
    assert stops.breakpoints == []
    assert stops.add("loss", recording("walkthrough")).number == 1


def test_one_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(CommandError, match="there are no breakpoints"):
        Stops().find(1)
    with pytest.raises(CommandError, match="there is no breakpoint 7; there are 1, 2"):
        with_("loss", "backward").find(7)


def test_a_hit_stops_and_is_counted() -> None:
    stops = with_("loss", "backward")
    assert meet(stops, 1) == (Stop("breakpoint", 2, "backward"), [])
    assert meet(stops, 0, 1)[0] == Stop("breakpoint", 1, "loss")  # of two at one place the first is named
    assert [b.hits for b in stops.breakpoints] == [1, 2]


def test_ignored_hits_are_counted_and_pass() -> None:
    stops = with_("loss")
    stops.find(1).ignore = 2
    assert [meet(stops, 0)[0] is None for _ in range(4)] == [True, True, False, False]
    assert (stops.find(1).hits, stops.find(1).ignore) == (4, 0)


def test_one_that_stops_once_is_gone_then() -> None:
    stops = Stops()
    stops.add("loss", recording("walkthrough"), once=True)
    assert meet(stops, 0)[0] == Stop("breakpoint", 1, "loss")
    assert stops.breakpoints == []


def test_a_log_point_notes_and_goes_on() -> None:
    stops = with_("loss do print x")
    assert meet(stops, 0) == (None, ["x = [0.5, 0.8]"])
    assert stops.find(1).hits == 1


def test_what_is_off_is_not_looked_for_and_watches_come_last() -> None:
    stops = with_("loss", "backward")
    stops.watches.append(Watch("h", recording("walkthrough")))
    stops.find(1).enabled = False
    assert Tally(stops).wanted == [stops.find(2).condition, stops.watches[0]]
    assert Tally(stops, watches=False).wanted == [stops.find(2).condition]
    assert meet(stops, 1)[0] == Stop("watch", None, "h changed")
    assert meet(stops, 1, 0)[0] == Stop("breakpoint", 2, "backward")  # a breakpoint says more than a watch


def test_a_scenarios_own_are_set_and_every_mistake_is_told() -> None:
    scenario = dataclasses.replace(find("walkthrough"), breakpoints=("loss", "bogus"), watch=("h", "hh", "x"))
    with pytest.raises(Unreadable) as refused:
        Stops.of(scenario, record(scenario))
    assert [(m.key, m.number) for m in refused.value.mistakes] == [("breakpoints", 1), ("watch", 1)]
    assert isinstance(refused.value.mistakes[0], Mistake)
    assert len(str(refused.value).splitlines()) == 2
    good = dataclasses.replace(scenario, breakpoints=("loss",), watch=("h",))
    found = Stops.of(good, record(good))
    assert [b.text for b in found.breakpoints] == ["loss"]
    assert [w.text for w in found.watches] == ["h"]


def test_after_an_edit_that_they_do_not_fit_nothing_has_changed() -> None:
    stops = with_("h.grad[1] == 0", "loss")
    stops.watches.append(Watch("h[1]", recording("walkthrough")))
    before = [b.condition for b in stops.breakpoints], stops.watches
    with pytest.raises(CommandError):
        stops.renewed(recording("diamond"))
    stops.find(1).hits = 3
    other = stops.renewed(recording("fan-out"))
    assert ([b.condition for b in stops.breakpoints], stops.watches) == before
    assert all(b.condition.recording is recording("fan-out") for b in other.breakpoints)
    assert other.watches[0].recording is recording("fan-out")
    assert [(b.number, b.hits) for b in other.breakpoints] == [(1, 3), (2, 0)]
    assert other.add("loss", recording("fan-out")).number == 3


def test_a_watch_is_there_once_and_gone_when_it_is_taken_away() -> None:
    rec, stops = recording("walkthrough"), Stops()
    for text in ("h", "x", "h"):
        before, stops = stops, stops.watched(text, rec)
        assert len(before.watches) <= len(stops.watches)
    assert [w.text for w in stops.watches] == ["x", "h"]
    with pytest.raises(CommandError, match="unknown name 'bogus'"):
        stops.watched("bogus", rec)
    with pytest.raises(CommandError, match="'z' is not watched"):
        stops.unwatch("z")
    stops.unwatch(" x ")
    assert [w.text for w in stops.watches] == ["h"]


def test_a_run_that_is_given_up_has_counted_nothing() -> None:
    stops = with_("loss", "backward")
    stops.find(1).ignore = 1
    stops.find(2).once = True
    tally, rec = Tally(stops), recording("walkthrough")
    end = Position(rec.timeline.total)
    assert tally.met(rec, Found(end, (0,))) is None
    assert tally.met(rec, Found(end, (1,))) == Stop("breakpoint", 2, "backward")
    assert [(b.number, b.hits, b.ignore) for b in stops.breakpoints] == [(1, 0, 1), (2, 0, 0)]
    tally.count()
    assert [(b.number, b.hits, b.ignore) for b in stops.breakpoints] == [(1, 1, 0)]


def test_over_iterations_each_hit_is_counted_and_noted_where_it_is() -> None:
    """A training of 8 iterations: as many hits as there are iterations in which it holds."""
    history = History(small())
    history.make(8)
    stops, start = Stops(), history.recording(1)
    stops.add("loss do print loss", start)
    stops.add("loss > previous", start)
    losses = [history.recording(k).trace.loss for k in range(1, 9)]
    rose = [k for k in range(2, 9) if losses[k - 1] > losses[k - 2]]
    assert rose
    tally, stopped = Tally(stops), []
    for rec, found in across.onward(history, tally.wanted, Position(0), 8):
        stopped += [found.position.iteration] if tally.met(rec, found) is not None else []
    tally.count()
    assert stopped == rose
    assert [(n.iteration, n.text) for n in tally.noted] == [(k, f"loss = {losses[k - 1]}") for k in range(1, 9)]
    assert [b.hits for b in stops.breakpoints] == [8, len(rose)]
    stops.turn_to(history.recording(5))
    assert {b.condition.recording.iteration for b in stops.breakpoints} == {5}


def test_the_commands_list_and_delete_all_of_them() -> None:
    session = Session(find("walkthrough"))
    assert commands.run(session, "info breakpoints").text == "no breakpoints"
    for line in ("break loss", "tbreak h.grad", "break grad == 0 do print loss"):
        commands.run(session, line)
    commands.run(session, "ignore 1 3")
    commands.run(session, "disable 2")
    told = commands.run(session, "info breakpoints")
    assert told.text.splitlines() == [
        "  1  loss   armed, ignores 3", "  2  h.grad   off, once", "  3  grad == 0 do print loss   armed",
    ]  # fmt: skip
    assert [(row["breakpoint"], row["enabled"], row["once"], row["ignore"]) for row in told.data] == [
        (1, True, False, 3), (2, False, True, 0), (3, True, False, 0),
    ]  # fmt: skip
    assert commands.run(session, "delete all").data == {"deleted": 3}
    assert commands.run(session, "info breakpoints").data == []
    assert session.run(True).reason == "end"
