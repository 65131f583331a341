"""What is advised against gradients that fade or grow: what has done it, and nothing that is there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice
from gradstep.engine.diagnosis.rules import flow_advice
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record
from tests.diagnosis.cases.depth import recurrent, stack


def advised(text: str, against: Callable[[Evidence, str], Sequence[Advice]], repeated: str = "") -> str:
    evidence = Evidence(record(loads(text)), None, RULES.thresholds(None))
    return "; ".join(one.text for one in against(evidence, repeated))


def test_sigmoids_are_to_be_replaced_where_their_slope_has_done_it() -> None:
    """A sigmoid's slope is at most 1/4, and Xavier's weights keep the size."""
    told = advised(stack(8, "sigmoid", "xavier_normal"), flow_advice.against_fading)
    assert told.startswith("relu or tanh instead of sigmoid")
    assert "he_normal" not in told
    assert "skip connection" in told
    assert "layer_norm" in told


def test_weights_are_to_be_larger_where_they_have_done_it() -> None:
    """Uniform in ±0.1 is a standard deviation of 0.1/√3; 1/√12 keeps the size for twelve inputs."""
    told = advised(stack(8, "tanh", "uniform(-0.1;0.1)"), flow_advice.against_fading)
    assert "instead of" not in told
    rec = record(loads(stack(8, "tanh", "uniform(-0.1;0.1)")))
    has = float(np.sqrt((rec.trace.data[rec.graph.by_name["W5"].id] ** 2).mean()))
    assert has == pytest.approx(0.1 / 3**0.5, rel=0.2)
    assert f"those of W5 have a size of {has:.4f}, and {12**-0.5:.4f} keeps gradients" in told


def test_he_s_weights_are_larger_by_the_root_of_2() -> None:
    told = advised(stack(8, "relu", "normal(0;0.05)"), flow_advice.against_fading)
    assert told.startswith("he_normal weights: those of W5")
    assert f"{(2 / 12) ** 0.5:.4f} keeps gradients" in told


def test_what_is_there_is_not_advised() -> None:
    told = advised(stack(6, "sigmoid", "xavier_normal", norm="layer_norm"), flow_advice.against_fading)
    assert "normalisation" not in told
    assert "skip connection" in told
    told = advised(stack(6, "sigmoid", "xavier_normal", skip=True), flow_advice.against_fading)
    assert "skip connection" not in told
    assert "clip_norm" not in advised(stack(6, "relu", "normal(0;1)", clip_norm=1.0), flow_advice.against_growing)
    assert "clip_norm = 1" in advised(stack(6, "relu", "normal(0;1)"), flow_advice.against_growing)


def test_of_time_steps_and_of_blocks_something_else_is_advised() -> None:
    text = recurrent("sigmoid", "8x8 orthogonal", count=6)
    assert "gated cell" in advised(text, flow_advice.against_fading, "R")
    assert "no singular value above 1" in advised(text, flow_advice.against_growing, "R")
    assert "Fixup" in advised(stack(6, "relu", "normal(0;1)", skip=True), flow_advice.against_growing)


@pytest.mark.parametrize(("warmup", "says"), [(0, "warm-up"), (20, "")])
def test_bursts_are_clipped_and_warmed_up_against(warmup: int, says: str) -> None:
    evidence = Evidence(record(loads(stack(4, "relu", "he_normal", warmup=warmup))), None, RULES.thresholds(None))
    clip, rest = flow_advice.against_bursts(evidence)
    assert clip.change == "clip_norm = 1"
    assert ("warm-up" in rest.text) == bool(says)
