"""The size of the strongest path of each element, for every kind of operation, against all paths."""

from __future__ import annotations

from fractions import Fraction
from math import frexp, inf, ldexp, nan

import numpy as np
import pytest
from every_path import NETWORKS, every_path, exact
from graphs import network, recorded

from gradstep.engine.explain import path_sizes
from gradstep.engine.explain.path_sizes import size, sizes, times
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role


@pytest.mark.parametrize("piece", [1 << 16, 5])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_operation(monkeypatch: pytest.MonkeyPatch, name: str, piece: int) -> None:
    """Whole, and in pieces smaller than any array."""
    monkeypatch.setattr(path_sizes, "PIECE", piece)
    recording, checked = recorded(network(*NETWORKS[name])), 0
    strongest = sizes(recording)
    # Numbers written in formulas have slopes that need not be finite.
    for value in recording.graph.values:
        if value.role is Role.LITERAL or value.id not in recording.graph.active:
            continue
        for flat in range(value.size):
            found = complex(strongest(value.id).item(flat))
            ways = [exact(factors) for _, factors in every_path(recording.trace, Element(value.id, flat))]
            if not any(ways):
                continue
            largest = max(map(abs, ways))
            # Two roundings a factor at most.
            assert abs(Fraction(ldexp(found.imag, int(found.real))) - largest) <= largest / 10**13
            checked += 1
    assert checked > 10


def test_a_size_is_an_exponent_and_a_mantissa_that_order_as_the_numbers_do() -> None:
    numbers = np.array([1e-320, -1e-300, 0.3, -0.5, 1.0, -7.0, 1e300])
    found = size(numbers)
    for number, one in zip(numbers, found, strict=True):
        assert (one.imag, one.real) == frexp(abs(number))
    assert np.array_equal(np.argsort(found), np.arange(7))
    assert (size(np.array([0.0])) < found).all()
    assert (size(np.array([inf, nan, -inf])) > found.max()).all()
    assert len(set(size(np.array([inf, nan, -inf])).tolist())) == 1


def test_sizes_multiply_without_bounds() -> None:
    a, b = np.array([0.75, 1e-300, 1e300]), np.array([0.75, 1e-300, 1e300])
    found = times(size(a), size(b))
    for k, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        exponent = int(found[k].real)
        two = Fraction(2) ** exponent
        assert 0.5 <= found[k].imag < 1
        assert (
            abs(Fraction(float(found[k].imag)) * two - Fraction(x) * Fraction(y)) <= Fraction(x) * Fraction(y) / 10**15
        )
