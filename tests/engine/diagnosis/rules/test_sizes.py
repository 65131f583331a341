"""How gradients cancel on their way, worked out by hand."""

from __future__ import annotations

import pytest
from evidence import seen_by
from recordings import written

from gradstep.engine.diagnosis.rules.sizes import cancel


@pytest.mark.parametrize(("second", "cancels"), [(-0.95, True), (-0.85, True), (-0.5, False), (0.95, False)])
def test_parts_that_cancel(second: float, cancels: bool) -> None:
    """∂L/∂w = 1 + second, of |1| + |second|: more than nine tenths are gone where it is below a tenth."""
    rec = written("w = [1.0]", f"L = sum(w * 1) + sum(w * {second})")
    gone = 1 - abs(1 + second) / (1 + abs(second))
    assert (gone > 0.9) == cancels
    found = list(seen_by(cancel, rec, {"cancel": 0.9}))
    assert [(one.at, one.numbers) for one in found] == ([("w.grad[0]", {"cancelled": 1, "of": 1})] if cancels else [])


def test_one_of_many_is_no_finding() -> None:
    rec = written("w = [1.0, 1.0, 1.0]\nv = [-0.99, 1.0, 1.0]", "L = sum(w * 1) + sum(w * v)")
    assert not [one for one in seen_by(cancel, rec, {"cancel": 0.9}) if one.at.startswith("w")]


@pytest.mark.parametrize(("second", "cancels"), [(-0.95, True), (-0.5, False)])
def test_of_a_large_value_some_are_looked_at(second: float, cancels: bool) -> None:
    """400 × 300 gradients, all of them the same sum: 64 of them are looked at, and the finding says so."""
    rec = written("w = [[1.0]]", "W = expand(w, (400, 300)) * 1", f"L = sum(W * 1) + sum(W * {second})")
    found = [one for one in seen_by(cancel, rec, {"cancel": 0.9}) if one.at.startswith("W")]
    assert [one.numbers for one in found] == ([{"cancelled": 64, "of": 64}] if cancels else [])
    assert all("64 of 64 gradients of W that were looked at, of 120,000, are" in one.text for one in found)


def test_nothing_cancels_where_there_is_nothing() -> None:
    rec = written("w = [1.0]", "e = w[1:]", "L = sum(e * 1) + sum(w)")
    assert not list(seen_by(cancel, rec, {"cancel": 0.9}))
