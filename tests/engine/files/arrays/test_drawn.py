"""Arrays: written out, drawn from a seed, read from files."""

from __future__ import annotations

import math
import os
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays import read

F8, F4 = np.dtype("f8"), np.dtype("f4")


def made(spec: object, dtype: Any = F8, folder: Path | None = None) -> np.ndarray[Any, Any]:
    leaf = read(spec, np.dtype(dtype), folder)
    array = leaf.make()
    assert array.shape == leaf.shape
    assert array.dtype == dtype
    return array


def refused(spec: object, dtype: Any = F8, folder: Path | None = None) -> str:
    with pytest.raises(GraphError) as error:
        made(spec, dtype, folder)
    return str(error.value)


@pytest.mark.parametrize("spec", [3, 2.5, [1, 2.5], [[1, 2], [3, 4]], [], [[]], [math.inf, -math.inf], 2**60, [[[1]]]])
def test_numbers_are_what_is_written(spec: Any) -> None:
    np.testing.assert_array_equal(made(spec), np.array(spec, dtype=float))


def test_nan_is_a_number_to_debug() -> None:
    assert np.isnan(made([math.nan])).all()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (True, "found true"),
        ("3", "found the text"),
        ([1, "2"], "found the text"),
        ([1, True], "found true"),
        ([[1, 2], [3]], "row 1 has shape (1,)"),
        ([[1], 2], "row 1"),
        ([1, [2]], "found an array"),
        (10**400, "too large"),
        ({}, "'init'"),
        ({"inti": "zeros"}, "did you mean 'init'"),
        ({"dataset": "xx"}, "no data set 'xx'"),
    ],
)
def test_what_is_no_number_is_refused(spec: object, says: str) -> None:
    assert says in refused(spec)


def test_single_precision_overflow_is_said() -> None:
    assert "too large for float32" in refused([1e39], F4)
    assert np.isinf(made([math.inf], F4)).all()


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize("dtype", [F8, F4])
@pytest.mark.parametrize(
    ("init", "scale"),
    [
        ("he_normal", math.sqrt(2 / (5 * 6))),
        ("xavier_normal", math.sqrt(2 / (5 * 6 + 4 * 6))),
        ("normal(0, 0.25)", 0.25),
    ],
)
def test_normal_inits_are_numpys_draws_scaled_by_the_papers_rule(init: str, scale: float, dtype: Any) -> None:
    shape = (4, 5, 2, 3)
    expected = (generator(7).standard_normal(math.prod(shape)) * scale).reshape(shape).astype(dtype)
    np.testing.assert_array_equal(made({"init": init, "shape": list(shape), "seed": 7}, dtype), expected)


@pytest.mark.parametrize(
    ("init", "bound"), [("he_uniform", math.sqrt(6 / 5)), ("xavier_uniform", math.sqrt(6 / 9)), ("uniform(-2, 2)", 2.0)]
)
def test_uniform_inits_keep_their_bounds(init: str, bound: float) -> None:
    drawn = made({"init": init, "shape": [4, 5], "seed": 3})
    expected = (-bound + 2 * bound * generator(3).random(20)).reshape(4, 5)
    np.testing.assert_allclose(drawn, expected, rtol=1e-15)


def test_large_arrays_are_the_same_in_pieces() -> None:
    count = (1 << 20) + 7
    whole = 1 + 2 * generator(0).standard_normal(count)
    np.testing.assert_array_equal(made({"init": "normal(1, 2)", "shape": [count]}), whole)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (2, 3, 2)])
def test_orthogonal_is_orthogonal(shape: tuple[int, ...]) -> None:
    q = made({"init": "orthogonal", "shape": list(shape), "seed": 1}).reshape(shape[0], -1)
    small = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


def test_constants() -> None:
    assert made({"init": "zeros", "shape": [2]}).tolist() == [0, 0]
    assert made({"init": "ones", "shape": []}) == 1
    assert made({"init": "constant", "value": 0.5, "shape": [1, 2]}).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"init": "he_norml", "shape": [2, 2]}, "did you mean 'he_normal'"),
        ({"init": "zeros"}, "'shape' is needed"),
        ({"init": "zeros", "shape": [-1]}, "'shape' is needed"),
        ({"init": "he_normal", "shape": [3]}, "(out, in, …)"),
        ({"init": "normal", "shape": [3]}, "needs mean and std"),
        ({"init": "normal(1)", "shape": [3]}, "needs std"),
        ({"init": "normal(1, 2, 3)", "shape": [3]}, "normal(mean, std)"),
        ({"init": "zeros(1)", "shape": [3]}, "zeros()"),
        ({"init": "normal(a, b)", "shape": [3]}, "are numbers"),
        ({"init": "zeros", "shape": [1], "seed": -1}, "seed"),
        ({"init": "zeros", "shape": [1], "sed": 1}, "did you mean 'seed'"),
        ({"init": 3, "shape": [1]}, "unknown init"),
        ({"init": "normal", "mean": "a", "std": 1, "shape": [1]}, "mean must be a number"),
    ],
)
def test_wrong_inits_are_told_what_is_right(spec: object, says: str) -> None:
    assert says in refused(spec)


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
