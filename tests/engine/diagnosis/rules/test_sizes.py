"""How gradients shrink, grow and cancel on their way, against products worked out by hand."""

from __future__ import annotations

import pytest
from evidence import seen_by
from recordings import written

from gradstep.engine.diagnosis.rules.sizes import cancel, explode, vanish


def chain(*factors: float) -> str:
    return "\n".join(f"c{k} = {factor}" for k, factor in enumerate(factors))


def lines(count: int) -> list[str]:
    return ["a0 = x * 1", *(f"a{k + 1} = a{k} * c{k}" for k in range(count)), f"L = sum(a{count})"]


def test_what_a_chain_of_factors_makes_of_a_gradient() -> None:
    rec = written("x = [1.0]\n" + chain(0.5, 1e-4, 0.5), *lines(3))
    (found,) = seen_by(vanish, rec, {"vanish": 1e-3})
    assert found.at == "a0.grad[0]"
    assert found.numbers["ratio"] == pytest.approx(0.5 * 1e-4 * 0.5, rel=1e-12)
    assert found.numbers["worst_factor"] == pytest.approx(1e-4, rel=1e-12)
    assert not list(seen_by(vanish, rec, {"vanish": 2e-5}))
    assert not list(seen_by(explode, rec, {"explode": 1e3}))


def test_what_grows() -> None:
    rec = written("x = [1.0]\n" + chain(20.0, 5.0, 30.0), *lines(3))
    (found,) = seen_by(explode, rec, {"explode": 1e3})
    assert found.numbers["ratio"] == pytest.approx(3000.0, rel=1e-12)
    assert found.numbers["worst_factor"] == pytest.approx(30.0, rel=1e-12)
    assert found.at == "a0.grad[0]"
    assert not list(seen_by(explode, rec, {"explode": 4e3}))
    assert not list(seen_by(vanish, rec, {"vanish": 1e-3}))


def test_gradients_that_are_0_or_not_finite_say_nothing_about_sizes() -> None:
    for factor in ("0.0", "inf", "nan"):
        rec = written(f"x = [1.0]\nc0 = {factor}", *lines(1))
        assert not list(seen_by(vanish, rec, {"vanish": 1e-3}))
        assert not list(seen_by(explode, rec, {"explode": 1e3}))


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
