"""Losses that compare one by one."""

from __future__ import annotations

import pytest
from operations import Shapes

from gradstep.engine.errors import OpError
from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("name", ["half_squared_error", "mse"])
@pytest.mark.parametrize("shapes", [((4, 1), (4,)), ((2, 3), (3,)), ((3,), (4,)), ((2, 3), (3, 2)), ((3,), (1, 3))])
def test_a_loss_compares_one_by_one(name: str, shapes: Shapes) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY[name]().shape(shapes)
    assert all(str(shape) in str(caught.value) for shape in shapes)
    assert name in str(caught.value)
