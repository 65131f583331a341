"""Whatever goes wrong that nobody foresaw, the screen stays, says so in a line, and keeps the traceback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from driving import at, debugger, running, text, type_
from terminals import terminal
from textual import events
from textual.widgets import Input, Static

from gradstep.engine.debugger import Session
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.chooser import Chooser
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.screens.dialog import LONGEST
from gradstep.tui.screens.prompt import Prompt
from gradstep.tui.screens.said import Said


def broken(*_: object, **__: object) -> None:
    raise LookupError("nobody foresaw this")


@pytest.mark.faulty
async def test_a_key_whose_action_fails_says_so_and_keeps_the_session(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("GRADSTEP_LOG", str(log))
    async with running() as pilot:
        await pilot.press("space", "space")
        with monkeypatch.context() as patch:
            patch.setattr(Session, "finish", broken)
            await pilot.press("f")
            await pilot.pause()
            assert "LookupError: nobody foresaw this" in text(pilot)
        assert "Traceback" in log.read_text(encoding="utf-8")
        await pilot.press("space")
        await pilot.pause()
        assert at(pilot).step == 3


@pytest.mark.faulty
async def test_a_panel_that_cannot_be_painted_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path / "log"))
    async with running() as pilot:
        panel = debugger(pilot).query_one("#params", Panel)
        with monkeypatch.context() as patch:
            patch.setattr(type(panel), "paint", broken)
            await pilot.press("space")
            await pilot.pause()
        await pilot.press("space")
        await pilot.pause()
        assert at(pilot).step == 2


@pytest.mark.faulty
async def test_work_beside_the_screen_that_fails_has_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys are free again, and the traceback is the error's own."""
    log = tmp_path / "log"
    monkeypatch.setenv("GRADSTEP_LOG", str(log))
    async with running() as pilot:
        with monkeypatch.context() as patch:
            patch.setattr("gradstep.engine.debugger.commands.run", broken)
            await pilot.press("V")  # verifies beside the screen
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            assert "LookupError: nobody foresaw this" in text(pilot)
        assert debugger(pilot).runner.busy == ""
        await pilot.press("space")
        assert at(pilot).step == 1
        assert "in broken" in log.read_text(encoding="utf-8")


@pytest.mark.faulty
@pytest.mark.parametrize("kind", ["timer", "later", "worker", "idle"])
async def test_what_fails_by_itself_says_so(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path / "log"))

    async def awaited() -> None:
        broken()

    async with running() as pilot:
        screen, app = debugger(pilot), pilot.app
        match kind:
            case "timer":
                screen.set_timer(0.01, broken)
            case "later":
                app.call_later(broken)
            case "idle":
                app.call_after_refresh(broken)
            case "worker":
                screen.run_worker(awaited())
        await pilot.pause(0.1)
        await pilot.pause()
        assert "LookupError: nobody foresaw this" in text(pilot)
        await pilot.press("space")
        assert at(pilot).step == 1


@pytest.mark.faulty
async def test_a_click_that_fails_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path / "log"))
    async with running() as pilot:
        with monkeypatch.context() as patch:
            patch.setattr("gradstep.tui.panels.side.tape.window", broken)
            await pilot.click("#rail", offset=(5, 5))
            await pilot.pause()
            assert "LookupError: nobody foresaw this" in text(pilot)
        await pilot.click("#rail", offset=(5, 5))
        await pilot.pause()
        assert at(pilot).step > 0


@pytest.mark.faulty
@pytest.mark.parametrize(
    ("where", "key"),
    [("inside", "x"), ("on_mount", "x"), ("on_input_changed", "h"), ("on_input_submitted", "enter"), ("_fill", "h")],
)
async def test_a_dialog_that_fails_says_so_and_closes(
    where: str, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path / "log"))
    async with running() as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(Chooser, where, broken)
            await pilot.press("slash")
            await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
            assert "a fault of gradstep itself: " in text(pilot)
            assert "LookupError: nobody foresaw this" in (tmp_path / "log").read_text(encoding="utf-8")
            await pilot.press("escape")
            await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)
        await pilot.press("space")
        assert at(pilot).step == 1


@pytest.mark.faulty
async def test_a_file_that_cannot_be_opened_for_whatever_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path / "log"))
    async with running() as pilot:
        await pilot.press("o")
        await pilot.pause()
        with monkeypatch.context() as patch:
            patch.setattr("gradstep.tui.screens.picker.find", broken)
            await type_(pilot, "./any.toml")
        assert "LookupError: nobody foresaw this" in str(pilot.app.screen.query_one("#said", Static).content)
        await pilot.press("escape", "space")
        assert at(pilot).step == 1


async def test_not_enough_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def large(*_: object) -> None:
        np.ones(1 << 58)

    async with running() as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(Session, "finish", large)
            await pilot.press("f")
            await pilot.pause()
            assert "not enough memory: Unable to allocate 2.00 EiB" in text(pilot)
        await pilot.press("space")
        assert at(pilot).step == 1


async def test_a_dialog_is_answered_once() -> None:
    """However many keys are typed ahead, and there is a screen below it."""
    async with running() as pilot:
        for keys in (("enter", "enter"), ("escape", "escape"), ("enter", "escape", "enter")):
            await pilot.press("slash")
            await pilot.pause()
            for key in keys:
                pilot.app.post_message(events.Key(key, None))
            await pilot.pause()
            await pilot.pause()
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            assert isinstance(pilot.app.screen, Debugger)


async def test_a_dialog_that_is_answered_below_another_closes_after_it() -> None:
    """A training that has ended has its say over a line that is being typed."""
    async with running() as pilot:
        await pilot.press("colon")
        prompt = pilot.app.screen
        assert isinstance(prompt, Prompt)
        over = Said("train", "much\n" * 9)
        await pilot.app.push_screen(over)
        prompt.dismiss(None)
        await pilot.pause()
        assert pilot.app.screen is over
        await pilot.press("escape")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)


async def test_ctrl_c_closes_a_line_in_which_something_is_selected() -> None:
    """Textual's line would copy it, and stay, however often it is pressed."""
    async with running() as pilot:
        await pilot.press("colon", "h", "shift+home")
        assert not pilot.app.screen.query_one(Input).selection.is_empty
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)
        await pilot.press("ctrl+c")
        assert pilot.app.return_code == 0


async def test_a_command_that_is_entered_twice_is_done_once() -> None:
    async with running() as pilot:
        done: list[str] = []
        prompt = Prompt("command", "", done.append, "print h")
        await pilot.app.push_screen(prompt)
        await pilot.pause()
        for _ in range(2):
            prompt.on_input_submitted(Input.Submitted(prompt.query_one(Input), "print h"))
        await pilot.pause()
        assert done == ["print h"]
        assert isinstance(pilot.app.screen, Debugger)


async def test_what_is_pasted_is_one_line_and_what_is_left_out_is_said() -> None:
    async with running() as pilot:
        pilot.app.post_message(events.Paste("pasted"))
        await pilot.pause()
        assert "Nothing here takes what is pasted" in text(pilot)
        for pasted, value, said in (
            ("print h", "print h", "esc closes"),
            ("print h\nprint y\nquit", "print h", "pasted: line 1 of 3"),
            ("\x1b[2Jx\ty", r"\x1b[2Jx y", "esc closes"),
            ("9" * 300_000, "9" * LONGEST, f"pasted: {LONGEST:,} of 300,000 characters"),
        ):
            await pilot.press("colon")
            pilot.app.post_message(events.Paste(pasted))
            await pilot.pause()
            assert pilot.app.screen.query_one(Input).value == value
            assert said in str(pilot.app.screen.query_one("#dialog").border_subtitle)
            await pilot.press("x")
            assert len(pilot.app.screen.query_one(Input).value) == min(len(value) + 1, LONGEST)
            await pilot.press("escape")


def test_a_fault_is_said_on_leaving_and_the_status_is_not_0(tmp_path: Path) -> None:
    code = (
        "import sys, gradstep.tui.cli as c\n"
        "from gradstep.engine.debugger import Session\n"
        "def broken(*_): raise LookupError('nobody foresaw this')\n"
        "Session.finish = broken\n"
        "sys.exit(c.main(['walkthrough', *sys.argv[1:]]))"
    )
    for more in ((), ("--debug",)):
        with terminal(100, 30, program=("-c", code, *more), GRADSTEP_LOG=str(tmp_path / "log")) as t:
            t.wait_for("? help")
            t.press(b" f")
            t.wait_for("LookupError: nobody foresaw this")
            t.press(b"q")
            assert t.ended() == 1
            assert b"error: a fault of gradstep itself: LookupError: nobody foresaw this" in t.raw
            assert (b"Traceback" in t.raw) == bool(more)


def test_what_is_typed_after_the_way_out_is_nobodys() -> None:
    for keys in (b"q:", b"qo", b"qB", b"q?", b"qc i u", b"q:continue\r", b"qqqq", b"\x03\x03"):
        with terminal(100, 30) as t:
            t.wait_for("? help")
            t.press(keys)
            assert t.ended() == 0, keys
            assert b"Traceback" not in t.raw, keys


@pytest.mark.parametrize("before", [(), ("V",), ("u",), ("a",), ("colon", "escape"), ("e", "enter")])
async def test_nothing_is_done_after_the_first_way_out(before: tuple[str, ...]) -> None:
    """Whatever is under way, and whatever is typed ahead."""
    async with running("xor-training") as pilot:
        await pilot.press(*before)
        app, screen = pilot.app, debugger(pilot)
        done: list[str] = []
        screen.action_press = done.append
        app.exit(0)
        stack, place = list(app.screen_stack), at(pilot)
        for key in ("space", "colon", "o", "B", "question_mark", "q", "ctrl+c", "escape", "enter", "i"):
            app.post_message(events.Key(key, None))
        app.post_message(events.Paste("x"))
        app.exit(3)
        for _ in range(50):
            await asyncio.sleep(0)
        assert done == []
        assert app.screen_stack in (stack, [])
        assert at(pilot) == place or before
        assert app.return_code == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_an_idle_screen(number: signal.Signals, status: int) -> None:
    with terminal(100, 30) as t:
        t.wait_for("? help")
        while t.read(0.5):
            pass  # nothing is going on any more
        os.kill(t.process.pid, number)
        sent = time.monotonic()
        assert t.ended() == status
        assert time.monotonic() - sent < 10
        assert b"\x1b[?1049l" in t.raw  # the alternate screen is left
        assert b"Traceback" not in t.raw


def test_a_signal_among_hundreds_of_keys_is_not_lost() -> None:
    """They wait because something takes long."""
    code = (
        "import sys, time, gradstep.tui.cli as c\n"
        "from gradstep.engine.debugger import Session\n"
        "Session.finish = lambda _: time.sleep(3)\n"
        "sys.exit(c.main(['walkthrough']))"
    )
    with terminal(100, 30, program=("-c", code)) as t:
        t.wait_for("? help")
        t.press(b"f")
        time.sleep(0.3)
        for _ in range(600):
            t.press(b" ")
            time.sleep(0.002)
        os.kill(t.process.pid, signal.SIGTERM)
        assert t.ended() == 143
        assert t.wrong() == []


def test_interrupts_while_it_starts_are_quiet() -> None:
    for wait in (0.0, 0.05, 0.1, 0.2, 0.4):
        with terminal(100, 30) as t:
            t.until_ours()
            time.sleep(wait)
            os.killpg(t.process.pid, signal.SIGINT)
            assert t.ended() in (130, -signal.SIGINT)
            assert b"Traceback" not in t.raw


def test_a_terminal_that_goes_away_ends_it() -> None:
    with terminal(100, 30) as t:
        t.wait_for("? help")
        os.close(t.master)
        t.master = os.open(os.devnull, os.O_RDONLY)
        assert t.process.wait(10) == 129


def test_replies_pastes_and_noise_are_no_keys() -> None:
    with terminal(100, 30) as t:
        t.wait_for("? help")
        for sent in (
            b"\x1b[?62;22c", b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", b"\x1b[12;40R", b"\x1bP>|tmux 3.4\x1b\\",
            b"\x1b[999999999A", b"\x1b[200~ \x1bq q \x1b[B\x1b[201~", b"\x1b[" + b"1" * 5000 + b"A",
        ):  # fmt: skip
            t.press(sent)
        t.press(b" ")
        t.wait_for("step 1/31")
        t.press(b"q")
        assert t.ended() == 0


def test_a_large_paste_does_not_keep_it_busy() -> None:
    with terminal(100, 30) as t:
        t.wait_for("? help")
        t.press(b":")
        t.wait_for("command")
        paste = b"\x1b[200~" + b"x = [" + b"0.25, " * 50_000 + b"]\x1b[201~"
        for start in range(0, len(paste), 4096):
            t.press(paste[start : start + 4096])
            t.read(0.001)
        t.press(b"\x1b")
        time.sleep(0.3)
        t.press(b" ")
        t.wait_for("step 1/31")


def test_an_error_that_nobody_foresaw_is_one_line(tmp_path: Path) -> None:
    code = (
        "import sys, gradstep.tui.cli as c\n\n"
        "def broken(*_): raise LookupError('nobody foresaw this')\n"
        "import gradstep.engine.files as files\nfiles.find = broken\n"
        "sys.exit(c.main(['steps', 'walkthrough']))"
    )
    env = {**os.environ, "GRADSTEP_LOG": str(tmp_path / "log")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: a fault of gradstep itself: LookupError: nobody foresaw this; its traceback is in"
    )
    assert len(done.stderr.splitlines()) == 1


async def test_a_key_that_comes_before_what_is_inside_a_dialog_is_no_fault() -> None:
    said, chooser = Said("title", "text"), Chooser("find", [])
    said.action_scroll(1)
    chooser.action_move(1)
    chooser.action_move(-1)
