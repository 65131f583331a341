"""A session as a new scenario file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from texts import DRAWN

from gradstep.engine.ask.whatif import Edit, apply_edits, read_edit
from gradstep.engine.errors import CommandError
from gradstep.engine.files import load, loads
from gradstep.engine.files.saving import save
from gradstep.engine.run import Scenario, record

TEXT = """# A comment that stays.
format = 1
dtype = "{dtype}"
[inputs]
x = [1.0, -2.0]   # and this one
[parameters]
W = [[0.5, 0.25], [1.0, 2.0]]
v = {{ init = "ones", shape = [2] }}
[graph]
h = "relu(W @ x)"
a = "leaky_relu(h, slope=0.1)"
s = "h * v + a"
L = "sum(s)"
[debug]
watch = ["L"]
"""


def saved(scenario: Scenario, file: Path, *changes: str, stops: Any = ((), ("L",))) -> str:
    begun = record(scenario)
    edits: list[Edit] = []
    for change in changes:
        edits.append(read_edit(apply_edits(begun, edits), change))
    save(str(file), apply_edits(begun, edits), edits, *stops)
    return file.read_text(encoding="utf-8")


def test_without_edits_the_text_is_kept_character_for_character(tmp_path: Path) -> None:
    text = TEXT.format(dtype="float64")
    assert saved(loads(text), tmp_path / "a.toml") == text


def test_only_what_was_edited_is_written_anew(tmp_path: Path) -> None:
    text = TEXT.format(dtype="float64")
    written = saved(loads(text), tmp_path / "a.toml", "W[0,1] = 0.75", "x = 3")
    assert written == text.replace("[0.5, 0.25]", "[0.5, 0.75]").replace("[1.0, -2.0]", "[3.0, 3.0]")


def test_what_was_drawn_is_written_out_once_it_is_edited(tmp_path: Path) -> None:
    written = tomllib.loads(saved(loads(TEXT.format(dtype="float64")), tmp_path / "a.toml", "v[1] = -4"))
    assert written["parameters"]["v"] == [1.0, -4.0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_come_back_bit_for_bit(tmp_path: Path, dtype: str) -> None:
    scenario = loads(TEXT.format(dtype=dtype))
    saved(scenario, tmp_path / "a.toml", "W = W / 3")
    again = load(tmp_path / "a.toml")
    expected = np.array([[0.5, 0.25], [1.0, 2.0]], dtype=dtype) / np.array(3, dtype=dtype)
    np.testing.assert_array_equal(again.leaves[again.graph.by_name["W"].id], expected)


@pytest.mark.parametrize(
    ("change", "line", "formula"),
    [
        ("op h = tanh", "h", "tanh(W @ x)"),
        ("op a = elu", "a", "elu(h)"),
        ("op a = leaky_relu(slope=0.3)", "a", "leaky_relu(h, slope=0.3)"),
    ],
)
def test_another_operation_stands_in_its_line(tmp_path: Path, change: str, line: str, formula: str) -> None:
    written = tomllib.loads(saved(loads(TEXT.format(dtype="float64")), tmp_path / "a.toml", change))
    graph = tomllib.loads(TEXT.format(dtype="float64"))["graph"]
    assert written["graph"] == {**graph, line: formula}


def test_breakpoints_and_watches_are_those_of_now(tmp_path: Path) -> None:
    scenario = loads(TEXT.format(dtype="float64"))
    written = tomllib.loads(saved(scenario, tmp_path / "a.toml", stops=(["flip on *.grad"], [])))
    assert written["debug"] == {"watch": [], "breakpoints": ["flip on *.grad"]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("h[0] = 1", "sets a number in the middle of the run"),
        ("W.grad[0,0] = 1", "sets a gradient"),
        ("op s = subtract", "is no call of an operation"),
    ],
)
def test_what_a_file_cannot_say_is_refused_and_nothing_written(tmp_path: Path, change: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        saved(loads(TEXT.format(dtype="float64")), tmp_path / "a.toml", change)
    assert list(tmp_path.iterdir()) == []


def test_an_edit_of_a_later_iteration_is_refused(tmp_path: Path) -> None:
    begun = record(loads(TEXT.format(dtype="float64")))
    edit = read_edit(begun, "W[0,0] = 1")._replace(iteration=12)
    with pytest.raises(CommandError, match="is made in iteration 12"):
        save(str(tmp_path / "a.toml"), begun, [edit], [], [])


def test_a_sample_of_a_drawn_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="a sample of a batch that is drawn"):
        saved(loads(DRAWN + "batch_size = 2\n"), tmp_path / "a.toml", "x[0,0] = 9")


def test_a_large_array_is_not_written_into_a_text(tmp_path: Path) -> None:
    text = 'format = 1\n[parameters]\nw = { init = "ones", shape = [100001] }\n[graph]\nL = "sum(w)"\n'
    with pytest.raises(CommandError, match="100,001 elements, too many"):
        saved(loads(text), tmp_path / "a.toml", "w[0] = 2", stops=((), ()))


def test_a_scenario_with_arrays_in_files_stays_in_their_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([1.0, 2.0]))
    file = tmp_path / "a.toml"
    file.write_text('format = 1\n[parameters]\nw = { file = "w.npy" }\n[graph]\nL = "sum(w)"\n', encoding="utf-8")
    (tmp_path / "other").mkdir()
    with pytest.raises(CommandError, match="save it into the same folder"):
        saved(load(file), tmp_path / "other" / "a.toml", stops=((), ()))
    assert "w.npy" in saved(load(file), tmp_path / "b.toml", stops=((), ()))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(CommandError, match="exists already"):
        saved(loads(TEXT.format(dtype="float64")), file)
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_line_without_a_name_and_a_formula_over_several_lines(tmp_path: Path) -> None:
    text = TEXT.format(dtype="float64").replace('"relu(W @ x)"', '"""relu(\n  W @ x + 1)"""')
    assert tomllib.loads(saved(loads(text), tmp_path / "a.toml", "op h = tanh"))["graph"]["h"] == "tanh(W @ x + 1)"
    with pytest.raises(CommandError, match="has no line of its own"):
        saved(loads(text.replace("W @ x + 1", "sigmoid(W @ x)")), tmp_path / "b.toml", "op h:sigmoid = tanh")


def test_what_is_frozen_stays_frozen_when_it_is_edited(tmp_path: Path) -> None:
    text = TEXT.format(dtype="float64").replace("[2] }", "[2], requires_grad = false }")
    again = saved(loads(text), tmp_path / "a.toml", "v[1] = 3.0")
    assert "v = { value = [1.0, 3.0], requires_grad = false }" in again
    assert loads(again).graph.by_name["v"].frozen
