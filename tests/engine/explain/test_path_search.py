"""The strongest paths, one after the other, against all of them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pytest
from every_path import Way, every_path, exact, layered
from graphs import Array, at, network, recorded

from gradstep.engine.explain.paths import strongest, total
from gradstep.engine.ops.families.linear import Linear


def test_shares_have_their_sign() -> None:
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-5 * x", "L": "a * 2 + b"}))
    first, second = strongest(recording, at(recording, "x"), 9)
    assert (first.product, first.share) == (6, 6)
    assert (second.product, second.share) == (-5, -5)
    assert first.through[1] == at(recording, "a")
    assert second.factors == (-5, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_hundred_strongest_of_a_hundred_thousand(dtype: type) -> None:
    rng = np.random.default_rng(9)
    A, B, C, D = (
        rng.normal(size=(n, m)).astype(dtype).astype(float) for n, m in ((18, 5), (18, 18), (20, 18), (1, 20))
    )
    net = network(
        {"x": np.ones(5)},
        {"A": A, "B": B, "C": C, "D": D},
        {"a": "A @ x", "b": "B @ a", "c": "C @ b", "d": "D @ c", "L": "sum(d)"},
        dtype=dtype,
    )
    every = np.einsum("l,lk,kj,j->lkj", D[0], C, B, A[:, 3]).reshape(-1)
    expected = every[np.argsort(-np.abs(every))[:100]]
    recording = recorded(net)
    found = strongest(recording, at(recording, "x", 3), 100)
    assert [p.product for p in found] == pytest.approx(expected.tolist(), rel=1e-14)
    gradient = total(recording, at(recording, "x", 3))
    assert [p.share for p in found] == pytest.approx((expected / gradient).tolist(), rel=1e-14)


def test_equal_ones_come_in_the_order_of_the_terms() -> None:
    rng = np.random.default_rng(1)
    signs = {f"W{k}": rng.choice([-1.0, 0.5, 0.0, 1.0], size=(3, 3)) for k in range(3)}
    net = network(
        {"x": np.ones(3)}, signs, {"a": "W0 @ x", "b": "W1 @ a + a", "c": "W2 @ b", "L": "sum(c * 2) + sum(a)"}
    )
    recording = recorded(net)

    def rank(way: Way) -> tuple[int, Fraction]:
        """Fewer zeros first; then the larger product of the others."""
        return way[1].count(0.0), -abs(exact(tuple(f for f in way[1] if f)))

    for k in range(3):
        ways = sorted(every_path(recording.trace, at(recording, "x", k)), key=rank)
        assert len({rank(way) for way in ways}) < len(ways) / 4  # there are many ties
        found = strongest(recording, at(recording, "x", k), len(ways))
        assert [(p.through, p.factors) for p in found] == ways


def test_products_no_float_can_hold_are_compared_all_the_same() -> None:
    tiny = {
        "a": "x * 1e-200",
        "b": "a * 1e-200",
        "c": "x * 1e-250",
        "d": "c * 2e-150",
        "e": "d * 1e-100",
        "L": "b + d + e",
    }
    recording = recorded(network({}, {"x": 1.0}, tiny))
    found = strongest(recording, at(recording, "x"), 3)
    assert [p.product for p in found] == [0, 0, 0]
    assert [p.factors[:2] for p in found] == [(1e-250, 2e-150), (1e-200, 1e-200), (1e-250, 2e-150)]
    assert all(isnan(p.share) for p in found)

    huge = {"a": "x * 1e200", "b": "a * 1e200", "c": "x * -1e250", "d": "c * 2e150", "L": "b * 1e-300 + d * 1e-300"}
    recording = recorded(network({}, {"x": 1e-200}, huge))
    found = strongest(recording, at(recording, "x"), 3)
    assert [p.product for p in found] == [pytest.approx(-2e100), pytest.approx(1e100)]
    assert [p.share for p in strongest(recording, at(recording, "x"), 1)] == [pytest.approx(2)]

    recording = recorded(network({}, {"x": 1e-300}, {"a": "x * 1e200", "b": "a * -1e200", "L": "b + a"}))
    assert [p.product for p in strongest(recording, at(recording, "x"), 2)] == [-inf, 1e200]


def test_what_is_not_finite_comes_first_and_zeros_last() -> None:
    parameters = {"x": [1.0, 1.0, 1.0, 1.0, 1.0]}
    inputs = {"w": [2.0, nan, 0.0, inf, -3.0], "v": [1.0, 0.5, 1.0, 0.0, 1.0]}
    recording = recorded(network(inputs, parameters, {"s": "x[0] * w", "p": "s * v", "L": "sum(p)"}))
    found = strongest(recording, at(recording, "x"), 9)
    assert [p.through[2].flat for p in found] == [1, 3, 4, 0, 2]
    products = [p.product for p in found]
    assert products[2:] == [-3, 2, 0]
    assert isnan(products[0])
    assert isnan(products[1])  # ∞ × 0
    assert all(isnan(p.share) for p in found)


def test_few_elements_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten paths of 64¹² are found with the columns on their way, and a few beside."""
    looked: list[int] = []
    column = Linear.column

    def counting(self: Linear, slot: int, flat: int, y: Array, xs: Any) -> Any:
        looked.append(flat)
        return column(self, slot, flat, y, xs)

    for weight in (None, 0.1):
        recording = recorded(layered([64] * 13, weight=weight))
        x = at(recording, "x", 7)
        hidden = {n.output for n in recording.graph.nodes if n.output != recording.graph.loss.id}
        with monkeypatch.context() as patch:
            patch.setattr(Linear, "column", counting)
            looked.clear()
            found = strongest(recording, x, 10)
            assert 12 <= len(looked) <= 10 * 12
        best = np.full(64, 1 / 64)
        for k in range(11, -1, -1):
            slope = 1 - recording.trace.data[at(recording, f"h{k}").value] ** 2
            weights = recording.trace.data[at(recording, f"W{k}").value]
            best = (np.abs(weights) * (slope * best)[:, None]).max(axis=0)
        assert abs(found[0].product) == pytest.approx(float(best[7]), rel=1e-13)
        sizes = [abs(p.product) for p in found]
        assert all(a >= b * (1 - 1e-13) for a, b in pairwise(sizes))
        assert len({p.through for p in found}) == 10
        if weight is not None:  # all are equal, so those come first that part last
            turns = [[e.flat for e in p.through if e.value in hidden] for p in found]
            assert turns == [[0] * 22 + [rank] * 2 for rank in range(10)]
