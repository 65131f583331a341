"""What takes a while goes on beside the screen, where it can be stopped; and what must not happen meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest
from driving import at, debugger, text, type_
from test_panels import TRAINED
from textual.pilot import Pilot
from textual.widgets import Input

from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.run.timeline import Position
from gradstep.tui.app import Gradstep
from gradstep.tui.loading import Loading
from gradstep.tui.screens.runner import Runner


@asynccontextmanager
async def trained(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pilot[int]]:
    """After a training of 60 iterations, with nobody waiting for anything."""
    async with Gradstep(TRAINED).run_test(size=(160, 45)) as pilot:
        await pilot.press("u")
        await done(pilot)
        assert at(pilot).iteration == 60
        monkeypatch.setattr("gradstep.tui.screens.runner._PATIENCE", -1.0)
        yield pilot


async def done(pilot: Pilot[int]) -> None:
    """Until nothing runs any more, and is shown."""
    for _ in range(2):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def stopped_at_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on whatever goes on beside the screen is stopped by the user; its names."""
    names: list[str] = []
    original = Runner._work

    def work(self: Runner, *rest: object) -> None:
        names.append(self.busy)
        self.stop()
        original(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Runner, "_work", work)
    return names


@pytest.mark.parametrize(
    ("start", "key", "there", "name"),
    [
        ("@44 5", "ctrl+o", Position(12, None, 60), "previous"),
        ("@44", "backspace", Position(0, None, 43), "step"),
        ("@44 end", "space", Position(0, None, 45), "step"),
        ("@44 end", "i", Position(0, None, 45), "iterate"),
        ("@44 5", "I", Position(5, None, 43), "riterate"),
    ],
)
async def test_a_step_into_another_iteration_can_be_interrupted(
    start: str, key: str, there: Position, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trained(monkeypatch) as pilot:
        session = debugger(pilot).session
        session.goto("12")
        session.goto(start)
        if there.step == 0 and there.iteration == 43:
            there = there._replace(step=session.recording.timeline.total)
        begun, visited = at(pilot), list(session.visited.before)
        session.history.release()  # so that the iteration has to be computed again
        with monkeypatch.context() as within:
            names = stopped_at_once(within)
            await pilot.press(key)
            await done(pilot)
        assert names == [name]
        assert "stopped; nothing has moved" in text(pilot)
        assert (at(pilot), list(session.visited.before)) == (begun, visited)
        session.history.release()
        await pilot.press(key)
        await done(pilot)
        assert at(pilot) == there


async def test_the_way_forward_again_can_be_interrupted_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async with trained(monkeypatch) as pilot:
        session = debugger(pilot).session
        session.goto("@44 5")
        session.revisit(True)
        session.history.release()
        with monkeypatch.context() as within:
            names = stopped_at_once(within)
            await pilot.press("ctrl+n")
            await done(pilot)
        assert names == ["following"]
        assert at(pilot).iteration == 60
        await pilot.press("ctrl+n")
        await done(pilot)
        assert at(pilot) == Position(5, None, 44)


async def test_playing_waits_for_an_iteration_that_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with trained(monkeypatch) as pilot:
        screen = debugger(pilot)
        screen.session.goto("@44")
        screen.session.history.release()
        await pilot.press("A")
        await done(pilot)
        await screen.player._tick()
        await done(pilot)
        total = screen.session.recording.timeline.total
        assert at(pilot).iteration == 43
        assert at(pilot).step <= total
        assert screen.player.stop()


async def test_while_something_runs_neither_keys_nor_the_mouse_move_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    async with trained(monkeypatch) as pilot:
        screen, go = debugger(pilot), Event()
        here = at(pilot)

        def waiting(go_on: GoOn) -> None:
            while go_on(0.5):
                go.wait(0.01)
            raise Interrupted

        await screen.runner.attempt("waiting", waiting, lambda nothing: None, beside=True)
        try:
            await pilot.pause()
            for key in ("space", "backspace", "end", "right", "c", "e", "colon", "s", "f", "t", "a", "O"):
                await pilot.press(key)
            await pilot.click("#timeline", offset=(30, 2))
            await pilot.click("#rail", offset=(8, 8))
            await pilot.pause()
            assert at(pilot) == here
            assert pilot.app.screen is screen
            assert "waiting: " in text(pilot)
            await pilot.press("9", "m")  # these leave it in peace
            assert screen.scenery.view.maximised == "training"
        finally:
            await pilot.press("ctrl+c")
            await done(pilot)
        assert not screen.runner.busy
        await pilot.press("home")
        assert at(pilot).step == 0


async def test_what_is_opened_on_the_screen_has_the_same_memory(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('format = 1\ntitle = "mine"\n[parameters]\nw = 2.0\n[graph]\nL = "w * w"\n', encoding="utf-8")
    loading = Loading("walkthrough", 7 << 20)
    assert loading.wait(20)
    async with Gradstep(loading).run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session = debugger(pilot).session
        assert session.history.budget == 7 << 20
        await pilot.press("o")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(mine)
        await pilot.press("enter")
        await done(pilot)
        assert session.recording.scenario.title == "mine"
        assert session.history.budget == 7 << 20
        await pilot.press("colon")
        await type_(pilot, "open fan-out")
        assert session.recording.scenario.name == "fan-out"
        assert session.history.budget == 7 << 20
