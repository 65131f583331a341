"""What the rules see is the same wherever it is told, and thresholds are taken alike."""

from __future__ import annotations

import json

import pytest

from gradstep.tui.cli import main


def out(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(list(words)) in (0, 1)
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def told(lines: list[str]) -> list[str]:
    """From the first line of the diagnosis on."""
    starts = ("✗ fault", "! warning", "· information", "nothing is wrong")
    return lines[next(k for k, line in enumerate(lines) if line.startswith(starts)) :]


@pytest.mark.parametrize("name", ["forgot-zero-grad", "xor-training"])
def test_a_training_is_told_the_same_by_train_and_by_findings(capsys: pytest.CaptureFixture[str], name: str) -> None:
    one = told(out(capsys, "train", name, "--every", "1000"))
    other = told(out(capsys, "run", name, "-c", "train", "-c", "findings"))
    assert one == other
    end = json.loads(out(capsys, "train", name, "--every", "1000", "--json")[-1])
    *_, listed = (json.loads(line) for line in out(capsys, "run", name, "-c", "train", "-c", "findings", "--json"))
    assert end["findings"] == listed["result"]
    faults = [one for one in listed["result"] if one["severity"] != "information"]
    assert one[0].endswith(faults[0]["text"]) if faults else one[0].startswith("nothing is wrong")


@pytest.mark.parametrize("name", ["vanishing", "walkthrough", "dead-relu"])
def test_an_iteration_is_told_the_same_by_check_and_by_findings(capsys: pytest.CaptureFixture[str], name: str) -> None:
    one, other = told(out(capsys, "check", name)), told(out(capsys, "run", name, "-c", "findings"))
    assert one == other


def test_thresholds_are_options_wherever_findings_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    def kinds(*words: str) -> set[str]:
        found = json.loads(out(capsys, *words, "--json")[-1])
        return {one["kind"] for one in found["result" if words[0] == "run" else "findings"]}

    assert "vanish" in kinds("check", "vanishing")
    assert "vanish" not in kinds("check", "vanishing", "--threshold", "vanish=1e-9")
    assert "vanish" not in kinds("run", "vanishing", "-c", "findings vanish=1e-9")
    few = ("train", "xor-training", "--steps", "1")
    assert "vanish" not in kinds(*few)
    assert "vanish" in kinds(*few, "--threshold", "update=1e-3", "--threshold", "vanish=0.9")


@pytest.mark.parametrize("call", ["check", "train"])
@pytest.mark.parametrize(("text", "says"), [("vanisch=1", "did you mean 'vanish'?"), ("vanish", "NAME=VALUE"),
                                            ("vanish=2", "lies between 0 and 1")])  # fmt: skip
def test_a_threshold_that_makes_no_sense_is_bad_input(
    capsys: pytest.CaptureFixture[str], call: str, text: str, says: str
) -> None:
    assert main([call, "vanishing", "--threshold", text]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert not said.out  # before anything runs
