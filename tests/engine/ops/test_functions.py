"""The table of functions: what an entry makes. Each entry is held against differences in test_op, and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from operations import slope

from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.functions import Function


def test_an_entry_is_an_operation_of_the_module_that_has_it() -> None:
    tan = REGISTRY["tan"]
    assert issubclass(tan, Function)
    assert tan.__module__ == "gradstep.engine.ops.families.trigonometry"
    assert tan.signature() == "tan(x)"
    assert REGISTRY["atan2"].signature() == "atan2(a, b)"


def test_one_that_jumps_passes_no_gradient() -> None:
    assert REGISTRY["floor"].discrete
    assert slope(REGISTRY["floor"](), 0, 1.5) == 0


def test_values_and_slopes_keep_single_precision() -> None:
    x = np.asarray([0.25, 0.5], dtype=np.float32)
    y = REGISTRY["log2"]().forward([x])
    assert y.dtype == np.float32
    assert REGISTRY["log2"]().vjp(0, np.ones_like(y), y, [x]).dtype == np.float32


@pytest.mark.parametrize(
    ("name", "xs", "cause"),
    [
        ("log10", [0.0], Cause.LOG_OF_ZERO),
        ("log1p", [-2.0], Cause.LOG_OF_NEGATIVE),
        ("rsqrt", [-1.0], Cause.ROOT_OF_NEGATIVE),
        ("reciprocal", [0.0], Cause.DIVISION_BY_ZERO),
        ("exp2", [3000.0], Cause.EXP_OVERFLOW),
        ("atanh", [1.0], Cause.UNDEFINED),
        ("tan", [1.0], None),
    ],
)
def test_what_is_wrong_with_a_number_is_said(name: str, xs: list[float], cause: Cause | None) -> None:
    assert REGISTRY[name]().undefined(xs) is cause
