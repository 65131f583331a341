"""Rounding, signs, and what becomes of numbers that are none: against PyTorch."""

from __future__ import annotations

import pytest
import torch
from torch_cases import FAMILIES, check

from gradstep.engine.debugger import Session
from gradstep.engine.errors import GradstepError
from gradstep.engine.files import loads


@pytest.mark.parametrize("formula", FAMILIES["rounding"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("rounding", formula)


WHOLE = """format = 1
[inputs]
a = {{ value = [7, -7, 5, -5], dtype = "int8" }}
b = {{ value = {b}, dtype = "int8" }}
[parameters]
w = 1.0
[graph]
q = "{q}"
L = "sum(q * w)"
"""
DIVIDED = {
    "a // b": lambda a, b: a // b,
    "a % b": lambda a, b: a % b,
    "fmod(a, b)": torch.fmod,
    "div(a, b, rounding_mode='trunc')": lambda a, b: torch.div(a, b, rounding_mode="trunc"),
}


@pytest.mark.parametrize("formula", DIVIDED)
def test_whole_numbers_stay_whole(formula: str) -> None:
    session = Session(loads(WHOLE.format(b=[2, 2, -3, -3], q=formula)))
    expected = DIVIDED[formula](*(torch.tensor(x, dtype=torch.int8) for x in ([7, -7, 5, -5], [2, 2, -3, -3])))
    value = session.recording.graph.by_name["q"]
    assert value.kind == "int8"
    assert session.recording.trace.shown(value.id).tolist() == expected.tolist()


@pytest.mark.parametrize("formula", DIVIDED)
def test_whole_numbers_have_no_quotient_by_0(formula: str) -> None:
    """As in PyTorch, which raises ZeroDivisionError."""
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        DIVIDED[formula](torch.tensor([1, 2]), torch.tensor([1, 0]))
    with pytest.raises(
        GradstepError, match=r":8:6: .*whole numbers cannot be divided by 0, which the divisor is at \[2\]"
    ):
        Session(loads(WHOLE.format(b=[2, 2, 0, -3], q=formula)))
