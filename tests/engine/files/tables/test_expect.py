"""[[expect]]: numbers that somebody else has printed."""

from __future__ import annotations

import pytest
from texts import SMALL, check_problems

from gradstep.engine.files import loads


def test_a_number_has_the_shape_of_what_it_is_of() -> None:
    found = loads(
        SMALL
        + "[[expect]]\nof = 'h'\nvalue = [4, 9]\ndecimals = 2\n"
        + "[[expect]]\nof = 'w.grad[1]'\nvalue = 7\nmisprint = true\nexact = 6\niteration = 3\n"
        + "[[expect]]\nof = 'L'\nvalue = [[13]]\nrtol = 1e-3\n"
    ).expectations
    h, grad, loss = found
    assert (h.value.tolist(), h.decimals, h.iteration, h.misprint, h.exact) == ([4, 9], 2, 1, False, None)
    assert (grad.target.value.name, grad.target.kind, grad.target.index) == ("w", "grad", (1,))
    assert (float(grad.value), grad.misprint, grad.iteration) == (7, True, 3)
    assert grad.exact is not None
    assert float(grad.exact) == 6
    assert (loss.value.shape, loss.rtol, loss.decimals) == ((), 1e-3, None)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("of = 'L'", "7:3: an expectation needs 'value'"),
        ("value = 1", "7:3: an expectation needs 'of'"),
        ("of = 'h'\nvalue = 3", "9:9: value has shape (), but h has shape (2,)"),
        ("of = 'h'\nvalue = ['a', 'b']", "9:9: value: expected"),
        ("of = 'h.next'\nvalue = 3", "8:6: no step writes h.next: only parameters are updated"),
        ("of = 'w.averaged'\nvalue = 3", '8:6: w.averaged: no average of the weights is kept; avg_fn = "ema" in'),
        ("of = 'w.averaged[0]'\nvalue = 3", "8:6: w.averaged[0]: no average of the weights is kept"),
        ("of = 'K'\nvalue = 3", "8:6: unknown name 'K'"),
        ("of = 3\nvalue = 3", "8:6: of must be text in quotes"),
        ("of = 'L'\nvalue = 1\niteration = 0", "10:13: iteration must be a whole number from 1 to 10,000, not 0"),
        (
            "of = 'L'\nvalue = 1\niteration = 1_000_000_000_000",
            "10:13: iteration must be a whole number from 1 to 10,000",
        ),
        ("of = 'L'\nvalue = 1\ndecimals = -1", "10:12: decimals must be a whole number from 0 on"),
        ("of = 'L'\nvalue = 1\nrtol = nan", "10:8: rtol must be a number from 0 on, not nan"),
        ("of = 'L'\nvalue = 1\nrtol = 1\ndecimals = 1", "10:1: give decimals or rtol, not both"),
        ("of = 'L'\nvalue = 1\nexact = 1", "10:1: 'exact' says what is right for a misprint"),
        ("of = 'L'\nvalue = 1\nmisprint = 1", "10:12: misprint must be true or false"),
        ("of = 'L'\nvalue = 1\nexcat = 1", "10:1: unknown key 'excat'; did you mean 'exact'?"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(lines: str, expected: str) -> None:
    check_problems(SMALL + f"[[expect]]\n{lines}\n", expected)


def test_each_entry_is_said_at_its_own_place() -> None:
    text = SMALL + "[[expect]]\nof = 'L'\nvalue = 13\n[[expect]]\nof = 'K'\nvalue = 1\n"
    check_problems(text, "11:6: unknown name 'K'")
