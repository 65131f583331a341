"""Snapshots of the past: within their budget, and where they are needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.history.checkpoints import Checkpoints, Passed, Snapshot
from gradstep.engine.history.history import History
from gradstep.engine.run.rules import State

SMALL = small()
START = History(SMALL).start


def snapshots(count: int) -> Sequence[Snapshot]:
    return [Snapshot(k, START, SMALL.leaves, State()) for k in range(1, count + 1)]


@pytest.mark.parametrize("room", [3, 10, 100])
def test_checkpoints_stay_within_their_budget_and_stand_wider_apart_with_age(room: int) -> None:
    first, *others = snapshots(5000)
    size = 8 * (6 * 5 + 6 + 2 * 6)
    assert first.bytes == size
    checkpoints = Checkpoints(first, room * size)
    for snapshot in others:
        checkpoints.add(snapshot)
        assert checkpoints.bytes <= room * size
    kept = checkpoints.iterations
    assert (kept[0], kept[-1]) == (1, 5000)
    gaps = np.diff(kept)
    assert gaps.max() <= 8 * 5000 / room  # the longest way is a few even spacings
    if room == 100:
        assert np.mean(gaps[: len(gaps) // 3]) > 1.5 * np.mean(gaps[-(len(gaps) // 3) :])
    assert checkpoints.nearest(4999).iteration <= 4999


def test_what_updates_have_left_counts_as_well() -> None:
    history = History(small('optimizer = "adam"\nlr = 0.02'))
    history.make(3)
    assert history.snapshot(3).bytes == 3 * 8 * (6 * 5 + 6 + 2 * 6)  # the parameters and two moments of each


@given(st.lists(st.integers(2, 60), max_size=30, unique=True), st.integers(1, 60), st.integers(1, 60))
def test_the_nearest_is_the_last_one_at_or_before(added: list[int], asked: int, until: int) -> None:
    first, *others = snapshots(60)
    checkpoints, passed = Checkpoints(first, 1 << 30), Passed(1 << 30)
    for k in added:
        checkpoints.add(others[k - 2])
        passed.add(others[k - 2])
    assert checkpoints.nearest(asked).iteration == max(k for k in (1, *added) if k <= asked)
    found = passed.nearest(asked)
    assert (0 if found is None else found.iteration) == max((k for k in added if k <= asked), default=0)
    copy, shorter = checkpoints.until(until), passed.until(until)
    assert copy.iterations == sorted({1, *(k for k in added if k <= until)})
    assert copy.bytes == sum(others[k - 2].bytes for k in added if k <= until)
    assert checkpoints.iterations == sorted({1, *added})  # the copy is one
    found = shorter.nearest(60)
    assert (0 if found is None else found.iteration) == max((k for k in added if k <= until), default=0)


def test_of_those_passed_the_latest_stay() -> None:
    _, *others = snapshots(9)
    passed = Passed(3 * others[0].bytes)
    for snapshot in others:
        passed.add(snapshot)
    assert [k for k in range(1, 10) if (found := passed.nearest(k)) and found.iteration == k] == [7, 8, 9]
    tight = Passed(1)
    for snapshot in others:
        tight.add(snapshot)
    assert tight.nearest(9) is others[-1]
    assert tight.nearest(8) is None
    tight.clear()
    assert tight.nearest(9) is None
