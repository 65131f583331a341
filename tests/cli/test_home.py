"""The calls about a person's own files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradstep.engine.files import load, loads, starter
from gradstep.tui.cli import main
from gradstep.tui.keymap import KEYS


def test_new_writes_a_scenario_that_runs_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new"]) == 0
    assert capsys.readouterr().out == "network.toml is written; open it with: gradstep network.toml\n"
    assert load(tmp_path / "network.toml").training.steps == 300
    (tmp_path / "network.toml").write_text("mine")
    assert main(["new"]) == 2
    assert "'network.toml' exists already" in capsys.readouterr().err
    assert (tmp_path / "network.toml").read_text() == "mine"
    assert main(["new", "my net.toml"]) == 0
    assert "gradstep 'my net.toml'" in capsys.readouterr().out
    assert main(["new", "list"]) == 0
    assert "gradstep ./list" in capsys.readouterr().out
    assert main(["new", "no/such/folder.toml"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_the_starter_learns_and_its_comments_are_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "network.toml"
    file.write_text(starter(), encoding="utf-8")
    assert main(["train", str(file), "--until", "loss < 0.05"]) == 0
    capsys.readouterr()
    # What is commented out is what one may write: taken in, it is read.
    more = re.sub(
        r"^# (?=\[|(?:start|breakpoints|watch|at|text|of|value|decimals) =)", "", starter(), flags=re.MULTILINE
    )
    found = loads(more)
    assert (found.breakpoints, found.watch, found.start) == (("grad == 0",), ("loss",), "backward")
    assert len(found.notes) == len(found.expectations) == 1


def test_config_says_where_it_is_and_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("GRADSTEP_CONFIG", str(file))
    assert main(["config"]) == 0
    assert capsys.readouterr().out.startswith(f"{file} (there is none yet; this is what it may say)\n\n# theme = ")
    file.write_text('theme = "light"\n[keymap]\n"time.step" = "f5"\n')
    assert main(["config"]) == 0
    assert capsys.readouterr().out == f'{file}\n\ntheme = "light"\n[keymap]\n"time.step" = "f5"\n'
    assert main(["config", "--keys"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [key.id for key in KEYS]
    assert re.match(r"time\.step +F5 +one step", lines[0])
    file.write_text('them = "light"\n')
    assert main(["config"]) == 2
    assert "config.toml:1:1: unknown key 'them'; did you mean 'theme'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--theme"], "expected one argument"),
        (["xor", "--zoom", "near"], "invalid choice: 'near'"),
        (["xor", "--size", "100"], "as in 100x30, not '100'"),
        (["xor", "--size", "0x9"], "as in 100x30, not '0x9'"),
        (["xor", "--digits", "18"], "from 1 to 17 digits, not '18'"),
        (["--at", "nowhere"], "unknown name 'nowhere'"),
    ],
)
def test_how_it_opens_is_checked(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(words)
    except SystemExit as left:
        status = int(str(left.code))
    assert status == 2
    assert said in capsys.readouterr().err


def test_where_there_is_no_terminal_the_place_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fan-out", "--at", "h.grad[0]"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("step 24/55  BACKWARD")
    # −0.0558 + 0.0411 of the design's picture.
    assert "−0.0147" in out
