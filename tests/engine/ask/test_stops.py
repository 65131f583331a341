"""Breakpoints and watches together: what a hit does, over one iteration and over many."""

from __future__ import annotations

import dataclasses

import pytest
from recordings import recording
from trainings import small

from gradstep.engine.ask.search import Found
from gradstep.engine.ask.stops import Mistake, Stop, Stops, Unreadable
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
    """What happens where these of what is wanted are found, and what log points note."""
    noted: list[str] = []
    rec = recording("walkthrough")
    end = Position(rec.timeline.total)
    stop = stops.met(rec, Found(end, which), stops.armed, lambda position, text: noted.append(text))
    return stop, noted


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
    assert [b.number for b in stops.armed] == [2]
    assert stops.wanted() == [stops.find(2).condition, stops.watches[0]]
    assert stops.wanted(watches=False) == [stops.find(2).condition]
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
        stops.renew(recording("diamond"))
    assert ([b.condition for b in stops.breakpoints], stops.watches) == before
    stops.renew(recording("fan-out"))
    assert all(b.condition.recording is recording("fan-out") for b in stops.breakpoints)
    assert stops.watches[0].recording is recording("fan-out")


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
    noted: dict[int, str] = {}
    stopped = []
    for rec, found in across.onward(history, stops.wanted(), Position(0), 8):
        stop = stops.met(rec, found, stops.armed, lambda p, text: noted.update({p.iteration: text}))
        stopped += [found.position.iteration] if stop is not None else []
    assert stopped == rose
    assert noted == {k: f"loss = {losses[k - 1]}" for k in range(1, 9)}
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
