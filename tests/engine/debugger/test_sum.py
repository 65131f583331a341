"""The sum of one step: terms as NumPy has them, those that there is room for, and what the others add up to."""

from __future__ import annotations

import numpy as np
import pytest
from debugging import fresh

from gradstep.engine.debugger.session import Session
from gradstep.engine.debugger.sum import Fold
from gradstep.engine.files import loads
from gradstep.engine.run.timeline import Position

W = np.array([((-1) ** k) * (k + 1) / 8 for k in range(30)])
X = np.array([1.0 + (7 * k % 11) for k in range(30)])
LONG = f'format = 1\n[inputs]\nx = {X.tolist()}\n[parameters]\nw = [{W.tolist()}]\n[graph]\nz = "w @ x"\nL = "sum(z)"\n'


def test_rows_have_names_and_running_sums() -> None:
    """z₁₁ = 0.4·0.5 + 0.3·0.8 + 0.1."""
    rows, fold = fresh("walkthrough", "goto z1[0]").frame().sum.rows(9)
    assert fold is None
    assert [(r.via, r.right_name) for r in rows] == [("x₁", "x₁"), ("x₂", "x₂"), ("bias", "1")]
    assert [(r.left, r.right) for r in rows[:2]] == [(0.4, 0.5), (0.3, 0.8)]
    assert [r.contribution for r in rows] == pytest.approx([0.2, 0.24, 0.1])
    assert [r.running for r in rows] == pytest.approx([0.2, 0.44, 0.54])
    assert all(r.entered for r in rows)


def test_terms_come_in_one_by_one() -> None:
    session = fresh("walkthrough")
    for entered in (1, 2):
        here = session.frame_at(Position(1, entered)).sum
        assert (here.entered, here.count) == (entered, 3)
        assert here.so_far == pytest.approx([0.2, 0.44][entered - 1])
        assert [row.entered for row in here.rows(9)[0]] == [k < entered for k in range(3)]
    whole = session.frame_at(Position(1)).sum
    assert (whole.entered, whole.so_far, whole.result) == (3, None, pytest.approx(0.54))


def test_what_is_no_sum_has_no_terms() -> None:
    for position in (Position(0), Position(3)):  # the beginning, and a gate
        here = fresh().frame_at(position).sum
        assert (here.count, here.terms, here.rows(9), here.so_far) == (0, None, ([], None), None)


@pytest.mark.parametrize("limit", [2, 5, 29, 30, 31])
def test_of_a_long_sum_the_largest_are_listed_and_the_others_added_up(limit: int) -> None:
    session = Session(loads(LONG))
    session.goto("z[0]")
    terms = W * X
    rows, fold = session.frame().sum.rows(limit)
    if limit >= 30:
        assert fold is None
        assert [r.contribution for r in rows] == pytest.approx(terms)
        assert [r.running for r in rows] == pytest.approx(np.cumsum(terms))
        return
    largest = sorted(terms, key=abs, reverse=True)[: limit - 1]
    assert [abs(r.contribution) for r in rows] == pytest.approx(np.abs(largest))
    assert [r.running for r in rows] == pytest.approx(np.cumsum([r.contribution for r in rows]))
    assert fold == Fold(30 - len(rows), pytest.approx(terms.sum() - sum(r.contribution for r in rows)))


@pytest.mark.parametrize("term", [1, 3, 15, 29])
def test_while_it_is_stepped_through_those_around_the_current_term_are_listed(term: int) -> None:
    session = Session(loads(LONG))
    frame = session.frame_at(Position(1, term))
    rows, fold = frame.sum.rows(6)
    assert term - 1 in [row.order for row in rows]
    assert [row.order for row in rows] == list(range(rows[0].order, rows[0].order + 5))
    assert fold is not None
    assert fold.size == 25
    assert np.isnan(fold.contribution)  # it is not known yet
    assert frame.sum.so_far == pytest.approx((W * X)[:term].sum())


def test_hops_are_the_ways_by_which_a_gradient_came() -> None:
    """∂L/∂h₁ in fan-out comes from both outputs."""
    session = fresh("fan-out", "goto h.grad[0]")
    hops, graph = session.frame().sum.hops, session.recording.graph
    assert [(graph.values[h.target.value].name, h.target.flat) for h in hops] == [("z2", 0), ("z2", 1)]
    assert sum(h.contribution for h in hops) == pytest.approx(session.frame().sum.result)


def test_terms_that_are_all_zero_add_up_to_zero() -> None:
    """23 samples shut the gate: what is left of two nearly equal sums was shown as theirs, 2e-19."""
    session = fresh("digits", "goto W2.grad[3,2]")
    upstream, local = (np.asarray(session.value(name).value) for name in ("z2.grad", "h"))
    parts = upstream[:, 3] * local[:, 2]
    for limit in (3, 5, 8, 11):
        rows, fold = session.frame().sum.rows(limit)
        assert fold is not None
        rest = np.sort(np.abs(parts))[: fold.size]
        assert len(rows) + fold.size == len(parts)
        assert abs(fold.contribution) <= rest.sum() * (1 + 1e-12)
        assert fold.contribution == pytest.approx(parts.sum() - sum(row.contribution for row in rows), abs=1e-15)
    assert np.count_nonzero(parts) < 10
    assert fold.contribution == 0
