"""Driving the screen in tests, without a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widgets import Input

from gradstep.engine.files import find
from gradstep.engine.run.timeline import Position
from gradstep.tui.app import Gradstep
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.debugger import Debugger


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


async def type_(pilot: Pilot[int], text: str) -> None:
    line = pilot.app.screen.query_one(Input)
    line.value = text
    await pilot.press("enter")
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
