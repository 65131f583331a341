"""How large arrays are, against NumPy; and what a recording says of its own."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.run.sizes import known, largest_at, norm_of, sizes_of


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norm_and_place_are_those_of_numpy(dtype: type) -> None:
    rng = np.random.default_rng(3)
    for shape in ((1,), (7, 5), (3, 1, 400)):
        array = rng.normal(size=shape).astype(dtype)
        assert norm_of(array) == pytest.approx(float(np.linalg.norm(array.reshape(-1).astype(float))), rel=1e-6)
        assert largest_at(array.reshape(-1)) == int(abs(array).argmax())


def test_sizes_neither_overflow_nor_vanish() -> None:
    assert norm_of(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert norm_of(np.array([3e-200, 4e-200])) == pytest.approx(5e-200)


def test_only_what_is_finite_is_told() -> None:
    arrays = {
        "fine": np.array([[1.0, -3.0], [2.0, 0.0]]), "nan": np.array([1.0, np.nan]), "inf": np.array([np.inf]),
        "whole": np.array([1, 2]), "none": np.empty((0,)),
    }  # fmt: skip
    said = sizes_of(arrays)
    assert said == {"fine": [pytest.approx(14**0.5), 1]}
    (found,) = known(arrays, said)
    assert found[0] == id(arrays["fine"])
    assert found[1].array is arrays["fine"]
    assert found[1].peak == 3.0


@pytest.mark.parametrize("said", [None, [], {"fine": 1.0}, {"fine": [1.0, 4]}, {"fine": [-1.0, 0]}, {"fine": ["1", 0]}])
def test_what_is_damaged_is_not_told(said: object) -> None:
    assert [*known({"fine": np.ones((2, 2))}, said)] == []
