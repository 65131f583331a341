"""What a person does on the screen, key by key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import pytest
from driving import at, debugger, running, text, type_
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Input

from gradstep.engine.run.timeline import Position
from gradstep.tui import keymap
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.screens.help import Help
from gradstep.tui.screens.picker import Picker
from gradstep.tui.screens.prompt import Prompt
from gradstep.tui.screens.runner import Then, Work
from gradstep.tui.table import NUMBERED
from gradstep.tui.view import Layout

T = TypeVar("T")


async def test_stepping_to_the_end_and_home_again() -> None:
    async with running() as pilot:
        assert "ready" in text(pilot)
        for _ in range(31):
            await pilot.press("space")
        assert at(pilot) == Position(31)
        await pilot.press("space")
        await pilot.pause()
        assert "End of iteration 1: loss 0.0764 → 0.0744." in text(pilot)
        for _ in range(31):
            await pilot.press("backspace")
        assert at(pilot) == Position(0)
        await pilot.press("N")
        await pilot.pause()
        assert "This is the beginning." in text(pilot)


async def test_walking_the_samples_of_a_batch() -> None:
    async with running("xor") as pilot:
        await debugger(pilot).time.jump("h[1,2]")
        await pilot.pause()
        assert "sample 1/4 [0]" in text(pilot)
        assert "tanh at h[1,2] · of sample 2 [1]" in text(pilot)
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert at(pilot).step == 23
        assert "sample 2/4 [1]" in text(pilot)
        assert "of sample" not in text(pilot)
        await pilot.press("greater_than_sign")
        assert at(pilot).step == 27
        assert "sample 3/4 [2]" in text(pilot)
        assert "tanh at h[2,2]" in text(pilot)
        await pilot.press("greater_than_sign", "greater_than_sign")
        await pilot.pause()
        assert at(pilot).step == 31
        assert "This is the last sample." in text(pilot)
        await pilot.press("asterisk")
        await pilot.pause()
        assert at(pilot).step == 31
        assert "samples all 4" in text(pilot)
        await pilot.press("space", "asterisk")
        await pilot.pause()
        assert "sample 4/4 [3]" in text(pilot)
        await pilot.press("space", "less_than_sign")  # to z2[0,0], and to the same moment of the sample before the last
        await pilot.pause()
        assert "sample 3/4 [2]" in text(pilot)
        assert at(pilot).step == 35
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign")
        await pilot.pause()
        assert at(pilot).step == 33
        assert "This is the first sample." in text(pilot)
    async with running() as pilot:
        await pilot.press("asterisk")
        await pilot.pause()
        assert "There is only one sample." in text(pilot)


async def test_arrays_go_by_and_the_sample_that_is_looked_at_stays() -> None:
    async with running("digits") as pilot:
        for _ in range(9):
            await pilot.press("space")
            await pilot.pause()
            assert "sample 1/32 [0]" in text(pilot)
        # From afar a moment is that of a whole array, in every sample the same.
        here = at(pilot)
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert "sample 2/32 [1]" in text(pilot)
        assert at(pilot) == here
        await pilot.press("backspace", "c", "Home")
        await pilot.pause()
        assert "sample 2/32 [1]" in text(pilot)


async def test_a_rule_stops_the_run_in_both_directions() -> None:
    async with running("sign-flip") as pilot:
        await pilot.press("B")
        await type_(pilot, "flipp")
        assert "did you mean 'flip'?" in str(pilot.app.screen.query_one("#said").visual)  # type: ignore[attr-defined]
        await type_(pilot, "flip(W2)")
        await pilot.press("c")
        await pilot.pause()
        assert at(pilot).step == 14
        assert "● STOPPED flip(W2)" in text(pilot)
        await pilot.press("6", "end", "C")
        await pilot.pause()
        assert at(pilot).step == 14
        assert "HIT 2×" in text(pilot)
        await pilot.press("C", "ctrl+o")
        assert at(pilot).step == 14
        await pilot.press("ctrl+n")
        assert at(pilot) == Position(0)


async def test_breakpoint_and_watch_at_the_selection() -> None:
    async with running() as pilot:
        await debugger(pilot).time.jump("h.grad[0]")
        await pilot.press("b", "w", "space", "home", "c")
        await pilot.pause()
        assert at(pilot).step == 13
        assert "∂L/∂h₁  " in text(pilot)
        assert "◂ just changed" in text(pilot)
        await pilot.press("b", "w", "home", "c")
        await pilot.pause()
        assert at(pilot).step == 31
        assert "No stop before the end of the iteration." in text(pilot)


async def test_what_if_and_back_again() -> None:
    async with running() as pilot:
        await debugger(pilot).time.jump("W2.grad[0,1]")
        await pilot.press("e")
        await pilot.pause()
        line = pilot.app.screen.query_one(Input)
        assert line.value == "-0.4"
        await pilot.press("tilde", "up", "right")
        assert line.value == "0.51"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        session = debugger(pilot).session
        assert [e.text for e in session.edits] == ["w₂₂ = 0.51"]
        assert at(pilot).step == 11
        assert "WHAT-IF 1" in text(pilot)
        # σ(0.54·0.6 + 0.2·0.51 + 0.2) = 0.65153
        assert "w₂₂ is now 0.51 (it was −0.4); the loss goes from 0.0764 to 0.0607." in text(pilot)
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert not session.edits
        assert "WHAT-IF" not in text(pilot)


async def test_a_gradient_that_is_set_says_so_wherever_it_is_shown() -> None:
    async with running() as pilot:
        await debugger(pilot).time.jump("h.grad[1]")
        await pilot.press("e")
        await pilot.pause()
        line = pilot.app.screen.query_one(Input)
        line.value = "2"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        shown = text(pilot)
        assert "gradient of h₂, set by you" in shown
        assert "∂L/∂h₂ ← set by you, in place of ∂L/∂z₂ × w₂₂" in shown
        assert "+2.0000  Δ was +0.0372   set by you" in shown
        assert "∂L/∂h₂ is now 2 (it was 0.03721); the loss stays at 0.0764." in shown
        assert "upstream" not in shown  # it is no product any more
        await pilot.press("space", "space")
        await pilot.pause()
        assert "Δ was +0.0372" in text(pilot)  # what follows is another number too


async def test_the_blame_chain_can_be_walked_and_jumped_from() -> None:
    async with running("dead-relu") as pilot:
        await debugger(pilot).time.jump("W1.grad[1,0]")
        await pilot.press("y")
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert at(pilot).step == 16
        await pilot.press("W")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "∂L/∂z₁₂ == 0"
        await pilot.press("escape", "slash")
        await type_(pilot, "h.grad[1]")
        assert at(pilot).step == 14


async def test_commands_are_typed_and_completed() -> None:
    async with running() as pilot:
        await pilot.press("colon", *"got", "right")
        assert pilot.app.screen.query_one(Input).value == "goto"
        await type_(pilot, "goto 14")
        assert at(pilot).step == 14
        await pilot.press("v")
        await pilot.pause()
        assert "backprop +0.03721442, finite difference +0.03721442" in text(pilot)
        await pilot.press("V")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "✓ 9 of 9 gradients" in text(pilot)
        await pilot.press("colon")
        await type_(pilot, "info scenario")
        assert "walkthrough" in str(pilot.app.screen.query_one("#said").visual)  # type: ignore[attr-defined]
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)


async def test_unsaved_edits_are_asked_about(tmp_path: Path) -> None:
    async with running() as pilot:
        await pilot.press("colon")
        await type_(pilot, "set x[0] = 2")
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.return_code is None
        await pilot.press("colon")
        await type_(pilot, "quit")  # the command asks as the key does
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.return_code is None
        await pilot.press("ctrl+s")
        await type_(pilot, str(tmp_path / "mine.toml"))
        assert (tmp_path / "mine.toml").exists()
        await pilot.press("q", "down", "enter")
        await pilot.pause()
    assert pilot.app.return_value == 0


async def test_a_long_search_goes_on_beside_the_screen_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradstep.tui.screens.runner._PATIENCE", -1.0)
    async with running("digits") as pilot:
        screen = debugger(pilot)
        await pilot.press("colon")
        await type_(pilot, "break value > 1e9")
        await pilot.press("c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert at(pilot).step == screen.session.recording.timeline.total
        await pilot.press("home")
        original = screen.runner._beside

        def stopped(name: str, work: Work[T], then: Then[T]) -> None:
            original(name, work, then)
            screen.runner.stop()

        monkeypatch.setattr(screen.runner, "_beside", stopped)
        await pilot.press("c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert at(pilot) in (Position(0), Position(screen.session.recording.timeline.total))


async def test_every_time_key_and_its_capital() -> None:
    async with running() as pilot:
        for onward, back, there in (("p", "P", 7), ("right_square_bracket", "left_square_bracket", 2), ("s", "S", 0)):
            await pilot.press(onward)
            if there:
                assert at(pilot).step == there
            await pilot.press(back)
            assert at(pilot) == Position(0)
        await pilot.press("p", "p")
        assert at(pilot).step == 8
        await pilot.press("P", "P", "end", "home", "n", "full_stop", "comma", "R")
        assert at(pilot) == Position(0)
        await pilot.press("s", "s")
        assert at(pilot) == Position(1, 2)
        await pilot.press("f")
        assert at(pilot) == Position(1)
        await pilot.press("F")
        assert at(pilot) == Position(1, 1)


async def test_go_to_a_place_and_a_mistake_keeps_the_text() -> None:
    async with running() as pilot:
        await pilot.press("g")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Prompt)
        await pilot.press(*"h.gradd", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Prompt)
        assert pilot.app.screen.query_one(Input).value == "h.gradd"
        assert "grad or next" in str(pilot.app.screen.query_one("#said").render())
        await pilot.press("backspace", "left_square_bracket", "1", "right_square_bracket", "enter")
        await pilot.pause()
        assert at(pilot) == Position(14)
        await pilot.press("g", *"99", "enter")
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)
        assert at(pilot) == Position(14)


async def test_selecting_and_travelling_to_the_selection() -> None:
    async with running() as pilot:
        await pilot.press("right", "right")
        await pilot.pause()
        assert "◇ h₁ selected · esc returns to step 0" in text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "◇" not in text(pilot)
        await pilot.press("right", "right", "down", "t")
        assert at(pilot).step == 2  # z₁₂ is the first that is written of h₂
        await pilot.press("left")
        await pilot.press("t")
        await pilot.pause()
        assert "No step writes this" in text(pilot)


async def test_panels_by_number_and_maximised() -> None:
    async with running(size=(80, 24)) as pilot:
        screen = debugger(pilot)
        assert screen.query_one("#math").display
        await pilot.press("1")
        await pilot.pause()
        assert not screen.query_one("#math").display
        assert "1 Tape │ 3 Math │ 4 Params" in text(pilot)
        await pilot.press("4", "m")
        await pilot.pause()
        assert not screen.query_one("#network").display
        assert screen.query_one("#params").region.height > 15
        await pilot.press("m")
        await pilot.pause()
        assert screen.query_one("#network").display


@pytest.mark.parametrize(
    ("size", "layout"),
    [((40, 12), Layout.TINY), ((80, 24), Layout.NARROW), ((100, 30), Layout.MEDIUM), ((160, 45), Layout.WIDE)],
)
async def test_each_size_has_its_layout(size: tuple[int, int], layout: Layout) -> None:
    async with running(size=size) as pilot:
        await pilot.press("space")
        await pilot.pause()
        screen = debugger(pilot)
        assert screen.has_class(f"-{layout.value}")
        assert screen.query_one("#network").display == (layout is not Layout.TINY)
        assert screen.query_one("#rail").display == (layout is Layout.WIDE)
        assert "0.54" in text(pilot)
        for panel in screen.query().results(Panel):  # type: ignore[type-abstract]
            if panel.display and panel.region.area:
                assert panel.region.right <= size[0]
                assert panel.region.bottom <= size[1]


async def test_resizing_keeps_the_place() -> None:
    async with running() as pilot:
        await pilot.press("p", "p", "space")
        for size in ((80, 24), (20, 5), (160, 45), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert at(pilot) == Position(9)
        assert "∂L/∂z₂" in text(pilot)


async def test_help_is_the_key_table() -> None:
    async with running() as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Help)
        shown = str(pilot.app.screen.query_one("#keys").render())
        for key in keymap.KEYS:
            if not (key.action.startswith("space.panel") and key.shown in "2345678"):  # told as 1 … 9
                assert re.search(rf"(?m)(^| ){re.escape(key.shown.split(' ')[0])} ", shown), key.id
        await pilot.press(*"theme")
        await pilot.pause()
        shown = str(pilot.app.screen.query_one("#keys").render())
        assert "dark, light, high contrast" in shown
        assert "one step" not in shown
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)


def of_help(pilot: Pilot[int]) -> list[str]:
    """The lines of help, without those that only scrolling would show."""
    box = pilot.app.screen.query_one(VerticalScroll)
    assert box.max_scroll_y == 0
    return str(pilot.app.screen.query_one("#keys").render()).split("\n")


@pytest.mark.parametrize("focus", ["", *"134569"])
async def test_help_fits_one_screen_with_the_focused_panel_first(focus: str) -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press(*focus, "question_mark")
        await pilot.pause()
        lines = of_help(pilot)
        assert all(len(line.rstrip()) <= 76 and "…" not in line.replace("1 … 9", "") for line in lines)
        entry = next((e for e in NUMBERED.values() if e.key == focus), None)
        assert lines[0].startswith("Time" if entry is None else f"here, in {entry.title}")
        assert all(
            any(title in line for line in lines) for title in ("Time", "Space", "Act on the selection", "gradstep")
        )


async def test_a_line_of_help_is_done_where_one_is() -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("g")
        await type_(pilot, "14")
        await pilot.press("question_mark", "enter")  # the first one is a step
        await pilot.pause()
        assert at(pilot) == Position(15)
        await pilot.press("question_mark", *"first step", "enter")
        await pilot.pause()
        assert at(pilot) == Position(0)
        await pilot.press("4", "question_mark", "down", "enter")  # sorts Params
        await pilot.pause()
        assert debugger(pilot).scenery.view.order == 1
        await pilot.press("question_mark", "right", "up", "down", "left", "escape")
        assert isinstance(pilot.app.screen, Debugger)


async def test_opening_another_scenario_and_a_bad_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('format = 1\n[graph]\nL = "sum(xx)"\n', encoding="utf-8")
    async with running() as pilot:
        await pilot.press("space", "o")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Picker)
        picker = pilot.app.screen
        picker.query_one(Input).value = str(bad)
        await pilot.press("enter")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "3:10: unknown name 'xx'" in str(picker.query_one("#said").render())
        await pilot.press("escape")
        await pilot.pause()
        assert "walkthrough 2-2-1" in text(pilot)
        assert at(pilot) == Position(1)
        good = tmp_path / "good.toml"
        good.write_text('format = 1\ntitle = "mine"\n[parameters]\nw = 2.0\n[graph]\nL = "w * w"\n', encoding="utf-8")
        await pilot.press("o")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(good)
        await pilot.press("enter")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "mine" in text(pilot)
        await pilot.press("o", *"fan", "enter")
        await pilot.pause()
        assert "fan-out 2-3-2" in text(pilot)
        assert at(pilot) == Position(0)
        await pilot.press("space")
        assert at(pilot) == Position(1)


async def test_playing_and_stopping() -> None:
    async with running() as pilot:
        await pilot.press("a")
        await pilot.pause(0.05)
        assert at(pilot).step >= 1
        await pilot.press("space")
        stopped = at(pilot)
        await pilot.pause(0.7)
        assert at(pilot) == stopped


async def test_digits_theme_and_explanation() -> None:
    async with running() as pilot:
        await pilot.press("space", "d")
        await pilot.pause()
        assert "0.540000" in text(pilot)
        await pilot.press("T")
        await pilot.pause()
        assert pilot.app.theme == "gradstep-light"
        await pilot.press("x")
        await pilot.pause()
        assert "z₁₁ is a weighted sum" in text(pilot)


async def test_the_mouse_selects_travels_and_scrolls() -> None:
    async with running() as pilot:
        screen = debugger(pilot)
        timeline, network = screen.query_one("#timeline"), screen.query_one("#network")
        await pilot.click(timeline, offset=(timeline.size.width - 3, 1))
        assert at(pilot).step == 31
        lines = ["".join(seg.text for seg in strip) for strip in network._strips]  # type: ignore[attr-defined]
        row = next(y for y, line in enumerate(lines) if " h₂ " in line)
        await pilot.click(network, offset=(lines[row].index("h₂"), row))
        await pilot.pause()
        assert "◇ h₂ selected" in text(pilot)


async def test_a_key_repaints_only_the_lines_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step on the walkthrough at 160×45 changes some lines of some panels, never all of them."""
    async with running() as pilot:
        await pilot.press("p", "p", "space")
        await pilot.pause()
        lines = 0
        refresh = Panel.refresh

        def counted(self: Panel, *regions: object, **options: bool) -> Panel:
            nonlocal lines
            lines += sum(r.height for r in regions) if regions else self.size.height  # type: ignore[attr-defined]
            return refresh(self, *regions, **options)  # type: ignore[arg-type, return-value]

        monkeypatch.setattr(Panel, "refresh", counted)
        await pilot.press("space")
        await pilot.pause()
        total = sum(p.size.height for p in debugger(pilot).query().results(Panel) if p.display)  # type: ignore[type-abstract]
        assert 5 <= lines <= total // 2
        lines = 0
        await pilot.press("d", "d", "d", "d")
        await pilot.press("escape")
        await pilot.pause()
        lines = 0
        debugger(pilot).scenery.show()
        await pilot.pause()
        assert lines == 0


async def test_the_panel_that_has_the_keys_and_no_other_is_marked() -> None:
    async with running() as pilot:
        screen = debugger(pilot)

        def marked() -> list[str]:
            current = screen.scenery.view.palette.style("current", bold=True)
            panels = screen.query().results(Panel)  # type: ignore[type-abstract]
            return [
                str(panel.id)
                for panel in panels
                if panel._canvas is not None
                and panel.display
                and panel.size.height > 2
                and panel._canvas.styles[0][3] == current
            ]

        assert marked() == []
        for key, name in (("9", "training"), ("2", "network"), ("1", "rail"), ("tab", "network"), ("3", "math")):
            await pilot.press(key)
            await pilot.pause()
            assert marked() == [name], key
        await pilot.press("shift+tab", "shift+tab", "shift+tab")
        await pilot.pause()
        assert marked() == []  # the line of time has no frame
        assert screen.focused is not None
        assert screen.focused.id == "timeline"


async def test_quitting() -> None:
    for key in ("q", "ctrl+c"):
        async with running() as pilot:
            await pilot.press(key)
            await pilot.pause()
            assert pilot.app.return_value == 0
