"""Sums of products by letters: against PyTorch."""

from __future__ import annotations

import pytest
import torch
from torch_cases import FAMILIES, check

from gradstep.engine.errors import GradstepError
from gradstep.engine.files import loads


@pytest.mark.parametrize("formula", FAMILIES["contraction"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("contraction", formula)


@pytest.mark.parametrize(
    ("formula", "said"),
    [("inner(a, b)", "inner: the last axes of a (2, 3) and b (3, 2) must be as long as each other, and are 3 and 2"),
     ("bilinear(a, c, W)", "bilinear: a (2, 3) and c (4, 3) must have the same axes before the last"),
     ("bilinear(a, c, W)", "and have (2,) and (4,)")],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_the_words_of_the_operation(formula: str, said: str) -> None:
    leaves = {"a": (2, 3), "b": (3, 2), "c": (4, 3), "W": (1, 3, 3)}
    with pytest.raises(RuntimeError):  # nor does PyTorch take it
        {"inner(a, b)": torch.inner, "bilinear(a, c, W)": torch.nn.functional.bilinear}[formula](
            *(torch.zeros(leaves[name]) for name in formula[formula.index("(") + 1 : -1].split(", "))
        )
    lines = "\n".join(f"{name} = {{ init = 'zeros', shape = {list(shape)} }}" for name, shape in leaves.items())
    with pytest.raises(GradstepError) as error:
        loads(f'format = 1\n[parameters]\n{lines}\n[graph]\nL = "sum({formula})"')
    assert said.replace("and c", "and b") in str(error.value)
