"""Asking on the screen why the loss has changed, what the rules see, and trying what they advise."""

from __future__ import annotations

import pytest
from driving import at, debugger, running, type_
from driving import text as text_of
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from gradstep.engine.debugger import trying
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.tui.app import Gradstep
from gradstep.tui.screens.findings import Findings
from gradstep.tui.screens.said import Said


def said(pilot: Pilot[int]) -> str:
    """What the window shows that is open over the screen, without its breaks."""
    assert isinstance(pilot.app.screen, Said)
    return words(str(pilot.app.screen.query_one("#said", Static).content))


def words(text: str) -> str:
    return " ".join(text.split())


async def test_why_loss_is_asked_with_the_key_of_why_where_the_loss_is_written() -> None:
    session = Session(find("digits-training"))
    session.do("goto @2 loss")
    expected = words(session.do("why loss").text)
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


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_all_that_when_has_found_is_seen(size: tuple[int, int]) -> None:
    session = Session(find("digits-training"))
    session.do("train 20")
    expected = words(session.do("when first loss < 2").text.splitlines()[0])
    async with running("digits-training", size) as pilot:
        debugger(pilot).session.do("train 20")
        await pilot.press("W")
        await type_(pilot, "first loss < 2")
        assert at(pilot) == session.position
        if isinstance(pilot.app.screen, Said):  # there is no room for it beside what happens now
            assert said(pilot) == expected
        else:
            shown = words(text_of(pilot))
            assert expected[:60] in shown
            assert expected[-30:] in shown
        await pilot.press("escape")
        assert pilot.app.screen is debugger(pilot)


def about(pilot: Pilot[int]) -> str:
    """What is said of the finding under the cursor."""
    assert isinstance(pilot.app.screen, Findings)
    return words(str(pilot.app.screen.query_one("#about", Static).content))


async def opened(pilot: Pilot[int]) -> Session:
    """The findings of a training that has lost its zero_grad; the session that they are of."""
    await pilot.press("u")
    await pilot.app.workers.wait_for_complete()
    await pilot.press("exclamation_mark")
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return debugger(pilot).session


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45)])
async def test_the_findings_are_walked_through_and_say_what_is_said_everywhere(size: tuple[int, int]) -> None:
    async with running("forgot-zero-grad", size) as pilot:
        session = await opened(pilot)
        found = session.findings()
        listed = pilot.app.screen.query_one(OptionList)
        rows = [one for first in found for one in (first, *first.follows)]
        assert listed.option_count == len(rows) > len(found)
        for k, one in enumerate(rows):
            assert listed.highlighted == k
            assert about(pilot).startswith(words(next(one.lines())))
            assert one.source in about(pilot)
            assert one.hint in about(pilot)
            await pilot.press("down")
        assert listed.highlighted == 0  # round again
        assert about(pilot).startswith(words(next(found.lines())))
        window = pilot.app.screen.query_one("#dialog").region
        assert pilot.app.screen.region.contains_region(window)
        await pilot.press("up", "escape")
        assert not isinstance(pilot.app.screen, Findings)


async def test_enter_goes_to_where_a_finding_is() -> None:
    async with running("forgot-zero-grad", (100, 30)) as pilot:
        session = await opened(pilot)
        goes = session.findings()[0].go
        assert goes == f"goto @{session.findings()[0].place.iteration}"
        await pilot.press("enter")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Findings)
        assert at(pilot).iteration == session.findings()[0].place.iteration


async def test_t_tries_the_advice_and_shows_both_losses() -> None:
    other = Session(find("forgot-zero-grad"))
    other.do("train")
    number = next(k for k, one in enumerate(other.findings(), 1) if one.changes)
    expected = words(other.do(f"try {number}").text)
    async with running("forgot-zero-grad", (80, 24)) as pilot:
        session = await opened(pilot)
        history = session.history
        await pilot.press("t")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert said(pilot) == expected
        assert session.history is history
        await pilot.press("escape", "exclamation_mark")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "helps: the loss ends at" in about(pilot)  # it is known now


async def test_a_change_that_is_kept_is_said() -> None:
    async with running("forgot-zero-grad", (100, 30)) as pilot:
        session = await opened(pilot)
        number = next(k for k, one in enumerate(session.findings(), 1) if one.changes)
        change = session.findings()[number - 1].changes[0].change
        await pilot.press("escape", "colon")
        await type_(pilot, f"try {number} keep")
        assert f"{change} is in the training now" in words(text_of(pilot))
        key, _, value = change.partition(" = ")
        assert f"{key} = {value}" in session.recording.scenario.text


async def test_a_long_trial_goes_on_beside_the_screen_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Session(find("forgot-zero-grad"))
    asked.do("train")
    found = asked.findings()
    number = next(k for k, one in enumerate(found, 1) if one.changes)
    monkeypatch.setattr(trying, "diagnose", lambda *given: found)
    # Nothing is trained yet, so both go as far as the scenario does, which is far.
    text = find("forgot-zero-grad").text.replace("steps = 40", "steps = 300000")
    async with Gradstep(loads(text)).run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        session = debugger(pilot).session
        await pilot.press("colon")
        pilot.app.screen.query_one(Input).value = f"try {number}"
        await pilot.press("enter")
        while not debugger(pilot).runner.busy:
            await pilot.pause(0.02)
        assert debugger(pilot).runner.busy == f"try {number}"
        assert "^c stops it" in text_of(pilot)
        await pilot.press("ctrl+c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "stopped; nothing has moved" in text_of(pilot)
        assert (session.history.made, session.runs.tried) == (1, {})


async def test_nothing_wrong_is_a_line() -> None:
    async with running("xor-training", (100, 30)) as pilot:
        await opened(pilot)
        assert not isinstance(pilot.app.screen, Findings)
        assert "nothing is wrong by all rules" in text_of(pilot)
