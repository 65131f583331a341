"""Operations that broadcast."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from operations import BINARY, POOL

from gradstep.engine.errors import OpError
from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("name", BINARY)
def test_elementwise_operations_broadcast_just_as_numpy_does(name: str) -> None:
    op = REGISTRY[name]()
    for a, b in product((*POOL, (4,), (0,), (1, 1, 1), (2, 2)), repeat=2):
        try:
            expected = np.broadcast_shapes(a, b)
        except ValueError:
            with pytest.raises(OpError):
                op.shape((a, b))
        else:
            assert op.shape((a, b)) == expected


@pytest.mark.parametrize("name", BINARY)
def test_shapes_that_do_not_broadcast_are_named_with_their_axis(name: str) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY[name]().shape(((2, 3), (4,)))
    message = str(caught.value)
    assert name in message
    assert "(2, 3)" in message
    assert "(4,)" in message
    assert "axis -1" in message
