"""The rows of a sum for people and for programs."""

from __future__ import annotations

import pytest
from debugging import fresh

from gradstep.engine.debugger.rows import Rows


def test_rows_say_the_same_to_people_and_to_programs() -> None:
    """∂L/∂h₁ = 0.6 · ∂L/∂z₂₁ + 0.3 · ∂L/∂z₂₂, in the picture that the screen was designed with −0.0558 + 0.0411."""
    found = Rows(fresh("fan-out", "goto h.grad[0]").frame())
    data = found.document()
    assert [row["via"] for row in data["rows"]] == ["z2[0]", "z2[1]"]
    assert [row["contribution"] for row in data["rows"]] == pytest.approx([-0.0558, 0.0411], abs=5e-5)
    assert [row["running"] for row in data["rows"]] == pytest.approx([-0.0558, -0.0147], abs=5e-5)
    assert data["sum"] == data["rows"][-1]["running"]
    listed = [line for line in found.lines() if "running Σ" in line]
    assert [line.split()[0] for line in listed] == ["z₂₁", "z₂₂"]
    assert [line.split()[-1] for line in listed] == ["−0.0558", "−0.0147"]


def test_where_a_term_is_no_product_its_factors_are_null() -> None:
    data = Rows(fresh("fan-out", "goto loss").frame()).document()
    assert {(row["upstream"], row["local"]) for row in data["rows"]} == {(None, None)}
    assert sum(row["contribution"] for row in data["rows"]) == pytest.approx(data["sum"])
