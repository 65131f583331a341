"""What is decided from summaries is true of every step of every iteration that they stand for."""

from __future__ import annotations

from functools import cache

import pytest
from scanning import CASES, TRAININGS, everywhere

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.history import rows
from gradstep.engine.history.deciding import possible
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import Summaries


@cache
def summaries(name: str, joined: bool) -> Summaries:
    """Those of a training, as they are, or with rows that stand for up to eight iterations."""
    scenario, length = TRAININGS[name]
    with pytest.MonkeyPatch.context() as patched:
        if joined:
            patched.setattr(rows, "_LEAST", 8)
        history = History(scenario, budget=1)
        for k in range(2, length + 1):  # one by one: there is little room
            history.make(k)
    found = history.summaries
    assert joined != bool(found.exact.all())
    return found


@pytest.mark.parametrize(("name", "text"), CASES)
def test_bounds_rule_out_only_what_is_not_and_promise_only_what_is(name: str, text: str) -> None:
    holds = {p.iteration for p in everywhere(name, text)}
    for joined in (False, True):
        s = summaries(name, joined)
        truth = possible(Condition(text, s.recording), s)
        for row in range(s.rows):
            inside = range(int(s.starts[row]), int(s.starts[row + 1]))
            if any(k in holds for k in inside):
                assert truth.may[row], (row, text)
            if truth.must[row]:
                assert all(k in holds for k in inside), (row, text)


def test_bounds_rule_out_most_of_what_they_can() -> None:
    """Where a summary decides, it decides."""
    s = summaries("dying", False)
    for text in ("dead(h[3])", "loss > 2 * previous", "loss < 0.9", "abs(W1.grad).max() > 1", "h.max() > 4"):
        truth = possible(Condition(text, s.recording), s)
        holds = {p.iteration for p in everywhere("dying", text)}
        assert sum(truth.may) - len(holds) <= 1, text
    for text in ("norm(W2.grad) > 1e9", "loss > 1e9", "value > 1e9", "grad > 1e9 and op == relu"):
        assert not possible(Condition(text, s.recording), s).may.any(), text
