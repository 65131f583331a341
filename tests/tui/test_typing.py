"""What is typed faster than it is read comes to the same."""

from __future__ import annotations

import pytest
from terminals import terminal
from textual.widgets import Input

from gradstep.tui.terminal.reader import Alts, Reader
from tests.tui.driving import at, debugger, running


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("hello\x15print h", "print h"),  # ^u, up to the beginning
        ("print hh\x7f.grad", "print h.grad"),
        ("rint y\x1b[Hp", "print y"),
        ("prin L\x1b[D\x1b[Dt", "print L"),
        ("why  h\x17y", "why  y"),
        ("wat\t h", "watch h"),
        ("wat\t h\x15quit", "quit"),
    ],
)  # fmt: skip
async def test_keys_between_letters_are_done_in_their_turn(typed: str, line: str) -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("colon")
        for message in Reader().feed(typed):
            pilot.app.post_message(message)
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == line


@pytest.mark.parametrize("opens", ["?", ":", ":help\r", "o", "e"])
@pytest.mark.parametrize("closes", ["\x1b[27u", "\x03"])
async def test_the_key_behind_one_that_closes_a_window_is_for_the_screen_below(opens: str, closes: str) -> None:
    async with running(size=(80, 24)) as pilot:
        for message in Reader().feed(f"pp  {opens}{closes}:goto 5\r{opens}{closes}n"):
            pilot.app.post_message(message)
        await pilot.pause()
        assert at(pilot).step == 6
        assert len(pilot.app.screen_stack) == 1


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ("pp:help\rq:goto 24\r", "step 24/31"),
        ("pp:help\r\x1b:goto 24\r", "step 24/31"),  # ESC and : in one piece are Alt and : as well
        ("pp?\x1b:goto 24\r:help\r\x1bn", "step 25/31"),
        ("/z₂\r/loss\x1b:goto 24\r", "step 24/31"),
        ("oresid\r:goto 17\r", "step 17/59"),
    ],
)  # fmt: skip
def test_a_burst_behind_a_closing_key_arrives_whole_in_a_terminal(keys: str, seen: str) -> None:
    with terminal(80, 24, "walkthrough") as t:
        t.wait_for("step 0/31")
        t.press(keys.encode())
        t.wait_for(seen)


def test_escape_right_before_a_character_is_alt_only_where_that_does_something() -> None:
    """xterm's metaSendsEscape: both send the same two bytes."""
    kept = Reader(alts={"alt+a"})
    assert [key.key for key in kept.feed("\x1ba\x1bq\x1b:")] == ["alt+a", "escape", "q", "escape", "colon"]


def test_so_it_is_for_the_letters_that_a_line_knows_with_alt() -> None:
    """ESC b and ESC f are a word back and on in a shell, and Textual takes ESC 4 for what Option and 4 type on a Mac:
    a breakpoint behind an escape, and a panel, were lost."""
    line: list[str] = []
    reader = Reader(alts=Alts((), lambda: bool(line)))
    assert [key.key for key in reader.feed("\x1bb\x1bf\x1b4\x1b-\x1b\x7f")] == [
        *("escape", "b"), *("escape", "f"), *("escape", "4"), *("escape", "minus"), *("escape", "backspace"),
    ]  # fmt: skip
    line.append("typed")
    assert [key.key for key in reader.feed("\x1bb\x1bf\x1b\x7f\x1b4")] == [
        "ctrl+left", "ctrl+right", "ctrl+w", *("escape", "4"),
    ]  # fmt: skip


async def test_alt_moves_by_words_in_a_line_and_escapes_elsewhere() -> None:
    async with running(size=(80, 24)) as pilot:
        reader = Reader(alts=pilot.app.alts)  # type: ignore[attr-defined]  # the app is gradstep's
        await debugger(pilot).time.jump("h.grad[0]")
        for message in reader.feed("\x1bb"):
            pilot.app.post_message(message)
        await pilot.pause()
        await pilot.press("home", "c")
        await pilot.pause()
        assert at(pilot).step == 13
        await pilot.press("colon")
        await pilot.pause()
        for message in reader.feed("why y\x1bbx"):
            pilot.app.post_message(message)
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "why xy"
