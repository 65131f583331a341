"""Searching through iterations: exactly what a look at every step of every iteration finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.search import search
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import loads
from gradstep.engine.history import search as across
from gradstep.engine.history.deciding import possible
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Position

LENGTH = 60

#: A training in which units die (and, with momentum, may come to life again), weights pass 0, and with a
#: batch of its own for each iteration the loss goes up and down.
DYING = small('optimizer = "momentum"\nlr = 0.35\nbatch_size = 8\nshuffle = 7')
BLOWN = loads(
    'format = 1\n[parameters]\nw = [1.5, -0.5]\n[graph]\ns = "w * w"\nL = "sum(s * s)"\n[training]\nlr = 0.6\n'
)
TRAININGS = {"dying": (DYING, LENGTH), "blown": (BLOWN, 30)}

#: One a line.
CONDITIONS = {
    "dying": """
        dead(h[3])
        dead(h[0])
        dead
        dead(z1)
        loss > 2 * previous
        loss < previous
        loss < 0.9
        abs(W1.grad[0,0]) < 1e-3
        abs(W1.grad).max() > 1
        W1[0,0] > 0.2
        norm(W2.grad) < 0.3
        W1.next[2,1] < 0
        W1.grad.min() < -0.5 and loss > 0.5
        not (loss < 1)
        grad == 0 and op == relu
        abs(grad) > 1.2
        value > 3 and phase == forward
        value < -2 on z1
        iteration == 40 and phase == loss
        iteration > 58 and grad == 0
        loss > 1 or W1[1,1] < -0.3
        mean(h) > 0.6
        max(abs(W2)) > 1.1
        h.max() > 4
        flip(W2) and iteration == 12
        zero on W1
        saturated
        sqrt(loss) < 0.8
        W1[0,:].max() > 0.9
        previous(W1.grad[0,0]) * W1.grad[0,0] < 0
        W2.grad[0,1] == previous(W2.grad[0,1])
        loss / previous > 1.5
        1 / (loss - 1) > 20
        exp(-loss) < 0.3
    """,
    "blown": """
        nonfinite
        isnan(loss)
        loss > 1e6
        abs(w.grad).max() > 1e3
        not isfinite(w.next[0])
        w[0] < -5
        value > 1e5
        loss < previous
    """,
}
CASES = [(name, text.strip()) for name, texts in CONDITIONS.items() for text in texts.strip().splitlines()]
#: Whole iterations, each with all its numbers.
WHOLE: dict[str, list[Recording]] = {}
for _name, (_scenario, _length) in TRAININGS.items():
    _history = History(_scenario)
    WHOLE[_name] = [_history.recording(1)]
    for _block in _history.onward(_length):
        WHOLE[_name] += [_block.recording(k) for k in range(_block.first, _block.last + 1)]


def everywhere(name: str, text: str) -> list[Position]:
    """All places at which a condition stops, by looking at every step of every iteration."""
    found = []
    for recording in WHOLE[name]:
        condition = Condition(text, recording)
        found += [f.position for f in search(recording, [condition], Position(0, None, recording.iteration), True)]
    return found


def histories(scenario: Scenario, length: int) -> list[History]:
    """All made, hardly anything kept, and nothing made yet."""
    made, scarce, fresh = History(scenario), History(scenario, budget=2_000), History(scenario)
    made.make(length)
    scarce.make(length)
    return [made, scarce, fresh]


@pytest.mark.parametrize(("name", "text"), CASES)
def test_onward_and_back_find_what_a_full_scan_finds(name: str, text: str) -> None:
    scenario, length = TRAININGS[name]
    expected = everywhere(name, text)
    for history in histories(scenario, length):
        condition = Condition(text, history.recording(1))
        onward = [f.position for _, f in across.onward(history, [condition], Position(0), length)]
        assert onward == expected
        end = Position(history.start.timeline.total + 1, 1, length)
        assert [f.position for _, f in across.back(history, [condition], end)] == expected[::-1]


@pytest.mark.parametrize(("name", "text"), CASES)
def test_bounds_rule_out_only_what_is_not_and_promise_only_what_is(name: str, text: str) -> None:
    scenario, length = TRAININGS[name]
    holds = {p.iteration for p in everywhere(name, text)}
    for history in histories(scenario, length)[:2]:
        s = history.summaries
        truth = possible(Condition(text, history.recording(1)), s)
        for row in range(s.rows):
            inside = range(int(s.starts[row]), int(s.starts[row + 1]))
            if any(k in holds for k in inside):
                assert truth.may[row], (row, text)
            if truth.must[row]:
                assert all(k in holds for k in inside), (row, text)


def test_bounds_rule_out_most_of_what_they_can() -> None:
    """Where a summary decides, it decides."""
    history = histories(DYING, LENGTH)[0]
    for text in ("dead(h[3])", "loss > 2 * previous", "loss < 0.9", "abs(W1.grad).max() > 1", "h.max() > 4"):
        truth = possible(Condition(text, history.recording(1)), history.summaries)
        holds = {p.iteration for p in everywhere("dying", text)}
        assert sum(truth.may) - len(holds) <= 1, text
    for text in ("norm(W2.grad) > 1e9", "loss > 1e9", "value > 1e9", "grad > 1e9 and op == relu"):
        assert not possible(Condition(text, history.recording(1)), history.summaries).may.any(), text


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
    total = WHOLE[name][0].timeline.total
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
    before = WHOLE["dying"][born - 2]
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
        st.tuples(st.sampled_from(["dead(h[3])", "loss > 1.2 * previous", "abs(grad) > 1.2"]), st.booleans()),
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
