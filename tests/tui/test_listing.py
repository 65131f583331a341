"""The lines around the current step, against the whole listing written out line by line."""

from __future__ import annotations

import gc
import weakref
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.debugger import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.run.recording import record
from gradstep.engine.run.timeline import Position
from gradstep.tui import listing
from gradstep.tui.listing import UNFOLDED, Line, window

SESSIONS = {name: Session(find(name)) for name in builtin()}


def whole(frame: Frame, far: bool) -> list[Line]:
    """All lines: a rule where a phase begins, then each step, or an array that one is not in folded."""
    lines: list[Line] = []
    for sweep in frame.recording.timeline.sweeps:
        if not lines or lines[-1].phase is not sweep.phase:
            lines.append(Line(sweep.phase, sweep.start, rule=True))
        here = frame.sweep is not None and sweep.number == frame.sweep.number
        if far or (frame.total > UNFOLDED and not here and sweep.size != 1):
            lines.append(Line(sweep.phase, sweep.stop, sweep.size, folded=True))
        else:
            lines += [Line(sweep.phase, step) for step in range(sweep.start + 1, sweep.stop + 1)]
    return lines


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(SESSIONS)), st.floats(0, 1), st.integers(1, 60), st.booleans())
def test_a_window_is_a_piece_of_the_listing_around_the_current_line(
    name: str, share: float, height: int, far: bool
) -> None:
    recording = SESSIONS[name].recording
    frame = Frame(recording, Position(round(share * recording.timeline.total)))
    lines, shown = whole(frame, far), window(frame, height, far)
    assert len(shown) == min(height, len(lines))
    first = lines.index(shown[0])
    assert shown == lines[first : first + len(shown)]
    if frame.step:
        assert any(not ln.rule and ln.step - (ln.size if ln.folded else 1) < frame.step <= ln.step for ln in shown)


@pytest.mark.parametrize("far", [False, True])
def test_most_steps_leave_the_window_where_it_is(far: bool) -> None:
    recording = SESSIONS["walkthrough"].recording
    seen = [tuple(window(Frame(recording, Position(step)), 12, far)) for step in range(1, 32)]
    assert sum(a != b for a, b in pairwise(seen)) <= 5


def test_what_follows_from_the_order_of_steps_is_found_once_and_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = listing._Listing.__init__

    def counted(self: listing._Listing, *rest: object) -> None:
        made.append(weakref.ref(self))
        original(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(listing._Listing, "__init__", counted)
    recording = record(loads('format = 1\n[parameters]\nw = [1.0, 2.0]\n[graph]\nL = "sum(w * w)"\n'))
    for step in range(recording.timeline.total + 1):
        for far in (False, True):
            window(Frame(recording, Position(step)), 5, far)
    assert len(made) == 1
    del recording
    gc.collect()
    assert made[0]() is None
