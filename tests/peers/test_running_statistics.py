"""Batch norm in training and in use, over iterations: running statistics, losses and weights against PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from trainings import small

from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import averaged
from gradstep.engine.index import Array
from gradstep.engine.run.scenario import Scenario

ITERATIONS = 14
KINDS: dict[str, tuple[str, list[int], Any]] = {
    "batch_norm": ("batch_norm(z, g, b, running_mean=m, running_var=v, momentum=0.3)", [2], torch.nn.BatchNorm1d),
    "instance_norm": ("instance_norm(z, g, b, running_mean=m, running_var=v, momentum=0.3)", [2, 5],
                      lambda n, **o: torch.nn.InstanceNorm1d(n, affine=True, track_running_stats=True, **o)),
}  # fmt: skip
TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [16, 3], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [16, {outputs}], seed = 2 }}
m = {{ init = "zeros", shape = [2] }}
v = {{ init = "ones", shape = [2] }}
[parameters]
W = {{ init = "he_normal", shape = [{outputs}, 3], seed = 3 }}
g = {{ init = "ones", shape = [2] }}
b = {{ init = "zeros", shape = [2] }}
[graph]
z = "reshape(x @ W.T, {shape})"
n = "{formula}"
L = "mse(flatten(tanh(n), 1), t)"
[training]
optimizer = "momentum"
lr = 0.2
batch_size = 4
validation = 0.25
validate = 1
"""


def scenario(kind: str) -> Scenario:
    formula, shape, _ = KINDS[kind]
    return loads(TEXT.format(formula=formula, shape=(-1, *shape), outputs=int(np.prod(shape))))


def theirs(kind: str, given: Scenario) -> tuple[dict[str, list[Array]], list[float], list[float]]:
    """The leaves at the start of each iteration, the losses, and those of the samples held back."""
    torch.set_num_threads(1)
    _, shape, make = KINDS[kind]
    by = {value.name: value.id for value in given.graph.values}
    held = given.held_back
    assert held is not None
    pool, back = given.pool, held.inputs
    tensors = {n: torch.tensor(np.array(given.leaves[by[n]]), requires_grad=True) for n in ("W", "g", "b")}
    layer = make(2, momentum=0.3).double()
    layer.weight, layer.bias = torch.nn.Parameter(tensors["g"].detach()), torch.nn.Parameter(tensors["b"].detach())
    optimizer = torch.optim.SGD([tensors["W"], layer.weight, layer.bias], lr=0.2, momentum=0.9)

    def loss(x: Array, t: Array) -> torch.Tensor:
        z = (torch.tensor(x) @ tensors["W"].T).reshape(-1, *shape)
        return torch.nn.functional.mse_loss(torch.tanh(layer(z)).flatten(1), torch.tensor(t))

    kept: dict[str, list[Array]] = {"m": [], "v": [], "W": []}
    losses, validated, samples = [], [], len(pool[by["x"]])
    for iteration in range(ITERATIONS):
        for name, tensor in (("m", layer.running_mean), ("v", layer.running_var), ("W", tensors["W"])):
            kept[name].append(tensor.detach().numpy().copy())
        layer.eval()
        validated.append(float(loss(np.array(back[by["x"]]), np.array(back[by["t"]])).detach()))
        layer.train()
        at = np.arange(4 * iteration, 4 * iteration + 4) % samples
        optimizer.zero_grad()
        now = loss(np.array(pool[by["x"]][at]), np.array(pool[by["t"]][at]))
        now.backward()
        optimizer.step()
        losses.append(float(now.detach()))
    return kept, losses, validated


@pytest.mark.parametrize("kind", KINDS)
def test_running_statistics_over_iterations_are_pytorchs(kind: str) -> None:
    given = scenario(kind)
    kept, losses, validated = theirs(kind, given)
    history = History(given)
    history.make(ITERATIONS)
    assert history.summaries.loss.low[:ITERATIONS] == pytest.approx(losses, rel=1e-12)
    assert history.summaries.validation.low[:ITERATIONS] == pytest.approx(validated, rel=1e-12)
    for iteration in (1, 2, 7, ITERATIONS):
        recording = history.recording(iteration)
        for name, expected in kept.items():
            ours = recording.trace.data[recording.graph.by_name[name].id]
            np.testing.assert_allclose(ours, expected[iteration - 1], rtol=1e-11, atol=1e-13, err_msg=name)


#: The average of all is PyTorch's default: its function for several arrays at once refuses to count batches.
AVERAGES = {
    "ema": ('avg_fn = "ema"\ndecay = 0.8', torch.optim.swa_utils.get_ema_multi_avg_fn(0.8), 0),
    "swa": ('avg_fn = "swa"\nswa_start = 3', None, 3),
}


class Network(torch.nn.Module):
    """W and batch norm, from the numbers of a scenario."""

    def __init__(self, given: Scenario) -> None:
        super().__init__()
        by = {value.name: value.id for value in given.graph.values}
        self.W = torch.nn.Parameter(torch.tensor(np.array(given.leaves[by["W"]])))
        self.norm = torch.nn.BatchNorm1d(2, momentum=0.3).double()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.norm((x @ self.W.T).reshape(-1, 2)))


@pytest.fixture
def double() -> Iterator[None]:
    """As the file computes: PyTorch has the share of all weights so far in its default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("use_buffers", [True, False])
@pytest.mark.parametrize("how", AVERAGES)
def test_averages_of_running_statistics_are_pytorchs(how: str, use_buffers: bool) -> None:
    """AveragedModel(use_buffers=…): its buffers, and the loss over samples held back with it."""
    lines, function, start = AVERAGES[how]
    text = TEXT.format(formula=KINDS["batch_norm"][0], shape=(-1, 2), outputs=2)
    given = loads(f"{text}{lines}\nuse_buffers = {str(use_buffers).lower()}\n")
    by, held = {value.name: value.id for value in given.graph.values}, given.held_back
    assert held is not None
    pool, back = given.pool, [torch.tensor(np.array(held.inputs[by[name]])) for name in ("x", "t")]
    history = History(given)
    history.make(ITERATIONS)
    network = Network(given)
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=function, use_buffers=use_buffers).eval()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.2, momentum=0.9)
    for k in range(1, ITERATIONS + 1):
        with torch.no_grad():
            judged = torch.nn.functional.mse_loss(average(back[0]), back[1]).item() if average.n_averaged else np.nan
        assert averaged(history.summaries).low[k - 1] == pytest.approx(judged, rel=1e-11, nan_ok=True), k
        at = np.arange(4 * (k - 1), 4 * k) % len(pool[by["x"]])
        x, t = (torch.tensor(np.array(pool[by[name]][at])) for name in ("x", "t"))
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(network(x), t).backward()
        optimizer.step()
        if k > start:
            average.update_parameters(network)
        if not use_buffers or k <= start:
            continue
        end = Moment.end(history.recording(k))
        for name, expected in (("m", average.module.norm.running_mean), ("v", average.module.norm.running_var)):
            np.testing.assert_allclose(Query(f"{name}.averaged")(end).value, expected.numpy(), rtol=1e-11, atol=1e-13)


def test_averages_of_running_statistics_are_the_same_back_and_forth() -> None:
    text = TEXT.format(formula=KINDS["batch_norm"][0], shape=(-1, 2), outputs=2)
    given = loads(f'{text}avg_fn = "ema"\ndecay = 0.8\nuse_buffers = true\n')
    on, step = History(given), History(given, budget=1)
    on.make(40)
    for k in range(2, 41):
        step.make(k)
    for iteration in (40, 3, 17, 39):
        for leaf in given.graph.keeps:
            a, b = (h.recording(iteration).update.averaged(leaf) for h in (on, step))
            assert a.tobytes() == b.tobytes()


def test_back_and_forth_is_the_same_to_the_bit() -> None:
    """Compiled, computed again from a snapshot, and after an edit that was taken back."""
    given = scenario("batch_norm")
    on, step = History(given), History(given, budget=1)
    on.make(40)
    for k in range(2, 41):
        step.make(k)
        step.recording(k)
    for iteration in (40, 3, 17, 39):
        for leaf in given.graph.keeps:
            a, b = (h.recording(iteration).trace.data[leaf] for h in (on, step))
            assert a.tobytes() == b.tobytes()


def test_samples_held_back_need_no_running_statistics_of_their_own() -> None:
    held = scenario("batch_norm").held_back
    assert held is not None
    assert not held.graph.keeps
    assert "standardize" not in {node.op.name for node in held.graph.nodes}


def test_without_running_statistics_those_of_the_batch_are_taken_in_use_too() -> None:
    held = small("lr = 0.1\nvalidation = 0.25", h="batch_norm(h)").held_back
    assert held is not None
    assert "standardize" in {node.op.name for node in held.graph.nodes}


def test_a_batch_of_one_has_no_variance() -> None:
    text = TEXT.format(formula=KINDS["batch_norm"][0], shape=(-1, 2), outputs=2)
    with pytest.raises(ScenarioError, match="a variance needs several values a channel"):
        loads(text.replace("batch_size = 4", "batch_size = 1"))
