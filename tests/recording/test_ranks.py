"""The ranks of one data-parallel step, recorded and joined, against what DistributedDataParallel has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gradstep.engine.ask.explained import explained
from gradstep.engine.debugger import Session
from gradstep.engine.files import find, join
from gradstep.engine.run.recording import record


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recordings of both ranks, and the one that is made of them."""
    folder = tmp_path_factory.mktemp("ranks")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("ranks.py")), str(folder)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    join([str(folder / f"rank{k}.gradstep") for k in (0, 1)], str(folder / "all.gradstep"))
    return folder


def test_each_rank_says_which_it_is(step: Path) -> None:
    for k in (0, 1):
        about = json.loads((step / f"rank{k}.gradstep" / "manifest.json").read_text())
        assert (about["rank"], about["world_size"], about["model"]) == (k, 2, "Net")
        assert about["unexplained"] == {}
        assert about["title"].endswith(f"a recorded training step of rank {k} of 2")
        found = record(find(str(step / f"rank{k}.gradstep")))
        assert [v.name for v in found.graph.parameters][:2] == ["a.weight", "a.bias"]  # without the wrapper's path


def test_gradients_and_update_are_those_of_pytorch(step: Path) -> None:
    found, there = record(find(str(step / "all.gradstep"))), torch.load(step / "0.pt")
    explanation = explained(found)
    assert explanation.ok, list(explanation.lines())
    assert (explanation.opaque, explanation.again) == ((), 0)  # also the sum of two passes is of each rank, and of all
    for name in ("a.weight", "a.bias", "norm.weight", "b.weight", "only.weight", "only.bias"):
        value = found.graph.by_name[name].id
        np.testing.assert_array_equal(found.trace.gradient(value), there["grad"][name].numpy())
        parts = [found.trace.flow[use] for use in found.graph.uses[value] if use in found.trace.flow]
        assert len(parts) == (0 if name.startswith("only") else 2)
        if parts:
            np.testing.assert_allclose(sum(parts), there["grad"][name].numpy(), rtol=1e-13, atol=1e-16)
        np.testing.assert_allclose(found.updated(value), there["next"][name].detach().numpy(), rtol=1e-12)
    assert found.scenario.observed is not None
    assert found.scenario.observed.about["moved"] == []


def test_questions_are_answered_across_ranks(step: Path) -> None:
    session = Session(find(str(step / "all.gradstep")))
    session.do("goto end")
    told = session.do("terms b.weight.grad[0,0]").text
    assert "rank0.b.weight[0,0]" in told
    assert "rank1.b.weight[0,0]" in told
    assert "∂loss/∂b.weight[0,0] ← ∂loss/∂rank" in session.do("why b.weight[0,0]").text
