"""Completion, asked for as a shell does: what the script for bash makes of a line that has been typed so far."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.files import builtin
from gradstep.engine.ops import REGISTRY
from gradstep.tui.cli import CALLS

ASK = """
gradstep() {{ {python} -m gradstep "$@"; }}
eval "$(gradstep --completion bash)"
COMP_LINE={line} COMP_POINT={point} COMP_TYPE=9 COMP_WORDS=({line_words}) COMP_CWORD={last}
_python_argcomplete gradstep
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(line: str, folder: Path) -> list[str]:
    """What bash would offer behind a line. It calls gradstep as the function that it defines."""
    words = line.split(" ")
    program = ASK.format(
        python=shlex.quote(sys.executable),
        line=shlex.quote(line),
        point=len(line),
        line_words=" ".join(shlex.quote(w) for w in words),
        last=len(words) - 1,
    )
    found = subprocess.run(["bash", "-c", program], capture_output=True, text=True, cwd=folder, timeout=60, check=False)
    assert found.stderr == ""
    return [word.strip() for word in found.stdout.split("\n") if word.strip()]


def test_the_first_word_is_a_call_a_scenario_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").touch()
    (tmp_path / "other.txt").touch()
    assert completed("gradstep ", tmp_path) == [*(c for c in CALLS if c != "open"), *builtin(), "mine.toml"]
    assert completed("gradstep m", tmp_path) == ["masked-where-nan", "momentum-vs-sgd", "mine.toml"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gradstep --th", ["--theme"]),
        ("gradstep xor --zoom n", ["network", "neuron"]),
        ("gradstep xor --theme ", ["dark", "light", "contrast", "ansi"]),
        ("gradstep check walkthrough fan", ["fan-out"]),
        ("gradstep diff xor fan", ["fan-out"]),
        ("gradstep export xor --format j", ["json"]),
        ("gradstep steps xor --phase b", ["backward"]),
        ("gradstep --completion f", ["fish"]),
        ("gradstep ops leaky", [name for name in REGISTRY if name.startswith("leaky")]),
        ("gradstep check xor --threshold van", ["vanish="]),
    ],
)
def test_behind_it_comes_what_the_call_takes(line: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(line, tmp_path) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_what_it_reads(shell: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "gradstep", "--completion", shell],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "gradstep" in found.stdout
    assert "_ARGCOMPLETE" in found.stdout
