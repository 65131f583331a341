"""The flight recorder: nothing until something is wrong, then the very same steps."""

from __future__ import annotations

import contextlib
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


def _body(watch: bool, folder: Path, **options: Any) -> tuple[list[float], list[Any], Any]:
    """The same training, written as the body of a with, with a schedule and a list that the body changes."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    flight: Any = gs.flight(net, optimizer=optimizer, path=str(folder / "crash"), quiet=True, **options)
    losses: list[float] = []
    for number in range(12):
        x, t = torch.randn(6, 4), torch.randint(0, 2, (6,))
        with flight(x, t=t) if watch else contextlib.nullcontext():
            if number == 3:
                continue
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), t) * (20.0 if number == 7 else 1.0)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            if number == 7:
                x.zero_()
    state = [*net.state_dict().values(), *(s for p in net.parameters() for s in optimizer.state[p].values())]
    rates = [torch.tensor([*scheduler.get_last_lr(), scheduler.last_epoch])]
    return losses, [*state, *rates, torch.get_rng_state()], flight


def test_the_body_of_a_with_is_carried_out_again(tmp_path: Path) -> None:
    """Its condition is about the gradients that backward() left, before they are clipped."""
    plain, state, _ = _body(False, tmp_path)
    seen, after, flight = _body(True, tmp_path, when="grad_norm > 5", keep=3)
    assert seen == plain
    assert all(torch.equal(a, b) for a, b in zip(after, state, strict=True))
    assert flight.differs == []
    assert [Path(path).name for path in flight.recorded] == ["crash.gradstep", "crash-1.gradstep", "crash-2.gradstep"]
    for path, loss in zip(flight.recorded, plain[6:3:-1], strict=True):
        found = record(find(path))
        assert found.trace.loss == loss
        assert found.graph.by_name["given_1"].shape == (6, 4)
        assert found.graph.by_name["t"].shape == (6,)
    observed = record(find(flight.recorded[1])).scenario.observed
    assert observed is not None
    assert (observed.about["step"], observed.about["when"]) == (7, "grad_norm > 5")


def test_a_step_that_raises_is_recorded_and_goes_on_raising(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Linear(2, 1)
    watch = gs.flight(net, path=str(tmp_path / "a.gradstep"))
    x = -10 * torch.sign(net.weight.detach())

    def train() -> None:
        with watch(x):
            loss = net(x).log().sum()
            loss.backward()
            if loss.isnan():
                raise FloatingPointError("no number")

    with pytest.raises(FloatingPointError, match="no number"):
        train()
    assert watch.recorded == [str(tmp_path / "a.gradstep")]
    assert "nonfinite: so it is in step 1 (loss nan, norm of the gradients" in capsys.readouterr().err
    observed = find(watch.recorded[0]).observed
    assert observed is not None
    assert observed.about["raised"] == "FloatingPointError: no number"


def test_a_body_that_cannot_be_carried_out_again_is_refused(tmp_path: Path) -> None:
    watch = gs.flight(nn.Linear(2, 1), path=str(tmp_path / "a.gradstep"))

    def returns() -> int:
        with watch(torch.ones(1)):
            return 1

    with pytest.raises(ValueError, match=r"cannot be carried out again .*: write the step as a function"):
        returns()
    with pytest.raises(ValueError, match="cannot be found in the source"):
        exec("with watch(1):\n    pass", {"watch": watch})
