"""Training on the screen: iterations as time, the panel of curves, pausing and going on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from driving import at, debugger, running, text, type_
from test_panels import TRAINED
from textual.pilot import Pilot

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Position
from gradstep.tui import plot
from gradstep.tui.app import Gradstep
from gradstep.tui.panels.lists.training import Training
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.view import View

LONG = loads(TRAINED.text.replace("steps = 60", "steps = 3000000"))


async def until(pilot: Pilot[int], true: Callable[[], bool], seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


def opened(scenario: Scenario) -> Gradstep:
    return Gradstep(scenario)


def test_the_curves_are_painted_once_for_as_many_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever one is among them, and whatever is pointed at."""
    session = Session(TRAINED)
    session.do("train")
    view, fresh = View(), {}
    for k in (60, 30, 7, 1):
        session.do(f"goto @{k}")
        fresh[k] = Training.paint(session.frame(), view, 60, 20).text()
        assert f" {k} " in fresh[k]
    painted: list[object] = []
    monkeypatch.setattr(plot, "curves", lambda *given: painted.append(given))
    monkeypatch.setattr(plot, "bars", lambda *given: painted.append(given))
    for k in (30, 1, 60, 7):
        session.do(f"goto @{k}")
        assert Training.paint(session.frame(), view, 60, 20).text() == fresh[k]
    Training.paint(session.frame(), view.but(pointed=12), 60, 20)
    assert not painted


async def test_an_iteration_is_one_more_grain_of_time() -> None:
    async with running() as pilot:
        await pilot.press("end", "space")
        await pilot.pause()
        assert "End of iteration 1: loss 0.0764 → 0.0744. i goes on." in text(pilot)
        await pilot.press("i")
        await pilot.pause()
        assert at(pilot) == Position(0, None, 2)
        assert "iteration 2 begins" in text(pilot)
        assert "iteration 2/2" in text(pilot)
        await pilot.press("backspace")  # time is one axis
        assert at(pilot) == Position(31, None, 1)
        await pilot.press("space", "space", "space")
        assert at(pilot) == Position(2, None, 2)
        await pilot.press("i", "i", "I")
        assert at(pilot) == Position(2, None, 3)
        await pilot.press("I", "I", "I")
        await pilot.pause()
        assert at(pilot) == Position(2)
        assert "This is the first iteration." in text(pilot)


async def test_going_to_an_iteration_and_to_a_moment_in_it() -> None:
    async with running() as pilot:
        await pilot.press("g")
        await type_(pilot, "@500 loss")
        assert at(pilot) == Position(7, None, 500)
        await pilot.pause()
        # Computed by PyTorch 2.13: 500 iterations of SGD at 0.1 from the same weights.
        assert "loss 0.0011" in text(pilot)
        await pilot.press("g")
        await type_(pilot, "@17 3")
        assert at(pilot) == Position(3, None, 17)
        await pilot.press("g")
        await type_(pilot, "@none")
        assert "written @12" in str(pilot.app.screen.query_one("#said").visual)  # type: ignore[attr-defined]


async def test_training_pauses_shows_its_past_and_goes_on() -> None:
    app = opened(LONG)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = debugger(pilot)
        session = screen.session
        await pilot.press("u")
        await until(pilot, lambda: session.history.made > 300)
        await pilot.pause(0.15)
        assert "u or ^c pauses" in text(pilot)
        assert "iterations" in text(pilot)
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        made = session.history.made
        assert 300 < made < 3_000_000
        assert at(pilot) == Position(session.recording.timeline.total, None, made)
        assert f"Stopped after iteration {made:,}; all up to there is kept." in text(pilot)
        before = session.recording.trace.loss
        await pilot.press("g")
        await type_(pilot, "@17 3")
        assert at(pilot) == Position(3, None, 17)
        await pilot.press("space", "space")
        assert at(pilot).step == 5
        assert session.history.made == made
        await pilot.press("u")
        await until(pilot, lambda: session.history.made > made)
        await pilot.press("ctrl+c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert session.history.made > made
        session.goto(f"@{made} end")
        assert session.recording.trace.loss == before


async def test_the_panel_of_curves_is_pointed_at_and_travels() -> None:
    app = opened(TRAINED)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        await pilot.press("9")
        await pilot.pause()
        assert "60 iterations" in text(pilot)
        await pilot.press("left", "left", "left")
        await pilot.pause()
        view = debugger(pilot).scenery.view
        assert view.pointed is not None
        assert "⏎ travels to" in text(pilot)
        wanted = view.pointed
        await pilot.press("enter")
        await pilot.pause()
        assert at(pilot).iteration == wanted
        await pilot.press("left", "escape")
        assert debugger(pilot).scenery.view.pointed is None
        await pilot.press("m")
        await pilot.pause()
        assert "ΔW₂/W₂" in text(pilot)
        panel = pilot.app.screen.query_one(Training)
        await pilot.click(Training, offset=(panel.size.width // 2, 8))
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert 20 < at(pilot).iteration < 40


async def test_the_line_of_iterations_is_clicked() -> None:
    app = opened(TRAINED)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert at(pilot).iteration == 60
        await pilot.click("#timeline", offset=(20, 0))
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert at(pilot).iteration < 5


async def test_when_did_it_die() -> None:
    app = opened(TRAINED)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        await pilot.press("W")
        await type_(pilot, "dead(h[2])")
        await pilot.pause()
        assert at(pilot).iteration == 14
        assert "became true in iteration 14" in text(pilot)
        await pilot.press("C")
        await pilot.pause()
        assert at(pilot) == Position(0)


async def test_a_what_if_is_another_future() -> None:
    app = opened(TRAINED)
    async with app.run_test(size=(160, 45)) as pilot:
        session = debugger(pilot).session
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        loss = session.recording.trace.loss
        await pilot.press("g")
        await type_(pilot, "@12 h[0,2]")
        await pilot.press("colon")
        await type_(pilot, "set b1[2] = 1.5")
        await pilot.pause()
        assert "WHAT-IF 1" in text(pilot)
        await pilot.press("9", "m")
        await pilot.pause()
        assert "without edits" in text(pilot)
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert at(pilot).iteration == 60
        assert session.recording.trace.loss != loss
        assert session.base.trace.loss == loss
        await pilot.press("E")
        await pilot.app.workers.wait_for_complete()
        assert session.recording.trace.loss == loss


async def test_the_update_is_stepped_line_by_line() -> None:
    app = opened(TRAINED)
    async with app.run_test(size=(160, 45)) as pilot:
        debugger(pilot).session.goto("@3 b1.next[1]")
        await pilot.press("F")
        await pilot.pause()
        assert "line 1 of 5" in text(pilot)
        assert "The first moment: a moving average of the gradient." in text(pilot)
        await pilot.press("s", "s")
        await pilot.pause()
        assert "line 3 of 5" in text(pilot)
        await pilot.press("s", "s")
        assert at(pilot).term is None
        await pilot.press("S")
        assert at(pilot).term == 4


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45), (60, 20)])
async def test_a_training_fits_on_every_screen(size: tuple[int, int]) -> None:
    app = opened(TRAINED)
    async with app.run_test(size=size) as pilot:
        await pilot.press("u")
        await pilot.app.workers.wait_for_complete()
        await pilot.press("9")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Debugger)
        if size[0] >= 80:
            assert "iteration 60/60" in text(pilot)
            assert "‖∂W₁‖" in text(pilot)


def test_a_plot_that_hardly_has_room_is_painted_as_far_as_it_has() -> None:
    """In a training that one is in the last iteration of, the place of that is beyond a narrow panel."""
    session = Session(find("walkthrough"))
    session.goto("@5 3")
    for width in range(1, 30):
        for height in (1, 5, 9, 12):
            canvas = Training.paint(session.frame(), View(), width, height, False)
            assert (canvas.width, canvas.height) == (width, height)
