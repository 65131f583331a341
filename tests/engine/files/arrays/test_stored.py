"""Arrays in files: what others wrote is read, and nothing that could run or that lies outside."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leaves import F4, F8, made, refused
from safetensors.numpy import save_file

from gradstep.engine.debugger import Session
from gradstep.engine.errors import GraphError
from gradstep.engine.files import find
from gradstep.engine.files.arrays import read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "scenario"
    inside.mkdir()
    np.save(inside / "a.npy", np.arange(6.0).reshape(2, 3))
    np.save(tmp_path / "outside.npy", np.zeros(3))
    np.savez(inside / "one.npz", w=np.arange(3))
    np.savez(inside / "two.npz", w=np.arange(3), v=np.ones((2, 2), dtype=">f4"))
    save_file({"fc.weight": np.full((2, 2), 0.5, dtype=np.float16), "n": np.array([1, 2])}, inside / "m.safetensors")
    return inside


def test_files_of_all_kinds(folder: Path) -> None:
    assert made({"file": "a.npy"}, F8, folder).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert made({"file": "one.npz"}, F4, folder).tolist() == [0, 1, 2]
    assert made({"file": "two.npz", "key": "v"}, F8, folder).tolist() == [[1, 1], [1, 1]]
    assert made({"file": "m.safetensors", "key": "fc.weight"}, F8, folder).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert made({"file": "m.safetensors", "key": "n"}, F4, folder).tolist() == [1, 2]


def test_a_link_inside_the_folder_is_followed_and_one_that_leaves_it_refused(folder: Path) -> None:
    os.symlink(folder / "a.npy", folder / "inner.npy")
    os.symlink(folder.parent / "outside.npy", folder / "outer.npy")
    os.symlink(folder / "loop.npy", folder / "loop.npy")
    assert made({"file": "inner.npy"}, F8, folder).shape == (2, 3)
    assert "outside the scenario's folder" in refused({"file": "outer.npy"}, F8, folder)
    assert refused({"file": "loop.npy"}, F8, folder)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"file": "../outside.npy"}, "outside the scenario's folder"),
        ({"file": "/etc/passwd"}, "must be relative"),
        ({"file": "none.npy"}, "no such file"),
        ({"file": "two.npz"}, "holds 2 arrays"),
        ({"file": ""}, "name of a file"),
        ({"file": "two.npz", "key": "w1"}, "did you mean 'w'"),
        ({"file": "a.npy", "key": "w"}, "has no key"),
        ({"file": "m.safetensors", "key": "fc.weigth"}, "did you mean 'fc.weight'"),
        ({"file": "a.npy", "kye": 1}, "'key'"),
        ({"file": "text.txt"}, "cannot read '.txt'"),
        ({"file": "bad.npy"}, "cannot be read"),
        ({"file": 3}, "name of a file"),
        ({"file": "bad.npz"}, "cannot be read"),
        ({"file": "bad.safetensors"}, "cannot be read"),
        ({"file": "."}, "no such file"),
        ({"file": "complex.npy"}, "complex numbers"),
        ({"file": "words.npy"}, "only real numbers"),
    ],
)
def test_wrong_files_are_refused(folder: Path, spec: object, says: str) -> None:
    for name in ("text.txt", "bad.npy", "bad.npz", "bad.safetensors"):
        (folder / name).write_bytes(b"\x93NUMPY this is none")
    np.save(folder / "complex.npy", np.array([1j]))
    np.save(folder / "words.npy", np.array(["a"]))
    assert says in refused(spec, F8, folder)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_pickles_are_refused_and_not_opened(folder: Path) -> None:
    sprung = folder / "sprung"
    (folder / "p.npy").write_bytes(pickle.dumps(Trap(sprung)))
    np.save(folder / "o.npy", np.array([Trap(sprung)], dtype=object), allow_pickle=True)
    np.savez(folder / "o.npz", w=np.array([Trap(sprung)], dtype=object))
    for name in ("p.npy", "o.npy", "o.npz"):
        assert re.search(r"pickled Python objects|cannot be read", refused({"file": name}, F8, folder))
    assert not sprung.exists()


def test_files_need_a_scenario_that_is_a_file() -> None:
    assert "a scenario that is a file itself" in refused({"file": "a.npy"})


SCENARIO = """format = 1
[parameters]
w = {{ file = "{name}"{key} }}
[graph]
L = "sum(w * w)"
"""


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
@pytest.mark.parametrize("what", ["truncate", "rewrite", "remove"])
def test_what_happens_to_a_file_while_it_is_open_does_nothing(tmp_path: Path, kind: str, what: str) -> None:
    file, array = tmp_path / f"a.{kind}", np.arange(100_000.0)
    if kind == "npy":
        np.save(file, array)
    elif kind == "npz":
        np.savez(file, w=array)
    else:
        save_file({"w": array}, file)
    key = "" if kind == "npy" else ', key = "w"'
    (tmp_path / "s.toml").write_text(SCENARIO.format(name=file.name, key=key))
    session = Session(find(str(tmp_path / "s.toml")))
    code = {
        "truncate": "import os, sys; os.truncate(sys.argv[1], 10)",
        "rewrite": "import sys; f = open(sys.argv[1], 'r+b'); f.write(b'\\xff' * 800_000)",
        "remove": "import os, sys; os.remove(sys.argv[1])",
    }
    subprocess.run([sys.executable, "-c", code[what], str(file)], check=True)
    session.goto("end")
    np.testing.assert_array_equal(session.value("w").value, array)
    np.testing.assert_array_equal(session.value("w.grad").value, 2 * array)
    session.do("iterate")
    np.testing.assert_allclose(session.value("w").value, array - 0.1 * 2 * array)


@pytest.mark.parametrize("change", [lambda f: os.truncate(f, 100), lambda f: os.utime(f, ns=(0, 1)), os.remove])
def test_a_file_that_changes_between_two_looks_is_refused(folder: Path, change: Any) -> None:
    leaf = read({"file": "a.npy"}, F8, folder)
    change(folder / "a.npy")
    with pytest.raises(GraphError, match=r"being written|no such file|cannot be read"):
        leaf.make()


def test_pipes_devices_and_long_names_are_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe.npy")
    (folder / "folder.npy").mkdir()
    assert "it is a pipe" in refused({"file": "pipe.npy"}, F8, folder)
    assert "no such file" in refused({"file": "folder.npy"}, F8, folder)
    for name in ("x" * 300 + ".npy", "x/" * 3000 + "a.npy", "\ud800.npy"):
        assert len(refused({"file": name}, F8, folder)) < 300
