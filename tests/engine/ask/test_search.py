"""The search for the next stop, against every step looked at in turn."""

from __future__ import annotations

import numpy as np
import pytest
from brute import CONDITIONS, SMALL
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import recording

from gradstep.engine.ask import search as module
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.search import Stopping, elements, holding, key, search, somewhere
from gradstep.engine.ask.steps import Steps
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Phase, Position, Sweep


def places(rec: Recording, wanted: list[Stopping]) -> list[Position]:
    """Every place at which one of them stops, by looking at every step."""
    found = set()
    for sweep in rec.timeline.sweeps:
        for flat in range(sweep.size):
            for one in wanted:
                if one.held(sweep, flat, flat + 1).mask[0]:
                    found.add(place(rec, one, sweep, flat))
    return sorted(found, key=key)


def place(rec: Recording, one: Stopping, sweep: Sweep, flat: int) -> Position:
    """Where in a step it stops: after the first term for which it holds, unless that is the last."""
    step, terms = sweep.start + flat + 1, total(segments_at(rec.trace, rec.timeline, sweep.start + flat + 1))
    if not (isinstance(one, Condition) and one.by_term and sweep.phase is Phase.BACKWARD):
        return Position(step)
    assert one.query is not None
    at = Steps(rec, sweep, flat, flat + 1, True)
    first = int(np.flatnonzero(np.broadcast_to(one.query(at).holds, terms))[0])
    return Position(step, first + 1 if first + 1 < terms else None)


@given(
    st.sampled_from(SMALL),
    st.lists(st.sampled_from([*CONDITIONS, "dead", "saturated", "nonfinite", "L"]), min_size=1, max_size=3),
    st.floats(0, 1),
    st.integers(0, 3),
    st.booleans(),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_continue_and_its_inverse_find_the_same_places(
    name: str, texts: list[str], share: float, term: int, tiny: bool
) -> None:
    rec = recording(name)
    texts = [t for t in texts if not t.endswith("on *")]
    wanted: list[Stopping] = [Condition(text, rec) for text in texts]
    there = places(rec, wanted)
    step = round(share * rec.timeline.total)
    start = Position(step, term) if term and step else Position(step)
    ahead = [f.position for f in search(rec, wanted, start, True)]
    behind = [f.position for f in search(rec, wanted, start, False)]
    assert ahead == [p for p in there if key(p) > key(start)]
    assert behind == [p for p in reversed(there) if key(p) < key(start)]
    assert somewhere(rec, wanted) == bool(there)


def test_a_search_looks_at_no_more_than_it_must() -> None:
    """The first stop of a large network is found in its first slice."""
    rec = recording("digits")
    looked = []

    class Counting(Condition):
        def held(self, sweep, start, stop):  # type: ignore[no-untyped-def]
            looked.append(stop - start)
            return super().held(sweep, start, stop)

    assert next(search(rec, [Counting("value > 0 or value <= 0", rec)], Position(0), True)).position == Position(1)
    assert sum(looked) <= 1024
    asked: list[float] = []

    def go_on(share: float) -> bool:
        asked.append(share)
        return len(asked) < 3

    with pytest.raises(Interrupted):
        list(search(rec, [Condition("value > 1e9", rec)], Position(0), True, go_on))
    assert len(asked) == 3


@pytest.mark.parametrize("text", ["grad == 0", "flip", "value > 0", "backward", "loss", "nonfinite"])
def test_the_elements_at_whose_steps_it_holds(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rec = recording("xor")
    condition = Condition(text, rec)
    there = {p.step for p in places(rec, [condition])}
    monkeypatch.setattr(Condition, "slice_of", lambda self, sweep: 3)
    for phases in ((Phase.FORWARD,), (Phase.BACKWARD, Phase.UPDATE), tuple(Phase)):
        found = [(sweep, flats.tolist()) for sweep, flats in elements(rec, text, phases)]
        assert {sweep.start + flat + 1 for sweep, flats in found for flat in flats} == {
            step for step in there if rec.timeline.phase_at(step) in phases
        }
        assert all(flats for _, flats in found)


def test_where_breakpoints_stop_is_known_beforehand_unless_the_run_is_very_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rec = recording("xor")
    conditions = tuple(Condition(text, rec) for text in ("grad == 0", "loss"))
    assert holding(rec, conditions) == {p.step for p in places(rec, list(conditions))}
    long = record(find("xor"))
    monkeypatch.setattr(module, "MARKED", long.timeline.total - 1)
    assert holding(long, (Condition("loss", long),)) == frozenset()
