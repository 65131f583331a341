"""What is done to gradients before an optimiser gets them."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from gradstep.engine.training.clipping import clipped, gathered, joined, left_over


@pytest.mark.parametrize("kind", [0.5, 1.0, 2.0, 3.0, inf])
def test_the_norm_of_parts_is_that_of_the_whole(kind: float) -> None:
    whole = np.array([0.5, -2.0, 0.0, 1.5, -0.25, 3.0])
    by_hand = float(abs(whole).max()) if kind == inf else float((abs(whole) ** kind).sum() ** (1 / kind))
    assert joined([whole[:2], whole[2:2], whole[2:]], kind) == pytest.approx(by_hand, rel=1e-14)
    assert joined([], kind) == 0.0
    assert np.isnan(joined([np.array([1.0]), np.array([nan])], kind))


def test_gradients_are_gathered_by_their_shares() -> None:
    (first,), (later,) = gathered(True, 4), gathered(False, 4)
    n = {"grad": np.array([2.0]), "accumulate": 4, "left": np.array([0.25])}
    assert first.compute(n) == [0.5]
    assert later.compute(n) == [0.75]


def test_what_is_not_zeroed_is_added_and_nothing_to_the_first() -> None:
    assert left_over(True) == ()
    (line,) = left_over(False)
    assert line.compute({"grad": np.array([2.0]), "left": np.array([0.25])}) == [2.25]


def test_the_words_say_which_norm_it_is() -> None:
    assert clipped(None, None, 2.0) == ()
    said = [clipped(None, 1.0, kind)[0].says for kind in (2.0, 1.0, inf, 3.0)]
    assert len(set(said)) == 4
    assert all(line.startswith("clipped by norm: ") and line.endswith(" than that") for line in said)
    assert "order 3" in said[3]
