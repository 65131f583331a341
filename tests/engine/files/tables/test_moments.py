"""Moments that tables name: the same words as those that are typed."""

from __future__ import annotations

import pytest
from texts import SMALL, TRAINED, check_problems

from gradstep.engine.files import loads


@pytest.mark.parametrize(
    ("at", "step", "iteration"), [("3", 3, 1), ("'h[1]'", 2, 1), ("'L'", 3, 1), ("'@4 h'", 1, 4), ("'@2'", 0, 2)]
)
def test_steps_names_and_iterations(at: str, step: int, iteration: int) -> None:
    """The forward pass writes h[0], h[1] and L."""
    (note,) = loads(SMALL + f"[[notes]]\nat = {at}\ntext = 'a'\n").notes
    assert (note.step, note.iteration) == (step, iteration)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("'@0 L'", "13:6: at: iterations are counted from 1"),
        ("'@x L'", "13:6: at: '@x' is no iteration"),
        ("'zz'", "13:6: at: unknown name 'zz'"),
        ("999", "13:6: at: there is no step 999"),
        ("true", '13:6: at must be a step number, a phase or a name, as in at = "h.grad[1]"'),
        ("[1]", "13:6: at must be a step number, a phase or a name"),
    ],
)
def test_what_is_none_is_refused_where_it_stands(at: str, expected: str) -> None:
    check_problems(TRAINED.format("training") + f"[[notes]]\nat = {at}\ntext = 'a'\n", expected)


def test_a_broken_graph_is_not_searched() -> None:
    check_problems(SMALL.replace("sum(h)", "sum(") + "[[notes]]\nat = 'zz'\ntext = 'a'\n", "6:9: cannot read")
