"""What a folder must be to be opened as a recording; each refusal is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import observations as seen
import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import find


def _refused(folder: Path) -> str:
    with pytest.raises(ScenarioError) as error:
        find(str(folder))
    (problem,) = error.value.problems
    assert problem.file == str(folder)
    return problem.text


@pytest.mark.parametrize("name", ["graph.toml", "leaves.safetensors", "trace.safetensors"])
def test_a_file_that_is_gone_or_cut_off_is_named(tmp_path: Path, name: str) -> None:
    folder = seen.write(tmp_path / "a.gradstep")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-5])
    assert (
        _refused(folder) == f"{name} is damaged: it has {len(content) - 5} bytes, and was written with {len(content)}"
    )
    (folder / name).unlink()
    assert _refused(folder) == f"{name} cannot be read: No such file or directory"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.gradstep").mkdir()
    assert "it is no recording: manifest.json cannot be read" in _refused(tmp_path / "a.gradstep")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda about: "{", "manifest.json is damaged"),
        (lambda about: json.dumps([]), "that of something else"),
        (lambda about: json.dumps({**about, "kind": "video"}), "that of something else"),
        (lambda about: json.dumps({**about, "format": 2}), "format 2 is not known; this version reads format 1"),
        (lambda about: json.dumps({**about, "files": 3}), "does not say how large the files are"),
    ],
)
def test_a_manifest_of_something_else(tmp_path: Path, change: Any, says: str) -> None:
    folder = seen.write(tmp_path / "a.gradstep")
    about = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(change(about))
    assert says in _refused(folder)
