"""Correlations of channels that meet themselves only, against the sum itself."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.ops import apart
from gradstep.engine.ops.apart import Apart
from gradstep.engine.ops.windows import Window, sliding
from tests.engine.ops.test_shifting import brute

#: Windows along the axes of an image, a signal and a volume: with and without strides, dilation and padding, some that
#: do not reach all elements.
CASES = [
    sliding("", (1, 1, 6, 7), (3, 2), (1, 1), ((1, 1), (0, 1)), (1, 1)),
    sliding("", (1, 1, 7, 9), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    sliding("", (1, 1, 8, 6), (3, 4), (2, 3), ((0, 0), (2, 1)), (2, 1)),
    sliding("", (1, 1, 23), (5,), (4,), ((1, 0),), (2,)),
    sliding("", (1, 1, 23), (5,), (2,), ((1, 3),), (3,)),
    sliding("", (1, 1, 19), (2,), (6,), ((4, 0),), (4,)),
    sliding("", (1, 1, 5), (1,), (3,), ((2, 0),), (1,)),
    sliding("", (1, 1, 3, 4, 5), (2, 1, 3), (1, 2, 2), ((1, 0), (0, 0), (1, 1)), (1, 1, 2)),
]


@pytest.mark.parametrize(("beside", "least"), [(1, 3), (600, 256), (1 << 20, 256)])
@pytest.mark.parametrize("windows", CASES)
def test_each_of_the_three_is_the_sum_over_the_other_two(
    windows: tuple[Window, ...], beside: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_BESIDE", beside)
    monkeypatch.setattr(apart, "_LEAST", least)
    rng, channels = np.random.default_rng(0), 4
    places, sizes, extents = (tuple(getattr(w, name) for w in windows) for name in ("places", "size", "extent"))
    coarse, fine = rng.normal(size=(2, channels, *places)), rng.normal(size=(2, channels, *extents))
    kernels = rng.normal(size=(int(np.prod(sizes)), channels, 1))
    each, of = Apart(windows), kernels[..., 0].T
    found = each.to_coarse(of, fine), each.to_weight(coarse, fine).T, each.to_fine(coarse, of)
    brute(windows, coarse, kernels, fine, apart=True)
    for mine, expected in zip(found, (coarse, kernels, fine), strict=True):
        np.testing.assert_allclose(mine.reshape(expected.shape), expected, rtol=1e-12, atol=1e-12)
