"""Which samples an iteration takes."""

from __future__ import annotations

import numpy as np

from gradstep.engine.training.batches import drawn


def test_each_pass_takes_every_sample_once_and_in_its_own_order() -> None:
    passes = [[drawn(12, 4, 7, 3 * epoch + k) for k in (1, 2, 3)] for epoch in range(4)]
    orders = [np.concatenate(batches) for batches in passes]
    for order in orders:
        assert sorted(order) == list(range(12))
    assert len({tuple(order) for order in orders}) == 4
    assert np.array_equal(drawn(12, 4, 7, 5), drawn(12, 4, 7, 5))
    assert [np.arange(5)[drawn(5, 2, None, k)].tolist() for k in (1, 2, 3)] == [[0, 1], [2, 3], [0, 1]]
