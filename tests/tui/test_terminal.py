"""The program in a real pseudo-terminal, as a person meets it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from terminals import terminal


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (160, 45)])
def test_to_the_end_and_back(columns: int, lines: int) -> None:
    with terminal(columns, lines) as t:
        t.wait_for("step 0/31", "ready", "? help")
        for step in range(1, 32):
            t.press(b" ")
            if step in (7, 14):
                t.wait_for(f"step {step}/31")
        t.wait_for("step 31/31", "loss 0.0764")
        t.press(b" ")
        t.wait_for("End of iteration 1: loss 0.0764 → 0.0744.")
        for _ in range(31):
            t.press(b"\x7f")
        t.wait_for("step 0/31", "ready")
        t.press(b"q")
        assert t.ended() == 0


def test_the_sign_flip_of_the_walkthrough() -> None:
    with terminal(100, 30) as t:
        t.wait_for("step 0/31")
        t.press(b"gh.grad[1]\r")  # typed ahead, as over a slow line
        t.wait_for("step 14/31", "+0.0372", "(−0.0930) × (−0.4000)", "flips sign on its way to h₂")
        t.press(b"\x1b[C")
        t.wait_for("◇ y selected")
        t.press(b"-")
        t.press(b"q")
        assert t.ended() == 0


def test_resizing_a_running_program() -> None:
    with terminal(160, 45) as t:
        t.wait_for("step 0/31")
        t.press(b"pp")
        t.wait_for("step 8/31")
        t.resize(80, 24)
        t.wait_for("step 8/31", "3 Math │ 1 Tape │ 4 Params")
        t.resize(30, 8)
        t.wait_for("step 8")
        t.resize(120, 40)
        t.wait_for("step 8/31", "2 Network")
        t.press(b"q")
        assert t.ended() == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(number: signal.Signals, status: int) -> None:
    with terminal(80, 24) as t:
        t.wait_for("step 0/31")
        os.kill(t.process.pid, number)
        assert t.ended() == status
        assert b"\x1b[?1049l" in t.raw
        assert b"Traceback" not in t.raw


def test_keys_that_are_no_text_do_no_harm() -> None:
    with terminal(80, 24) as t:
        t.wait_for("step 0/31")
        t.press(b"\xff\xfe\x80 ")
        t.wait_for("step 1/31")
        t.press(b"\x1b[99~\x1b[200z\xc3")
        t.press(b" ")
        t.press(b"q")
        assert t.ended() == 0


def test_without_colour_signs_are_still_there() -> None:
    with terminal(80, 24, "sign-flip", NO_COLOR="1") as t:
        t.wait_for("step 0/")
        t.press(b"gh.grad[1]\r")
        t.wait_for("+0.170", "−1.20")
        t.press(b"q")
        assert t.ended() == 0
        assert b"38;2;92;179;255" not in t.raw


def test_a_bad_file_says_so_before_the_screen_opens(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("format = 1\n[graph]\nL = 'sum(x'\n", encoding="utf-8")
    with terminal(120, 24, str(bad)) as t:
        assert t.ended() == 2
        assert b"error: " in t.raw
        assert b":3:" in t.raw
        assert b"\x1b[?1049h" not in t.raw
        assert b"Traceback" not in t.raw


def test_when_did_the_unit_die() -> None:
    with terminal(160, 45, "death-of-a-relu") as t:
        t.wait_for("iteration 1/100", "i makes the next iteration, u trains to the end")
        t.press(b"i")
        t.wait_for("iteration 2/100", "iteration 2 begins")
        t.press(b"u")
        t.wait_for("iteration 100/100", "No stop before the end of iteration 100.")
        t.press(b":")
        t.wait_for("─ command ─")
        t.press(b"when dead(h[2])\r")
        t.wait_for("became true in iteration 18", "the update at the end of iteration 17")
        t.press(b"I")
        t.wait_for("iteration 17/100")
        t.press(b"9\x1b[D\x1b[D\r")  # two columns of three iterations
        t.wait_for("iteration 11/100")
        t.resize(80, 24)
        t.wait_for("11/100")
        t.press(b"q")
        assert t.ended() == 0


def test_a_signal_while_it_trains_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    endless = tmp_path / "endless.toml"
    text = (Path(__file__).parent.parent.parent / "scenarios/22-digits-training.toml").read_text(encoding="utf-8")
    endless.write_text(re.sub(r"^steps = .*$", "steps = 100000000", text, flags=re.MULTILINE), encoding="utf-8")
    with terminal(100, 30, str(endless)) as t:
        t.wait_for("iteration 1/100,000,000")
        t.press(b"u")
        t.wait_for("u or ^c pauses")
        t.press(b"?")  # the screen is alive
        t.wait_for("type to filter")
        os.kill(t.process.pid, signal.SIGTERM)
        assert t.ended() == 143
        assert b"\x1b[?1049l" in t.raw
        assert b"Traceback" not in t.raw


#: A picture of which only the beginning is written before a signal comes into it.
_BROKEN_OFF = """
import os, signal, sys
from textual._ansi_sequences import SYNC_START
from gradstep.tui.cli import main
from gradstep.tui.terminal.frames import Frames

whole = Frames._written

def begun(self):
    whole(self)
    if hasattr(self, "session") and self.session.position.step == 2:
        self._driver.write(SYNC_START + "half of a picture")
        self._driver.flush()
        os.kill(os.getpid(), signal.SIGTERM)

Frames._written = begun
sys.exit(main())
"""


def test_a_picture_that_a_signal_has_come_into_is_ended() -> None:
    """The terminal would show nothing of what is written after it."""
    with terminal(80, 24, "walkthrough", program=("-c", _BROKEN_OFF)) as t:
        t.wait_for("step 0/31")
        t.press(b"  ")
        assert t.ended() == 143
        assert b"\x1b[?2026hhalf of a picture" in t.raw
        assert t.wrong() == []
        # Before the other screen is shown again, on which a shell writes.
        assert b"\x1b[?2026l" in t.raw.partition(b"half of a picture")[2].partition(b"\x1b[?1049l")[0]
