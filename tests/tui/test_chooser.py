"""A list to choose from, however long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driving import running
from textual.widgets import Input, OptionList

from gradstep.tui.screens.chooser import Choice, Chooser


async def test_no_more_choices_are_asked_for_than_are_listed_before_something_is_typed() -> None:
    asked: list[int] = []

    def choices() -> Iterator[Choice]:
        for k in range(10_000):
            asked.append(k)
            yield Choice(f"{k:>6}  node {k}", f"h{k}.grad")

    async with running() as pilot:
        chosen: list[str | None] = []
        await pilot.app.push_screen(Chooser("find", choices()), chosen.append)
        await pilot.pause()
        listed = pilot.app.screen.query_one(OptionList)
        assert len(asked) == listed.option_count == 200
        pilot.app.screen.query_one(Input).value = "h7351"
        await pilot.pause()
        assert len(asked) == 10_000
        assert "node 7351" in str(listed.get_option_at_index(0).prompt)
        pilot.app.screen.query_one(Input).value = "grad"  # all of them
        await pilot.pause()
        assert listed.option_count == 200
        pilot.app.screen.query_one(Input).value = "h9999 node"
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert chosen == ["h9999.grad"]


async def test_what_fits_better_comes_first_and_what_does_not_fit_is_left_out() -> None:
    async with running() as pilot:
        choices = [Choice(text, where) for text, where in (("one", "x_hid"), ("two", "hid"), ("three", "W1"))]
        chosen: list[str | None] = []
        await pilot.app.push_screen(Chooser("find", choices, at=2), chosen.append)
        await pilot.pause()
        listed = pilot.app.screen.query_one(OptionList)
        assert listed.highlighted == 2
        await pilot.press("h", "i", "d")
        await pilot.pause()
        assert [str(listed.get_option_at_index(k).prompt) for k in range(listed.option_count)] == ["two", "one"]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert chosen == ["x_hid"]


async def test_what_is_longer_than_any_name_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as pilot:
        await pilot.press("slash")
        await pilot.pause()
        monkeypatch.setattr("gradstep.tui.screens.chooser.re", None)  # it is not asked for a pattern
        pilot.app.screen.query_one(Input).value = "9" * 400
        await pilot.pause()
        assert pilot.app.screen.query_one(OptionList).option_count == 0


async def test_what_was_clicked_counts_though_the_list_is_another_one_since() -> None:
    """A click and a letter in one go: the list is filled anew before the click is heard of."""
    async with running() as pilot:
        choices = [Choice(f"node {k}", f"h{k}") for k in range(20)]
        chosen: list[str | None] = []
        await pilot.app.push_screen(Chooser("find", choices), chosen.append)
        await pilot.pause()
        listed = pilot.app.screen.query_one(OptionList)
        listed.post_message(OptionList.OptionSelected(listed, listed.get_option_at_index(15), 15))
        pilot.app.screen.query_one(Input).value = "h3"
        pilot.app.screen._fill("h3")  # type: ignore[attr-defined]  # before the message is
        await pilot.pause()
        assert chosen == ["h15"]
