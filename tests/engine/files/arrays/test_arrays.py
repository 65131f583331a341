"""Which source an array comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from leaves import F4, F8, made, refused

from gradstep.engine.files.arrays import SOURCES


def test_each_source_is_named_by_its_key(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([1.0, 2.0]))
    specs = {
        "init": {"init": "ones", "shape": [2]},
        "file": {"file": "a.npy"},
        "dataset": {"dataset": "xor", "part": "labels"},
    }
    assert set(specs) == set(SOURCES)
    assert [made(specs[key], F8, tmp_path).tolist() for key in specs] == [[1, 1], [1, 2], [0, 1, 1, 0]]
    assert made([1, 2], F4).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({}, "a table here has 'init' (with 'shape'), 'file', 'dataset' or 'value'"),
        ({"inti": "zeros"}, "did you mean 'init'"),
        ({"data": "iris"}, "did you mean 'dataset'"),
        ({"dataset": "xx"}, "no data set 'xx'"),
    ],
)
def test_a_table_that_names_none_is_refused(spec: object, says: str) -> None:
    assert says in refused(spec)
