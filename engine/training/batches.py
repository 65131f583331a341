"""Which samples an iteration takes, and which are held back. Iterations are counted from 1."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from gradstep.engine.index import Array, Indices
from gradstep.engine.training.options import Training


def held_back(samples: int, share: float) -> tuple[Indices, Indices]:
    """Which samples are for training, and which are held back for validation: evenly spread over the
    file's order, so that data sorted by class keep their balance."""
    numbers = np.arange(1, samples + 1)
    # A little more than the share itself: 5 · 0.2 must count as 1 whatever it is in binary.
    back = np.floor(numbers * share + 1e-9) > np.floor((numbers - 1) * share + 1e-9)
    return np.flatnonzero(~back), np.flatnonzero(back)


@lru_cache(maxsize=8)
def _order(samples: int, shuffle: int, epoch: int) -> Indices:
    """The order of one pass. Kept, because each of its iterations asks for it."""
    order = np.random.Generator(np.random.PCG64([shuffle, epoch])).permutation(samples).astype(np.intp)
    order.setflags(write=False)
    return order


def drawn(samples: int, size: int, shuffle: int | None, iteration: int = 1) -> Indices | slice:
    """Which `size` of the `samples` the batch of an iteration (from 1) holds, shape (size,).

    In file order, or in an order of its own for each pass over the data, drawn from the seed
    `shuffle`. What is left over at the end of a pass and fills no batch is skipped in that pass, as
    PyTorch's DataLoader does with drop_last.
    """
    epoch, number = divmod(iteration - 1, samples // size)
    if shuffle is None:
        return slice(number * size, (number + 1) * size)
    return _order(samples, shuffle, epoch)[number * size : (number + 1) * size]


def batch(pool: Mapping[int, Array], training: Training, iteration: int) -> dict[int, Array]:
    """The samples of an iteration, for each value of the pool; none where no batches are drawn."""
    if training.batch_size is None:
        return {}
    found: dict[int, Array] = {}
    rows: Indices | slice | None = None
    for value, array in pool.items():
        if rows is None:
            rows = drawn(len(array), training.batch_size, training.shuffle, iteration)
        found[value] = array[rows]
        found[value].setflags(write=False)
    return found


def draw_into(arrays: Mapping[int, Array], pool: Mapping[int, Array], training: Training, iteration: int) -> None:
    """Writes the samples of an iteration into `arrays`, for each value of the pool, as `batch` gives them."""
    assert training.batch_size is not None, "else no batches are drawn"
    chosen: Indices | slice | None = None
    for value, array in pool.items():
        if chosen is None:
            chosen = drawn(len(array), training.batch_size, training.shuffle, iteration)
        if isinstance(chosen, slice):
            np.copyto(arrays[value], array[chosen])
        else:
            array.take(chosen, 0, arrays[value], "clip")


def rows(samples: int, training: Training, iteration: int) -> Indices:
    """Which rows of the data, of all `samples` there are, the samples of an iteration are: shape (size,)."""
    kept = np.arange(samples) if training.validation is None else held_back(samples, training.validation)[0]
    if training.batch_size is None:
        return kept
    return kept[drawn(len(kept), training.batch_size, training.shuffle, iteration)]


def passes(samples: int, training: Training) -> int:
    """How many iterations one pass over the data has."""
    return max(samples // training.batch_size, 1) if training.batch_size else 1
