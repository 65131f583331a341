"""`gradstep train` and `gradstep diff` of trainings, as a person or a script runs them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from processes import started
from safetensors import safe_open
from safetensors.numpy import load_file

from gradstep.engine.files import find, load
from gradstep.engine.history.history import History
from gradstep.tui.cli import main


def reports(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_line_a_report_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor-training"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line.startswith("iteration")]
    assert re.match(r"iteration +1  loss  0\.71\d+  η \S+  ‖∂‖ ", told[0])
    assert re.match(r"iteration +400  loss  0\.04\d+", told[-1])
    assert 10 <= len(told) <= 41
    assert "● end: after iteration 400" in lines


def test_json_has_every_report_and_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits-training", "--steps", "80", "--every", "20", "--json"]) == 0
    *told, end = reports(capsys.readouterr().out)
    assert [one["iteration"] for one in told] == [1, 20, 40, 60, 80]
    history = History(find("digits-training"))
    history.make(80)
    for one in told:
        assert one["loss"] == history.summaries.loss.low[int(str(one["iteration"])) - 1]
        assert set(one) == {"iteration", "loss", "validation", "validated", "lr", "gradient_norm", "update_ratio"}
    assert [one["validated"] for one in told] == [1, None, 36, None, 71]
    assert told[1]["validation"] is None  # taken in iterations 1, 36 and 71
    assert told[2]["validation"] == history.summaries.validation.low[35]
    assert (end["done"], end["reason"], end["iteration"], end["output"]) == (True, "end", 80, None)
    assert [one for one in end["findings"] if one["severity"] != "information"] == []


def test_it_stops_where_a_condition_holds_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "death-of-a-relu", "--until", "dead(h[2])", "--json"]) == 0
    *told, end = reports(capsys.readouterr().out)
    assert (end["reason"], end["iteration"], end["until"]) == ("until", 18, "dead(h[2])")
    assert told[-1]["iteration"] == 18
    assert main(["train", "death-of-a-relu", "--until", "dead(h[1])"]) == 1
    assert "● end: after iteration 100" in capsys.readouterr().out
    assert main(["train", "death-of-a-relu", "--until", "dead(h[2])", "--steps", "17"]) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--until", "dead(q)"], "q"),
        (["--until", "loss + 1"], "is no condition"),
        (["--steps", "0"], "a whole number from 1 on"),
        (["--steps", "x"], "a whole number from 1 on"),
        (["-o", "w.npz"], "parameters are written as .safetensors"),
        (["-o", "nowhere/w.safetensors"], "no such folder"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_trained(words: list[str], says: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "gradstep", "train", "digits-training", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert found.returncode == 2
    assert found.stdout == ""
    assert says in found.stderr
    assert found.stderr.startswith("error: ")
    assert "Traceback" not in found.stderr


def test_the_same_training_writes_the_same_file(tmp_path: Path) -> None:
    written = set()
    for k in range(8):
        target = tmp_path / f"{k}.safetensors"
        assert main(["train", "xor-training", "--steps", "20", "-o", str(target), "--json"]) == 0
        written.add(target.read_bytes())
    assert len(written) == 1


def test_parameters_are_written_and_can_be_read_by_a_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "w.safetensors"
    assert main(["train", "digits-training", "--steps", "50", "-o", str(target)]) == 0
    history = History(find("digits-training"))
    history.make(50)
    arrays, leaves = load_file(target), history.snapshot(51).leaves
    assert set(arrays) == {"W1", "b1", "W2", "b2"}
    for name, array in arrays.items():
        assert np.array_equal(array, leaves[history.start.graph.by_name[name].id])
    with safe_open(target, framework="numpy") as opened:
        assert opened.metadata()["iteration"] == "50"
    text = find("digits-training").text
    text = re.sub(r"\[\[(expect|notes)\]\].*", "", text, flags=re.DOTALL)
    for name in arrays:
        text = re.sub(
            rf"^{name} *= .*$", f'{name} = {{ file = "w.safetensors", key = "{name}" }}', text, flags=re.MULTILINE
        )
    (tmp_path / "on.toml").write_text(text, encoding="utf-8")
    assert main(["train", "digits-training", "--until", "loss < 0.5", "-o", str(target)]) == 0  # written over
    again = load_file(target)
    stopped = next(k for k in range(1, 500) if history.recording(k).trace.loss < 0.5)
    value = history.start.graph.by_name["W1"].id
    assert np.array_equal(again["W1"], history.snapshot(stopped).leaves[value])
    assert load(tmp_path / "on.toml").leaves[value].shape == (32, 64)
    assert list(tmp_path.glob("*.part")) == []


def test_an_interrupt_ends_it_between_two_iterations_and_writes_what_there_is(tmp_path: Path) -> None:
    target = tmp_path / "w.safetensors"
    words = [sys.executable, "-m", "gradstep", "train", "digits-training", "--steps", "10000000", "-o", str(target)]
    words += ["--json", "--every", "100"]
    with started(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == ""
    end = json.loads(out.splitlines()[-1])
    assert end["reason"] == "interrupted"
    with safe_open(target, framework="numpy") as opened:
        assert opened.metadata()["iteration"] == str(end["iteration"])


def test_on_a_terminal_a_bar_shows_how_far_it_is() -> None:
    master, slave = pty.openpty()
    words = [sys.executable, "-m", "gradstep", "train", "digits-training", "--steps", "6000"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with started(words, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        written, end = b"", time.monotonic() + 60
        while time.monotonic() < end:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                some = os.read(master, 1 << 16)
            except OSError:
                break
            written += some
        os.close(master)
        assert process.wait(60) == 0
    text = written.decode()
    assert re.search(r"█+░+ [\d,]+/6,000", text)
    assert re.search(r"\r\x1b\[Kiteration +\d", text)


def test_a_training_is_compared_with_its_other_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "momentum-vs-sgd", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    # Momentum begins with the gradient itself, so the first update is that of plain descent.
    assert (found["iteration"], found["first"]["name"]) == (
        2,
        "w.next[0,0]" if "w" in found["first"]["name"] else "W1.next[0,0]",
    )
    last = found["losses"][-1]
    assert (last["iteration"], last["a"] < 1e-6, last["b"] > 0.05) == (150, True, True)
    assert main(["diff", "momentum-vs-sgd", "--steps", "20"]) == 1
    assert "first in iteration 2:" in capsys.readouterr().out
    assert main(["diff", "xor-training", "xor-training", "--steps", "30"]) == 0
    assert "in each of 30 iterations" in capsys.readouterr().out
    assert main(["diff", "xor-training"]) == 2
    assert "has no [against]" in capsys.readouterr().err


def test_commands_move_through_iterations_and_say_where(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "goto h.grad[1]",
        "iterate 2",
        "print h.grad[1]",
        "riterate",
        "goto @17 3",
        "back 4",
        "goto @end",
        "train 3",
    ]
    assert main(["run", "walkthrough", "--json", *(w for c in words for w in ("-c", c))]) == 0
    found = reports(capsys.readouterr().out)
    assert "iteration" not in found[0]
    places = [(one["iteration"], one["step"]) for one in found[1:]]
    assert places == [(3, 14), (3, 14), (2, 14), (17, 3), (16, 31), (17, 31), (20, 31)]
    # PyTorch 2.13: ∂L/∂h₂ in the third iteration.
    assert found[2]["result"] == pytest.approx(0.035566995656, rel=1e-9)
