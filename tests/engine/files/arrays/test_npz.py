"""Archives of arrays, whole and damaged."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from leaves import F8, made, refused

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays import npz
from gradstep.engine.files.arrays.block import Unreadable

ARRAYS = {
    "a": np.arange(6.0).reshape(2, 3),
    "b": np.array([1, 2, 3], dtype=">i4"),
    "c": np.asfortranarray([[1, 2], [3, 4]]),
}


def archive(compressed: bool = True) -> bytes:
    written = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(written, **ARRAYS)
    return written.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("key", ARRAYS)
def test_arrays_are_those_that_numpy_wrote(tmp_path: Path, compressed: bool, key: str) -> None:
    (tmp_path / "a.npz").write_bytes(archive(compressed))
    assert made({"file": "a.npz", "key": key}, F8, tmp_path).tolist() == ARRAYS[key].tolist()


def test_an_array_larger_than_a_piece(tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal((1100, 1000)).astype("f4")
    np.savez_compressed(tmp_path / "a.npz", a=array, b=np.asfortranarray(array))
    for key in "ab":
        np.testing.assert_array_equal(made({"file": "a.npz", "key": key}, F8, tmp_path), array)


def said(folder: Path, content: bytes, key: str | None = "a") -> str:
    (folder / "d.npz").write_bytes(content)
    return refused({"file": "d.npz"} | ({"key": key} if key else {}), F8, folder)


def member(name: str = "a.npy", content: bytes = b"", method: int = zipfile.ZIP_STORED, flags: int = 0) -> bytes:
    """An archive of one file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as made:
        made.writestr(name, content)
    data = bytearray(written.getvalue())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = data.find(signature) + at
        data[found : found + 2] = struct.pack("<H", flags)
    return bytes(data)


def test_what_is_no_archive_or_not_of_arrays(tmp_path: Path) -> None:
    written = io.BytesIO()
    np.save(written, np.ones(3))
    assert "such a file is called .npy" in said(tmp_path, written.getvalue())
    assert "is a damaged archive (File is not a zip file)" in said(tmp_path, b"PK\x03\x04" + bytes(100))
    assert "cannot be read" in said(tmp_path, b"")
    assert "holds 0 arrays" in said(tmp_path, member("a.txt", b"1"), None)
    assert "holds none" in said(tmp_path, member("a.txt", b"1"))
    assert "it ends too early" in said(tmp_path, member(content=b"\x93NUMPY"))
    assert "does not begin as one" in said(tmp_path, member(content=b"1, 2, 3"))


def test_encrypted_archives_and_other_compressions_are_refused(tmp_path: Path) -> None:
    assert "it is encrypted" in said(tmp_path, member(flags=1))
    assert "it is a damaged archive" in said(tmp_path, member(flags=0x20))
    assert "it is a damaged archive" in said(tmp_path, member(flags=0x40))
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "compressed in another way" in said(tmp_path, member(content=b"abc" * 100, method=method))
    data = bytearray(member())
    data[data.find(b"PK\x01\x02") + 6] = 99  # the version of the format that it needs
    assert "it is a damaged archive (zip file version 9.9)" in said(tmp_path, bytes(data))


def test_every_byte_may_be_another_and_the_end_may_be_missing(tmp_path: Path) -> None:
    whole, pick = archive(), np.random.default_rng(0)
    (tmp_path / "d.npz").write_bytes(whole)
    read = refusals = 0
    for number in range(400):
        data = bytearray(whole)
        if number % 4 == 0:
            del data[pick.integers(len(data)) :]
        else:
            data[pick.integers(len(data))] = pick.integers(256)
        (tmp_path / "d.npz").write_bytes(data)
        try:
            found = made({"file": "d.npz", "key": "a"}, F8, tmp_path)
        except GraphError:
            refusals += 1
        else:
            assert found.tolist() == ARRAYS["a"].tolist()
            read += 1
    assert min(read, refusals) > 50


def test_a_directory_that_is_too_long_is_not_read() -> None:
    class Endless(io.BytesIO):
        """An archive whose end says that a directory of two gigabytes is before it."""

        read_at_once = 0

        def read(self, size: int | None = -1) -> bytes:
            Endless.read_at_once = max(Endless.read_at_once, len(found := super().read(size)))
            return found

    size = 20 << 20
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0)
    with pytest.raises(Unreadable, match="its directory is 20,971,520 bytes long"):
        npz.find(Endless(bytes(size) + end), "a")
    assert Endless.read_at_once < 1 << 20
