"""Steps with several backward passes and several updates, and what the program sees there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import gradstep.torch as gs
from gradstep.engine.ask.explained import explained
from gradstep.engine.debugger.triaging import triage
from gradstep.engine.files import find
from gradstep.engine.files.recording.info import info
from gradstep.engine.run.recording import Recording, record


def _net(sparse: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(9, 4, sparse=sparse), nn.Flatten(), nn.Linear(8, 3))


def _loss(net: nn.Module, seed: int) -> Tensor:
    drawn = torch.Generator().manual_seed(seed)
    x, t = (torch.randint(0, high, shape, generator=drawn) for high, shape in ((9, (6, 2)), (3, (6,))))
    return F.cross_entropy(net(x), t)


def _opened(folder: Path) -> Recording:
    return record(find(str(folder / "a.gradstep")))


@pytest.mark.parametrize("given", [False, True])
def test_what_is_used_after_an_update_is_what_it_was_then(given: bool, tmp_path: Path) -> None:
    """Two critics in turn, as of a GAN: the second pass goes through weights that the first update has moved."""
    net = _net()
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    with gs.record(str(tmp_path / "a.gradstep"), net, quiet=True, **({"optimizer": optimizer} if given else {})):
        for seed in (1, 2):
            _loss(net, seed).backward()
            optimizer.step()
    found = _opened(tmp_path)
    assert explained(found).ok
    assert not explained(found).opaque
    twin = _net()
    optimizer, losses = torch.optim.Adam(twin.parameters(), 0.1), []
    for seed in (1, 2):
        losses.append(_loss(twin, seed))
        losses[-1].backward()
        optimizer.step()
    assert found.trace.loss == pytest.approx(sum(one.item() for one in losses), rel=1e-6)
    for value, p in zip(found.graph.parameters, twin.parameters(), strict=True):
        np.testing.assert_allclose(found.trace.gradient(value.id), p.grad.numpy(), rtol=1e-5, atol=1e-7)


def test_the_sum_of_losses_is_there_and_said_to_be_one(tmp_path: Path) -> None:
    net = _net()
    with gs.record(str(tmp_path / "a.gradstep"), net, quiet=True):
        _loss(net, 1).backward()
        net.zero_grad()
        _loss(net, 2).backward()
    assert not explained(_opened(tmp_path)).again
    text = "\n".join(info(str(tmp_path / "a.gradstep")).lines())
    assert (
        "2 backward passes, whose losses and gradients are added up here; gradients were zeroed after the first" in text
    )
    assert "2 backward passes" in "\n".join(triage(find(str(tmp_path / "a.gradstep"))).lines())


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("updates", [0, 1, 2])
def test_what_was_left_in_grad_is_noticed_without_an_optimiser(sparse: bool, updates: int, tmp_path: Path) -> None:
    for left in (False, True):
        net = _net(sparse)
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        if left:
            _loss(net, 1).backward()
        with gs.record(str(tmp_path / "a.gradstep"), net, quiet=True):
            for seed in range(max(updates, 1)):
                _loss(net, 2 + seed).backward()
                if updates:
                    optimizer.step()
        kinds = {one.kind: one for one in triage(find(str(tmp_path / "a.gradstep"))).findings}
        assert ("accumulates" in kinds) == left
        if left:
            twin = _net(sparse)
            _loss(twin, 1).backward()
            size = torch.cat([p.grad.to_dense().reshape(-1) for p in twin.parameters()]).norm()
            assert kinds["accumulates"].numbers["left"] == pytest.approx(float(size), rel=1e-5)


def test_nested_tensors_leave_the_step_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    rows = [torch.randn(2, 4), torch.randn(3, 4)]

    def step() -> None:
        net(torch.nested.nested_tensor(rows, layout=torch.jagged)).values().square().mean().backward()

    step()
    plain = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    with gs.record(str(tmp_path / "a.gradstep"), net, quiet=True):
        step()
    assert all(torch.equal(p.grad, was) for p, was in zip(net.parameters(), plain, strict=True))
    found = _opened(tmp_path)
    for value, was in zip(found.graph.parameters, plain, strict=True):
        np.testing.assert_array_equal(found.trace.gradient(value.id), was.numpy())
    ((_, _, why),) = explained(found).opaque
    assert why.endswith("is no tensor whose numbers were seen")
