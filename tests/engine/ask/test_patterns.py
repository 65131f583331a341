"""Steps by what they write, against the names that they are typed with."""

from __future__ import annotations

import re

import numpy as np
import pytest
from recordings import recording, written

from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.errors import CommandError
from gradstep.engine.graph.element import Element
from gradstep.engine.run.recording import Recording


def typed(rec: Recording) -> dict[int, str]:
    """What every step writes, as one types it."""
    found = {}
    for step in range(1, rec.timeline.total + 1):
        sweep, flat = rec.timeline.locate(step)
        found[step] = rec.typed(Element(sweep.value, flat), sweep.phase)
    return found


def named(rec: Recording, text: str) -> list[str]:
    pattern, names = Pattern(text, rec), typed(rec)
    found = []
    for sweep in rec.timeline.sweeps:
        mask = pattern.mask(rec, sweep, 0, sweep.size)
        assert mask.tolist() == [bool(pattern.mask(rec, sweep, k, k + 1)[0]) for k in range(sweep.size)]
        found += [names[int(step)] for step in np.flatnonzero(mask) + sweep.start + 1]
    return found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("h", r"h\[\d\]"),
        ("h.data", r"h\[\d\]"),
        ("h.grad", r"h\.grad\[\d\]"),
        ("h[-1]", r"h\[1\]"),
        ("h2", r"h\[1\]"),
        ("h2.grad", r"h\.grad\[1\]"),
        ("z*", r"z.\[\d\]"),
        ("z?.grad[0]", r"z.\.grad\[0\]"),
        ("W1", r"W1\.(grad|next)\[\d,\d\]"),
        ("W1.next[*,1]", r"W1\.next\[\d,1\]"),
        ("W1[:,0]", r"W1\.(grad|next)\[\d,0\]"),
        ("W?.grad[0]", r"W\d\.grad\[0,\d\]"),  # of fewer indices the rest is free
        ("*.next", r".*\.next.*"),
        ("*", r"[hyzL]\d?(\[\d\])?|[Wb]\d\.(grad|next).*"),  # what is computed, and what is learned
    ],
)
def test_a_pattern_names_what_it_looks_like(text: str, names: str) -> None:
    rec = recording("walkthrough")
    expected = [name for name in typed(rec).values() if re.fullmatch(names, name)]
    assert expected
    assert named(rec, text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("h[a]", "an index is whole numbers or *"),
        ("h[0", "is no name"),
        ("q*", "nothing is called 'q*'"),
        ("hh", "did you mean 'h'?"),
        ("h[0,0]", "too many indices"),
        ("x", "no step writes 'x'"),
        ("h.next", "no step writes 'h.next': only parameters are updated"),
        ("loss.grad", "no step writes 'loss.grad': the gradient of L with respect to itself is 1"),
    ],
)
def test_what_names_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        Pattern(text, recording("walkthrough"))
    assert says in str(refused.value)


def test_a_unit_is_the_same_neuron_in_every_sample() -> None:
    rec = recording("digits")
    value = rec.graph.by_name["h"]
    rows, columns = value.shape
    flats = np.arange(value.size)
    one, unit = Pattern("h[3]", rec), Pattern("h[3]", rec, units=True)
    assert np.array_equal(one.elements(rec, value.id, flats), flats // columns == 3)
    assert np.array_equal(unit.elements(rec, value.id, flats), flats % columns == 3)
    assert np.array_equal(Pattern("h[2,3]", rec, units=True).elements(rec, value.id, flats), flats % columns == 3)
    assert rows == rec.samples.count


@pytest.mark.parametrize(
    ("text", "same"), [("*" * 4000, "*"), ("z" + "*" * 60 + "1", "z1"), ("*?" * 2, "??"), ("*" * 60 + "2", "*2")]
)
def test_many_stars_take_no_longer_than_one(text: str, same: str) -> None:
    """Each stands for any characters: tried in all ways, forty of them would take longer than one lives."""
    assert named(recording("walkthrough"), text) == named(recording("walkthrough"), same)
    with pytest.raises(CommandError, match="nothing is called"):
        Pattern("*a" * 2000, recording("walkthrough"))


def test_an_array_without_elements_is_written_by_no_step() -> None:
    rec = written("w = { shape = [2, 0], init = 'zeros' }\nv = 2.0", "y = w * v", "L = sum(y) * v")
    for text in ("y", "y.grad", "w.next"):
        with pytest.raises(CommandError, match=r"no step writes '.*': it is empty, of shape \(2, 0\)"):
            Pattern(text, rec)
