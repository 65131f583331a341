"""What can be clicked, what a line that is typed remembers, and ways out that ask first."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find
from gradstep.engine.run import GoOn
from gradstep.tui.app import Gradstep
from gradstep.tui.panels.base import Panel
from gradstep.tui.panels.chrome.header import Header
from gradstep.tui.preferences import note_typed, typed
from gradstep.tui.screens.chooser import Chooser
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.screens.help import Help
from gradstep.tui.screens.prompt import Prompt
from gradstep.tui.table import NUMBERED
from gradstep.tui.view import AS_EVER, View, Zoom
from tests.tui.driving import at, debugger, running, type_


def lines(pilot: Pilot[int], panel: str) -> list[str]:
    return ["".join(seg.text for seg in strip) for strip in pilot.app.screen.query_one(f"#{panel}", Panel)._strips]


async def click(pilot: Pilot[int], panel: str, text: str, skip: int = 0) -> None:
    """On the first place at which a panel says this, behind its first characters."""
    y, line = next((y, line) for y, line in enumerate(lines(pilot, panel)) if text in line)
    await pilot.click(f"#{panel}", offset=(line.index(text) + skip, y))
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45)])
async def test_a_tab_opens_its_panel(size: tuple[int, int]) -> None:
    async with running(size=size) as pilot:
        view = debugger(pilot).scenery.view
        for name in view.tabs[1:]:
            entry, now = NUMBERED[name], debugger(pilot).scenery.view.open_tab
            top = lines(pilot, now)[0]
            tab = f" {entry.key} {entry.title} " if f" {entry.key} {entry.title} " in top else f" {entry.key} "
            await click(pilot, now, tab)
            assert debugger(pilot).scenery.view.open_tab == name
            assert f" {entry.key} {entry.title} " in lines(pilot, name)[0]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45)])
async def test_a_number_opens_the_panel_that_bears_it(size: tuple[int, int]) -> None:
    async with running(size=size) as pilot:
        for name, entry in NUMBERED.items():
            await pilot.press(entry.key)
            await pilot.pause()
            focused = pilot.app.screen.focused
            assert isinstance(focused, Panel)
            assert focused.id == ("rail" if name == "tape" and size[0] >= 140 else name)
            assert focused.display
            assert focused.region.area > 0


async def test_hints_in_the_footer_do_what_they_say() -> None:
    async with running(size=(160, 45)) as pilot:
        await click(pilot, "footer", "space step")
        assert at(pilot).step == 1
        await click(pilot, "footer", "back")
        assert at(pilot).step == 0
        await click(pilot, "footer", "phase")
        assert at(pilot).step == 7
        await click(pilot, "footer", "? help")
        assert isinstance(pilot.app.screen, Help)


async def test_the_breadcrumb_leads_out_again() -> None:
    async with running("digits", (160, 45)) as pilot:
        scenery = debugger(pilot).scenery
        await pilot.press("space", "enter", "enter", "enter")
        await pilot.pause()
        assert scenery.view.zoom is Zoom.TERM
        crumbs = lines(pilot, "header")[0]
        assert crumbs.count("▸") == 3
        layer = crumbs.split("▸")[1].strip()
        await click(pilot, "header", f"▸ {layer}", 2)
        assert scenery.view.zoom is Zoom.LAYER
        await click(pilot, "header", "digits")
        assert scenery.view.zoom is Zoom.NETWORK
    # At the level at which one begins there is nothing to go out to.
    assert Header.paint(Session(find("digits")).frame(), View(zoom=Zoom.NETWORK), 160, 1).links == []


async def test_rules_in_breaks_are_set_switched_and_gone_to() -> None:
    async with running("walkthrough", (160, 45)) as pilot:
        await pilot.press("6")
        await pilot.pause()
        await click(pilot, "breaks", "○ dead")
        stops = debugger(pilot).session.stops
        assert [b.text for b in stops.breakpoints] == ["dead"]
        await pilot.press("B")
        await type_(pilot, "h.grad[1]")
        await click(pilot, "breaks", "2  h.grad[1]")
        assert not stops.find(2).enabled
        await click(pilot, "breaks", "2  h.grad[1]")
        assert stops.find(2).enabled
        await click(pilot, "breaks", "next: step")
        assert at(pilot).step == 14


@pytest.mark.parametrize(("name", "size", "panel"), [("walkthrough", (80, 24), "tape"), ("digits", (160, 45), "rail")])
async def test_arrows_go_along_the_tape_that_has_the_focus(name: str, size: tuple[int, int], panel: str) -> None:
    async with running(name, size) as pilot:
        screen = debugger(pilot)
        await pilot.press("1", "down", "down")
        await pilot.pause()
        there = [line for line in lines(pilot, panel) if "▸" in line and "forward" not in line]
        sweeps = screen.session.recording.timeline.sweeps
        assert at(pilot).step == (2 if name == "walkthrough" else sweeps[1].stop)
        assert len(there) == 1
        assert screen.scenery.view.selection is None
        await pilot.press("up", "up", "up")
        assert at(pilot).step == 0
        await pilot.press("2", "down")
        assert screen.scenery.view.selection is not None


async def test_what_is_playing_has_a_chip() -> None:
    async with running("walkthrough", (80, 24)) as pilot:
        await pilot.press("a", "a")
        await pilot.pause()
        assert " PLAY ▸ 5/s " in lines(pilot, "header")[0]
        await pilot.press("space")
        await pilot.pause()
        assert "PLAY" not in lines(pilot, "header")[0]


# Lines that are typed -------------------------------------------------------------------------------


async def test_up_and_down_bring_back_what_was_typed() -> None:
    async with running() as pilot:
        for text in ("print h", "print nothing of this kind", "goto 14", "goto 14"):
            await pilot.press("colon")
            await type_(pilot, text)
            if not isinstance(pilot.app.screen, Debugger):
                await pilot.press("escape")
        await pilot.press("colon", *"abc", "up")
        line = pilot.app.screen.query_one(Input)
        seen = [line.value]
        for key in ("up", "up", "up", "down", "down", "down", "down"):
            await pilot.press(key)
            seen.append(line.value)
        oldest = ["goto 14", "print nothing of this kind", "print h", "print h"]
        assert seen == [*oldest, "print nothing of this kind", "goto 14", "abc", "abc"]
        await pilot.press("escape", "g", "up")
        assert pilot.app.screen.query_one(Input).value == "14"


async def test_the_next_run_of_the_program_knows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSTEP_CONFIG", str(tmp_path / "config.toml"))
    for _ in range(2):
        app = Gradstep(find("walkthrough"), beginning=AS_EVER._replace(typed=typed, note_typed=note_typed))
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            await pilot.press("colon", "up")
            before = pilot.app.screen.query_one(Input).value
            await type_(pilot, "goto h.grad[1]")
    assert before == "goto h.grad[1]"
    assert typed() == ["goto h.grad[1]"]
    for k in range(300):
        note_typed(f"goto {k}")
    assert typed() == [f"goto {k}" for k in range(100, 300)]


async def test_tab_completes_as_far_as_all_agree_and_lists_the_rest() -> None:
    async with running() as pilot:
        await pilot.press("colon", *"fol", "tab")
        line, screen = pilot.app.screen.query_one(Input), pilot.app.screen
        assert isinstance(screen, Prompt)
        assert line.value == "following"
        line.value = "rest"
        await pilot.press("tab")
        assert line.value == "restart"
        line.value = "info "
        await pilot.press("tab")
        listed = str(screen.query_one("#said", Static).render())
        assert {"breakpoints", "watch", "scenario", "position"} <= set(listed.split())
        line.value = "open vanishing-"
        await pilot.press("tab")
        assert line.value == "open vanishing-training"
        line.value = "help verif"
        await pilot.press("tab")
        assert line.value == "help verify"


# Ways out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_edits_are_asked_about_before_they_are_dropped(key: str) -> None:
    async with running() as pilot:
        debugger(pilot).session.do("set W2[0,1] = 0.3")
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(pilot.app.screen, Chooser)
        assert pilot.app.return_value is None
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.return_value is None
        await pilot.press(key)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert pilot.app.return_value == 0


async def test_an_interrupt_that_comes_late_was_for_what_ran() -> None:
    async with running() as pilot:
        screen = debugger(pilot)

        def waiting(go_on: GoOn) -> None:
            while go_on(0.0):
                pass
            raise Interrupted

        await screen.runner.attempt("waiting", waiting, lambda nothing: None, beside=True)
        await pilot.press("ctrl+c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert not screen.runner.busy
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert pilot.app.return_value is None
        assert "^c leaves now" in screen.scenery.view.message
        screen.runner._rested -= 2.0
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert pilot.app.return_value == 0


async def test_an_interrupt_stops_what_plays() -> None:
    async with running() as pilot:
        await pilot.press("a", "ctrl+c")
        await pilot.pause()
        assert pilot.app.return_value is None
        assert debugger(pilot).scenery.view.playing == 0
