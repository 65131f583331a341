"""A folder is there whole, or nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.files.folders import check_new_folder, write_folder


def hello(file: BinaryIO) -> None:
    file.write(b"hello")


def failing(file: BinaryIO) -> None:
    file.write(b"half")
    raise OSError(28, "No space left on device")


def nothing(part: Path) -> None:
    assert (part / "a").read_bytes() == b"hello"


def test_all_files_are_there_and_nothing_else(tmp_path: Path) -> None:
    assert write_folder(str(tmp_path / "made"), {"a": hello, "b": hello}, nothing) == 10
    assert [one.name for one in tmp_path.iterdir()] == ["made"]
    assert sorted(one.name for one in (tmp_path / "made").iterdir()) == ["a", "b"]


def test_nothing_is_left_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No space left on device"):
        write_folder(str(tmp_path / "made"), {"a": hello, "b": failing}, nothing)
    assert not [*tmp_path.iterdir()]


def test_nothing_is_left_where_the_check_refuses(tmp_path: Path) -> None:
    def refuse(part: Path) -> None:
        raise CommandError("it does not open")

    with pytest.raises(CommandError, match="it does not open"):
        write_folder(str(tmp_path / "made"), {"a": hello}, refuse)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "made"
    if kind == "folder":
        path.mkdir()
    elif kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="exists already"):
        write_folder(str(path), {"a": hello}, nothing)
    assert [one.name for one in tmp_path.iterdir()] == ["made"]


def test_a_folder_that_is_not_there_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such folder"):
        check_new_folder(str(tmp_path / "no" / "made"))
    with pytest.raises(CommandError, match="cannot be written"):
        check_new_folder(str(tmp_path / "a\0b"))
