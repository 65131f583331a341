""".npy files, whole and damaged."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leaves import F4, F8, made, refused

TYPES = ("f2", "f4", "f8", ">f8", ">f4", "i1", "i8", ">i4", "u1", ">u2", "?", "g")


def header(text: str, version: tuple[int, int] = (1, 0), length: int | None = None) -> bytes:
    """A .npy file that begins so, with some numbers behind."""
    data = text.encode()
    size = struct.pack("<H" if version[0] == 1 else "<I", len(data) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + data + bytes(80)


def described(descr: str = "'<f8'", order: str = "False", shape: str = "(3,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.npy"


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 2), (1,) * 64])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_those_that_numpy_wrote(file: Path, kind: str, order: Any, shape: tuple[int, ...]) -> None:
    array = (np.random.default_rng(0).standard_normal(shape) * 100).astype(kind).copy(order)
    np.save(file, array)
    for dtype in (F8, F4):
        np.testing.assert_array_equal(made({"file": "a.npy"}, dtype, file.parent), array.astype(dtype))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_of_the_format(file: Path, version: tuple[int, int]) -> None:
    with file.open("wb") as opened:
        np.lib.format.write_array(opened, np.arange(3.0), version=version)
    assert made({"file": "a.npy"}, F8, file.parent).tolist() == [0, 1, 2]


def test_python_2_has_written_its_whole_numbers_otherwise(file: Path) -> None:
    file.write_bytes(header(described(shape="(2L, 3L)")))
    assert made({"file": "a.npy"}, F8, file.parent).shape == (2, 3)


def test_numbers_too_large_for_the_type_are_infinite_without_a_word(file: Path) -> None:
    np.save(file, np.array([1e300, -1e300, np.nan]))
    assert str(made({"file": "a.npy"}, F4, file.parent).tolist()) == "[inf, -inf, nan]"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "does not begin as one"),
        (b"\x93NUMPY", "ends too early"),
        (b"\x93NUMPY\x01\x00\x08\x00", "ends too early"),
        (b"PK\x03\x04" + bytes(90), "it is a zip archive; such a file is called .npz"),
        (header(described(), (4, 0)), "it is of version 4.0"),
        (header(described(), length=60_000), "its header is 60,000 bytes long"),
        (header(described(), (2, 0), 2_000_000_000), "its header is 2,000,000,000 bytes long"),
        (header(described(shape=f"({10**30},)")), "more elements than there can be"),
        (header(described(shape=f"({10**12}, {10**12})")), "more elements than there can be"),
        (header(described(shape=f"(0, {2**62}, {2**62})")), "more elements than there can be"),
        (header(described(shape="(9999999999,)")), "it ends too early: an array of shape (9999999999,)"),
        (header(described(shape="(11,)")), "it ends too early"),
        (header(described(shape="(-1,)")), "gives no shape"),
        (header(described(shape="(True,)")), "gives no shape"),
        (header(described(shape="3")), "gives no shape"),
        (header(described(shape=f"({'1,' * 65})")), "65 axes; there are at most 64"),
        (header(described(shape="(" * 300)), "its header is damaged"),
        (header(described(shape=f"({'9' * 5000},)")), "its header is damaged"),
        (header(described(shape="(3, 0x)")), "its header is damaged"),
        (header(described(shape="(3L", order="")), "its header is damaged"),
        (header("'''"), "its header is damaged"),
        (header("[]"), "its header is damaged"),
        (header("{[]: 1}"), "its header is damaged"),
        (header("{'descr': '<f8'}"), "its header is damaged"),
        (header(described(order="1")), "in which order"),
        (header(described("'O'")), "pickled Python objects"),
        (header(described("'|O8'")), "pickled Python objects"),
        (header(described("'<U3'")), "it holds '<U3'; only real numbers"),
        (header(described("'<c16'")), "it holds complex numbers"),
        (header(described("'<M8[ns]'")), "it holds '<M8[ns]'"),
        (header(described("'<f3'")), "it holds '<f3'"),
        (header(described("'<f8,<f8'")), "only real numbers"),
        (header(described("'V8'")), "it holds 'V8'"),
        (header(described("''")), "it holds ''"),
        (header(described("[('x', '<f8')]")), "it holds records"),
        (header(described("8")), "it holds records"),
    ],
    ids=str,
)  # fmt: skip
def test_damaged_files_are_refused(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    assert says in refused({"file": "a.npy"}, F8, file.parent)


def test_what_stands_behind_the_array_is_no_matter(file: Path) -> None:
    written = io.BytesIO()
    np.save(written, np.arange(3.0))
    file.write_bytes(written.getvalue() + b"and more")
    assert made({"file": "a.npy"}, F8, file.parent).tolist() == [0, 1, 2]
