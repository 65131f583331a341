"""The training one is in, as a value: with edits, beside another one, and what was watched in it."""

from __future__ import annotations

import pytest

from gradstep.engine.ask import whatif
from gradstep.engine.ask.watches import Watch
from gradstep.engine.debugger.runs import Runs
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find, loads
from gradstep.engine.run.timeline import Position

#: Each iteration takes w to 0.8 w.
QUADRATIC = (
    'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\ne = "w * w"\nL = "sum(e)"\n[training]\nlr = 0.1\nsteps = 30\n'
)


def quadratic() -> Runs:
    return Runs.of(loads(QUADRATIC), 1 << 20)


def test_other_edits_are_another_value() -> None:
    runs = quadratic()
    edit = whatif.read_edit(runs.recording(3), "w = [1, 0]")
    edited = runs.with_edits([edit])
    assert (runs.edits, edited.edits, edited.original) == ((), (edit,), runs.original)
    assert runs.history is runs.original is not edited.history
    assert edited.recording(5).trace.loss == pytest.approx(0.64**2)
    assert runs.recording(5).trace.loss == pytest.approx(13 * 0.64**4)
    assert edited.base(edited.recording(5)) is runs.recording(5)
    assert runs.base(runs.recording(5)) is runs.recording(5)
    taken = edited.with_edits([], [edit])
    assert (taken.history, taken.edits, taken.undone) == (runs.history, (), (edit,))


def test_what_it_is_compared_with_comes_along_unless_it_goes_alone() -> None:
    runs = Runs.of(find("momentum-vs-sgd"), 1 << 20)
    assert runs.beside is not None
    runs.recording(20, alone=True)
    assert (runs.history.made, runs.beside.made, runs.other(20)) == (20, 1, None)
    runs.recording(20)
    assert runs.beside.made == 20
    assert runs.other(20) is runs.beside.recording(20)
    assert runs._replace(beside=None).other(20) is None


def test_the_last_iteration_and_how_many_are_behind_one() -> None:
    runs = quadratic()
    total = runs.history.start.timeline.total
    assert runs.last == 30
    assert [runs.trained(Position(step)) for step in (0, total - 1, total)] == [0, 0, 1]
    runs.history.make(40)
    assert runs.last == 40
    assert runs.trained(Position(3, None, 7)) == 40
    assert runs.trained(Position(3, None, 40)) == 39


def test_looking_back_can_be_interrupted() -> None:
    runs = quadratic()
    watch = Watch("e[0]", runs.recording(1))
    runs.history.make(100)
    runs.history.release()
    with pytest.raises(Interrupted):
        runs.look_back([watch], 50, lambda share: False)
    runs.look_back([watch], 50)
    assert len(watch.seen) > 20
    assert watch.seen == pytest.approx({k: 4 * 0.64 ** (k - 1) for k in watch.seen})
