"""`gradstep import`: what it prints, its exit status, and what it writes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from built import perceptron, saved

from gradstep.tui.cli import main


def test_it_says_what_has_become_of_a_model_and_that_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = saved(perceptron(), tmp_path), str(tmp_path / "made")
    assert main(["import", file, "-o", folder, "--loss", "cross_entropy(OUT, t)", "--size", "batch=6"]) == 0
    said = capsys.readouterr().out
    assert "3 arrays of 24 numbers, float32" in said
    assert "x (6, 3): drawn, standard normal" in said
    assert "t (6,): drawn, classes" in said
    assert main(["check", folder]) == 0
    assert main(["run", folder, "-c", "print x"]) == 0
    assert "made" in capsys.readouterr().out


def test_json_has_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 3), np.float32))
    file, given = saved(perceptron(), tmp_path), f"x={tmp_path / 'x.npy'}"
    assert main(["import", file, "-o", str(tmp_path / "made"), "--loss", "sum(OUT)", "--input", given, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["parameters"] == {"fc1.weight": [3, 4], "fc1.bias": [4], "fc2.weight": [4, 2]}
    assert said["inputs"]["x"]["shape"] == [2, 3]
    assert said["loss"] == "loss"


@pytest.mark.parametrize(
    "words",
    [
        ["nowhere.onnx", "-o", "made"],
        ["model.onnx", "-o", "made"],
        ["model.onnx", "-o", "made", "--loss", "sum(OUT)", "--size", "batch=0x"],
        ["model.onnx", "-o", "made", "--loss", "sum(OUT)", "--input", "x"],
        ["model.onnx", "-o", "made", "--loss", "sum(OUT)", "--seed", "-1"],
        ["model.onnx", "-o", ".", "--loss", "sum(OUT)"],
        ["model.onnx", "--loss", "sum(OUT)"],
    ],
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(perceptron(), tmp_path)
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["import", *words])
    except SystemExit as end:
        status = end.code
    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["model.onnx"]


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["import", "model.onnx", "-o", str(tmp_path / "made")]) == 2
    assert "pip install 'gradstep[onnx]'" in capsys.readouterr().err


def test_a_file_larger_than_there_is_memory_for_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gradstep.engine.run import allow

    path = tmp_path / "large.onnx"
    with open(path, "wb") as file:
        file.truncate(500 << 20)  # a hole: nothing is on the disk
    try:
        assert main(["import", str(path), "-o", str(tmp_path / "made"), "--max-memory", "100"]) == 2
    finally:
        allow(None)
    assert "of memory" in capsys.readouterr().err
