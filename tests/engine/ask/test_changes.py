"""When an expression changes, and with which term a sum passes a level: against sums added up by hand."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import recording

from gradstep.engine.ask.changes import Change, passed
from gradstep.engine.ask.query import Query


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("h", ["h[0]", "h[1]"]),
        ("h[1]", ["h[1]"]),
        ("W1.grad[:,1]", ["W1.grad[0,1]", "W1.grad[1,1]"]),
        ("norm(W1.grad)", ["W1.grad[1,1]"]),
        ("h[0] * h.grad[0]", ["h.grad[0]"]),
        ("b2.next", ["b2.next[0]"]),
        ("loss", ["L"]),
    ],
)
def test_an_expression_changes_where_what_it_is_made_of_is_written(text: str, names: list[str]) -> None:
    """Each number of a name; what is computed from several once, with the last of them."""
    rec = recording("walkthrough")
    change = Change(Query(text), rec)
    found = [
        rec.board.typed(sweep.value, flat, sweep.phase.kind)
        for sweep in rec.timeline.sweeps
        for flat in np.flatnonzero(change.mask(sweep, 0, sweep.size)).tolist()
    ]
    assert found == names


def test_what_is_given_never_changes() -> None:
    rec = recording("walkthrough")
    for text in ("x", "W1", "W1[0,0] + x[1]", "1"):
        change = Change(Query(text), rec)
        assert not any(change.mask(sweep, 0, sweep.size).any() for sweep in rec.timeline.sweeps)


@pytest.mark.parametrize("level", [0.1, 0.2, 0.3, 0.43, 0.5, 0.6, -0.1])
def test_a_sum_passes_a_level_with_the_term_that_takes_it_there(level: float) -> None:
    rec = recording("walkthrough")
    # z1[0] = 0.4 · 0.5 + 0.3 · 0.8 + 0.1, term by term.
    running = np.cumsum([0.4 * 0.5, 0.3 * 0.8, 0.1])
    expected = [(a < level) != (b < level) for a, b in zip([0.0, *running], running, strict=False)]
    assert passed(rec, 1, 0.54, level).tolist() == expected


def test_of_what_is_no_sum_the_number_itself_lies_beyond_the_level() -> None:
    rec = recording("walkthrough")
    step = rec.timeline.step_of(rec.timeline.phase_of(rec.graph.by_name["h"].id), rec.graph.by_name["h"].id, 0)
    assert step is not None
    assert passed(rec, step, 0.54, 0.5).tolist() == [True]
    assert passed(rec, step, 0.54, 0.6).tolist() == [False]
    assert passed(rec, step, 0.54, -0.5).tolist() == [False]
