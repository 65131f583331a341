"""Commands that go somewhere in time, and what they say."""

from __future__ import annotations

import pytest
from debugging import fresh, refused

from gradstep.engine.ask.stops import Stop
from gradstep.engine.debugger import commands
from gradstep.engine.run.timeline import Position

MOVES = [
    ("step 14", "back 14"), ("n 3", "N 3"), ("into 2", "outof 2"), ("s", "S"), ("layer 3", "rlayer 3"), ("] 2", "[ 2"),
    ("phase", "rphase"), ("p", "P"),
]  # fmt: skip


@pytest.mark.parametrize(("onward", "back"), MOVES)
def test_every_move_has_its_inverse(onward: str, back: str) -> None:
    session = fresh()
    assert session.do(onward).moved
    assert session.position != Position(0)
    session.do(back)
    assert session.position == Position(0)


@pytest.mark.parametrize(("onward", "back"), [(a.split()[0], b.split()[0]) for a, b in MOVES])
def test_a_number_of_moves_beyond_all_measure_ends_at_the_end_of_time(onward: str, back: str) -> None:
    """And asks no more often whether to go on than there are steps."""
    session, asked = fresh("walkthrough", "iterate 3", "goto @1 0"), 0

    def go_on(share: float) -> bool:
        nonlocal asked
        asked += 1
        return True

    result = commands.run(session, f"{onward} 1000000000000", go_on)
    assert session.position == Position(31, None, 4)
    assert "End of iteration 4" in result.text
    commands.run(session, f"{back} {'9' * 18}", go_on)
    assert session.position == Position(0)
    assert asked < 2 * 4 * 64  # between sums, and while iterations are computed again


def test_goto_goes_where_it_says() -> None:
    session = fresh()
    for where, step in (("h.grad[1]", 14), ("loss", 7), ("50%", 16), ("+3", 19), ("-10", 9), ("end", 31), ("start", 0)):
        session.do(f"goto {where}")
        assert session.position.step == step
    assert session.do("g 14").text.startswith("step 14/31  BACKWARD  gradient of h₂")


def test_places_that_were_left_by_a_jump_are_found_again() -> None:
    session = fresh("walkthrough", "goto 5", "goto 20", "goto loss")
    session.do("previous")
    assert session.position.step == 20
    session.do("previous")
    session.do("following")
    assert session.position.step == 20
    session.do("bookmark here")
    session.do("goto 3")
    session.do("goto here")
    assert session.position.step == 20


def test_running_to_breakpoints_and_back() -> None:
    session = fresh("sign-flip", "break flip(W2)")
    result = session.do("continue")
    assert result.stop is not None
    assert result.stop.reason == "breakpoint"
    assert result.stop.breakpoint == 1
    assert commands.place(session) == "h.grad[1]"
    assert session.do("c").stop == Stop("end", None, "the end of the iteration")
    assert session.position.step == session.recording.timeline.total
    session.do("C")
    assert commands.place(session) == "h.grad[1]"
    assert session.do("rcontinue").stop == Stop("start", None, "the beginning")
    assert session.position == Position(0)
    assert session.stops.breakpoints[0].hits == 2


def test_a_breakpoint_on_terms_stops_right_after_the_term() -> None:
    session = fresh("fan-out", "break contribution > 0 and terms > 1")
    session.do("c")
    frame = session.frame()
    assert frame.sum.terms is not None
    assert session.position.step == 24
    # The first of the two terms is negative, so it holds for the last one: the sum is then complete.
    assert session.position.term is None
    session = fresh("fan-out", "break contribution < 0 and terms > 1", "continue")
    assert session.position == Position(24, 1)


def test_log_points_say_and_do_not_stop() -> None:
    session = fresh("walkthrough", "break h.grad do print h.grad[0] * 2")
    result = session.do("continue")
    assert result.stop is not None
    assert result.stop.reason == "end"
    grad = session.recording.trace.grad[session.recording.graph.by_name["h"].id]
    assert grad is not None
    assert [line.step for line in session.log.said] == [13, 14]
    assert f"{2 * grad[0]}" in session.log.said[0].text


def test_train_and_moves_refuse_what_makes_no_sense() -> None:
    session = fresh("walkthrough", "train")
    assert session.position == Position(31)
    for line, says in (
        ("train", "1 iteration made already; say how many more"),
        ("train 0", "a whole number from 1 on"),
        ("iterate 1000000000000", "iteration 1,000,000,000,001 is beyond what can be made; the last is 100,000,000"),
        ("iterate 10^12", "how often is a whole number from 1 on, not '10^12'"),
        ("train 999999999999", "is beyond what can be made"),
        ("goto @1000000000000", "iteration 1,000,000,000,000 is beyond what can be made"),
        ("into " + "9" * 400, "a number of 400 digits; 18 are the most"),
        ("iterate x", "a whole number from 1 on"),
        ("goto @0", "counted from 1"),
        ("goto @x", "written @12"),
        ("goto @3 h[9]", "out of range"),
    ):
        assert says in refused(session, line)
    assert session.history.made == 1


def test_training_counts_the_iteration_one_is_in_as_the_first() -> None:
    session = fresh("xor-training", "train 300")
    assert session.position.iteration == session.history.made == 300
    session.do("train 10")
    assert session.position.iteration == 310
    session.do("iterate")  # into the middle of it: the rest of it counts as one
    session.do("goto @311 3")
    session.do("train 2")
    assert session.position == Position(session.recording.timeline.total, None, 312)
    session.do("goto @40")
    session.do("train 5")  # seen from the past, all that is made is behind one
    assert session.position.iteration == 317


def test_training_stops_at_what_is_ahead_in_the_iteration_one_is_in() -> None:
    session = fresh("xor-training", "break W2.grad", "train")
    first = session.position
    assert first.iteration == 1
    session.do("train")
    assert session.position.iteration == 1
    assert session.position.step > first.step


def test_finish_and_restart_go_to_the_ends_of_a_sum() -> None:
    """z₁₁ = 0.4·0.5 + 0.3·0.8 + 0.1, a term a step."""
    session = fresh("walkthrough", "into 2")
    assert session.position == Position(1, 2)
    assert "term 2 of 3" in session.do("info position").text
    assert session.do("restart").text.splitlines()[0].endswith("term 1 of 3")
    assert session.position == Position(1, 1)
    assert session.do("F").text.endswith("This is the first term.")
    assert "= 0.5400" in session.do("f").text
    assert session.position == Position(1)
    assert session.do("finish").text.endswith("This step is complete.")
    session.do("goto y")
    assert session.do("restart").text.endswith("This step is a single term.")
    session.do("goto start")
    assert session.do("restart").text.endswith("This is the beginning.")


def test_places_are_revisited_through_iterations() -> None:
    session = fresh("xor-training", "goto @30 loss", "goto @2 h", "goto end")
    places = [(position.iteration, position.step) for position in session.visited.before]
    assert [k for k, _ in places] == [1, 30, 2]
    for k, step in reversed(places):
        session.do("previous")
        assert (session.position.iteration, session.position.step) == (k, step)
    assert session.do("previous").text.endswith("There is no earlier place.")
    session.do("following")
    assert session.position.iteration == 30
    session.do("goto 1")  # another way from here: what was ahead is gone
    assert session.do("following").text.endswith("There is no later place.")
