"""What an update is made of besides the rate."""

from __future__ import annotations

import pytest
from test_rates import told

KINDS = {"clip_always", "decay", "momentum", "adam_options"}


@pytest.mark.parametrize(
    ("training", "kind"),
    [
        ("lr = 0.02\nclip_norm = 0.01", "clip_always"),  # the gradient, 2 W, has a norm of 8.8 at first
        ("lr = 0.02\nclip_norm = 100.0", ""),
        ("lr = 0.02\nweight_decay = 3.0", "decay"),  # pulls with 3 W, and the gradient with 2 W
        ("lr = 0.02\nweight_decay = 0.01", ""),
        ("lr = 0.002\nmomentum = 0.999", "momentum"),
        ("lr = 0.02\nmomentum = 0.5", ""),
        ('optimizer = "adam"\nlr = 0.01\nbetas = [0.9, 0.0]', "adam_options"),
        ('optimizer = "adam"\nlr = 0.01\neps = 0.0', "adam_options"),
        ('optimizer = "adam"\nlr = 0.01\neps = 1e3', "adam_options"),
        ('optimizer = "adam"\nlr = 0.01', ""),
    ],
)
def test_each_option_that_does_harm_is_named_and_none_that_does_not(training: str, kind: str) -> None:
    assert KINDS & set(told(training)) == ({kind} if kind else set())


def test_how_much_clipping_leaves_is_said() -> None:
    """At first ‖2 W‖ = 2 √20.25 = 9, of which a clip to 0.01 leaves a ninehundredth; it shrinks but little."""
    assert told("lr = 0.02\nclip_norm = 0.01")["clip_always"].numbers["factor"] == pytest.approx(0.01 / 9, rel=0.02)
