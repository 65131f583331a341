"""What summaries say that an expression is, against the expression itself in every iteration."""

from __future__ import annotations

import numpy as np
import pytest
from scanning import DYING, LENGTH, whole

from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.history import rows
from gradstep.engine.history.history import History
from gradstep.engine.history.intervals import Interval, Unknown
from gradstep.engine.history.ranges import Ranges, told
from gradstep.engine.history.summaries import Summaries

#: Expressions that the summaries know exactly, but for the rounding of a norm.
TOLD = (
    "loss", "-loss + 1", "loss / 4", "previous", "loss / previous", "1 / (loss - 1)", "norm(W1.grad)", "norm(h)",
    "abs(W1.grad).max()", "W1.grad.min()", "max(z1)", "W1.next.max()", "exp(-loss)", "sqrt(loss) + 2 * norm(W2.grad)",
    "median(loss, 4)", "loss / max(loss, 3)", "mean(norm(h), 5)",
)  # fmt: skip
#: Others of which they only know what they lie between.
BETWEEN = ("W1[0,0]", "W1.grad[2,1]", "h[0,0] * W2[1,2]", "mean(h)", "W1[0,:].max()", "z1[3,:].min()")


@pytest.fixture(scope="module")
def exact() -> Summaries:
    history = History(DYING)
    history.make(LENGTH)
    return history.summaries


@pytest.fixture(scope="module")
def joined() -> Summaries:
    """Rows that stand for up to eight iterations."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rows, "_LEAST", 8)
        history = History(DYING, budget=1)
        for k in range(2, LENGTH + 1):
            history.make(k)
    assert not history.summaries.exact.all()
    return history.summaries


def values(text: str) -> list[float]:
    """What an expression is at the end of each iteration; NaN in the first where it looks back."""
    found = []
    for recording in whole("dying"):
        part = Query(text)(Moment.end(recording))
        found.append(float(np.asarray(part.value)) if np.all(part.known) else float("nan"))
    return found


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_is_what_it_is(text: str, exact: Summaries) -> None:
    found, expected = told(Query(text), exact), values(text)
    assert found is not None
    for end in found:
        assert end == pytest.approx(expected, rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("text", BETWEEN)
def test_of_other_expressions_nothing_is_told(text: str, exact: Summaries) -> None:
    assert told(Query(text), exact) is None


@pytest.mark.parametrize("text", ["W1.grad", "h > 0", "nosuch", "f(loss)", "argmax(h)"])
def test_what_is_no_number_or_cannot_be_read_is_not_told(text: str, exact: Summaries) -> None:
    assert told(Query(text), exact) is None


@pytest.mark.parametrize("text", [*TOLD, *BETWEEN])
def test_ranges_enclose_every_iteration_that_a_row_stands_for(text: str, exact: Summaries, joined: Summaries) -> None:
    expected = values(text)
    for summaries in (exact, joined):
        found = Ranges(summaries).of(Query(text).tree)
        assert isinstance(found, Interval)
        low, high = (np.broadcast_to(np.asarray(end, float), (summaries.rows,)) for end in found[:2])
        for k, value in enumerate(expected, 1):
            row = summaries.row_of(k)
            slack = 1e-9 * abs(value)
            # A bound of NaN is none: nothing is less than it, and nothing more.
            outside = value < low[row] - slack or value > high[row] + slack
            assert not outside, (text, k)


def test_ranges_of_joined_rows_still_say_something(joined: Summaries) -> None:
    for text in ("loss", "norm(W1.grad)", "abs(W1).max()", "h.max()"):
        found = Ranges(joined).of(Query(text).tree)
        assert found is not None
        assert np.isfinite(found.high[1:]).all()


def test_what_summaries_do_not_know_is_unknown(exact: Summaries) -> None:
    for text in ("norm(x)", "loss ** 2", "sum(h)", "norm(W1[0,:])"):
        with pytest.raises(Unknown):
            Ranges(exact).of(Query(text).tree)
