"""A recorded step is the step that it would have been, and what is recorded is what was there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import load_file
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack
from torch.utils.checkpoint import checkpoint

import gradstep.torch as gs
from gradstep.engine.ask.explained import explained
from gradstep.engine.errors import CommandError
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.causes import why
from gradstep.engine.explain.nonfinite import first
from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.timeline import Phase


def opened(folder: Path) -> Recording:
    """The recording in a folder."""
    return record(find(str(folder)))


class OfTheUser(Exception):
    """What a step may raise."""


def net() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.4), nn.Linear(8, 3))


def state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """All that a step can change."""
    found: dict[str, Any] = {f"state {k}": v.clone() for k, v in model.state_dict().items()}
    for name, p in model.named_parameters():
        found[f"grad {name}"] = None if p.grad is None else p.grad.clone()
        found[f"version {name}"] = p._version
        for key, value in optimizer.state.get(p, {}).items():
            found[f"{key} {name}"] = value.clone() if isinstance(value, torch.Tensor) else value
    found["rng"] = torch.get_rng_state()
    return found


def same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether all bits are the same."""
    return a.keys() == b.keys() and all(
        torch.equal(a[k], b[k]) if isinstance(a[k], torch.Tensor) else a[k] == b[k] for k in a
    )


@pytest.mark.parametrize("raises", [False, True])
def test_a_recorded_step_leaves_everything_as_an_unrecorded_one(tmp_path: Path, raises: bool) -> None:
    left = []
    for recorded in (False, True):
        model = net()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
        x, t = torch.randn(4, 5), torch.randint(0, 3, (4,))

        def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, t: torch.Tensor) -> None:
            optimizer.zero_grad()
            F.cross_entropy(model(x), t).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            if raises:
                raise OfTheUser

        for number in range(3):
            recording: Any = contextlib.nullcontext()
            if recorded and number == 1:
                recording = gs.record(str(tmp_path / "a.gradstep"), model, optimizer=optimizer, x=x, t=t)
            with contextlib.suppress(OfTheUser), recording:
                step(model, optimizer, x, t)
        left.append(state(model, optimizer))
    assert same(*left)
    assert opened(tmp_path / "a.gradstep").trace.loss > 0


class Raises(torch.autograd.Function):
    """Its backward pass does not get through."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, up: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # of one output
        raise OfTheUser("in the backward pass")


@pytest.mark.parametrize("where", ["forward", "module", "backward", "second", "update"])
def test_a_step_that_raises_leaves_everything_as_an_unrecorded_one_would(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before backward(), in it, in the second of two, in the update. Only what is whole is written."""

    def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, t: torch.Tensor) -> None:
        optimizer.zero_grad()
        y = model(x)
        if where == "forward":
            raise OfTheUser("before it")
        if where == "second":
            F.cross_entropy(model(x), t).backward()
        if where in ("backward", "second"):
            y = Raises.apply(y)
        F.cross_entropy(y, t).backward()
        optimizer.step()

    def interrupt(*_: object) -> None:
        raise OfTheUser("in a hook")

    left = []
    for recorded in (False, True):
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
        if where == "module":
            model[2].register_forward_hook(interrupt)
        if where == "update":
            optimizer.register_step_post_hook(interrupt)
        x, t = torch.randn(4, 5), torch.randint(0, 3, (4,))
        recording: Any = contextlib.nullcontext()
        if recorded:
            recording = gs.record(str(tmp_path / "a.gradstep"), model, optimizer=optimizer, x=x, t=t)
        with pytest.raises(OfTheUser), recording:
            step(model, optimizer, x, t)
        assert not _get_current_function_mode_stack()
        assert not _get_current_dispatch_mode_stack()
        assert [len(m._forward_hooks) for m in model.modules()] == [0, 0, 0, int(where == "module"), 0, 0]
        left.append(state(model, optimizer))
    assert same(*left)
    told = capsys.readouterr().err
    if where == "update":
        assert json.loads((tmp_path / "a.gradstep" / "manifest.json").read_text())["raised"] == "OfTheUser: in a hook"
        assert told.endswith("lines, up to OfTheUser: in a hook\n")
        assert explained(opened(tmp_path / "a.gradstep")).ok
    else:
        why = "backward() did not get through" if where in ("backward", "second") else "came before backward()"
        assert "nothing was recorded in" in told
        assert why in told
        assert not (tmp_path / "a.gradstep").exists()


def test_nothing_stays_behind(tmp_path: Path) -> None:
    """No hook, no mode, no watched function: what is not recorded runs as it did before."""
    engine: Any = torch.autograd
    runs, model = engine._engine_run_backward, net()
    for wrong in (False, True):
        with contextlib.suppress(ZeroDivisionError), gs.record(str(tmp_path / "a.gradstep"), model):
            model(torch.randn(2, 5)).sum().backward()
            assert engine._engine_run_backward is not runs
            if wrong:
                raise ZeroDivisionError
    assert engine._engine_run_backward is runs
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert not _get_current_function_mode_stack()
    assert not _get_current_dispatch_mode_stack()


@pytest.mark.filterwarnings("ignore:Full backward hook")
def test_what_is_recorded_is_what_hooks_of_pytorch_see(tmp_path: Path) -> None:
    model = net().double().eval()
    x, seen = torch.randn(4, 5).double(), {}
    for name, module in model.named_children():
        module.register_forward_hook(lambda m, a, out, name=name: seen.__setitem__(f"value:net.{name}", out.detach()))
        module.register_full_backward_hook(
            lambda m, into, out, name=name: seen.__setitem__(f"gradient:net.{name}", out[0].detach())
        )
    with gs.record(str(tmp_path / "a.gradstep"), model, x=x):
        model(x).square().mean().backward()
    stored = load_file(tmp_path / "a.gradstep" / "trace.safetensors")
    compared = [key for key in seen if key in stored]
    assert {"value:net.0", "gradient:net.0", "value:net.1", "gradient:net.1", "value:net.4"} <= set(compared)
    for key in compared:
        np.testing.assert_array_equal(stored[key], seen[key].numpy(), err_msg=key)


def test_gradients_that_accumulate_are_those_of_the_sum(tmp_path: Path) -> None:
    model = net().double().eval()
    with gs.record(str(tmp_path / "a.gradstep"), model):
        for _ in range(3):
            (model(torch.randn(2, 5).double()).square().mean() / 3).backward()
    found = opened(tmp_path / "a.gradstep")
    losses = [found.trace.data[v.id] for v in found.graph.values if v.name in ("div", "div2", "div3")]
    assert len(losses) == 3
    np.testing.assert_allclose(found.trace.loss, sum(losses), rtol=1e-15)
    for value, parameter in zip(found.graph.parameters, model.parameters(), strict=True):
        assert parameter.grad is not None
        np.testing.assert_allclose(found.trace.gradient(value.id), parameter.grad.numpy(), rtol=1e-14, atol=1e-17)


def test_a_root_that_is_no_number_begins_with_what_it_is_given(tmp_path: Path) -> None:
    model, given = nn.Linear(3, 2).double(), torch.tensor([[1.0, -2.0]]).double()
    with gs.record(str(tmp_path / "a.gradstep"), model):
        model(torch.tensor([[1.0, 2.0, 3.0]]).double()).backward(gradient=given)
    found = opened(tmp_path / "a.gradstep")
    assert found.trace.gradient(found.graph.by_name["bias"].id).tolist() == [1.0, -2.0]
    assert found.trace.gradient(found.graph.by_name["weight"].id).tolist() == [[1.0, 2.0, 3.0], [-2.0, -4.0, -6.0]]


def test_a_hook_that_changes_a_gradient_shows_where_it_is(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)).double()
    with gs.record(str(tmp_path / "a.gradstep"), model):
        y = model[0](torch.randn(3, 4).double())
        y.register_hook(lambda g: g * 0.1)
        model[2](model[1](y)).sum().backward()
    found = opened(tmp_path / "a.gradstep")
    (wrong,) = {name for name, _ in explained(found).differences}
    assert wrong == "net.0"
    ((_, difference),) = explained(found).differences
    assert abs(difference.computed / difference.recorded - 10) < 1e-9


def test_parameters_that_only_a_pass_within_the_pass_reaches(tmp_path: Path) -> None:
    """A re-entrant checkpoint runs a backward pass of its own: its parameters have their gradients all the same."""
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh()).double()
    with gs.record(str(tmp_path / "a.gradstep"), model):
        x = torch.randn(3, 4).double().requires_grad_()
        checkpoint(model, x, use_reentrant=True).square().sum().backward()
    found = opened(tmp_path / "a.gradstep")
    assert model[0].weight.grad is not None
    assert found.trace.gradient(found.graph.by_name["net.0.weight"].id).tolist() == model[0].weight.grad.tolist()
    assert [of for _, of, _ in explained(found).opaque] == ["CheckpointFunctionBackward"]


def test_a_parameter_that_is_cut_off_is_there_with_a_gradient_of_0(tmp_path: Path) -> None:
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    with gs.record(str(tmp_path / "a.gradstep"), model):
        x = torch.ones(1, 2)
        (model["a"](x).detach() + model["b"](x)).sum().backward()
    found = opened(tmp_path / "a.gradstep")
    assert [v.name for v in found.graph.parameters] == ["a.weight", "a.bias", "b.weight", "b.bias"]
    assert not found.trace.gradient(found.graph.by_name["a.weight"].id).any()
    assert found.trace.gradient(found.graph.by_name["b.weight"].id).all()


def test_whole_numbers_beyond_the_precision_are_not_used_in_formulas(tmp_path: Path) -> None:
    """In single precision 2²⁴ + 1 is 2²⁴: a row number would be another one."""
    model = nn.Embedding(2, 2)
    with gs.record(str(tmp_path / "a.gradstep"), model):
        ids = torch.tensor([2**24 + 1, 2**24 + 2])
        model(ids - 2**24 - 1).sum().backward()
        (model.weight * ids[:, None]).sum().backward()
    reasons = json.loads((tmp_path / "a.gradstep" / "manifest.json").read_text())["unexplained"]
    assert reasons == {"mul": "whole numbers beyond what float32 holds"}


def test_what_shares_the_memory_of_a_parameter_is_recorded_as_it_was_before_the_update(tmp_path: Path) -> None:
    """Views of it, and the parameter itself, which the update writes to while they are still held."""
    model = nn.Linear(3, 2, bias=False).double()
    before, optimizer = model.weight.detach().clone(), torch.optim.SGD(model.parameters(), lr=1.0)
    with gs.record(str(tmp_path / "a.gradstep"), model, optimizer=optimizer):
        y = torch.randn(4, 3).double() @ model.weight.t()[:, :1].expand(3, 2)
        y.square().sum().backward()
        optimizer.step()
    found = opened(tmp_path / "a.gradstep")
    shown = {value.name: found.trace.data[value.id] for value in found.graph.values}
    np.testing.assert_array_equal(shown["weight"], before.numpy())
    np.testing.assert_array_equal(shown["t"], before.t().numpy())
    np.testing.assert_array_equal(shown["expand"], before.t()[:, :1].expand(3, 2).numpy())
    assert explained(found).opaque == ()


def test_where_a_value_comes_from_is_recorded(tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for layer in self.layers:
                x = torch.tanh(layer(x))
            return x

    model, x = Net(), torch.randn(2, 3)
    with gs.record(str(tmp_path / "a.gradstep"), model, x=x):
        model(x).sum().backward()
    found = find(str(tmp_path / "a.gradstep"))
    here = Path(__file__).read_text().splitlines()
    assert [v.name for v in found.graph.values if v.node >= 0] == ["layers.0", "tanh", "layers.1", "tanh2", "loss"]
    origin = found.origins["layers.0"]
    assert (origin.module, origin.call) == ("layers.0", "linear")
    file, _, line = found.origins["tanh2"].where.rpartition(":")
    assert Path(file).name == "test_recording.py"
    assert "torch.tanh(layer(x))" in here[int(line) - 1]


def test_a_compiled_model_runs_as_it_is_written(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    compiled: Any = torch.compile(model, backend="eager")
    with gs.record(str(tmp_path / "a.gradstep"), compiled):
        compiled(torch.randn(4, 3)).square().sum().backward()
    found = opened(tmp_path / "a.gradstep")
    assert explained(found).opaque == ()
    assert found.graph.by_name["weight"].role.value == "parameter"


def test_autocast_is_recorded_in_the_digits_that_it_had(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    with gs.record(str(tmp_path / "a.gradstep"), model), torch.autocast("cpu", torch.bfloat16):
        model(torch.randn(4, 3)).float().square().sum().backward()
    found = find(str(tmp_path / "a.gradstep"))
    assert found.observed is not None
    assert "bfloat16" in found.observed.precision.values()
    assert explained(record(found)).ok


@pytest.mark.parametrize(
    ("path", "says"), [("a.zip", "a recording is called NAME.gradstep"), ("none/a.gradstep", "no such folder")]
)
def test_a_place_that_cannot_be_written_is_refused_before_the_step(tmp_path: Path, path: str, says: str) -> None:
    model, ran = net(), []
    with pytest.raises(CommandError, match=says), gs.record(str(tmp_path / path), model):
        ran.append(1)
    assert not ran


def test_a_body_without_a_backward_pass_is_said_to_be_none(tmp_path: Path) -> None:
    says = pytest.raises(RuntimeError, match=r"there was no backward\(\) in the body")
    with says, gs.record(str(tmp_path / "a.gradstep"), net()):
        pass
    assert not list(tmp_path.iterdir())


def test_a_step_without_a_loop(tmp_path: Path) -> None:
    model = net()
    x, t = torch.randn(4, 5), torch.randint(0, 3, (4,))
    loss = gs.record_step(model, (x, t), F.cross_entropy, str(tmp_path / "a.gradstep"))
    found = opened(tmp_path / "a.gradstep")
    assert found.trace.loss == loss.item()
    assert {"x", "t"} <= {*found.scenario.batch}


def test_samples_are_those_of_what_the_model_is_given_and_of_its_targets(tmp_path: Path) -> None:
    net, x, t = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(5, 3), torch.randint(0, 2, (5,))
    with gs.record(str(tmp_path / "a.gradstep"), net):
        F.cross_entropy(net(x), t).backward()
    found = record(find(str(tmp_path / "a.gradstep")))
    assert found.samples.count == 5
    for name in ("net.0", "net.1", "net.2", "input", "target"):
        assert found.samples.axis(found.graph.by_name[name].id) == 0, name


@pytest.mark.parametrize(("first", "count"), [(True, 4), (False, 1)])
def test_steps_in_time_are_no_samples(tmp_path: Path, first: bool, count: int) -> None:
    net, x = nn.GRU(3, 2, batch_first=first), torch.randn(4, 6, 3)
    with gs.record(str(tmp_path / "a.gradstep"), net, x=x):
        net(x)[0].square().sum().backward()
    assert record(find(str(tmp_path / "a.gradstep"))).samples.count == count


def test_what_overflows_in_halves_is_explained(tmp_path: Path) -> None:
    """Sums of more than 65,504, the largest float16, and what comes of them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    with torch.no_grad():
        model[0].weight.mul_(300)
        model[2].weight.mul_(300)
    model, x = model.half(), torch.randn(16, 8).half() * 10
    with gs.record(tmp_path / "half.gradstep", model, x=x):
        loss = F.cross_entropy(model(x), torch.arange(16) % 4)
        loss.backward()
    assert loss.isnan()
    found = opened(tmp_path / "half.gradstep")
    assert explained(found).opaque == ()
    assert explained(found).differences == ()
    trouble = first(found, Phase.FORWARD)
    assert trouble is not None
    assert "more than float16 can hold (at most 65,504)" in why(account(found, trouble))


def test_products_with_what_is_not_finite_are_explained(tmp_path: Path) -> None:
    """0 × NaN is NaN in a product of matrices, also where an input is 0 because a gate before it is shut."""
    torch.manual_seed(0)
    inner, outer = nn.Linear(4, 16), nn.Linear(16, 16, bias=False)
    model = nn.ModuleList([inner, outer])
    with torch.no_grad():
        outer.weight.mul_(1e20)
    x = torch.randn(8, 4)
    with gs.record(tmp_path / "wide.gradstep", model, x=x):
        h = torch.relu(outer(torch.relu(inner(x))))
        loss = (torch.relu(outer(h)) ** 2).mean()
        loss.backward()
    assert not loss.isfinite()
    assert outer.weight.grad is not None
    assert outer.weight.grad.isnan().any()
    found = opened(tmp_path / "wide.gradstep")
    assert explained(found).opaque == ()
    assert explained(found).differences == ()


def test_what_is_left_of_large_terms_is_explained(tmp_path: Path) -> None:
    """Of a network that is sure of itself: 1 − softmax is 0 but for rounding."""
    torch.manual_seed(4)
    model, x = nn.Linear(4, 3), 30 * torch.randn(6, 4)
    with gs.record(tmp_path / "sure.gradstep", model, x=x):
        out = model(x)
        F.nll_loss(F.log_softmax(out, 1), out.detach().argmax(1)).backward()
    assert explained(opened(tmp_path / "sure.gradstep")).opaque == ()


def test_what_autocast_casts_is_written_and_opens(tmp_path: Path) -> None:
    """A function that casts what it is given is one line with these casts, which goes together with those around it."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    model = nn.Sequential(nn.Embedding(11, 8), layer, nn.Linear(8, 11))
    optimizer, ids = torch.optim.AdamW(model.parameters(), 0.01), torch.randint(0, 11, (2, 5))
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    with gs.record(str(tmp_path / "it.gradstep"), model, optimizer=optimizer, quiet=True):
        with torch.autocast("cpu", torch.bfloat16):
            y = model[2](model[1](model[0](ids), src_mask=mask, is_causal=True))
            loss = F.cross_entropy(y.flatten(0, 1), ids.flatten())
        loss.backward()
        optimizer.step()
    found = record(find(str(tmp_path / "it.gradstep")))
    held = explained(found)
    assert held.ok
    assert not held.opaque
    observed = found.scenario.observed
    assert observed is not None
    for value in found.graph.values:  # what follows from the formulas is what was recorded
        if value.id in observed.values:
            assert value.kind == observed.precision.get(value.id, ""), value.name
    text = (tmp_path / "it.gradstep" / "graph.toml").read_text(encoding="utf-8")
    assert "linear(cast(" in text


def test_gradients_have_the_bits_that_they_have_where_nobody_looks(tmp_path: Path) -> None:
    """While a mode sees what is computed PyTorch takes another way to the gradient of a product, with other roundings
    (areAnyTensorSubclassLike in FunctionsManual.cpp)."""
    torch.manual_seed(0)
    model = nn.ParameterDict({"w": torch.randn(200, 5)})
    plain = model["w"].prod(1).sum()
    (wanted,) = torch.autograd.grad(plain, [model["w"]])
    with gs.record(str(tmp_path / "it.gradstep"), model, quiet=True):
        model["w"].prod(1).sum().backward()
    assert model["w"].grad is not None
    assert torch.equal(model["w"].grad, wanted)
