"""Hints: each once, at a moment at which it helps, and never again for who has seen it."""

from __future__ import annotations

from pathlib import Path

from driving import debugger, text
from terminals import terminal

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.run.timeline import Grain, Phase
from gradstep.tui.app import Gradstep
from gradstep.tui.hints import HINTS, Hints
from gradstep.tui.keymap import BY_ID, DEFAULT, Keymap
from gradstep.tui.view import AS_EVER


def said(name: str, seen: tuple[str, ...] = ()) -> list[tuple[int, str]]:
    """What is said on the way through an iteration, and at which steps."""
    session, noted = Session(find(name)), []
    hints = Hints(seen, noted.append)
    found = []
    while session.step(Grain.ELEMENT).moved and session.position.iteration == 1:
        if text := hints.about(session.frame(), DEFAULT):
            found.append((session.position.step, text))
    assert len(noted) == len(found)
    return found


def test_each_is_said_once_where_it_first_helps() -> None:
    found = said("fan-out")
    assert [text.split()[0] for _, text in found] == ["y", "s", "e"]
    # Step 18 is ∂L/∂w₂₁₃, which is 0 because h₃ is; at step 24 two paths meet; step 55 is the last.
    assert [step for step, _ in found] == [18, 24, 55]


def test_what_was_seen_is_not_said_again() -> None:
    assert said("fan-out", tuple(hint.key for hint in HINTS)) == []
    assert [step for step, _ in said("fan-out", ("time.into",))] == [18, 55]


def test_when_is_offered_in_a_later_iteration_only() -> None:
    session = Session(find("death-of-a-relu"))
    session.do("iterate 12")
    session.do("goto @12 backward")
    while session.frame().phase is Phase.BACKWARD:
        if (text := Hints((), lambda key: None).about(session.frame(), DEFAULT)) and text.startswith("W "):
            return
        session.step(Grain.ELEMENT)
    raise AssertionError("nothing was 0")


def test_they_speak_of_keys_as_they_are_now() -> None:
    assert all(hint.key in BY_ID and "{key}" in hint.text for hint in HINTS)
    session = Session(find("fan-out"))
    session.goto("h.grad[0]")
    assert Hints((), lambda key: None).about(session.frame(), Keymap({"time.into": "x"})).startswith("x goes into")


async def test_they_are_seen_on_the_screen_and_go_with_the_next_step() -> None:
    app = Gradstep(find("fan-out"), beginning=AS_EVER._replace(hinted=()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "p", *["space"] * 12)
        await pilot.pause()
        assert debugger(pilot).session.position.step == 24
        assert "s goes into this sum" in text(pilot)
        await pilot.press("space")
        await pilot.pause()
        assert "goes into this sum" not in text(pilot)


def test_they_are_remembered_from_one_start_to_the_next_and_can_be_turned_off(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    for seen in (True, False):
        with terminal(100, 30, "fan-out", "--at", "z2.grad[1]", cwd=tmp_path, GRADSTEP_CONFIG=str(config)) as t:
            t.wait_for("? help")
            t.press(b" " * 3)
            t.wait_for("step 18/55")
            assert ("y asks why this is so" in t.text) is seen
            t.press(b"q")
            assert t.ended() == 0
    assert (tmp_path / "hints").read_text() == "act.why\n"
    (tmp_path / "hints").unlink()
    config.write_text("hints = false\n")
    with terminal(100, 30, "fan-out", "--at", "z2.grad[1]", cwd=tmp_path, GRADSTEP_CONFIG=str(config)) as t:
        t.wait_for("? help")
        t.press(b" " * 3)
        t.wait_for("step 18/55")
        assert "asks why" not in t.text
        t.press(b"q")
        assert t.ended() == 0
