"""Masks that make a gradient 0 are named, and told from inputs and weights that do."""

from __future__ import annotations

import pytest
from graphs import at

from gradstep.engine.explain import zeros
from gradstep.engine.explain.advice import against_zero
from gradstep.engine.explain.choices import behind, chooses
from gradstep.engine.explain.remarks import zero_reason
from gradstep.engine.files import loads
from gradstep.engine.run.recording import Recording, record


def _made(given: str, lines: str) -> Recording:
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in lines.split(";"))
    return record(loads(f"format = 1\n[inputs]\n{given}\n[parameters]\nx = [3.0, 1.0]\n[graph]\n{graph}\n"))


MASKS = [
    ("m = [0.0, 1.0]", "L = sum(tanh(x) * m)", "look at m, where it is a mask: 1 of its 2 numbers are 0"),
    ("m = [0.0, 1.0]", "h = tanh(x) * m; L = sum(h * h)", "look at m, where it is a mask: 1 of its 2 numbers are 0"),
    ("m = [1.0, 1.0]", "L = sum(where(m, 0, tanh(x)))", "look at m, by which is chosen: it holds in 2 of 2 places"),
]


@pytest.mark.parametrize(("given", "lines", "says"), MASKS)
def test_a_mask_is_named(given: str, lines: str, says: str) -> None:
    rec = _made(given, lines)
    found = zeros.settled(rec, at(rec, "x"))
    assert found is not None
    hops = [zero.hop for zero in found.found if zero.hop is not None]
    assert rec.graph.by_name["m"].id in [behind(rec, hop) for hop in hops]
    assert says in against_zero(rec, found).split("; ")


@pytest.mark.parametrize(("given", "lines"), [("y = [0.0, 1.0]", "L = x @ y"), ("y = [1.0]", "L = sum(x * 0 + y)")])
def test_what_is_no_mask_is_not_said_to_be_one(given: str, lines: str) -> None:
    rec = _made(given, lines)
    found = zeros.settled(rec, at(rec, "x"))
    assert found is not None
    (zero,) = found.found
    assert zero.hop is not None
    assert chooses(rec, zero.hop) is None
    assert "mask" not in against_zero(rec, found)


def test_what_is_chosen_by_is_told_with_what_it_is() -> None:
    rec = _made("m = [1.0, 0.0]", "L = sum(where(m, 0, tanh(x)))")
    said = zero_reason(rec, at(rec, "x"))
    assert said is not None
    assert "drops" in said
    assert "(m₁ holds)" in said
