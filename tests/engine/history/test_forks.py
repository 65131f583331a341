"""Futures by their edits: one that was left is found again and not trained again, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.ask import whatif
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import Interrupted
from gradstep.engine.history import iterations
from gradstep.engine.history.forks import Forks
from gradstep.engine.history.history import History
from gradstep.engine.run.plan import Plan

FAR = 900


class Runs:
    """How many iterations are run, whole or compiled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(iterations, "run", self._counted(iterations.run))
        monkeypatch.setattr(Plan, "run", self._counted(Plan.run))

    def _counted(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return run(*args, **kwargs)

        return counted


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(monkeypatch)


def edit(history: History, iteration: int, text: str) -> Edit:
    return whatif.read_edit(history.recording(iteration), text)


def parameters(history: History, iteration: int) -> list[bytes]:
    leaves = history.snapshot(iteration).leaves
    return [leaves[p.id].tobytes() for p in history.start.graph.parameters]


# Sessions -----------------------------------------------------------------------------------------


def test_taking_an_edit_back_far_on_and_making_it_again_trains_nothing(runs: Runs) -> None:
    session = Session(small())
    original = session.history
    session.goto("@3")
    session.edit("W1[0,0] = 1.5")
    session.goto(f"@{FAR} end")
    fork, fired, here = session.history, session.recording.trace.loss, session.position
    assert runs.count > 2 * FAR - 10  # both futures were trained up to here
    runs.count = 0
    session.undo()
    assert session.history is original is session.runs.original
    assert (session.position, session.edits) == (here, ())
    session.redo()
    assert session.history is fork
    assert session.recording.trace.loss == fired
    assert session.revert() == 1
    assert session.history is original
    assert runs.count <= 2 * 8  # at most from the checkpoint before to here, twice


def test_of_two_edits_the_second_is_taken_back_without_training(runs: Runs) -> None:
    session = Session(small())
    for at, text in (("@3", "W1[0,0] = 1.5"), ("@10", "W2[0,0] = 0.25")):
        session.goto(at)
        session.edit(text)
    session.goto(f"@{FAR} end")
    session.undo()
    runs.count = 0
    session.redo()
    session.undo()
    session.undo()
    session.redo()
    assert runs.count <= 4 * 16
    expected = History(small())
    expected = expected.with_edits({3: [edit(expected, 3, "W1[0,0] = 1.5")]})
    assert session.recording.trace.loss == expected.recording(FAR).trace.loss


def test_an_interrupted_redo_leaves_everything_as_it_was() -> None:
    session = Session(small())
    session.history.make(FAR)
    session.edit("W1[0,0] = 1.5")
    session.undo()
    session.history._forks._kept[1:] = []  # as if it had been let go of
    session.goto(f"@{FAR} end")
    before = session.history, session.position, session.recording
    with pytest.raises(Interrupted):
        session.redo(lambda share: share < 0.5)
    assert (session.history, session.position, session.recording) == before
    session.redo()
    assert session.edits


# Histories ----------------------------------------------------------------------------------------


def test_without_edits_there_is_the_original_and_nothing_else() -> None:
    history = History(small())
    history.make(20)
    fork = history.with_edits({5: [edit(history, 5, "W1[0,0] = 1.5")]})
    assert fork is not history
    assert fork.with_edits({}) is history.with_edits({}) is history.with_edits({4: []}) is history


def test_the_same_words_said_again_are_another_edit() -> None:
    history = History(small())
    first, second = (edit(history, 5, "W1 = 2 * W1") for _ in range(2))
    assert history.with_edits({5: [first]}) is not history.with_edits({5: [second]})
    assert history.with_edits({5: [second]}) is history.with_edits({5: [second]})


def test_a_fork_shares_the_longest_past_that_there_is(runs: Runs) -> None:
    history = History(small())
    history.make(10)
    early = edit(history, 3, "W1[0,0] = 1.5")
    one = history.with_edits({3: [early]})
    one.make(600)
    late = edit(one, 500, "W2[0,0] = 0.25")
    history.with_edits({})
    runs.count = 0
    both = history.with_edits({3: [early], 500: [late]})
    assert both.made == 499
    assert runs.count < 20
    both.make(520)
    plain = History(small())
    plain = plain.with_edits({3: [early], 500: [late]})
    plain.make(520)
    assert parameters(both, 521) == parameters(plain, 521)


def test_what_was_left_is_kept_within_bounds() -> None:
    history = History(small(), budget=200_000)
    forks = history._forks
    for number in range(12):
        history.with_edits({2: [edit(history, 2, f"W1[0,0] = {number}.5")]}).make(200)
        original, *others, entered = forks._kept
        assert original is history
        assert entered.edited[2][0].text == f"W1[0,0] = {number}.5"
        assert sum(one.bytes for one in others) <= 200_000
    assert len(forks._kept) < 13


class Pretended:
    def __init__(self, name: str, edited: Any, size: int = 1) -> None:
        self.name, self.edited, self.made, self.bytes, self.released = name, edited, 100, size, 0

    def release(self) -> None:
        self.released += 1


def test_only_what_is_left_is_released_and_the_latest_stay() -> None:
    first, second, third = ({5: (Edit(str(k), 0),)} for k in range(3))
    original = Pretended("original", {})
    forks: Forks[Pretended] = Forks(original, 25)
    made = [forks.enter(edits, lambda near, k, edits=edits: Pretended("fork", edits, 10)) for edits in (first, second)]
    assert [one.released for one in made] == [1, 0]
    assert forks.enter({}, lambda near, first: pytest.fail("it is there")) is original
    assert [one.released for one in made] == [2, 1]
    large = forks.enter(third, lambda near, first: Pretended("large", third, 20))
    assert forks.enter({}, lambda near, first: pytest.fail("it is there")) is original
    assert forks._kept == [original, large]
    assert original.released == 0


@settings(deadline=None, max_examples=15)
@given(st.data())
def test_any_walk_through_edits_comes_to_the_same_numbers(data: st.DataObject) -> None:
    """Against a training of its own for every list of edits."""
    history = here = History(small(), budget=data.draw(st.sampled_from([3_000, 1 << 20])))
    known: list[Edit] = []
    for _ in range(data.draw(st.integers(1, 6))):
        here.make(data.draw(st.integers(1, 40)))
        k = data.draw(st.integers(1, here.made))
        number = data.draw(st.integers(-9, 9))
        known.append(edit(here, k, data.draw(st.sampled_from([f"W1[0,0] = {number}", "W2 = 0.5 * W2"]))))
        chosen = data.draw(st.lists(st.sampled_from(known), max_size=3, unique_by=id))
        edits: dict[int, list[Edit]] = {}
        for one in chosen:
            edits.setdefault(one.iteration, []).append(one)
        here = here.with_edits(edits)
        alone = History(small()).with_edits(edits)
        at = data.draw(st.integers(1, 45))
        a, b = here.recording(at), alone.recording(at)
        assert all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a.trace.data, b.trace.data, strict=True))
    assert here.with_edits({}) is history
