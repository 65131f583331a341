"""Summaries by name, of all iterations or a part of them."""

from __future__ import annotations

import numpy as np
import pytest
from trainings import small

from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.history.rows import Rows
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.run.timeline import Phase


@pytest.fixture(scope="module")
def history() -> History:
    found = History(small("lr = 0.05\nbatch_size = 8\nvalidation = 0.25"))
    found.make(30)
    return found


def test_what_stands_in_a_column_is_found_by_name(history: History) -> None:
    s, w = history.summaries, history.start.graph.by_name["W1"].id
    recording = history.recording(17)
    assert s.row_of(17) == 16
    assert s.loss.low[16] == recording.trace.loss
    assert s.rate.low.tolist() == [0.05] * 30
    assert s.least(Phase.BACKWARD, w).low[16] == recording.trace.gradient(w).min()
    assert s.largest(Phase.UPDATE, w).low[16] == recording.updated(w).max()
    assert s.moved(w).low[16] == pytest.approx(0.05 * s.norm(Phase.BACKWARD, w).low[16], rel=1e-12)
    assert s.has(Phase.UPDATE, w)
    assert not s.has(Phase.FORWARD, w)
    assert (s.rows, s.last, bool(s.exact.all())) == (30, 30, True)
    assert np.isnan(s.validation.low).tolist() == [False, True] * 15  # two batches of 8 in the 18 samples


def test_a_part_or_a_copy_reads_like_the_whole(history: History) -> None:
    s = history.summaries
    part, copy, view = s.between(4, 9), s.until(12), s.view()
    assert part.loss.low.tolist() == s.loss.low[4:9].tolist()
    assert (part.row_of(6), part.last, part.rows) == (1, 9, 5)
    assert copy.loss.low.tolist() == s.loss.low[:12].tolist()
    assert (copy.last, view.last, view.rows) == (12, 30, 30)
    z = history.start.graph.by_name["z1"].id
    assert part.above_zero(z).low.tolist() == s.above_zero(z).low[4:9].tolist()


def test_a_budget_bounds_how_many_rows_there_are() -> None:
    start = History(small()).start
    row = Rows.size(Summaries.within(start, 1).columns.width, 6)
    history = History(small(), budget=400 * row * 10)  # a tenth of it is for summaries
    history.make(2000)
    assert 200 < history.summaries.rows <= 400
    assert history.summaries.last == 2000


def test_joined_rows_bound_what_they_stand_for() -> None:
    scenario = small("lr = 0.05\nbatch_size = 8\nvalidation = 0.25")
    whole, scarce = History(scenario), History(scenario, budget=1)
    for history in (whole, scarce):
        history.make(900)
    s, exact = scarce.summaries, whole.summaries
    assert s.rows < 300
    assert int(s.starts[0]) == 1
    assert int(s.starts[-1]) == 901
    assert not s.exact[0]
    assert s.exact[-1]
    z = scenario.graph.by_name["z1"].id
    for row, (start, stop) in enumerate(zip(s.starts[:-1], s.starts[1:], strict=True)):
        inside = slice(int(start) - 1, int(stop) - 1)
        assert s.loss.low[row] == exact.loss.low[inside].min()
        assert s.loss.high[row] == exact.loss.low[inside].max()
        assert s.above_zero(z).low[row].tolist() == exact.above_zero(z).low[inside].min(axis=0).tolist()
        assert s.above_zero(z).high[row].tolist() == exact.above_zero(z).low[inside].max(axis=0).tolist()
        taken = exact.validation.low[inside]
        if not np.isnan(taken).all():
            assert s.validation.low[row] == np.nanmin(taken)
            assert s.validation.high[row] == np.nanmax(taken)


def test_the_norm_of_no_numbers_is_0() -> None:
    text = 'format = 1\n[parameters]\nk = []\nw = 2.0\n[graph]\nL = "w * w + sum(k)"\n[training]\nsteps = 3\n'
    history = History(loads(text))
    history.make(3)
    k = history.start.graph.by_name["k"].id
    assert history.summaries.norm(Phase.UPDATE, k).high.tolist() == [0, 0, 0]
