"""Searching through iterations: exactly what a look at every step of every iteration finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scanning import CASES, DYING, LENGTH, TRAININGS, everywhere, whole

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.history import search as across
from gradstep.engine.history.history import History
from gradstep.engine.run.timeline import Position


def scarce(name: str) -> History:
    """All made, hardly anything kept."""
    scenario, length = TRAININGS[name]
    history = History(scenario, budget=2_000)
    history.make(length)
    return history


@pytest.mark.parametrize(("name", "text"), CASES)
def test_onward_and_back_find_what_a_full_scan_finds(name: str, text: str) -> None:
    """Where nothing is made yet, and then all; where all is made, and hardly anything kept."""
    scenario, length = TRAININGS[name]
    expected = everywhere(name, text)
    for history in (History(scenario), scarce(name)):
        condition = Condition(text, history.recording(1))
        onward = [f.position for _, f in across.onward(history, [condition], Position(0), length)]
        assert onward == expected
        assert history.made == length
        end = Position(history.start.timeline.total + 1, 1, length)
        assert [f.position for _, f in across.back(history, [condition], end)] == expected[::-1]


# When ---------------------------------------------------------------------------------------------


def became_true(name: str, text: str, here: Position) -> Position | None:
    """The answer of `when`, from a full scan."""
    places = [p for p in everywhere(name, text) if (p.iteration, p.step) <= (here.iteration, here.step)]
    if not places:
        return None
    steps = {(p.iteration, p.step) for p in places}
    iterations = {p.iteration for p in everywhere(name, text)}
    iteration, step = max(steps)
    while (iteration, step - 1) in steps:
        step -= 1
    begun = iteration
    while begun - 1 in iterations:
        begun -= 1
    if iteration > 1:
        step = min(s for k, s in {(p.iteration, p.step) for p in everywhere(name, text)} if k == begun)
    return Position(step, None, begun)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_when_finds_the_step_at_which_it_became_true(name: str, text: str) -> None:
    scenario, length = TRAININGS[name]
    total = whole(name)[0].timeline.total
    for at in (Position(total, None, length), Position(total // 2, None, length * 2 // 3)):
        session = Session(scenario, budget=50_000)
        session.history.make(length)
        session.goto(f"@{at.iteration} {at.step}")
        expected = became_true(name, text, at)
        if expected is None:
            with pytest.raises(CommandError, match=r"was not true"):
                session.when(text)
            assert session.position == at
        else:
            session.when(text)
            assert session.position == expected


def test_when_names_the_update_that_did_it() -> None:
    session = Session(DYING)
    session.history.make(LENGTH)
    dead = sorted({p.iteration for p in everywhere("dying", "dead(h[3])")})
    assert dead
    session.goto(f"@{dead[-1]} end")
    found = commands.run(session, "when dead(h[3])").text
    born = dead[-1]
    while born - 1 in dead:
        born -= 1
    assert f"became true in iteration {born:,}, at step" in found
    assert f"The next suspect: the update at the end of iteration {born - 1:,}, whose largest move" in found
    before = whole("dying")[born - 2]
    moves = {}
    for parameter, part in (("W1", slice(15, 20)), ("b1", slice(3, 4))):
        value = before.graph.by_name[parameter].id
        by = abs(before.updated(value) - before.trace.data[value]).reshape(-1)
        moves |= {(parameter, k): float(by[k]) for k in range(part.start, part.stop)}
    parameter, flat = max(moves, key=lambda k: moves[k])
    step = before.timeline.step_of(before.timeline.sweeps[-1].phase, before.graph.by_name[parameter].id, flat)
    assert f"(@{born - 1} {step})" in found


# Moving -------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.sampled_from(["dead(h[3])", "loss > 1.2 * median(loss, 3)", "abs(grad) > 1.2"]), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_continue_and_rcontinue_meet_the_same_places(moves: list[tuple[str, bool]]) -> None:
    session = Session(DYING, budget=20_000)
    session.history.make(LENGTH)
    session.stops.breakpoints.clear()
    for text, forward in moves:
        session.stops.breakpoints.clear()
        session.stops.add(text, session.recording)
        places = everywhere("dying", text)
        here = session.position
        key = (here.iteration, here.step, here.term or 1e9)
        stop = session.run(forward)
        if forward:
            ahead = [p for p in places if (p.iteration, p.step, p.term or 1e9) > key]
            assert (stop.reason, session.position) == (
                ("breakpoint", ahead[0]) if ahead else ("end", Position(session.recording.timeline.total, None, LENGTH))
            )
        else:
            behind = [p for p in places if (p.iteration, p.step, p.term or 1e9) < key]
            assert (stop.reason, session.position) == (("breakpoint", behind[-1]) if behind else ("start", Position(0)))
