"""What a person does on the screen, key by key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from gradstep.engine.scenario import find
from gradstep.engine.timeline import Position
from gradstep.tui import keymap
from gradstep.tui.app import Gradstep
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.screens.help import Help
from gradstep.tui.screens.picker import Picker
from gradstep.tui.screens.prompt import Prompt
from gradstep.tui.view import Layout


@asynccontextmanager
async def running(name: str = "walkthrough", size: tuple[int, int] = (160, 45)) -> AsyncIterator[Pilot[int]]:
    app = Gradstep(find(name))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def debugger(pilot: Pilot[int]) -> Debugger:
    return next(s for s in pilot.app.screen_stack if isinstance(s, Debugger))


def at(pilot: Pilot[int]) -> Position:
    return debugger(pilot).session.position


def text(pilot: Pilot[int]) -> str:
    """All panels that are seen, as plain text."""
    shown = [p for p in debugger(pilot).query().results(Panel) if p.display and p.region.area]  # type: ignore[type-abstract]
    return "\n".join("".join(seg.text for seg in strip) for panel in shown for strip in panel._strips)


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
        debugger(pilot).action_jump("h[1,2]")
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
        await pilot.press("space", "less_than_sign")
        await pilot.pause()
        assert "This is the first sample." in text(pilot)
    async with running() as pilot:
        await pilot.press("asterisk")
        await pilot.pause()
        assert "There is only one sample." in text(pilot)


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
            assert key.help in shown
        await pilot.press(*"theme")
        await pilot.pause()
        shown = str(pilot.app.screen.query_one("#keys").render())
        assert "dark or light" in shown
        assert "one step" not in shown
        await pilot.press("escape")
        await pilot.pause()
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
        await pilot.pause()
        assert "3:10: unknown name 'xx'" in str(picker.query_one("#said").render())
        await pilot.press("escape")
        await pilot.pause()
        assert "walkthrough 2-2-1" in text(pilot)
        assert at(pilot) == Position(1)
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
        debugger(pilot).show()
        await pilot.pause()
        assert lines == 0


async def test_quitting() -> None:
    for key in ("q", "ctrl+c"):
        async with running() as pilot:
            await pilot.press(key)
            await pilot.pause()
            assert pilot.app.return_value == 0
