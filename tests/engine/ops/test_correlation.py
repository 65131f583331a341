"""Correlation: three arrays that meet, against every product written out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from gradstep.engine.index import Array
from gradstep.engine.ops import correlation
from gradstep.engine.ops.correlation import COARSE, FINE, WEIGHT, Correlation
from gradstep.engine.ops.windows import Window

CASES = [
    Correlation(2, 1, 3, 2, (Window(6, 3, 2, 1, 1, 3),)),
    Correlation(1, 2, 4, 6, (Window(5, 2, 1, 0, 2, 3), Window(3, 2, 1, 1, 1, 4))),
    Correlation(3, 3, 3, 3, (Window(4, 2, 3, 2, 3, 2),)),
    Correlation(1, 1, 2, 1, (Window(3, 1, 1, 0, 1, 3), Window(2, 2, 2, 1, 1, 2), Window(2, 1, 1, 0, 1, 2))),
]


def products(met: Correlation) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """The indices in the three arrays of every product."""
    (_, _, *places), (_, into, *sizes), (_, _, *extents) = met.shapes
    for n, o, c in product(range(met.samples), range(met.outer), range(into)):
        inner = o // (met.outer // met.groups) * into + c
        for place in product(*map(range, places)):
            for offset in product(*map(range, sizes)):
                at = tuple(w.element(p, k) for w, p, k in zip(met.windows, place, offset, strict=True))
                if all(0 <= e < extent for e, extent in zip(at, extents, strict=True)):
                    yield (n, o, *place), (o, c, *offset), (n, inner, *at)


def arrays(met: Correlation) -> list[Array]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in met.shapes]


@pytest.mark.parametrize("met", CASES)
@pytest.mark.parametrize("together", [1, 1 << 19])
def test_each_array_is_the_sum_over_the_other_two(
    met: Correlation, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correlation, "_TOGETHER", together)
    given = arrays(met)
    sums = [np.zeros(shape) for shape in met.shapes]
    for indices in products(met):
        for role in (COARSE, WEIGHT, FINE):
            a, b = (r for r in (COARSE, WEIGHT, FINE) if r != role)
            sums[role][indices[role]] += given[a][indices[a]] * given[b][indices[b]]
    made = (
        met.to_coarse(given[WEIGHT], given[FINE]),
        met.to_weight(given[COARSE], given[FINE]),
        met.to_fine(given[COARSE], given[WEIGHT]),
    )
    for ours, theirs in zip(made, sums, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("met", CASES)
@pytest.mark.parametrize("role", [COARSE, WEIGHT, FINE])
def test_an_element_meets_those_it_is_multiplied_with(met: Correlation, role: int) -> None:
    every = [
        tuple(int(np.ravel_multi_index(i, shape)) for i, shape in zip(indices, met.shapes, strict=True))
        for indices in products(met)
    ]
    for flat in range(int(np.prod(met.shapes[role]))):
        grids = met.meet(role, flat)
        taken = [grid.take(0, grid.size).tolist() for grid in grids]
        assert sorted(zip(*taken, strict=True)) == sorted(one for one in every if one[role] == flat)


def test_what_is_taken_besides_covers_columns() -> None:
    met = CASES[0]
    columns = met.shapes[FINE][1] * 3 * 3
    assert met.workspace >= columns * met.samples
