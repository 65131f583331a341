"""How much of a step is recorded: what is there is PyTorch's, what is not is computed again, and both say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import load_file

import gradstep.torch as gs
from gradstep.engine.ask.explained import explained
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.files.recording.info import info
from gradstep.engine.notation import number
from gradstep.engine.run.recording import record


class Sine(torch.autograd.Function):
    """Nobody else knows its backward pass."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx: Any, up: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # of one output
        (x,) = ctx.saved_tensors
        return up * x.cos()


class Net(nn.Module):
    """Two layers with a function between them that stays opaque, and a hook that halves a gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(5, 6), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.a(x)
        y.register_hook(lambda g: g * 0.5)
        out: torch.Tensor = self.b(Sine.apply(y).relu())
        return out


def recorded(folder: Path, **options: Any) -> tuple[Path, Net]:
    """A step of Adam, and the model with the gradients that it had."""
    torch.manual_seed(0)
    net = Net().double()
    x, t, path = torch.randn(8, 5).double(), torch.randint(0, 3, (8,)), folder / "a.gradstep"
    optimizer = torch.optim.Adam(net.parameters())
    with gs.record(str(path), net, optimizer=optimizer, x=x, t=t, quiet=True, **options):
        F.cross_entropy(net(x), t).backward()
        optimizer.step()
    return path, net


OPTIONS: dict[str, dict[str, Any]] = {
    "full": {}, "graph": {"level": "graph"}, "params": {"level": "params"}, "samples": {"samples": [1, 5]},
    "keep": {"keep": ["a", "lo*"]},
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
def test_gradients_and_the_update_are_those_of_pytorch(name: str, tmp_path: Path) -> None:
    path, net = recorded(tmp_path, **OPTIONS[name])
    found = record(find(str(path)))
    for value, parameter in zip(found.graph.parameters, net.parameters(), strict=True):
        assert parameter.grad is not None
        np.testing.assert_array_equal(found.trace.gradient(value.id), parameter.grad.numpy())
        np.testing.assert_allclose(found.updated(value.id), parameter.detach().numpy(), rtol=1e-14)
    # The hook is the only thing that no line explains, where the gradient before it is recorded.
    wrong = {(line, difference.of) for line, difference in explained(found).differences}
    assert wrong <= {("a", "a.grad"), ("loss", "a.grad")}, wrong
    assert json.loads((path / "manifest.json").read_text())["moved"] == []


@pytest.mark.parametrize("name", ["graph", "samples", "keep"])
def test_what_is_computed_again_is_what_it_was(name: str, tmp_path: Path) -> None:
    """Also behind what nobody can explain, and below the hook that has halved a gradient."""
    whole = record(find(str(recorded(tmp_path)[0])))
    part = record(find(str(recorded(tmp_path, **OPTIONS[name])[0])))
    for value in whole.graph.values:
        here = part.graph.by_name[value.name].id if value.name in part.graph.by_name else None
        if here is not None:
            np.testing.assert_allclose(part.trace.data[here], whole.trace.data[value.id], rtol=1e-13, atol=1e-15)
            if whole.trace.grad[value.id] is not None:
                np.testing.assert_allclose(
                    part.trace.gradient(here), whole.trace.gradient(value.id), rtol=1e-12, atol=1e-16
                )


def test_what_is_in_the_file(tmp_path: Path) -> None:
    sizes = {}
    for name, options in OPTIONS.items():
        path, _ = recorded(tmp_path, **options)
        sizes[name] = {key: array.shape for key, array in load_file(path / "trace.safetensors").items()}
    assert sizes["full"]["value:relu"] == (8, 6)
    assert sizes["samples"]["value:relu"] == sizes["samples"]["gradient:relu"] == (2, 6)
    assert sizes["samples"]["value:SineBackward"] == (8, 6)
    assert {"value:a", "value:loss"} <= sizes["keep"].keys() >= {"value:SineBackward", "gradient:a"}
    assert "value:relu" not in sizes["keep"]
    for name in ("graph", "params"):
        assert {key for key in sizes[name] if key.startswith("value:")} <= {"value:loss", "value:SineBackward"}
    assert "gradient:a.weight" in sizes["params"]


def test_it_says_what_it_does_not_hold(tmp_path: Path) -> None:
    path, _ = recorded(tmp_path, level="graph")
    assert "all else is computed again" in find(str(path)).title
    assert "all else is computed again" in "\n".join(info(str(path)).lines())
    session = Session(find(str(path)))
    session.goto("b[0,0]")
    assert "computed again here, not recorded" in transcript.block(session.frame())
    session.goto("b.grad[0,0]")
    assert "computed again here, not recorded" in transcript.block(session.frame())
    session.goto("a.weight.grad[0,0]")
    assert "not recorded" not in transcript.block(session.frame())
    path, _ = recorded(tmp_path, level="params")
    session = Session(find(str(path)))
    assert "no values in between" in find(str(path)).title
    session.goto("a.weight.grad[0,0]")
    assert "what comes through loss is recorded, not explained" in transcript.block(session.frame())
    assert "recorded and not explained" in "\n".join(session.why("a.weight[0,0]").lines())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"level": "all"}, "level is 'full' or 'graph' or 'params', not 'all'"),
        ({"level": "params", "keep": "a"}, "cut what is recorded at level 'full'"),
        ({"samples": 0}, "samples is how many, from 1 on"),
        ({"samples": [8]}, "samples are numbers from 0 to 7"),
        ({"keep": ""}, "keep is one or more patterns"),
    ],
)
def test_what_cannot_be_is_refused_before_the_step(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=says):
        recorded(tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_samples_need_a_batch(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="all with the batch on axis 0"),
        gs.record(str(tmp_path / "a.gradstep"), Net(), samples=1),
    ):
        pass


def test_sizes_are_said_before_and_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, path = nn.Linear(3, 2), tmp_path / "a.gradstep"
    with gs.record(str(path), net):
        net(torch.ones(1, 3)).sum().backward()
    before, writing, after = capsys.readouterr().err.splitlines()
    assert before == f"gradstep: recording Linear (8 parameters, 32 bytes) to {path}: all values and gradients"
    assert writing.startswith("gradstep: writing ")
    whole = sum((path / name).stat().st_size for name in ("graph.toml", "leaves.safetensors", "trace.safetensors"))
    assert after == f"gradstep: {path} has {whole / 1024:.3g} KiB, 2 lines"


def test_whole_numbers_and_truths_are_shown_as_such(tmp_path: Path) -> None:
    net = nn.Linear(3, 2)
    length, given = torch.tensor([2, 3]), torch.tensor([True, False])
    with gs.record(str(tmp_path / "a.gradstep"), net, length=length, given=given, quiet=True):
        y = net(torch.ones(2, 3)) * length[:, None]
        y.masked_fill(given[:, None], 0.0).sum().backward()
    session = Session(find(str(tmp_path / "a.gradstep")))
    assert session.do("print length").text == "length = [2, 3]"
    assert session.do("print given").text == "given = [ True, False]"
    assert session.do("print length / 2").text == "length / 2 = [1. , 1.5]"
    value = session.recording.graph.by_name["length"].id
    assert number(session.frame().data(value, 1)) == "3"  # type: ignore[arg-type]  # it is a leaf
    assert number(session.frame().data(session.recording.graph.by_name["given"].id, 0)) == "true"  # type: ignore[arg-type]
