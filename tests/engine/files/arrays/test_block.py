"""What a file says of an array, checked before anything is read."""

from __future__ import annotations

import io

import numpy as np
import pytest

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays.block import Block, Unreadable, checked_shape, chosen, fits, real


def test_a_block_is_read_to_its_end_and_not_beyond() -> None:
    block = Block(io.BytesIO(bytes(range(6))), (6,), np.dtype("u1"))
    assert block.read(4) == b"\x00\x01\x02\x03"
    with pytest.raises(Unreadable, match="ends too early"):
        block.read(3)


@pytest.mark.parametrize("shape", [[], [0], (1,) * 64, [0, 2**59], [2**30, 2**29]])
def test_shapes_that_an_array_can_have(shape: object) -> None:
    assert checked_shape(shape) == tuple(shape)  # type: ignore[arg-type]  # they are sequences


@pytest.mark.parametrize("shape", [None, 3, "3", [-1], [1.0], [True], (1,) * 65, [2**63], [2**30, 2**31], [0, 2**62]])
def test_shapes_that_none_can_have(shape: object) -> None:
    with pytest.raises((Unreadable, GraphError)):
        checked_shape(shape)


def test_an_array_fits_where_there_are_as_many_bytes() -> None:
    fits((2, 3), np.dtype("f4"), 24)
    with pytest.raises(Unreadable):
        fits((2, 3), np.dtype("f4"), 23)


@pytest.mark.parametrize("kind", ["<f8", ">f2", "|b1", "?", "u1", "=i8"])
def test_real_numbers(kind: str) -> None:
    assert real(kind) == np.dtype(kind)


@pytest.mark.parametrize("kind", ["<c8", "U1", "S", "<m8[s]", "f7", "f8,f8", "float64", None, 8, [("a", "f8")]])
def test_everything_else_is_refused(kind: object) -> None:
    with pytest.raises(GraphError, match=r"it holds"):
        real(kind)


def test_the_array_that_is_meant() -> None:
    assert chosen(None, ["only"]) == "only"
    assert chosen("b", ["a", "b"]) == "b"
    for key, names, says in (
        (None, ["a", "b"], "holds 2 arrays; say which with key = a, b$"),
        (None, [], "holds 0 arrays$"),
        ("wieght", ["weight"], "did you mean 'weight'"),
        ("x", [f"n{k}" for k in range(9)], "n7 …$"),
        ("x" * 999, ["a"], f"no array '{'x' * 30}…{'x' * 20}'"),
    ):
        with pytest.raises(GraphError, match=says):
            chosen(key, names)
