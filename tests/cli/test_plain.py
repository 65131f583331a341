"""The conversation: all of the walkthrough can be had by it, in the words and numbers of the steps."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.debugger import line
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.run.timeline import Grain
from gradstep.tui.cli import main


def talk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *typed: str, name: str = "walkthrough"
) -> tuple[list[str], str]:
    """What is said, without the prompts, and what is complained of."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{text}\n" for text in typed)))
    assert main(["--plain", name]) == 0
    said = capsys.readouterr()
    return said.out.replace("gradstep> ", "").splitlines(), said.err


def test_the_walkthrough_a_line_a_step(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said, wrong = talk(capsys, monkeypatch, *[""] * 31)
    steps = [text for text in said if text.startswith("step ")]
    assert [int(text.split()[1]) for text in steps] == list(range(32))
    assert all(" of 31" in text for text in steps)
    # The design's numbers: w₂₂ turns the sign on the way to h₂.
    assert "∂L/∂h₂ = ∂L/∂z₂ × w₂₂ = (−0.0930) × (−0.4000) = +0.0372." in steps[14]
    assert wrong == ""
    assert not any("\x1b" in text for text in said)


def test_each_line_has_what_the_block_of_the_step_has() -> None:
    session = Session(find("fan-out"))
    for _ in range(session.recording.timeline.total):
        session.step(Grain.ELEMENT)
        frame = session.frame()
        one = line(frame)
        assert "\n" not in one
        assert frame.story.headline in one
        assert frame.story.caption in one
        assert frame.story.note.split("\n")[0] in one


def test_questions_edits_and_mistakes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said, wrong = talk(
        capsys,
        monkeypatch,
        "goto h.grad[1]",
        "why h.grad[1]",
        "set W2[0,1] = 1",
        "bogus",
        "undo",
        "back",
        "quit",
        "step",
    )
    assert any(text.startswith(("step 14 of 31", "step 15 of 31")) for text in said)
    assert any("∂L/∂h₂" in text and "←" in text for text in said)
    assert any("the loss goes from 0.0764" in text for text in said)
    assert wrong == "error: unknown command 'bogus'; did you mean 'log'?\n"
    assert not any(text.startswith("step 16 of 31") for text in said)  # quit is the end


def test_it_may_be_opened_at_a_place(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("step\n"))
    assert main(["fan-out", "--plain", "--at", "h.grad[0]"]) == 0
    assert re.findall(r"step (\d+) of 55", capsys.readouterr().out) == ["24", "25"]


def test_in_a_terminal_nothing_is_drawn(tmp_path: Path) -> None:
    """No sequence that moves the cursor or clears: what is said stays where it was said."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gradstep", "--plain"], stdin=slave, stdout=slave, stderr=slave, cwd=tmp_path,
        env={**os.environ, "TERM": "dumb"}, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    raw = b""
    for typed in (b"\n", b"\n", b"quit\n"):
        while not raw.endswith(b"gradstep> "):
            raw += os.read(master, 4096)
        os.write(master, typed)
        raw += b" "
    assert process.wait(30) == 0
    os.close(master)
    text = raw.decode()
    assert "step 1 of 31" in text
    assert "step 2 of 31" in text
    assert not re.search(r"\x1b\[\d*(?:;\d*)*[ABCDHJKfl]|\x1b\[\?1049h", text)
