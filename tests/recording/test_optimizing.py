"""The update of a recorded step: its rule where gradstep knows it, else what came of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

import gradstep.torch as gs
from gradstep.engine.debugger.triaging import triage
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.training.clipping import LEFT

Make = Callable[[nn.Sequential], torch.optim.Optimizer]


class Own(torch.optim.SGD):
    """An optimiser that nobody else knows."""


def _groups(net: nn.Sequential) -> list[dict[str, Any]]:
    weights, biases = [net[0].weight, net[2].weight], [net[0].bias, net[2].bias]
    return [{"params": weights, "weight_decay": 0.1}, {"params": biases, "lr": 0.003}]


def _recorded(
    folder: Path, make: Make, clip: float | None = None, zeroed: str = "first"
) -> tuple[Recording, dict[str, Any], nn.Sequential]:
    """The fourth step of a training, in which gradients are `zeroed` so."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    optimizer = make(net)

    def step() -> None:
        if zeroed in ("first", "in place"):
            optimizer.zero_grad(set_to_none=zeroed == "first")
        F.cross_entropy(net(torch.randn(4, 6).double()), torch.randint(0, 3, (4,))).backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        if zeroed == "last":
            optimizer.zero_grad()

    for _ in range(3):
        step()
    with gs.record(str(folder / "a.gradstep"), net, optimizer=optimizer):
        step()
    found = record(find(str(folder / "a.gradstep")))
    return found, json.loads((folder / "a.gradstep" / "manifest.json").read_text()), net


def _check(found: Recording, parameters: Iterable[torch.Tensor]) -> None:
    for value, parameter in zip(found.graph.parameters, parameters, strict=True):
        np.testing.assert_allclose(found.updated(value.id), parameter.detach().numpy(), rtol=1e-13, atol=1e-15)


KNOWN: dict[str, Make] = {
    "SGD": lambda net: torch.optim.SGD(net.parameters(), 0.1),
    "momentum": lambda net: torch.optim.SGD(net.parameters(), 0.1, 0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda net: torch.optim.Adam(net.parameters(), 0.01, amsgrad=True),
    "AdamW": lambda net: torch.optim.AdamW(_groups(net), 0.01),
    "RMSprop": lambda net: torch.optim.RMSprop(net.parameters(), 0.01, momentum=0.5, centered=True),
    "Adagrad": lambda net: torch.optim.Adagrad(net.parameters(), 0.01, lr_decay=0.1),
    "Adamax": lambda net: torch.optim.Adamax(net.parameters()),
    "Adadelta": lambda net: torch.optim.Adadelta(net.parameters()),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_rule_of_a_known_optimiser_is_stepped_from_where_it_stood(name: str, tmp_path: Path) -> None:
    found, about, net = _recorded(tmp_path, KNOWN[name])
    assert about["moved"] == []
    assert found.state.done == (3 if name not in ("SGD", "momentum") else int(name == "momentum"))
    _check(found, net.parameters())


def test_gradients_that_were_clipped_together(tmp_path: Path) -> None:
    found, about, net = _recorded(tmp_path, KNOWN["Adam"], clip=0.05)
    assert about["moved"] == []
    assert found.scenario.training.clip_norm == pytest.approx(0.05, rel=1e-6)
    _check(found, net.parameters())


def _found(found: Recording) -> list[Finding]:
    return [one for one in triage(found.scenario).report.findings if one.kind == "accumulates"]


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("name", ["SGD", "momentum", "Adam"])
def test_gradients_that_were_not_zeroed_are_part_of_the_update(name: str, clip: float | None, tmp_path: Path) -> None:
    found, about, net = _recorded(tmp_path, KNOWN[name], clip, zeroed="never")
    assert about["moved"] == []
    assert not found.scenario.training.zero_grad
    _check(found, net.parameters())
    (one,) = _found(found)
    assert "zero_grad() was not called, or gradients are accumulated" in one.text
    # What is in .grad after the step is the sum, but for its clipping.
    if clip is None:
        weight, grad = found.graph.by_name["net.0.weight"].id, net[0].weight.grad
        assert grad is not None
        left = found.update.kept(LEFT, weight)
        np.testing.assert_allclose(left + found.trace.gradient(weight), grad.numpy(), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("zeroed", ["first", "last", "in place"])
def test_nothing_is_left_however_gradients_are_zeroed(zeroed: str, tmp_path: Path) -> None:
    found, about, net = _recorded(tmp_path, KNOWN["Adam"], zeroed=zeroed)
    assert found.scenario.training.zero_grad
    assert about["moved"] == []
    assert not _found(found)
    _check(found, net.parameters())


def test_what_an_optimiser_that_is_not_known_takes_from_before_is_said_as_well(tmp_path: Path) -> None:
    found, about, net = _recorded(tmp_path, lambda net: Own(net.parameters(), 0.1), zeroed="never")
    assert len(about["moved"]) == 4
    assert len(_found(found)) == 1
    _check(found, net.parameters())


@pytest.mark.parametrize("between", [False, True])
def test_what_passes_of_the_step_itself_add_is_not_left_from_before(tmp_path: Path, between: bool) -> None:
    """Several passes are added up; or what was there is zeroed `between` them, and only the last has a say."""
    torch.manual_seed(0)
    net = nn.Linear(4, 2).double()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)

    def go_back(times: float = 1) -> None:
        (times * net(torch.randn(5, 4).double()).square().mean()).backward()

    if between:
        go_back()
    with gs.record(str(tmp_path / "a.gradstep"), net, optimizer=optimizer, quiet=True):
        go_back(0 if between else 1)
        if between:
            optimizer.zero_grad()
        else:
            go_back()
        go_back()
        optimizer.step()
    found = record(find(str(tmp_path / "a.gradstep")))
    assert found.scenario.training.zero_grad
    assert not _found(found)
    _check(found, net.parameters())


def test_a_recorded_step_without_zero_grad_is_bit_for_bit_what_it_is_without_a_recording(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, x = nn.Linear(4, 2), torch.randn(5, 4)
    twin = copy.deepcopy(net)
    for one in (net, twin):
        one(x).square().mean().backward()
    for one in (net, twin):
        optimizer = torch.optim.Adam(one.parameters(), 0.1)
        with gs.record(str(tmp_path / "a.gradstep"), one, optimizer=optimizer) if one is twin else nullcontext():
            one(x).square().mean().backward()
            optimizer.step()
    for mine, other in zip(net.parameters(), twin.parameters(), strict=True):
        assert mine.grad is not None
        assert other.grad is not None
        assert torch.equal(mine, other)
        assert torch.equal(mine.grad, other.grad)


@pytest.mark.parametrize(
    ("make", "moved"),
    [
        (lambda net: Own(net.parameters(), 0.1), 4),
        (lambda net: torch.optim.NAdam(net.parameters()), 4),
        (lambda net: torch.optim.Adam(net[0].parameters()), 2),
    ],
    ids=["own", "NAdam", "of some"],
)
def test_what_is_not_known_is_shown_as_it_moved(make: Make, moved: int, tmp_path: Path) -> None:
    found, about, net = _recorded(tmp_path, make)
    assert len(about["moved"]) == moved
    _check(found, net.parameters())


def test_options_that_change_a_rule_without_our_knowing_are_found_out(tmp_path: Path) -> None:
    """A hook of the user makes the gradients of one parameter larger before the step: its rule gives another number."""

    def make(net: nn.Sequential) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(net.parameters(), 0.1)

        def change(*_: object) -> None:
            assert net[2].bias.grad is not None
            net[2].bias.grad.mul_(3)

        optimizer.register_step_pre_hook(change)
        return optimizer

    found, about, net = _recorded(tmp_path, make)
    assert about["moved"] == ["net.2.bias"]
    _check(found, net.parameters())


def test_a_scaled_loss_says_so_and_the_update_is_as_it_was(tmp_path: Path) -> None:
    """Nothing claims that gradients were clipped, which a GradScaler has only divided by its scale."""
    torch.manual_seed(0)
    net, scaler = nn.Linear(4, 2), torch.amp.GradScaler("cpu", init_scale=1024.0)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    with gs.record(str(tmp_path / "a.gradstep"), net, optimizer=optimizer, quiet=True):
        with torch.autocast("cpu", torch.bfloat16):
            loss = net(torch.randn(6, 4)).float().square().mean()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    found = record(find(str(tmp_path / "a.gradstep")))
    observed = found.scenario.observed
    assert observed is not None
    assert observed.about["loss_scale"] == 1024.0
    assert found.trace.loss == loss.item() * 1024
    assert found.scenario.training.clip_norm is None
    weight = found.graph.by_name["weight"].id
    np.testing.assert_array_equal(found.updated(weight), net.weight.detach().numpy())


def test_what_is_frozen_is_a_note_and_no_fault(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    net[0].requires_grad_(False)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with gs.record(str(tmp_path / "a.gradstep"), net, optimizer=optimizer, quiet=True):
        F.cross_entropy(net(torch.randn(4, 6).double()), torch.tensor([0, 1, 2, 0])).backward()
        optimizer.step()
    page = triage(find(str(tmp_path / "a.gradstep")))
    assert page.ok
    assert "  frozen, not trained (requires_grad is False): net.0.weight, net.0.bias" in list(page.lines())
