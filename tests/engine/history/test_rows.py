"""Rows that are joined bound what they stand for, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.history import rows as module
from gradstep.engine.history.rows import Rows
from gradstep.engine.index import Array

SPARSE = 1


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are joined from 16 on."""
    monkeypatch.setattr(module, "_LEAST", 16)


def numbers(count: int, seed: int) -> tuple[Array, Array]:
    """Of so many iterations three numbers, one of them taken in every third, and two counts."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(count, 3))
    found[np.arange(count) % 3 != 0, SPARSE] = np.nan
    return found, rng.integers(0, 9, (count, 2)).astype(np.uint32)


def filled(pieces: list[int], most: int = 16, seed: int = 0) -> tuple[Rows, Array, Array]:
    taken, counts = numbers(sum(pieces), seed)
    rows, start = Rows(3, 2, most, SPARSE), 0
    for piece in pieces:
        rows.add(taken[start : start + piece], counts[start : start + piece])
        start += piece
    return rows, taken, counts


def check(rows: Rows, taken: Array, counts: Array) -> None:
    """Every row is the least and the largest of its iterations."""
    starts = rows.starts
    assert (starts[0], starts[-1]) == (1, rows.last + 1)
    assert len(starts) == len(rows) + 1
    assert (np.diff(starts) > 0).all()
    for row in range(len(rows)):
        inside = slice(starts[row] - 1, starts[row + 1] - 1)
        for column in range(3):
            low, high = (end[row] for end in rows.numbers(column))
            known = taken[inside, column]
            if column == SPARSE:
                known = known[~np.isnan(known)]
            assert (low, high) == (known.min(), known.max()) if len(known) else np.isnan(low) and np.isnan(high)
        low, high = (end[row] for end in rows.counts(slice(0, 2)))
        assert low.tolist() == counts[inside].min(axis=0).tolist()
        assert high.tolist() == counts[inside].max(axis=0).tolist()


def test_there_is_never_a_row_too_many() -> None:
    """Where room for twice as many would be more than there may be."""
    for most in range(16, 40):
        for piece in range(1, 5):
            rows, taken, counts = filled([piece] * 40, most)
            assert len(rows) <= most
            check(rows, taken, counts)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=120),
    st.integers(1, 80),
    st.integers(0, 9),
    st.data(),
)
def test_rows_bound_their_iterations_and_so_do_copies(
    pieces: list[int], most: int, seed: int, data: st.DataObject
) -> None:
    rows, taken, counts = filled(pieces, most, seed)
    assert rows.last == sum(pieces)
    assert len(rows) <= max(most, 16)
    check(rows, taken, counts)
    until = data.draw(st.integers(0, rows.last))
    before = rows.starts.tolist(), [end.tolist() for end in rows.numbers(0)]
    copy = rows.until(until)
    # Up to there, but for those that share a row with a later one.
    assert copy.last == max(k - 1 for k in rows.starts.tolist() if k - 1 <= until)
    more = data.draw(st.integers(1, 60))
    others, more_counts = numbers(more, seed + 1)
    for k in range(more):
        copy.add(others[k : k + 1], more_counts[k : k + 1])
    whole = np.concatenate([taken[: copy.last - more], others])
    check(copy, whole, np.concatenate([counts[: copy.last - more], more_counts]))
    assert (rows.starts.tolist(), [end.tolist() for end in rows.numbers(0)]) == before


def test_old_rows_stand_for_many_iterations_and_new_ones_for_one() -> None:
    rows, taken, counts = filled([1] * 2000)
    assert len(rows) <= 16
    spans = np.diff(rows.starts)
    assert spans[0] > 64
    assert spans[-1] == 1
    assert (np.diff(spans) <= 0).all()
    check(rows, taken, counts)
    assert rows.bytes <= 4 * 16 * Rows.size(3, 2)


def test_room_that_there_is_is_used_before_anything_is_joined() -> None:
    rows, taken, counts = filled([3] * 30, most=90)
    assert (np.diff(rows.starts) == 1).all()
    check(rows, taken, counts)


def test_a_view_stays_as_it_was_while_rows_are_added_and_joined() -> None:
    rows, taken, counts = filled([1] * 14)
    view, part = rows.view(), rows.between(3, 9)
    more, more_counts = numbers(40, 5)
    for k in range(40):
        rows.add(more[k : k + 1], more_counts[k : k + 1])
    assert (len(view), view.last, len(part), part.last) == (14, 14, 6, 9)
    check(view, taken, counts)
    assert part.starts.tolist() == [4, 5, 6, 7, 8, 9, 10]
    assert part.numbers(0).low.tolist() == taken[3:9, 0].tolist()
    assert part.counts(slice(1, 2)).high.tolist() == counts[3:9, 1:2].tolist()


def test_a_part_of_joined_rows_keeps_their_bounds() -> None:
    rows, _, _ = filled([1] * 50)
    for low, high in ((0, len(rows)), (0, 3), (2, 5), (len(rows) - 2, len(rows))):
        part = rows.between(low, high)
        for mine, whole in zip(part.numbers(2), rows.numbers(2), strict=True):
            assert mine.tolist() == whole[low:high].tolist()
        for mine, whole in zip(part.counts(slice(0, 2)), rows.counts(slice(0, 2)), strict=True):
            assert mine.tolist() == whole[low:high].tolist()
