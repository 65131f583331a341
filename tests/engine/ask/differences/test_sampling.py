"""Which elements are compared, where not all are."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import recording, written

from gradstep.engine.ask.differences import sampling
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.sampling import Sample, batches, sample
from gradstep.engine.graph.graph import Value

#: W and z are large, b is small; z = W x + b.
LARGE = ("W = { shape = [300, 40], init = 'uniform' }\nx = { shape = [40], init = 'uniform' }\nb = 1.0",)


def after(precise: Precise, value: int) -> list[Value]:
    return [precise.graph.values[node.output] for node in precise.after(value)]


def large() -> tuple[Precise, tuple[Sample, ...]]:
    precise = Precise(written(*LARGE, "z = W @ x + b", "L = sum(tanh(z))"))
    values = [v for v in precise.graph.values if precise.graph.gets_gradient(v)]
    return precise, sample(precise, values)


def test_a_network_that_fits_is_compared_whole() -> None:
    precise = Precise(recording("xor"))
    values = precise.graph.parameters
    found = sample(precise, values)
    assert [s.value for s in found] == list(values)
    assert all((s.flats == np.arange(s.value.size)).all() for s in found)


def test_of_a_large_one_each_array_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "WHOLE", 0)
    monkeypatch.setattr(sampling, "WORK", 6 * 100 * 12_000)  # a hundred elements of W
    precise, found = large()
    counts = {s.value.name: len(s.flats) for s in found}
    assert counts["b"] == 1
    assert counts["x"] == 40
    assert 20 <= counts["W"] < 100
    # Six losses of each, and for each what is computed again: all of it, as the way to the loss is a short one.
    work = [len(s.flats) * (s.value.size + sum(v.size for v in after(precise, s.value.id))) for s in found]
    assert 6 * sum(work) <= sampling.WORK
    for s in found:
        assert len(np.unique(s.flats)) == len(s.flats)
    again = large()[1]
    assert all((one.flats == other.flats).all() for one, other in zip(found, again, strict=True))
    columns = next(s.flats for s in found if s.value.name == "W") % 40
    assert len(np.unique(columns)) > 10  # and not a few columns only


def test_however_little_work_is_allowed_some_of_each_array_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "WHOLE", 0)
    monkeypatch.setattr(sampling, "WORK", 0)
    assert all(len(s.flats) == 1 for s in large()[1])


def test_batches_are_all_of_it_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    precise, found = large()
    monkeypatch.setattr(sampling, "_TOGETHER", 6 * 12_000 * 7)
    parts = list(batches(precise, found))
    assert max(len(part.flats) for part in parts if part.value.name == "W") <= 7
    for s in found:
        assert (np.concatenate([p.flats for p in parts if p.value is s.value]) == s.flats).all()


def test_gradients_that_are_not_finite_are_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "WHOLE", 0)
    monkeypatch.setattr(sampling, "WORK", 0)
    numbers = [1.0] * 500
    numbers[321] = 0.0
    precise = Precise(written(f"x = {numbers}", "L = sum(sqrt(x))"))
    assert 321 in sample(precise, precise.graph.parameters)[0].flats
