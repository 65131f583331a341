"""Which samples an iteration takes."""

from __future__ import annotations

import numpy as np

from gradstep.engine.training.batches import batch, drawn, held_back, passes
from gradstep.engine.training.options import Training


def test_each_pass_takes_every_sample_once_and_in_its_own_order() -> None:
    passes = [[drawn(12, 4, 7, 3 * epoch + k) for k in (1, 2, 3)] for epoch in range(4)]
    orders = [np.concatenate(batches) for batches in passes]
    for order in orders:
        assert sorted(order) == list(range(12))
    assert len({tuple(order) for order in orders}) == 4
    assert np.array_equal(drawn(12, 4, 7, 5), drawn(12, 4, 7, 5))
    assert [np.arange(5)[drawn(5, 2, None, k)].tolist() for k in (1, 2, 3)] == [[0, 1], [2, 3], [0, 1]]


def test_samples_held_back_are_spread_evenly() -> None:
    assert 100 * 0.29 < 29  # in binary, and still 29 are meant
    for samples, share in ((10, 0.2), (7, 0.5), (100, 0.13), (3, 0.34), (100, 0.29)):
        kept, back = held_back(samples, share)
        assert sorted([*kept, *back]) == list(range(samples))
        assert len(back) == int(samples * share + 1e-9)
        # Of every first part there are as many as its share, never one more.
        for part in range(samples + 1):
            assert (back < part).sum() == int(part * share + 1e-9)


def test_a_batch_has_the_same_rows_of_every_array() -> None:
    pool = {3: np.arange(6.0), 5: np.arange(12.0).reshape(6, 2)}
    training = Training(batch_size=2, shuffle=1)
    for iteration in range(1, 7):
        found = batch(pool, training, iteration)
        assert (found[5] == pool[5][found[3].astype(int)]).all()
        assert not any(array.flags.writeable for array in found.values())
    assert batch(pool, Training(), 1) == {}


def test_how_many_iterations_a_pass_has() -> None:
    assert passes(10, Training()) == 1
    assert passes(10, Training(batch_size=3)) == 3
    assert passes(2, Training(batch_size=3)) == 1
