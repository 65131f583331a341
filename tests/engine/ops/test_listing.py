"""All operations as text."""

from __future__ import annotations

import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.ops import COMPOSITES, REGISTRY, described, explained


def test_every_operation_is_listed_once_in_the_order_of_the_alphabet() -> None:
    called = [line.partition("(")[0] for line in described() if not line.startswith(" ")]
    assert called == [*sorted(REGISTRY), *sorted(COMPOSITES)]


def test_what_is_said_of_one() -> None:
    lines = list(described())
    at = lines.index("maximum(a, b)")
    assert lines[at + 1 : at + 6] == [
        "  =      max(a, b)",
        "  ∂/∂a   1 if a > b, ½ if a = b, else 0",
        "  ∂/∂b   1 if b > a, ½ if a = b, else 0",
        "  kink   where both are equal each gets half of the gradient",
        "  edge   where one is NaN both get all of the gradient",
    ]
    at = lines.index("rms_norm(x, [gain], eps=None, normalized_shape=None)")
    assert lines[at + 1] == "  also   weight for gain"
    assert lines[at + 2] == (
        "  several nodes: x / √(mean x² + ε) over the last axis, then × gain (Zhang and Sennrich, 2019); "
        "ε is the dtype's unless said."
    )


def test_one_is_explained_under_its_name_and_under_pytorchs() -> None:
    lines = list(explained("hardtanh"))
    assert lines == list(explained("hard_tanh"))
    assert lines[0] == "hard_tanh(x, min_val=-1.0, max_val=1.0)"
    assert "  kink   at the bounds the slope is taken as 0" in lines
    assert "  names  hardtanh is the same" in lines
    assert any(line.startswith("  cost   one value for each output") for line in lines)
    assert 'made = "hard_tanh(x)"' in lines


def test_of_what_is_none_the_nearest_or_the_formula_is_named() -> None:
    with pytest.raises(CommandError, match="did you mean 'relu'"):
        list(explained("rellu"))
    with pytest.raises(CommandError, match=r"no operation 'square': it is written as in x \*\* 2"):
        list(explained("square"))
