"""The fields of steps, against every step read one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from brute import SMALL, steps
from recordings import recording

from gradstep.engine.ask.fields import FIELDS, SOFT, TERM_FIELDS, TEXT_FIELDS, Slice, phase_of
from gradstep.engine.errors import CommandError
from gradstep.engine.run.timeline import Phase


def same(found: float, expected: float) -> bool:
    return found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize("name", SMALL)
def test_what_a_step_has_is_what_one_reads_there(name: str) -> None:
    rec = recording(name)
    listed = iter(steps(name))
    for sweep in rec.timeline.sweeps:
        at = Slice(rec, sweep, 0, sweep.size, False)
        parts = {field: Slice.field(field)(at) for field in ("value", "grad", "terms", "index", "iteration")}
        for k in range(sweep.size):
            step = next(listed)
            value, grad, terms, index, iteration = (p.value[k] for p in parts.values() if p is not None)
            assert same(value, step.value)
            assert parts["grad"] is not None
            assert bool(np.broadcast_to(parts["grad"].known, sweep.size)[k]) == (step.phase == "backward")
            assert step.phase != "backward" or (same(grad, step.grad) and terms == len(step.terms))
            assert (index, iteration) == (step.index, 1)


@pytest.mark.parametrize("name", SMALL)
def test_what_a_term_has_is_what_one_reads_there(name: str) -> None:
    rec = recording(name)
    listed = iter(steps(name))
    for sweep in rec.timeline.sweeps:
        at = Slice(rec, sweep, 0, sweep.size, True)
        mine = [next(listed) for _ in range(sweep.size)]
        for field in TERM_FIELDS:
            part = Slice.field(field)(at)
            if sweep.phase is not Phase.BACKWARD:
                assert not np.any(part.known)
                continue
            for k, step in enumerate(mine):
                found = sorted(part.value[at.table.owner == k].tolist(), key=repr)
                expected = sorted((getattr(term, field) for term in step.terms), key=repr)
                assert len(found) == len(expected)
                assert all(map(same, found, expected))


def test_layers_are_numbered_in_graph_order() -> None:
    rec = recording("walkthrough")
    found = {}
    for sweep in rec.timeline.sweeps:
        part = Slice.field("layer")(Slice(rec, sweep, 0, sweep.size, False))
        if np.all(part.known) and sweep.phase is Phase.FORWARD:
            found[rec.graph.values[sweep.value].name] = int(part.value[0])
    assert found == {"z1": 1, "h": 1, "z2": 2, "y": 2}


def test_texts_are_compared_and_never_read_as_numbers() -> None:
    rec = recording("walkthrough")
    sweep = rec.timeline.sweeps[0]
    at = Slice(rec, sweep, 0, sweep.size, False)
    for field, example in TEXT_FIELDS.items():
        with pytest.raises(CommandError, match=f"{field} == {example}"):
            Slice.field(field)
        if field in SOFT:  # what they may be compared with only other networks have
            continue
        found = Slice.matching(field, example, rec)(at)
        assert (found.known, found.stepwise, np.asarray(found.value).dtype.kind) == (True, True, "b")
    assert set(TEXT_FIELDS) == set(Slice.texts) < set(FIELDS) == set(Slice.fields)


def test_phases_have_names() -> None:
    assert [phase_of(p.value) for p in Phase] == list(Phase)
    with pytest.raises(CommandError, match="did you mean 'backward'"):
        phase_of("backwards")
