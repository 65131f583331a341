"""[inputs] and [parameters]."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from texts import DRAWN, SMALL, check_problems, problems

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import arrays, load, loads
from gradstep.engine.run.recording import record


def test_inputs_get_gradients_only_when_asked() -> None:
    text = 'format = 1\n{}[inputs]\nx = [2.0, 3.0]\n[graph]\nL = "sum(x * x)"\n'
    assert not loads(text.format("")).graph.by_name["x"].differentiable
    assert loads(text.format("input_gradients = true\n")).graph.by_name["x"].differentiable
    check_problems(text.format("input_gradients = 1\n"), "2:19: input_gradients must be true or false")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMALL.replace("[2.0, 3.0]", "[2.0, [3.0]]"), "3:5: 'w': expected numbers only in this array"),
        (SMALL.replace("[2.0, 3.0]", "'2'"), "3:5: 'w': expected a number, nested arrays of numbers or a table"),
        (SMALL.replace("[parameters]\nw = [2.0, 3.0]", "parameters = 3"), "2:14: 'parameters' must be a table"),
    ],
)
def test_what_is_no_array_is_refused_and_what_uses_it_is_left_out(text: str, expected: str) -> None:
    assert problems(text)[0].startswith(expected)
    assert len(problems(text)) <= 2


def test_a_leaf_of_a_batch_has_as_many_samples_as_an_iteration_takes() -> None:
    for training, count in (
        ("", 5),
        ("batch_size = 2\n", 2),
        ("validation = 0.2\n", 4),
        ("validation = 0.4\nbatch_size = 2\n", 2),
    ):
        graph = loads(DRAWN + training).graph
        assert graph.by_name["x"].shape == (count, 2)
        assert graph.by_name["t"].shape == (count,)


def test_arrays_are_read_only_and_of_the_type_of_the_file() -> None:
    scenario = loads(SMALL.replace("format = 1", 'format = 1\ndtype = "float32"'))
    (array,) = scenario.leaves.values()
    assert array.dtype == np.float32
    assert not array.flags.writeable


def test_nothing_is_made_of_a_file_that_is_too_large() -> None:
    huge = "format = 1\n[parameters]\nw = { shape = [40000000, 40000], init = 'zeros' }\n[graph]\nL = 'sum(w)'\n"
    tracemalloc.start()
    try:
        check_problems(huge, "3:5: this needs ")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_what_turns_out_to_be_unreadable_is_said_where_it_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "whole.npy", np.ones(1000))
    (tmp_path / "half.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:500])
    np.savez(tmp_path / "bad.npz", w=np.ones(1000))
    content = bytearray((tmp_path / "bad.npz").read_bytes())
    content[1000] ^= 255
    (tmp_path / "bad.npz").write_bytes(content)
    for name in ("half.npy", "bad.npz"):
        file = tmp_path / "a.toml"
        file.write_text(
            f'format = 1\n[parameters]\nw = {{ file = "{name}" }}\n[graph]\nL = "sum(w)"\n', encoding="utf-8"
        )
        with pytest.raises(ScenarioError, match=f":3:5: 'w': '{name}' cannot be read"):
            load(file)


@pytest.mark.parametrize(
    ("labels", "says"),
    [("[0, 3]", "5:5: 't' in '"), ("[0.5, 1]", "5:5: 't' in '"), ("[0, -1]", "5:5: 't' in '")],
)
def test_numbers_that_an_operation_cannot_use_are_refused(labels: str, says: str) -> None:
    text = (
        "format = 1\n[parameters]\nz = [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]\n[inputs]\n"
        f't = {labels}\n[graph]\nL = "cross_entropy(z, t)"\n'
    )
    check_problems(text, says)


def test_a_leaf_says_itself_whether_it_gets_gradients() -> None:
    text = """format = 1
input_gradients = true
[inputs]
x = { value = [2.0, 3.0], requires_grad = false }
y = [1.0, 1.0]
[parameters]
w = { init = "ones", shape = [2], requires_grad = false }
v = { value = [[1, 2]], requires_grad = true }
[graph]
L = "sum(v @ (x * w * y))"
"""
    scenario = loads(text)
    assert {v.name: v.differentiable for v in scenario.graph.values[:4]} == {
        "x": False,
        "y": True,
        "w": False,
        "v": True,
    }
    assert scenario.leaves[scenario.graph.by_name["v"].id].tolist() == [[1, 2]]
    check_problems(text.replace("ones", "twos").replace("= false", "= 0"), "4:43: requires_grad must be true or false",
                   "7:5: 'w': unknown init 'twos'", "7:51: requires_grad must be true or false")  # fmt: skip
    check_problems(text.replace("value = [[1, 2]]", "value = [[1, 2]], vale = 1"), "8:5: 'v': unknown key 'vale'")


def test_numbers_that_only_choose_stay_whole_and_are_rounded_by_no_float32(tmp_path: Path) -> None:
    big = (1 << 24) + np.array([1, 3, 0])
    np.save(tmp_path / "ids.npy", big)
    text = """format = 1
dtype = "float32"
batch = ["t", "u"]
[inputs]
ids = { file = "ids.npy" }
t = [1, 0]
u = [1, 0]
[parameters]
E = [[1.0], [2.0]]
z = [[0.5, 0.2], [0.1, 0.3]]
[graph]
h = "sum(embedding(E, t))"
L = "h * 1e-9 + cross_entropy(z * sum(u), t) + cross_entropy(z, u)"
"""
    file = tmp_path / "ids.toml"
    file.write_text(text, encoding="utf-8")
    scenario = load(file)
    kinds = {v.name: scenario.leaves[v.id].dtype for v in scenario.graph.values if v.id in scenario.leaves}
    # u is a factor as well; ids are used by nothing.
    assert (kinds["t"], kinds["u"], kinds["ids"]) == (np.int64, np.float32, np.int64)
    assert scenario.leaves[scenario.graph.by_name["ids"].id].tolist() == big.tolist()
    leaf = arrays.read({"file": "ids.npy"}, np.dtype(np.float32), tmp_path)
    assert leaf.make_wide is not None
    assert leaf.make_wide().tolist() == big.tolist() != leaf.make().tolist()


def test_a_row_beyond_what_float32_counts_is_that_row() -> None:
    rows = (1 << 24) + 2
    text = f"""format = 1
dtype = "float32"
[inputs]
ids = [{rows - 1}, {rows - 2}]
[parameters]
E = {{ init = "zeros", shape = [{rows}, 1] }}
[graph]
L = "sum(embedding(E, ids))"
"""
    recording = record(loads(text))
    grad = recording.trace.gradient(recording.graph.by_name["E"].id).reshape(-1)
    assert np.flatnonzero(grad).tolist() == [rows - 2, rows - 1]


def test_what_is_no_whole_number_is_refused_as_before() -> None:
    text = SMALL.replace("[graph]", "[inputs]\nt = [0.5]\n[graph]").replace(
        'L = "', 'L = "sum(embedding(reshape(w, (2, 1)), t)) + '
    )
    assert "are whole numbers" in problems(text)[0]


@pytest.mark.parametrize("kind", ["bool", "int8", "int16", "int32", "int64", "uint8"])
def test_what_pytorch_gives_no_gradient_takes_none(tmp_path: Path, kind: str) -> None:
    np.save(tmp_path / "m.npy", np.array([1, 0, 1], kind))
    leaf = 'm = { file = "m.npy" }'
    used = (
        'format = 1\ninput_gradients = true\n[inputs]\n[parameters]\nw = [1.0, 2.0, 3.0]\n[graph]\nL = "sum(w * m)"\n'
    )
    recording = record(loads(used.replace("[inputs]", f"[inputs]\n{leaf}"), folder=tmp_path))
    value = recording.graph.by_name["m"]
    assert recording.trace.data[value.id].tolist() == [1, 0, 1]
    assert recording.trace.grad[value.id] is None
    assert recording.trace.gradient(recording.graph.by_name["w"].id).tolist() == [1, 0, 1]
    what = "true and false" if kind == "bool" else rf"whole numbers \({kind}\)"
    with pytest.raises(ScenarioError, match=f"{what} take no gradient"):
        loads(f'format = 1\n[parameters]\n{leaf}\n[graph]\nL = "sum(m)"\n', folder=tmp_path)


def test_a_mask_is_written_in_true_and_false() -> None:
    text = (
        "format = 1\n[inputs]\nm = [[true, false], [false, true]]\n[parameters]\nw = [1.0, 2.0]\n"
        '[graph]\nL = "sum(where(m, w, 0))"'
    )
    recording = record(loads(text))
    assert recording.trace.loss == 3.0
    with pytest.raises(ScenarioError, match="true and false take no gradient"):
        loads(text.replace("w = [1.0, 2.0]", "w = [true, false]"))
