"""Recordings are written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import observations as seen
import pytest
from safetensors.numpy import load_file

from gradstep.engine.errors import CommandError
from gradstep.engine.files import check_folder, find


def test_what_is_written(tmp_path: Path) -> None:
    folder = seen.write(tmp_path / "a.gradstep", about={"step": 7})
    assert sorted(os.listdir(folder)) == ["graph.toml", "leaves.safetensors", "manifest.json", "trace.safetensors"]
    about = json.loads((folder / "manifest.json").read_text())
    assert (about["kind"], about["format"], about["step"]) == ("gradstep recording", 1, 7)
    assert about["files"] == {name: (folder / name).stat().st_size for name in about["files"]}
    stored = load_file(folder / "trace.safetensors")
    assert {key: array.tolist() for key, array in stored.items()} == {k: a.tolist() for k, a in seen.numbers().items()}
    assert os.listdir(tmp_path) == ["a.gradstep"]


def test_a_recording_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    seen.write(tmp_path / "a.gradstep", about={"step": 1})
    seen.write(tmp_path / "a.gradstep", about={"step": 2})
    observed = find(str(tmp_path / "a.gradstep")).observed
    assert observed is not None
    assert observed.about["step"] == 2
    (tmp_path / "mine.gradstep").mkdir()
    with pytest.raises(CommandError, match="there is something of that name which is no recording"):
        seen.write(tmp_path / "mine.gradstep")
    assert sorted(os.listdir(tmp_path)) == ["a.gradstep", "mine.gradstep"]


@pytest.mark.parametrize(
    ("name", "says"), [("a.txt", "a recording is called NAME.gradstep"), ("none/a.gradstep", "no such folder")]
)
def test_where_it_cannot_be_is_said_before(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        check_folder(str(tmp_path / name))


def test_what_breaks_off_leaves_nothing_and_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = seen.write(tmp_path / "a.gradstep", about={"step": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left on device"):
        seen.write(folder, about={"step": 2})
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["a.gradstep"]
    observed = find(str(folder)).observed
    assert observed is not None
    assert observed.about["step"] == 1
