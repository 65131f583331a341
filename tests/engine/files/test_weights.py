"""Parameters as .safetensors, read by the format's own library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from gradstep.engine.errors import CommandError
from gradstep.engine.files import check_output, save_weights

ARRAYS = {
    "fc.weight": np.arange(6.0).reshape(2, 3).T,  # not contiguous
    "b": np.array([np.nan, np.inf, -0.0], dtype=np.float32),
    "scalar": np.array(2.5),
}


def test_what_is_written_is_read_by_others(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_weights(str(file), ARRAYS, 17)
    with safe_open(file, framework="numpy") as found:
        assert set(found.keys()) == set(ARRAYS)
        assert found.metadata() == {"iteration": "17"}
        for name, array in ARRAYS.items():
            read = found.get_tensor(name)
            assert read.dtype == array.dtype
            np.testing.assert_array_equal(read, array)


def test_the_same_parameters_are_the_same_file(tmp_path: Path) -> None:
    for name in "ab":
        save_weights(str(tmp_path / f"{name}.safetensors"), ARRAYS, 3)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"old")
    save_weights(str(file), ARRAYS, 1)
    assert file.read_bytes() != b"old"
    assert [f.name for f in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("w.npz", "parameters are written as .safetensors"),
        ("w", "parameters are written as .safetensors"),
        ("none/w.safetensors", "no such folder"),
        ("folder.safetensors", "it is a folder"),
    ],
)
def test_where_nothing_can_be_written_is_said_before(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(CommandError, match=says):
        check_output(str(tmp_path / name))
    check_output(str(tmp_path / "w.safetensors"))
    assert not (tmp_path / "w.safetensors").exists()
