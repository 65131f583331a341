"""Storms of keys, sizes and signals in a real pseudo-terminal: whatever happens, the terminal is left as it was, the
exit status is right, and it is never 0 beside a traceback."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from pathlib import Path

import keys
import pytest
from terminals import Terminal, terminal

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
#: The program, with a scenario that takes three seconds to read.
SLOW = (
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "import sys, time, gradstep.tui.cli as c, gradstep.engine.files.finding as finding\n"
    "find = finding.find\n"
    "finding.find = lambda name: (time.sleep(3), find(name))[1]\n"
    "sys.exit(c.main(['walkthrough']))",
)
STATUS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


def endless(folder: Path) -> str:
    """A training that does not end by itself."""
    text = (SCENARIOS / "22-digits-training.toml").read_text(encoding="utf-8")
    file = folder / "endless.toml"
    file.write_text(re.sub(r"^steps = .*$", "steps = 100000000", text, flags=re.MULTILINE), encoding="utf-8")
    return str(file)


def check(t: Terminal, status: int, *others: int) -> None:
    ended = t.ended()
    assert ended in (status, *others)
    assert t.wrong() == []
    assert b"Traceback" not in t.raw
    assert b"a fault of gradstep" not in t.raw
    # Something has been typed, and where the screen was left, nothing of it is seen.
    assert b"\x1b[?1049h" not in t.raw or b"\x1b[?1049l" in t.raw


def storm(t: Terminal, chance: random.Random, session: Session, count: int, folder: Path) -> None:
    """So many keys, and sizes between them; no key that leaves."""
    for text, _ in zip(keys.storm(chance, session, 100, 30, folder), range(count), strict=False):
        if not set(text) & {"q", "\x03", "\x11"}:
            t.press(text.encode("utf-8", errors="replace"))
        if chance.random() < 0.1:
            t.resize(chance.choice((1, 20, 80, 100, 160, 500)), chance.choice((1, 10, 24, 30, 45, 60)))
        if chance.random() < 0.3:
            t.read(0.01)


@pytest.mark.parametrize("seed", range(4))
def test_a_storm_that_a_signal_ends(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    name = chance.choice(("walkthrough", "layer-norm", "digits-training", "death-of-a-relu"))
    number = chance.choice(list(STATUS))
    with terminal(100, 30, name, cwd=tmp_path) as t:
        t.wait_for("? help")
        storm(t, chance, Session(find(name)), 60, tmp_path)
        os.kill(t.process.pid, number)
        check(t, STATUS[number])


def test_a_storm_that_an_interrupt_ends(tmp_path: Path) -> None:
    """^c stops what runs, closes what is open, and then leaves."""
    chance = random.Random(7)
    with terminal(100, 30, "xor-training", cwd=tmp_path) as t:
        t.wait_for("? help")
        storm(t, chance, Session(find("xor-training")), 60, tmp_path)
        end = time.monotonic() + 20
        while t.process.poll() is None and b"\x1b[?1049l" not in t.raw and time.monotonic() < end:
            t.press(b"\x03")
            pressed = time.monotonic()
            while time.monotonic() < pressed + 0.1:
                t.read(0.05)
        check(t, 0)


def test_a_flood_of_interrupts_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    """Once the terminal is its own again, ^c throws away what it has not read yet: by then it has read all."""
    for answers in (True, False):
        with terminal(100, 30, cwd=tmp_path, answers=answers) as t:
            t.wait_for("? help")
            while t.process.poll() is None and b"\x1b[?1049l" not in t.raw:
                t.press(b"\x03" * 50)
                t.read(0.0)
            check(t, 0)


@pytest.mark.parametrize("number", list(STATUS))
def test_a_training_that_a_signal_ends(number: signal.Signals, tmp_path: Path) -> None:
    with terminal(100, 30, endless(tmp_path), cwd=tmp_path) as t:
        t.wait_for("? help")
        t.press(b"u")
        t.wait_for("u or ^c pauses")
        for size in ((30, 8), (160, 45), (1, 1), (500, 10), (80, 24)):
            t.resize(*size)
            t.press(b"?x\x1b:print h\r9")
            t.read(0.02)
        os.kill(t.process.pid, number)
        check(t, STATUS[number])


def test_a_training_goes_on_under_other_keys_and_q_leaves_it(tmp_path: Path) -> None:
    with terminal(100, 30, endless(tmp_path), cwd=tmp_path) as t:
        t.wait_for("? help")
        t.press(b"u")
        t.wait_for("u or ^c pauses")
        t.press(b" i:goto end\rbq:o?qq")
        check(t, 0)


@pytest.mark.parametrize("number", list(STATUS))
def test_a_signal_while_it_opens(number: signal.Signals, tmp_path: Path) -> None:
    """Before there is a screen the signal ends the process as it ends any; then with its status."""
    for wait in (0.0, 0.3, 0.6, 0.9, 1.5):
        with terminal(100, 30, program=SLOW, cwd=tmp_path) as t:
            t.until_ours()
            begun = time.monotonic()
            while time.monotonic() - begun < wait:
                t.read(0.02)
            os.kill(t.process.pid, number)
            check(t, STATUS[number], -number)


def test_keys_while_it_opens(tmp_path: Path) -> None:
    """What was typed before there was a screen is nobody's; ^c and q leave while it opens."""
    for sent in (b"\x03", b"q", b"q:o?\x03", b"\x1b"):
        with terminal(100, 30, program=SLOW, cwd=tmp_path) as t:
            t.press(b"qqq:quit\r")
            t.wait_for("^c leaves")
            t.press(sent)
            check(t, 0)


def test_a_terminal_that_goes_away_in_a_storm(tmp_path: Path) -> None:
    chance = random.Random(3)
    with terminal(100, 30, endless(tmp_path), cwd=tmp_path) as t:
        t.wait_for("? help")
        t.press(b"u")
        storm(t, chance, Session(find("digits-training")), 20, tmp_path)
        os.close(t.master)
        t.master = os.open(os.devnull, os.O_RDONLY)
        assert t.process.wait(20) == 129


#: The program, with a screen that never leaves by itself.
STUCK = (
    "-c",
    "import sys, gradstep.tui.cli as c, gradstep.tui.app as app\n"
    "app._LAST_WAY_OUT = 0.5\n"
    "app.Gradstep.exit = lambda self, *a, **k: None\n"
    "sys.exit(c.main(['walkthrough']))",
)


@pytest.mark.parametrize("number", list(STATUS))
def test_a_signal_ends_even_what_does_not_leave(number: signal.Signals, tmp_path: Path) -> None:
    with terminal(100, 30, program=STUCK, cwd=tmp_path) as t:
        t.wait_for("? help")
        os.kill(t.process.pid, number)
        check(t, STATUS[number])
