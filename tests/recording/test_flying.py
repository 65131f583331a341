"""The flight recorder: nothing until something is wrong, then the very same steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

import gradstep.torch as gs
from gradstep.engine.files import find
from gradstep.engine.run.recording import record


def _training(watch: bool, folder: Path, **options: Any) -> tuple[list[float], list[Any], Any]:
    """Twelve steps with dropout and batch norm, the eighth counted twenty times; losses, and the state after."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters(), 0.01)

    def step(x: torch.Tensor, t: torch.Tensor, weight: float) -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), t) * weight
        loss.backward()
        optimizer.step()
        return loss.detach()

    flight = gs.flight(net, optimizer=optimizer, path=str(folder / "crash.gradstep"), **options)
    losses = []
    for number in range(12):
        x, t = torch.randn(6, 4), torch.randint(0, 2, (6,))
        weight = 20.0 if number == 7 else 1.0
        losses.append((flight(step, x, t, weight) if watch else step(x, t, weight)).item())
    state = [*net.state_dict().values(), *(s for p in net.parameters() for s in optimizer.state[p].values())]
    return losses, [*state, torch.get_rng_state()], flight


def test_the_step_in_which_it_holds_is_recorded_and_the_training_goes_on_as_it_would(tmp_path: Path) -> None:
    plain, state, _ = _training(False, tmp_path, when="grad_norm > 1e30")
    worst, limit = 7, 5.0
    seen, after, flight = _training(True, tmp_path, when=f"loss > {limit!r}", keep=3)
    assert seen == plain
    assert all(torch.equal(a, b) for a, b in zip(after, state, strict=True))
    assert flight.differs == []
    assert [Path(path).name for path in flight.recorded] == ["crash.gradstep", "crash-1.gradstep", "crash-2.gradstep"]
    for path, loss in zip(flight.recorded, plain[worst : worst - 3 : -1], strict=True):
        assert record(find(path)).trace.loss == loss


def test_what_is_not_finite(tmp_path: Path) -> None:
    net = nn.Linear(2, 1)
    watch = gs.flight(net, path=str(tmp_path / "a.gradstep"))

    def step(x: torch.Tensor) -> torch.Tensor:
        net.zero_grad()
        loss = net(x).log().sum()
        loss.backward()
        return loss

    watch(step, torch.full((1, 2), 1.0) * torch.sign(net.weight.detach()) * 10)
    assert watch.recorded == []
    watch(step, -10 * torch.sign(net.weight.detach()))
    assert watch.recorded == [str(tmp_path / "a.gradstep")]
    found = record(find(watch.recorded[0]))
    assert found.trace.loss != found.trace.loss
    assert found.graph.by_name["given_1"].shape == (1, 2)


@pytest.mark.parametrize("when", ["", "loss >", "los > 3", "loss > 'a'", "__import__('os')", "loss + 1 > 2"])
def test_a_condition_that_is_none_is_refused_at_once(when: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no condition; it has nonfinite, loss, grad_norm"):
        gs.flight(nn.Linear(1, 1), when=when, path=str(tmp_path / "a.gradstep"))
