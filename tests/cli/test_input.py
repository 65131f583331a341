"""What is given to the command line may be no file, or have no end; it may come from standard input."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from texts import SMALL

from gradstep.tui.cli import main


class Found(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Found]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """One call, with a text on standard input."""

    def called(*words: str, given: str = "") -> Found:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        status = main(list(words))
        return Found(status, *capsys.readouterr())

    return called


@pytest.fixture
def pipe(tmp_path: Path) -> str:
    os.mkfifo(tmp_path / "pipe.toml")
    return str(tmp_path / "pipe.toml")


def calls(name: str) -> list[list[str]]:
    """All the places in which a file may be named."""
    return [
        ["steps", name],
        ["check", name],
        ["train", name],
        ["diff", "walkthrough", name],
        ["export", name, "--format", "json"],
        ["run", "walkthrough", "-x", name],
        ["run", "walkthrough", "-c", f"open {name}"],
        ["run", "walkthrough", "-c", f"diff {name}"],
    ]


@pytest.mark.parametrize("number", range(8))
def test_pipes_devices_and_folders_are_refused_in_a_line(run: Run, pipe: str, tmp_path: Path, number: int) -> None:
    for name, says in ((pipe, "a pipe"), ("/dev/zero", "a device"), (str(tmp_path), "Is a directory")):
        found = run(*calls(name)[number])
        assert found.status in (1, 2)
        (line,) = (found.out + found.err).splitlines()
        assert says in line
        assert line.startswith("error: ")


def test_long_names_are_refused_in_a_line(run: Run) -> None:
    for words in calls("x" * 300 + ".toml"):
        found = run(*words)
        (line,) = (found.out + found.err).splitlines()
        assert "File name too long" in line


def test_a_scenario_and_a_script_may_come_from_standard_input(run: Run) -> None:
    assert run("steps", "-", given=SMALL).out == run("-", given=SMALL).out != ""
    found = run("run", "walkthrough", "-x", "-", given="# a script\ngoto end\nprint L\n")
    assert found.status == 0
    assert found.out.splitlines()[-1].startswith("L = ")
    found = run("check", "-", given="format = 1\n[graph]\nL = 'x +'\n")
    assert found.err.startswith("error: -:3:9: cannot read")
    found = run("check", "-", given=SMALL.replace("[2.0, 3.0]", "{ file = 'a.npy' }"))
    assert "a scenario that is a file itself" in found.err


def test_standard_input_is_one_of_both(run: Run) -> None:
    found = run("run", "-", "-x", "-", given=SMALL)
    assert (found.status, found.err) == (2, "error: -: cannot be read: standard input has been read already\n")


@pytest.mark.parametrize("words", [["steps", "-"], ["run", "walkthrough", "-x", "-"]])
def test_endless_input_is_cut_off(words: list[str]) -> None:
    with open("/dev/zero", "rb") as endless:
        found = subprocess.run(
            [sys.executable, "-m", "gradstep", *words], stdin=endless, capture_output=True, text=True, timeout=60
        )
    assert found.returncode == 2
    assert "larger than 16 MiB" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_a_file_may_be_called_as_standard_input_is(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "-").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run("check", "./-").status == 0
