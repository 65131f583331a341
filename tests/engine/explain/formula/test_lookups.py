"""Rules of what is read by a number: rows of tables, and the scores of classes."""

from __future__ import annotations

import pytest
from graphs import network, recorded

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula import equation_text
from gradstep.engine.explain.hops import hops
from gradstep.engine.graph.element import Element

TABLE = [[1.0, -2.0, 0.5], [0.25, 3.0, -1.0], [2.0, 2.0, -0.75]]


@pytest.mark.parametrize(
    ("ids", "flat", "right", "numbers"),
    [
        ([2.0, 0.0, 2.0], 4, "E[ids[1],1]", "−2.0000"),
        ([[1.0], [0.0]], 5, "E[ids[1,0],2]", "0.5000"),
        (1.0, 0, "E[ids,0]", "0.2500"),
    ],
)
def test_a_row_of_a_table_is_named_by_its_number(ids: object, flat: int, right: str, numbers: str) -> None:
    recording = recorded(network({"ids": ids}, {"E": TABLE}, {"y": "embedding(E, ids)", "L": "sum(y)"}))  # type: ignore[dict-item]
    found = formula.forward(recording, recording.graph.nodes[recording.graph.by_name["y"].node], flat)
    assert (found.right, equation_text(found.numbers, 4)) == (right, numbers)


@pytest.mark.parametrize(
    ("scores", "t", "right", "numbers"),
    [
        (TABLE[:1] * 4, [0.0, 1.0, 2.0, 1.0], "−Σᵢ p[i,t[i]]/4", ""),
        (TABLE[:2], [0.0, 2.0], "−p[0,t₁]/2 − p[1,t₂]/2", "−1.0000/2 − (−1.0000)/2"),
        (TABLE[0], 1.0, "−p[t]", "−(−2.0000)"),
        (TABLE[0], [1.0], "−p[t]", "−(−2.0000)"),
        ([TABLE[:2]] * 3, [[0.0, 2.0]] * 3, "−Σᵢⱼ p[i,j,t[i,j]]/6", ""),
        (TABLE, TABLE, "−Σᵢⱼ t[i,j] × p[i,j]/3", ""),
    ],
)
def test_the_scores_of_classes(scores: object, t: object, right: str, numbers: str) -> None:
    recording = recorded(network({"t": t}, {"p": scores}, {"L": "nll(p, t)"}))  # type: ignore[dict-item]
    found = formula.forward(recording, recording.graph.nodes[0], 0)
    assert (found.right, equation_text(found.numbers, 4)) == (right, numbers)


def test_a_row_that_is_read_often_adds_up_all_places_at_which_it_is() -> None:
    lines = {"y": "embedding(E, ids)", "L": "sum(y * y)"}
    recording = recorded(network({"ids": [[2.0, 0.0, 2.0], [2.0, 2.0, 1.0]]}, {"E": TABLE}, lines))
    element = Element(recording.graph.by_name["E"].id, 7)
    found = formula.backward(recording, element, *hops(recording, element, 5))
    assert found.right == "Σᵢⱼ ∂L/∂y[i,j,1] (where ids[i,j] = 2)"
    assert found.result == 4 * 2 * 2.0
