"""What is written as .safetensors is what the format's own reader finds, and what is read here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from gradstep.engine.files.arrays.packing import Packed, packed, write_tensors
from gradstep.engine.files.arrays.stored import array_in


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int64", "int32", "int8", "uint8", "uint32", "bool"])
def test_the_formats_own_reader_finds_it(tmp_path: Path, kind: str) -> None:
    arrays = {
        "a.weight": np.arange(6).reshape(2, 3).astype(kind),
        "nothing": np.zeros((0, 4), kind),
        "ä": np.ones((), kind),
    }
    with open(tmp_path / "made.safetensors", "wb") as file:
        write_tensors(file, {name: packed(array) for name, array in arrays.items()})
    found = load_file(tmp_path / "made.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_big_endian_and_fortran_order_come_out_as_numbers(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3)).astype(">f8")
    with open(tmp_path / "made.safetensors", "wb") as file:
        write_tensors(file, {"x": packed(array)})
    assert np.array_equal(load_file(tmp_path / "made.safetensors")["x"], array)


def test_bfloat16_are_read_as_the_numbers_that_they_are(tmp_path: Path) -> None:
    bits = np.array([0x3F80, 0xC000, 0x3E80], "<u2")  # 1, −2, 0.25 (IEEE 754 single precision, its upper half)
    with open(tmp_path / "made.safetensors", "wb") as file:
        write_tensors(file, {"x": Packed("bfloat16", (3,), bits.tobytes)})
    assert array_in(str(tmp_path / "made.safetensors"), "x", np.dtype(np.float64)).tolist() == [1.0, -2.0, 0.25]
