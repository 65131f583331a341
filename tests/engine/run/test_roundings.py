"""How far off is a rounding, and what it takes to know."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from gradstep.engine.index import Array
from gradstep.engine.ops.families.arithmetic import Multiply
from gradstep.engine.run.agreement import explains
from gradstep.engine.run.roundings import Difference, apart


def test_terms_are_measured_only_where_the_result_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that agrees is computed once forward and once backward for each input; one that does not as often as its
    terms take."""
    computed: Counter[str] = Counter()
    for name in ("forward", "vjp"):
        whole = getattr(Multiply, name)

        def counted(self: Any, *arguments: Any, whole: Any = whole, name: str = name) -> Any:
            computed[name] += 1
            return whole(self, *arguments)

        monkeypatch.setattr(Multiply, name, counted)
    a, b, up = (np.random.default_rng(k).normal(size=(5, 6)) for k in range(3))
    given = ({"a": a, "b": b}, ["a", "b"])
    assert explains(["a * b"], *given, [a * b], [up], {"a": up * b, "b": up * a}, "float64") == ""
    assert computed == {"forward": 1, "vjp": 2}
    computed.clear()
    assert explains(["a * b"], *given, [a * b + 1e-6], [up], {"a": up * b, "b": up * a}, "float64") != ""
    assert computed["forward"] > 1


def test_a_difference_has_the_digits_that_differ() -> None:
    assert str(Difference("h", (2,), 1.5, 1.25, 0.1)) == "h[2] was 1.5 there, and by the formula it is 1.25"
    said = str(Difference("h", (), 0.1, 0.1 + 2.0**-40, 1e-12))
    was, computed = (float(word) for word in said.split() if word[0].isdigit())
    assert (was, computed) == (0.1, 0.1 + 2.0**-40)


@pytest.mark.parametrize(("precision", "same"), [("float32", False), ("tf32", True), ("bfloat16", True)])
def test_how_many_digits_there_are(precision: str, same: bool) -> None:
    """A number of float32 that was multiplied in TF32 is off by up to 2⁻¹¹ of itself."""

    def size() -> Array:
        return np.ones(1, np.float32)

    recorded = np.array([1 + 2.0**-11], np.float32)
    assert (apart("y", recorded, np.ones(1, np.float32), size, precision) is None) is same


def test_tf32_has_the_range_of_float32() -> None:
    recorded, computed = np.array([np.inf], np.float32), np.array([7e4], np.float32)
    assert apart("y", recorded, computed, lambda: np.abs(computed), "float16") is None
    assert apart("y", recorded, computed, lambda: np.abs(computed), "tf32") is not None
