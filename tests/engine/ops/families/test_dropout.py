"""Dropout: what is drawn, and when it is drawn anew."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.ops.families.dropout import Dropout


def test_what_is_kept_is_scaled_so_that_the_mean_stays() -> None:
    x = np.full((200, 200), 3.0)
    y = Dropout(0.25, seed=5).forward([x])
    assert set(np.unique(y)) == {0.0, 4.0}
    # 40,000 draws: the share has a standard deviation of √(¼·¾ / 40,000) = 0.0022.
    assert abs((y == 0).mean() - 0.25) < 5 * 0.0022


def test_the_mask_is_that_of_pcg64_in_every_run() -> None:
    drawn = np.random.Generator(np.random.PCG64(7)).random((3, 4))
    np.testing.assert_array_equal(Dropout(0.5, seed=7).slopes_at((3, 4), np.dtype(float)), 2.0 * (drawn >= 0.5))


def test_each_iteration_draws_anew_and_always_the_same() -> None:
    op = Dropout(0.5, seed=7)
    masks = [op.in_iteration(k).forward([np.ones(64)]).tolist() for k in (1, 2, 3, 2)]
    assert masks[0] == op.forward([np.ones(64)]).tolist()
    assert masks[1] == masks[3]
    assert masks[0] != masks[1] != masks[2] != masks[0]
    assert op.varies


def test_nothing_is_dropped_in_use() -> None:
    x = np.arange(5.0)
    assert Dropout(0.9).in_use().forward([x]).tolist() == x.tolist()


@pytest.mark.parametrize("options", [{"p": 1.5}, {"p": -0.1}, {"p": True}, {"p": "half"}, {"seed": -1}, {"seed": 1.0}])
def test_what_is_no_probability_or_seed_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(OpError, match=f"dropout: {next(iter(options))} is"):
        Dropout(**options)  # type: ignore[arg-type]


def test_where_all_is_dropped_everything_is_0() -> None:
    """As torch.nn.functional.dropout with p = 1."""
    op, x = Dropout(1.0), np.array([1.0, -2.0, np.inf])
    with np.errstate(invalid="ignore"):
        assert op.slopes_at(x.shape, x.dtype).tolist() == [0, 0, 0]
        np.testing.assert_array_equal(op.forward([x]), [0, 0, np.nan])
