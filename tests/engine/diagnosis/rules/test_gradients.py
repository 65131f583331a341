"""Gradients that vanish or explode over the iterations."""

from __future__ import annotations

import numpy as np
import pytest
from training_findings import seen, whole

from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.index import Array


def sizes(name: str, steps: int, weight: str) -> Array:
    """‖∂L/∂w‖ per element, in each iteration."""
    found = [r.trace.gradient(r.graph.by_name[weight].id) for r in whole(name, steps)]
    with np.errstate(all="ignore"):
        return np.array([np.linalg.norm(g.astype(float)) / g.size**0.5 for g in found])


def test_a_first_layer_that_hardly_learns() -> None:
    (one,) = seen("vanishing-training", 60)["vanish"]
    first, last = (sizes("vanishing-training", 60, w) for w in ("W1", "W6"))
    assert one.numbers["ratio"] == pytest.approx(first.sum() / last.sum(), rel=1e-6)
    assert one.numbers["ratio"] < RULES.defaults["vanish"]
    assert "of W1 " in one.text
    assert "of W6's" in one.text


def test_a_gradient_that_grows_far_beyond_its_first_sizes() -> None:
    (one,) = seen("learning-rate-too-large", 60)["explode"]
    norms = sizes("learning-rate-too-large", 60, "W1")
    usual = np.median(norms[:6])
    first = int(np.argmax(norms > RULES.defaults["explode"] * usual))
    assert (one.numbers["iteration"], one.at) == (first + 1, f"@{first + 1} W1.grad")
    assert one.numbers["ratio"] == pytest.approx(norms[first] / usual, rel=1e-4)
