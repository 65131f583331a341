"""Commands that ask, and what they give to programs."""

from __future__ import annotations

import numpy as np
import pytest
from debugging import fresh, refused

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads


def test_why_multiplies_up_to_the_gradient() -> None:
    session = fresh()
    data = session.do("why W1.grad[1,0]").data
    assert data["reason"] is None
    for link in data["chain"]:
        assert link["product"] == pytest.approx(link["upstream"] * link["local"], rel=1e-12)
    assert data["chain"][0]["product"] == pytest.approx(0.018607, rel=1e-4)  # as printed in the walkthrough: 0.019
    assert data["chain"][0]["name"] == "W1.grad[1,0]"


def test_why_a_gradient_is_zero_has_its_reason() -> None:
    data = fresh("dead-relu").do("why W1.grad[1,0]").data
    assert "gate at h₂ is shut" in data["reason"]
    assert [link["worst"] for link in data["chain"]].count(True) == 1


def test_paths_add_up() -> None:
    data = fresh("fan-out").do("paths W1[0,0] 10").data
    assert data["count"] == 2 == len(data["paths"])
    assert sum(p["product"] for p in data["paths"]) == pytest.approx(data["sum"], rel=1e-12)
    assert sum(p["share"] for p in data["paths"]) == pytest.approx(1, rel=1e-12)
    for path in data["paths"]:
        assert np.prod(path["factors"]) == pytest.approx(path["product"], rel=1e-12)
    assert "the skip brings −0.7132" in fresh("residual").do("paths a[0]").text


@pytest.mark.parametrize("name", ["L", "cost", "loss"])
def test_every_question_knows_the_loss_whatever_it_is_called(name: str) -> None:
    text = f"""format = 1
[inputs]
x = [1.0, 2.0]
[parameters]
w = [0.5, -0.5]
[graph]
h = "x * w"
{name} = "sum(h * h)"
"""
    session, loss = Session(loads(text)), 0.5**2 + 1
    assert session.do("goto loss").text.startswith("step 5/")
    assert session.do("print loss").data == loss
    assert session.do("watch loss").text == f"loss = {loss}"
    assert session.do("terms loss").data["sum"] == loss
    assert [row["contribution"] for row in session.do("terms loss").data["rows"]] == [0.25, 1]
    why = session.do("why loss").data
    assert (why["chain"], why["reason"], why["hint"]) == ([], None, None)
    assert [(one["loss"], one["change"]) for one in why["terms"]] == [(loss, None)]
    assert session.do("why loss.grad").text == f"∂{name}/∂{name} = +1.0000"
    assert session.do("paths loss").data["count"] == 1
    assert session.do("nudge loss").data["rel_error"] == pytest.approx(0, abs=1e-6)
    assert session.do("set loss = 3").data["loss"] == [loss, 3]


def test_terms_are_the_rows_of_a_sum() -> None:
    data = fresh("fan-out").do("terms h.grad[0]").data
    assert [row["via"] for row in data["rows"]] == ["z2[0]", "z2[1]"]
    assert data["rows"][-1]["running"] == pytest.approx(data["sum"], rel=1e-12)
    for row in data["rows"]:
        assert row["contribution"] == row["upstream"] * row["local"]
    forward = fresh().do("terms z1[0]").data
    assert [(row["via"], row["contribution"]) for row in forward["rows"]] == [
        ("x[0]", 0.2), ("x[1]", pytest.approx(0.24)), ("b1[0]", 0.1)
    ]  # fmt: skip
    assert fresh().do("terms W1[0,1]").data["sum"] == pytest.approx(-0.0447, abs=5e-5)


def test_find_lists_where_a_condition_holds() -> None:
    data = fresh("dead-relu").do("find zero").data
    assert [row["at"] for row in data] == ["W2.grad[0,1]", "z1.grad[1]", "W1.grad[1,0]", "W1.grad[1,1]", "b1.grad[1]"]
    assert {row["value"] for row in data} == {0.0}
    assert fresh().do("find zero").text == "it holds at no step"


def test_find_says_that_it_lists_the_first_ones() -> None:
    found = fresh("death-of-a-relu", "train").do("find dead(h[2])")
    assert found.text.endswith("these are the first 20; a narrower condition finds later ones")
    assert len(found.data) == 20


def test_findings_take_other_thresholds() -> None:
    assert fresh("vanishing").do("findings").data[0]["kind"] == "vanish"
    kinds = {one["kind"] for one in fresh("vanishing").do("findings vanish=1e-9").data}
    assert "vanish" not in kinds
    assert fresh("walkthrough").do("findings").data == []
    assert "vanish" in {one["kind"] for one in fresh("walkthrough").do("findings vanish=0.9").data}
    assert "did you mean 'vanish'?" in refused(fresh(), "findings vanisch=1")
    assert "NAME=VALUE" in refused(fresh(), "findings vanish=small")
