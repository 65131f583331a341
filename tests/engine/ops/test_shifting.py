"""Correlations by rows that are moved on, against the sum itself."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gradstep.engine.ops import shifting
from gradstep.engine.ops.shifting import Shifting
from gradstep.engine.ops.windows import Window, sliding

#: Windows along the axes of an image, a signal and a volume.
CASES = [
    sliding("", (1, 1, 6, 7), (3, 2), (1, 1), ((1, 1), (0, 1)), (1, 1)),
    sliding("", (1, 1, 9), (3,), (1,), ((2, 0),), (2,)),
    sliding("", (1, 1, 3, 4, 5), (2, 1, 3), (1, 1, 1), ((1, 0), (0, 0), (1, 1)), (1, 1, 2)),
]


def brute(
    windows: tuple[Window, ...], coarse: np.ndarray, kernels: np.ndarray, fine: np.ndarray, apart: bool = False
) -> None:
    """Adds up in each of the three what the other two make; the first axis of the kernels is the offset. Channels
    `apart` meet themselves only."""
    made = [np.zeros_like(part) for part in (coarse, kernels, fine)]
    offsets = list(product(*(range(w.size) for w in windows)))
    for place in product(*(range(w.places) for w in windows)):
        for k, offset in enumerate(offsets):
            at = tuple(w.element(i, o) for w, i, o in zip(windows, place, offset, strict=True))
            if not all(0 <= e < w.extent for e, w in zip(at, windows, strict=True)):
                continue
            here, there = (slice(None), slice(None), *place), (slice(None), slice(None), *at)
            if apart:
                made[0][here] += fine[there] * kernels[k, :, 0]
                made[1][k, :, 0] += (coarse[here] * fine[there]).sum(axis=0)
                made[2][there] += coarse[here] * kernels[k, :, 0]
            else:
                made[0][here] += fine[there] @ kernels[k].T
                made[1][k] += coarse[here].T @ fine[there]
                made[2][there] += coarse[here] @ kernels[k]
    coarse[...], kernels[...], fine[...] = made


@pytest.mark.parametrize(("piece", "least"), [(1, 5), (1 << 15, 256)])
@pytest.mark.parametrize("windows", CASES)
def test_each_of_the_three_is_the_sum_over_the_other_two(
    windows: tuple[Window, ...], piece: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shifting, "_PIECE", piece)
    monkeypatch.setattr(shifting, "_LEAST", least)
    rng, inner, outer = np.random.default_rng(0), 4, 3
    places, sizes, extents = (tuple(getattr(w, name) for w in windows) for name in ("places", "size", "extent"))
    coarse, fine = rng.normal(size=(2, outer, *places)), rng.normal(size=(2, inner, *extents))
    kernels = rng.normal(size=(int(np.prod(sizes)), outer, inner))
    moved = Shifting(windows)
    found = moved.to_coarse(kernels, fine), moved.to_weight(coarse, fine), moved.to_fine(coarse, kernels)
    brute(windows, coarse, kernels, fine)
    for mine, expected in zip(found, (coarse, kernels, fine), strict=True):
        np.testing.assert_allclose(mine.reshape(expected.shape), expected, rtol=1e-12, atol=1e-12)
