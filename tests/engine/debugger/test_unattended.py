"""A training without a screen, against one that can be worked out: L = w · w with η = 0.1 takes w to 0.8 w."""

from __future__ import annotations

import hashlib
import itertools
import sys
from math import isnan

import numpy as np
import pytest
from trainings import small

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.debugger.unattended import Ended, Report, made_with, parameters, report, train
from gradstep.engine.errors import CommandError
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.timeline import Position

QUADRATIC = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nL = "sum(w * w)"\n[training]\nlr = 0.1\n'


def quadratic() -> History:
    return History(loads(QUADRATIC))


def check(found: Report) -> None:
    size = 13**0.5 * 0.8 ** (found.iteration - 1)
    assert found.loss == pytest.approx(size**2)
    assert found.gradient == pytest.approx(2 * size)
    assert found.moved == pytest.approx(0.2 / 0.8)  # how far, over the size after it
    assert found.rate == 0.1
    assert isnan(found.validation)
    assert found.document()["validation"] is None


def test_reports_come_as_often_as_they_are_wanted() -> None:
    *reports, ended = train(quadratic(), 30, None, 7)
    assert [r.iteration for r in reports if isinstance(r, Report)] == [1, 7, 14, 21, 28, 30]
    for one in reports:
        assert isinstance(one, Report)
        check(one)
    total = quadratic().start.timeline.total
    assert ended == Ended("end", Position(total, None, 30))


@pytest.mark.parametrize(("steps", "count"), [(1, 1), (20, 20), (100, 21), (1000, 21), (5000, 11)])
def test_there_are_ten_to_twenty(steps: int, count: int) -> None:
    found = [one for one in train(quadratic(), steps, None, None) if isinstance(one, Report)]
    assert len(found) == count
    assert (found[0].iteration, found[-1].iteration) == (1, steps)


def test_it_ends_where_a_condition_holds() -> None:
    """13 · 0.64^(k − 1) is below 1 from k = 7 on: 13 · 0.64⁶ = 0.893."""
    history = quadratic()
    *reports, ended = train(history, 100, Condition("loss < 1", history.start), 5)
    assert isinstance(ended, Ended)
    assert (ended.reason, ended.position.iteration) == ("until", 7)
    assert [r.iteration for r in reports if isinstance(r, Report)] == [1, 5, 7]
    assert history.made == 7


def test_what_is_interrupted_says_how_far_it_came() -> None:
    history, asked = quadratic(), []

    def go_on(share: float) -> bool:
        asked.append(share)
        return len(asked) < 50

    *reports, ended = train(history, 1000, None, 500, go_on)
    assert isinstance(ended, Ended)
    assert ended.reason == "interrupted"
    assert ended.position.iteration == history.made == 51
    last = reports[-1]
    assert isinstance(last, Report)
    assert last.iteration == 51
    check(last)


HELD = """format = 1
batch = ["x", "t"]
[inputs]
x = { shape = [20, 3], init = "normal(0, 1)", seed = 1 }
t = { shape = [20, 2], init = "normal(0, 1)", seed = 2 }
[parameters]
W = { shape = [2, 3], init = "normal(0, 1)", seed = 3 }
[graph]
y = "x @ W.T"
L = "mse(y, t)"
[training]
lr = 0.1
batch_size = 4
shuffle = 0
validation = 0.2
"""


def test_of_samples_held_back_the_latest_loss_is_told() -> None:
    """In NumPy, with the weights of the iteration in which it was taken."""
    history = History(loads(HELD))
    history.make(30)
    names = {v.name: v.id for v in history.start.graph.values}
    held = history.scenario.held_back
    assert held is not None
    x, t = held.inputs[names["x"]], held.inputs[names["t"]]
    assert len(x) == 4
    for k in (1, 7, 30):
        found = report(history, k)
        assert 0 < found.validated <= k
        (weights,) = parameters(history, Position(0, None, found.validated)).values()
        assert found.validation == pytest.approx(np.mean((x @ weights.T - t) ** 2))
        assert f"@{found.validated}" in found.line()
    taken = report(history, 30).validated
    assert report(history, 30, since=taken).validated == 0  # it has been told
    assert report(history, 30, since=taken - 1).validated == taken


def test_parameters_are_those_of_the_moment() -> None:
    history = quadratic()
    history.make(5)
    total = history.start.timeline.total
    for position, size in ((Position(0, None, 3), 0.64), (Position(total, None, 3), 0.512), (Position(9, 1, 3), 0.64)):
        (w,) = parameters(history, position).values()
        assert w.tolist() == pytest.approx([2 * size, 3 * size])


def test_reports_of_a_training_without_end_are_not_listed_beforehand() -> None:
    """Of 10⁸ iterations with a report after each, a list would fill much of the memory; more are refused."""
    asked = itertools.count()
    found = list(train(History(small()), 10**8, None, 1, lambda share: next(asked) < 5))
    reports = [one.iteration for one in found if isinstance(one, Report)]
    assert reports == [*range(1, len(found))]
    assert isinstance(found[-1], Ended)
    assert found[-1].reason == "interrupted"
    with pytest.raises(CommandError, match="iteration 1,000,000,000,000 is beyond what can be made"):
        next(train(History(small()), 10**12, None, 1))


def test_what_a_training_was_made_with_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    scenario = small("shuffle = 7\nbatch_size = 8")
    used = made_with(scenario)
    assert used["numpy"] == np.__version__
    assert used["python"] == ".".join(map(str, sys.version_info[:3]))
    assert (used["threads"], used["shuffle"]) == ("3", 7)
    assert used["scenario_sha256"] == hashlib.sha256(scenario.text.encode()).hexdigest()
    assert used["scenario_sha256"] != made_with(small("lr = 1.0"))["scenario_sha256"]
