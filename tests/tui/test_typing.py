"""What is typed faster than it is read comes to the same."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from gradstep.tui.terminal.reader import Reader
from tests.tui.driving import running


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
