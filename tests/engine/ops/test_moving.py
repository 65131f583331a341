"""Elements that lie regularly along axes are a grid, so that letters can run over them."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.index import Grid, Picked
from gradstep.engine.ops.moving import regular


@pytest.mark.parametrize(
    ("flats", "grid"),
    [
        ([1, 4, 7], Grid(1, (3,), (3,))),
        ([0, 2, 6, 8], Grid(0, (2, 2), (6, 2))),
        ([0, 5, 10], None),  # a diagonal: two axes move together
        ([0, 1, 3], None),
    ],
)
def test_a_grid_is_found_where_there_is_one(flats: list[int], grid: Grid | None) -> None:
    found = regular(np.array(flats, dtype=np.intp), (4, 3))
    assert isinstance(found, Picked) if grid is None else found == grid
    assert found.take(0, found.size).tolist() == flats
