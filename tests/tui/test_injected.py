"""Whatever goes wrong behind a key, wherever: it is noted, the screen stays, and the next key is as any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from driving import debugger, running
from injection import Injected, injected

from gradstep.tui.keymap import KEYS
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.wall import FAULTS

#: At which of the engine's calls after the key the error comes.
CALLS = (0, 5, 60)


@pytest.mark.faulty
@pytest.mark.parametrize("at", CALLS)
async def test_an_error_behind_any_key_leaves_the_screen_and_the_session(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("GRADSTEP_LOG", str(log))
    monkeypatch.chdir(tmp_path)
    async with running() as pilot:
        await pilot.press("p", "p", "i", "i")
        reached = 0
        for key in KEYS:
            if key.id in ("app.quit", "app.interrupt"):
                continue
            FAULTS.clear()
            with injected(at) as injection:
                await pilot.press(key.keys.split(",")[0])
                await pilot.pause()
                await pilot.app.workers.wait_for_complete()
                await pilot.pause()
            if injection.done:
                reached += 1
                assert any(isinstance(error, Injected) for error in FAULTS), (key.id, injection.where)
                assert str(log) in next(iter(FAULTS.values()))
            for again in range(3):  # out of dialogs, and what plays pauses
                if again and isinstance(pilot.app.screen, Debugger):
                    break
                await pilot.press("escape")
                await pilot.pause()
            assert isinstance(pilot.app.screen, Debugger), (key.id, injection.where)
            session = debugger(pilot).session
            session.goto("@2 5")
            await pilot.press("space")
            await pilot.pause()
            assert session.position.step > 5, (key.id, injection.where)
            assert session.recording.iteration == session.position.iteration == 2
        assert reached > 20
        assert log.exists()
