"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.files import check_place, write_over
from gradstep.engine.files.writing import write_more, write_new


def test_text_is_utf_8_and_bytes_are_bytes(tmp_path: Path) -> None:
    write_new(str(tmp_path / "a"), "∂L\n")
    write_new(str(tmp_path / "b"), b"\0\n")
    assert (tmp_path / "a").read_bytes() == b"\xe2\x88\x82L\n"
    assert (tmp_path / "b").read_bytes() == b"\0\n"


def test_only_write_over_replaces_and_keeps_permissions(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(CommandError, match="exists already"):
        write_new(str(file), "new")
    assert file.read_text(encoding="utf-8") == "old"
    write_over(str(file), "new")
    assert file.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    write_new(str(tmp_path / "a"), "")
    (tmp_path / "b").write_text("", encoding="utf-8")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("write", [write_new, write_over])
@pytest.mark.parametrize("call", ["fsync", "write"])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object, call: str
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full:
        def __init__(self, descriptor: int, mode: str) -> None:
            os.close(descriptor)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None: ...

        write = full

    old = tmp_path / "old"
    old.write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", full) if call == "fsync" else monkeypatch.setattr(os, "fdopen", Full)
    with pytest.raises(CommandError, match="No space left on device"):
        (write_over if write is write_over else write_new)(str(old if write is write_over else tmp_path / "new"), "new")
    assert [f.name for f in tmp_path.iterdir()] == ["old"]
    assert old.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "it is a folder"),
        ("none/a", "no such folder"),
        ("fifo", "it is no ordinary file"),
        ("x" * 300, "cannot be written"),
        ("a\0b", "cannot be written"),
    ],
)
def test_where_nothing_can_be_written_is_said(tmp_path: Path, name: str, says: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    for refused in (lambda f: check_place(f), lambda f: write_over(f, "a")):
        with pytest.raises(CommandError, match=says):
            refused(str(tmp_path / name))
    assert [f.name for f in tmp_path.iterdir()] == ["fifo"]


def test_more_is_added_until_there_is_too_much(tmp_path: Path) -> None:
    file = tmp_path / "log"
    for expected in (b"abc", b"abcabc", b"abcabcabc", b"abc"):
        write_more(str(file), b"abc", 8)
        assert file.read_bytes() == expected
    with pytest.raises(CommandError):
        write_more(str(tmp_path), b"abc", 8)
    assert [f.name for f in tmp_path.iterdir()] == ["log"]
