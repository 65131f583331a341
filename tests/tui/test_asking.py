"""Asking on the screen why the loss has changed, and what the rules see."""

from __future__ import annotations

from driving import at, debugger, running, type_
from textual.pilot import Pilot
from textual.widgets import Static

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.tui.screens.said import Said


def said(pilot: Pilot[int]) -> str:
    """What the window shows that is open over the screen."""
    assert isinstance(pilot.app.screen, Said)
    return str(pilot.app.screen.query_one("#said", Static).content)


async def test_why_loss_is_asked_with_the_key_of_why_where_the_loss_is_written() -> None:
    session = Session(find("digits-training"))
    session.do("goto @2 loss")
    expected = session.do("why loss").text
    async with running("digits-training", (100, 30)) as pilot:
        await pilot.press("g")
        await type_(pilot, "@2 loss")
        await pilot.press("y")
        await pilot.pause()
        assert said(pilot) == expected
        assert "other samples in the batch" in expected
        await pilot.press("escape")
        await pilot.press("colon")
        await type_(pilot, "why loss")
        assert said(pilot) == expected
        await pilot.press("escape")
        assert at(pilot) == debugger(pilot).session.position == session.position
