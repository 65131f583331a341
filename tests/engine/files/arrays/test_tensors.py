""".safetensors files, whole and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from leaves import F8, made, refused
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.safetensors"


def packed(said: Any, data: bytes = bytes(48)) -> bytes:
    header = said if isinstance(said, bytes) else json.dumps(said).encode()
    return len(header).to_bytes(8, "little") + header + data


def tensor(dtype: Any = "F64", shape: Any = (3,), offsets: Any = (0, 24)) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
def test_arrays_are_those_that_were_written_by_the_format_s_own_library(file: Path, kind: str) -> None:
    pick = np.random.default_rng(0)
    arrays = {
        name: pick.integers(0, 100, shape).astype(kind) for name, shape in (("a.b", (2, 3)), ("é", ()), ("0", (0, 2)))
    }
    save_file(arrays, file, {"about": "a.b"})
    for name, array in arrays.items():
        np.testing.assert_array_equal(made({"file": file.name, "key": name}, F8, file.parent), array)


def test_bfloat16_is_read_as_pytorch_has_it(file: Path) -> None:
    numbers = torch.tensor([0.1, -2.5, 1e-40, float("inf"), 3.0]).bfloat16()
    save_torch({"a": numbers}, file)
    found = made({"file": file.name}, np.dtype(np.float32), file.parent)
    assert found.tolist() == numbers.float().tolist()


def test_what_is_written_by_hand_is_read(file: Path) -> None:
    file.write_bytes(packed(tensor(offsets=[8, 32]), bytes(8) + np.arange(3.0).tobytes()))
    assert made({"file": file.name}, F8, file.parent).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "ends too early"),
        (b"\x93NUMPY this is none", "damaged: its header would be"),
        (b"\xff" * 8, "its header would be 18,446,744,073,709,551,615 bytes long"),
        ((2 << 30).to_bytes(8, "little") + bytes(90), "its header would be 2,147,483,648 bytes long"),
        (packed(b"{"), "its header is damaged"),
        (packed(b"\xff"), "its header is damaged"),
        (packed(b"[" * 100_000), "its header is damaged"),
        (packed(b"9" * 5000), "its header is damaged"),
        (packed([]), "its header is damaged"),
        (packed({}), "holds 0 arrays"),
        (packed({"__metadata__": {"a": "b"}}), "holds 0 arrays"),
        (packed({"a": 1}), "its header is damaged at 'a'"),
        (packed(tensor("F8_E4M3", offsets=[0, 3])), "of type F8_E4M3, which NumPy does not have"),
        (packed(tensor(None)), "of type nothing"),
        (packed(tensor("x" * 999)), "of type xxxxxxxxxxxxxxxxxxxx,"),
        (packed(tensor(shape=[-3])), "gives no shape"),
        (packed(tensor(shape=None)), "gives no shape"),
        (packed(tensor(shape=[3.0])), "gives no shape"),
        (packed(tensor(shape=[1] * 65, offsets=[0, 8])), "65 axes"),
        (packed(tensor(shape=[10**30])), "more elements than there can be"),
        (packed(tensor(offsets=[0, 16])), "has another size than its shape says"),
        (packed(tensor(offsets=[24, 0])), "has another size"),
        (packed(tensor(offsets=[-8, 16])), "does not say where 'a' is"),
        (packed(tensor(offsets=[0, True])), "does not say where 'a' is"),
        (packed(tensor(offsets=None)), "does not say where 'a' is"),
        (packed(tensor(offsets=[40, 64])), "it ends too early"),
        (packed(tensor(shape=[10**9], offsets=[0, 8 * 10**9])), "it ends too early"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_damaged_files_are_refused(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    assert says in refused({"file": file.name}, F8, file.parent)
