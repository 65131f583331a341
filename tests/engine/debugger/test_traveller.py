"""Moves in time: each has an exact inverse, and the frame is a function of the position alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.debugger.transcript import block
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError, Interrupted, ScenarioError
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.run.timeline import Grain, Phase, Position

#: The grains of one iteration: of iterations there is no last one.
WITHIN = [g for g in Grain if g is not Grain.ITERATION]
SESSIONS = {name: Session(find(name)) for name in builtin()}


def picture(frame: Frame) -> str:
    """All that a frame says, in comparable form: as text NaN equals itself."""
    graph = frame.recording.graph
    known = tuple(
        (frame.data(v.id, k), frame.grad(v.id, k), frame.new(v.id, k) if v in graph.parameters else None)
        for v in graph.values
        for k in range(v.size)
    )
    rows, origin = frame.sum.rows(99), frame.origin
    return repr((known, block(frame, terms=True), rows, origin.cards, origin.chain, origin.live, origin.trail))


def fresh(name: str = "walkthrough", at: str | None = None) -> Session:
    session = Session(find(name))
    if at:
        session.goto(at)
    return session


@given(
    st.sampled_from(list(SESSIONS)),
    st.lists(
        st.tuples(st.sampled_from(WITHIN), st.integers(1, 9)),
        min_size=1,
        max_size=12,
    ),
    st.data(),
)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_every_move_is_undone_by_its_inverse(name: str, moves: list[tuple[Grain, int]], data: st.DataObject) -> None:
    """From a place where a grain comes to rest, going n on and n back (or the other way) returns to
    the identical frame."""
    session = SESSIONS[name]
    session.go_to(Position(data.draw(st.integers(0, session.recording.timeline.total))))
    for grain, count in moves:
        session.step(grain)  # come to rest at this grain
        direction = data.draw(st.sampled_from([1, -1]))
        before, shown = session.position, picture(session.frame())
        moved = session.step(grain, direction * count).moved
        there = session.position
        assert (moved > 0) == (there != before)
        assert session.step(grain, -direction * moved).moved == moved
        assert session.position == before
        assert picture(session.frame()) == shown


#: Runs of more steps are not walked through term by term, but so many moves from each of some places.
LONG, STRETCH = 2_000, 400


def stretches(session: Session, grain: Grain) -> list[int]:
    """The steps to set out from: of a long run the beginning, before every phase's, some between, and near the end."""
    time = session.recording.timeline
    if grain is not Grain.TERM or time.total <= LONG:
        return [0]
    return sorted(
        {*range(0, time.total, time.total // 8), *(max(time.span(p)[0] - 2, 0) for p in Phase), time.total - 9}
    )


@pytest.mark.parametrize("name", list(SESSIONS))
@pytest.mark.parametrize("grain", WITHIN)
def test_a_walk_to_the_end_and_home_visits_the_same_places(name: str, grain: Grain) -> None:
    session = fresh(name)
    starts = stretches(session, grain)
    for start in starts:
        session.goto(str(start))
        places = [session.position]
        while (len(starts) == 1 or len(places) <= STRETCH) and session.step(grain).moved:
            places.append(session.position)
        assert places == sorted(set(places), key=lambda p: (p.step, 10**9 if p.term is None else p.term))
        way_home = [session.position]
        while len(way_home) < len(places):
            assert session.step(grain, -1).moved == 1
            way_home.append(session.position)
        assert way_home == places[::-1]
        if start == 0:
            assert session.step(grain, -1).moved == 0
        if start == starts[-1]:
            assert places[-1] == Position(session.recording.timeline.total)


@pytest.mark.parametrize("name", list(SESSIONS))
def test_the_frame_does_not_depend_on_the_way_it_was_reached(name: str) -> None:
    wandered = fresh(name)
    last = wandered.recording.timeline.total
    for step in (9, 2, last, 5, min(13, last - 1)):
        wandered.goto(str(step))
        assert picture(wandered.frame()) == picture(fresh(name, str(step)).frame())


def test_the_walkthrough_has_the_steps_its_description_counts() -> None:
    timeline = fresh().recording.timeline
    assert timeline.total == 31
    assert [timeline.span(p)[1] - timeline.span(p)[0] for p in Phase] == [6, 1, 15, 9]


def test_steps_count_and_stop_at_the_ends() -> None:
    session = fresh()
    assert session.step(Grain.ELEMENT, 10).moved == 10
    assert session.step(Grain.ELEMENT, 100).moved == 21
    end = session.step(Grain.ELEMENT)
    assert end.moved == 0
    assert end.message.startswith("End of iteration 1: loss 0.0764 → 0.0744")
    assert session.step(Grain.ELEMENT, -31).moved == 31
    assert session.step(Grain.ELEMENT, -1).message == "This is the beginning."
    assert session.position == Position(0)


def test_terms_come_in_one_by_one() -> None:
    # z₁₁ = 0.4·0.5 + 0.3·0.8 + 0.1
    session = fresh(at="0")
    for running in (0.2, 0.2 + 0.24):
        session.step(Grain.TERM)
        assert session.position.step == 1
        assert session.frame().data(session.recording.graph.by_name["z1"].id, 0) == pytest.approx(running)
    session.step(Grain.TERM)
    assert session.position == Position(1)
    session.step(Grain.TERM, -1)
    assert session.position == Position(1, 2)
    assert session.finish().moved == 1
    assert session.position == Position(1)
    assert session.restart().moved == 1
    assert session.position == Position(1, 1)
    assert "first term" in session.restart().message
    assert session.finish().moved == 1
    assert session.finish().message == "This step is complete."


def test_a_step_onward_from_inside_a_sum_completes_it() -> None:
    session = fresh(at="0")
    session.step(Grain.TERM)
    session.step(Grain.ELEMENT)
    assert session.position == Position(1)
    session.step(Grain.TERM)
    session.step(Grain.ELEMENT, -1)
    assert session.position == Position(1)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("24", 24), ("start", 0), ("end", 31), ("50%", 16), ("100 %", 31), ("0%", 0), ("+10", 20), ("-3", 7), ("−3", 7),
        ("+99", 31), ("-99", 0), ("forward", 1), ("loss", 7), ("backward", 8), ("update", 23), ("h", 3), ("h[1]", 4),
        ("h2", 4), ("h.grad[1]", 14), ("h.grad[-1]", 14), ("w112", 24), ("W1.grad[0,1]", 18), ("L", 7), ("b2.next", 31),
        ("∂L/∂h₂", 14), (" y.grad ", 8),
    ],
)  # fmt: skip
def test_goto_understands(text: str, step: int) -> None:
    session = fresh(at="10")
    if text == "w112":
        text = "W1.next[0,1]"
    session.goto(text)
    assert session.position == Position(step)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("32", "the last one is 31"), ("101%", "0% to 100%"), ("", "where to?"), ("hh", "did you mean"),
        ("x", "given, not computed"), ("x.grad", "does not depend on any parameter"), ("h[2]", "out of range"),
        ("h.next", "only parameters are updated"), ("h[0,0]", "at most 1"), ("W1", "given, not computed"),
        ("L.grad", "1 by definition"), ("h.foo", "grad or next"), ("h[a]", "whole numbers"), ("1e3", "unknown name"),
    ],
)  # fmt: skip
def test_goto_refuses_and_stays(text: str, says: str) -> None:
    session = fresh(at="10")
    with pytest.raises(CommandError) as refused:
        session.goto(text)
    assert says.lower() in str(refused.value).lower()
    assert session.position == Position(10)


def test_a_scenario_may_say_where_to_begin() -> None:
    text = 'format = 1\n[parameters]\nw = [2.0]\n[graph]\nL = "sum(w * w)"\n[debug]\nstart = "w.grad"\n'
    session = Session(loads(text))
    assert session.frame().story.headline.startswith("parameter w")


def test_a_network_without_parameters_ends_after_the_loss() -> None:
    session = Session(loads('format = 1\n[inputs]\nx = [1.0, 2.0]\n[graph]\nL = "sum(x)"\n'))
    session.goto("end")
    assert session.position.step == 1
    assert "no parameters" in session.step(Grain.ELEMENT).message


def test_a_loss_that_rises_is_said() -> None:
    # L = w², η = 1.5: w goes from 1 to 1 − 1.5·2 = −2, L from 1 to 4.
    text = 'format = 1\n[parameters]\nw = 1.0\n[graph]\nL = "w * w"\n[training]\nlr = 1.5\n'
    session = Session(loads(text))
    session.goto("end")
    message = session.step(Grain.ELEMENT).message
    assert "1.0000 → 4.0000" in message
    assert "learning rate may be too large" in message


# What can fail or be interrupted changes nothing ----------------------------------------------------------------


class Impatient:
    """Lets so many questions pass, then says no."""

    def __init__(self, patience: int = 0) -> None:
        self.left = patience

    def __call__(self, share: float) -> bool:
        self.left -= 1
        return self.left >= 0


def state(session: Traveller) -> tuple[object, ...]:
    """All that one may have changed."""
    visited, stops = session.visited, session.stops
    return (
        session.runs, session.recording, session.position, session.sample, session.stop, list(visited.before),
        list(visited.after), dict(visited.bookmarks), list(session.log), session.log.said,
        [(b.number, b.hits, b.ignore, b.condition) for b in stops.breakpoints], list(stops.watches),
    )  # fmt: skip


def trained(*places: str) -> Session:
    """A training of 60 iterations, and some places in it that one has jumped to; nothing of it is at hand."""
    session = Session(small())
    session.train(60)
    for place in places:
        session.goto(place)
    session.history.release()
    return session


@pytest.mark.parametrize(
    ("places", "act"),
    [
        (("@39 7", "@20 7"), lambda s, go_on: s.revisit(True, go_on)),
        (("@39", "@1"), lambda s, go_on: s.goto("@39 5", go_on)),
        (("@20 start",), lambda s, go_on: s.step(Grain.ELEMENT, -1, go_on)),
        (("@20 end",), lambda s, go_on: s.step(Grain.PHASE, 20, go_on)),
        (("@20 end",), lambda s, go_on: s.step(Grain.TERM, 3, go_on)),
        (("@20 7",), lambda s, go_on: s.step(Grain.ITERATION, -1, go_on)),
        (("@20 7",), lambda s, go_on: s.run(False, go_on)),
        (("@20 7",), lambda s, go_on: s.run(True, go_on)),
        (("@20 7",), lambda s, go_on: s.watch("W1.grad[0,0]", go_on)),
        (("@20 7",), lambda s, go_on: s.edit("W1[0,0] = 2", go_on)),
        (("@20 7",), lambda s, go_on: s.open(small(), go_on)),
        (("@20 7",), lambda s, go_on: s.diff(small(), go_on)),
    ],
)
def test_what_is_interrupted_has_changed_nothing(
    places: tuple[str, ...], act: Callable[[Session, Impatient], object]
) -> None:
    session = trained(*places)
    session.stops.add("W1.grad[0,0] do print loss", session.recording)
    before = state(session)
    with pytest.raises(Interrupted):
        act(session, Impatient())
    assert state(session) == before
    act(session, Impatient(10**9))
    assert state(session) != before


def test_many_steps_are_interrupted_in_between() -> None:
    session = Session(find("digits"))
    with pytest.raises(Interrupted):
        session.step(Grain.TERM, 10**12, Impatient(2))
    assert session.position == Position(0)
    assert session.step(Grain.TERM, 5000, Impatient(5000)).moved == 5000


def test_a_run_that_is_begun_again_finds_the_breakpoints_as_they_were() -> None:
    """`ignore` counts hits: a run that was given up must not have used them up."""
    session = trained("@1 start")
    one = session.stops.add("W2.grad[0,0]", session.recording)
    log = session.stops.add("W1.grad[0,0] do print loss", session.recording)
    one.ignore = 30
    with pytest.raises(Interrupted):
        session.run(True, Impatient(40))
    assert (one.hits, one.ignore, log.hits, session.log, session.position.iteration) == (0, 30, 0, [], 1)
    assert session.run(True).reason == "breakpoint"
    assert session.position.iteration == 31
    assert (one.hits, one.ignore, log.hits, len(session.log.said)) == (31, 0, 30, 30)


def test_who_stops_a_training_does_not_wait_for_the_one_beside_it() -> None:
    session = Session(find("momentum-vs-sgd"))
    beside = session.runs.beside
    assert beside is not None
    assert session.train(150, Impatient(40)).reason == "interrupted"
    assert session.position.iteration == session.history.made > 30
    assert beside.made == 1
    assert session.frame().base is None
    session.step(Grain.ITERATION, -1)
    assert beside.made == session.position.iteration
    assert session.frame().base is beside.recording(session.position.iteration)


def test_what_was_trained_stays_where_the_one_beside_it_is_stopped() -> None:
    session = Session(find("momentum-vs-sgd"))
    beside = session.runs.beside
    assert beside is not None
    assert session.train(100, lambda share: session.history.made < 100 or beside.made < 30).reason == "end"
    assert session.position == Position(session.recording.timeline.total, None, 100)
    assert (session.history.made, beside.made) == (100, 30)
    assert session.frame().base is None


# Another scenario -------------------------------------------------------------------------------------------------


def test_what_is_opened_has_the_same_budget() -> None:
    session = Session(find("xor"), budget=3 << 20)
    for name in ("momentum-vs-sgd", "xor-training"):
        session.open(find(name))
        assert session.history.budget == session.runs.original.budget == 3 << 20
        assert session.runs.beside is None or session.runs.beside.budget == 3 << 20
    session.diff(find("xor"))
    assert session.budget == 3 << 20


def test_what_is_opened_begins_anew() -> None:
    session = fresh("walkthrough", "5")
    session.edit("b2[0] = 1")
    session.stops.add("h", session.recording)
    session.watch("loss")
    session.visited.bookmarks["here"] = session.position
    session.sample = None
    session.open(find("xor"))
    other = Session(find("xor"))
    assert session.recording.scenario.name == "xor"
    assert (session.position, session.sample, session.edits, session.log) == (other.position, other.sample, (), [])
    assert not session.visited.bookmarks
    assert not session.visited.before
    assert (session.stops.breakpoints, session.stops.watches) == ([], [])


ONE = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nL = "sum(w * w)"\n[debug]\n'


@pytest.mark.parametrize(
    ("debug", "says"),
    [
        ('breakpoints = ["w >"]', "cannot read"),
        ('watch = ["v"]', "unknown name 'v'"),
    ],
)
def test_what_cannot_be_opened_leaves_one_where_one_is(debug: str, says: str) -> None:
    session = fresh("walkthrough", "5")
    before = state(session)
    with pytest.raises(ScenarioError, match=says):
        session.open(loads(ONE + debug))
    assert state(session) == before


def test_a_scenario_that_begins_elsewhere_remembers_its_beginning() -> None:
    session = Session(loads(ONE + 'start = "@3 w.grad"\nwatch = ["loss"]'))
    assert session.position == Position(6, None, 3)  # w * w, two of them; the loss; their gradients; w's
    assert session.revisit(True).moved == 1
    assert session.position == Position(0)


VERBS: list[Callable[[Session, Impatient], object]] = [
    lambda s, go_on: s.step(Grain.TERM, 400, go_on),
    lambda s, go_on: s.step(Grain.ITERATION, -3, go_on),
    lambda s, go_on: s.goto("@3 h", go_on),
    lambda s, go_on: s.revisit(True, go_on),
    lambda s, go_on: s.run(False, go_on),
    lambda s, go_on: s.watch("abs(W1.grad).max()", go_on),
    lambda s, go_on: s.edit("W1[0,0] = 2", go_on),
    lambda s, go_on: s.undo(go_on),
    lambda s, go_on: s.revert(go_on),
    lambda s, go_on: s.when("W1.grad[0,0] < 0", go_on),
    lambda s, go_on: s.find("W1.grad[0,0] < 0", go_on),
    lambda s, go_on: s.diff(small("lr = 0.5"), go_on),
    lambda s, go_on: s.open(small(), go_on),
]


@pytest.mark.parametrize("act", VERBS)
def test_interrupted_at_any_question_it_is_as_it_was(act: Callable[[Session, Impatient], object]) -> None:
    for patience in (*range(12), 20, 40, 80, 160):
        session = trained("@20 7", "@9 5")
        session.edit("b1[0] = 0.5")
        session.watch("h")
        session.stops.add("W1.grad[0,0] do print loss", session.recording)
        session.history.release()
        before = state(session)
        try:
            act(session, Impatient(patience))
        except Interrupted:
            assert state(session) == before
        else:
            break  # it has not asked so often
