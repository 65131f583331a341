"""What is said of a number that a person has set: what it is, what it was, and that it was set."""

from __future__ import annotations

import pytest
from graphs import at, recorded, walkthrough

from gradstep.engine.explain import narrate


@pytest.mark.parametrize(
    ("name", "flat", "gradient", "old", "headline", "caption"),
    [
        ("h", 1, False, 0.5, "h₂, set by you", "Set by you: h₂ is 0.200; it was 0.500."),
        ("h", 1, False, None, "h₂, set by you", "Set by you: h₂ is 0.200, as it was."),
        ("h", 1, True, -20000.0, "gradient of h₂, set by you", "Set by you: ∂L/∂h₂ is +0.037; it was −2.0e4."),
        ("y", 0, True, float("nan"), "gradient of y, set by you", "Set by you: ∂L/∂y is −0.391; it was NaN."),
    ],
)
def test_both_numbers_stand_beside_each_other(
    name: str, flat: int, gradient: bool, old: float | None, headline: str, caption: str
) -> None:
    recording = recorded(walkthrough())
    found = narrate.given(recording, at(recording, name, flat), gradient, old)
    assert found == (headline, f"{caption} What depends on it follows.", "set by you")
