"""Edits made, taken back and made again: what is there at each moment, and what the log says."""

from __future__ import annotations

import pytest
from debugging import fresh

from gradstep.engine.debugger import editing
from gradstep.engine.errors import CommandError, Interrupted


def test_undone_edits_are_made_again_in_their_order() -> None:
    session = fresh("walkthrough", "goto 14")
    texts = ["x[0] = 2", "b2[0] = 0.5", "W2[0,0] = 0.4"]
    losses = [session.recording.trace.loss]
    for text in texts:
        assert editing.edit(session, text).text == text
        losses.append(session.recording.trace.loss)
    assert len(set(losses)) == 4
    for k in (2, 1, 0):
        assert editing.undo(session).text == texts[k]
        assert session.recording.trace.loss == losses[k]
    with pytest.raises(CommandError, match="no edit to undo"):
        editing.undo(session)
    for k in (0, 1):
        assert editing.redo(session).text == texts[k]
        assert session.recording.trace.loss == losses[k + 1]
    editing.edit(session, "b1[0] = 0")  # another way: what was undone is no longer ahead
    with pytest.raises(CommandError, match="no edit to redo"):
        editing.redo(session)
    assert [edit.text for edit in session.edits] == ["x[0] = 2", "b2[0] = 0.5", "b1[0] = 0"]
    assert session.position.step == 14


def test_what_was_reverted_is_made_again_one_by_one() -> None:
    session = fresh("walkthrough", "set x[0] = 2", "set b2[0] = 0.5")
    whole = session.recording.trace.loss
    assert editing.revert(session) == 2
    assert session.recording is session.base
    assert [editing.redo(session).text for _ in range(2)] == ["x[0] = 2", "b2[0] = 0.5"]
    assert session.recording.trace.loss == whole
    assert editing.revert(session) == 2
    assert editing.revert(session) == 0
    assert [line.text for line in session.log][-1] == "revert 2 edits"


def test_an_edit_that_does_not_fit_changes_nothing() -> None:
    session = fresh("walkthrough", "break h.grad[1]", "watch h[1]", "continue")
    before = session.runs, session.stops, session.recording
    with pytest.raises(CommandError, match="which the rest does not fit"):
        editing.edit(session, "op h = sum")
    assert (session.runs, session.stops, session.recording) == before


def test_breakpoints_and_watches_are_about_the_edited_run() -> None:
    session = fresh("walkthrough", "break value > 1", "watch h[0]")
    assert session.do("continue").stop == ("watch", None, "h[0] changed", "")
    breakpoint = session.stops.breakpoints[0]
    breakpoint.hits = 3
    editing.edit(session, "b1[0] = 2")  # z₁₁ = 0.44 + 2
    session.goto("start")
    assert session.do("continue").stop == ("breakpoint", 1, "value > 1", "value = 2.44 > 1")
    assert session.position.step == 1
    assert session.stops.breakpoints[0].hits == 4
    session.goto("h[0]")
    assert session.do("info watch").data[0]["value"] == pytest.approx(2.44)


def test_an_interrupted_edit_is_none() -> None:
    session = fresh("xor-training", "goto @40")
    session.goto("@3 start")
    editing.edit(session, "W1[0,0] = 0.5")
    session.goto("@40")
    before = session.runs, session.recording, session.position, len(session.log)
    with pytest.raises(Interrupted):
        editing.edit(session, "W2[0,0] = 0.5", lambda share: False)
    assert (session.runs, session.recording, session.position, len(session.log)) == before
