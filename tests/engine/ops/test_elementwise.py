"""Operations that broadcast."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from operations import BINARY, POOL

from gradstep.engine.errors import OpError
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.elementwise import chosen


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


# Shared pieces --------------------------------------------------------------------------------------------------------

EVERY = np.array([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-40, 3.0e38])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_what_is_chosen_is_chosen_bit_by_bit(dtype: type) -> None:
    kind, rng = np.dtype(dtype), np.random.default_rng(0)
    with np.errstate(over="ignore"):
        every = EVERY.astype(kind)
    one, other, mask = (rng.choice(part, (7, 11)) for part in (every, every, [True, False]))
    parts = [
        (one, other),
        (one, 2.5),
        (-0.0, other),
        (1, 0),
        (one[0], other),
        (np.inf, np.nan),
        (0, other),
        (one, 0),
        (0, -0.0),
    ]
    for a, b in parts:
        expected = np.where(mask, np.asarray(a, kind), np.asarray(b, kind))
        found = chosen(mask, a, b, kind)
        assert (found.dtype, found.tobytes()) == (kind, expected.tobytes())
    for where in (True, False):
        assert (
            chosen(np.asarray(where), one[0, 0], other[0, 0], kind).tobytes()
            == (one if where else other)[0, 0].tobytes()
        )
    assert chosen(mask[:0], one[:0], 1, kind).shape == (0, 11)


def test_a_gradient_is_written_over_nothing_that_is_used_again() -> None:
    """Of a product the slope is the other factor itself."""
    x, z, g = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([10.0, 100.0])
    multiply, kept = REGISTRY["multiply"](), [part.copy() for part in (x, z, g)]
    y = multiply.forward([x, z])
    assert multiply.vjp(0, g, y, [x, z]).tolist() == [30.0, 400.0]
    assert all(map(np.array_equal, (x, z, g), kept))
    assert REGISTRY["exp"]().vjp(0, g, y, [x]).tolist() == (g * y).tolist()  # whose slope is the output
    assert np.array_equal(y, x * z)
