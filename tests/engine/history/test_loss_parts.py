"""Why a loss has changed, against PyTorch: the same training, batches and gradients."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from trainings import small

from gradstep.engine.ask.whatif import read_edit
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.history.loss_parts import loss_change

Weights = dict[str, torch.Tensor]
MOMENTUM = 'optimizer = "momentum"\nlr = 0.05\nmomentum = 0.9\n'


def errors(w: Weights, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The mean squared error of each sample."""
    return (torch.relu(x @ w["W1"].T + w["b1"]) @ w["W2"].T - t).square().mean(dim=1)


def loss_of(w: Weights, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.mse_loss(torch.relu(x @ w["W1"].T + w["b1"]) @ w["W2"].T, t)


def trained(history: History, size: int, count: int) -> list[tuple[Weights, torch.Tensor, torch.Tensor]]:
    """What each iteration begins with: weights and batch, drawn in the order of the file."""
    graph, scenario = history.start.graph, history.scenario
    pool = scenario.pool or scenario.leaves
    x, t = (torch.tensor(np.array(pool[graph.by_name[name].id])) for name in ("x", "t"))
    w = {p.name: torch.tensor(np.array(scenario.leaves[p.id]), requires_grad=True) for p in graph.parameters}
    optimizer = torch.optim.SGD(w.values(), lr=0.05, momentum=0.9)
    found = []
    for k in range(count):
        at = k % (len(x) // size) * size
        batch = x[at : at + size], t[at : at + size]
        found.append(({name: a.detach().clone() for name, a in w.items()}, *batch))
        optimizer.zero_grad()
        loss_of(w, *batch).backward()
        optimizer.step()
    return found


@pytest.mark.parametrize("size", [24, 8])
def test_every_part_is_what_pytorch_says(size: int) -> None:
    batches = "" if size == 24 else f"batch_size = {size}\n"
    history = History(small(MOMENTUM + batches))
    history.make(12)
    for k, (before, now) in enumerate(pairwise(trained(history, size, 12)), 2):
        found = loss_change(history, k)
        w = {name: a.clone().requires_grad_() for name, a in before[0].items()}
        between = loss_of(w, *now[1:])
        between.backward()
        first = {name: float((a.grad * (now[0][name] - before[0][name])).sum()) for name, a in w.items()}
        assert found.before == pytest.approx(float(loss_of(*before)), rel=1e-9)
        assert found.loss == pytest.approx(float(loss_of(*now)), rel=1e-9)
        assert found.parts["update"] == pytest.approx(float(loss_of(*now)) - between.item(), rel=1e-6, abs=1e-12)
        others = between.item() - float(loss_of(*before))
        assert found.parts.get("samples", 0.0) == pytest.approx(others, rel=1e-6, abs=1e-12)
        assert ("samples" in found.parts) == (size < 24)
        graph = history.start.graph
        told = {graph.values[share.parameter].name: share.first for share in found.shares}
        assert told == pytest.approx(first, rel=1e-6, abs=1e-12)
        assert found.first == pytest.approx(sum(first.values()), rel=1e-6, abs=1e-12)
        each, then = (errors(weights, *now[1:]) / size for weights in (now[0], before[0]))
        assert found.samples == pytest.approx(each.numpy())
        assert found.samples_changed == pytest.approx((each - then).numpy(), rel=1e-6, abs=1e-12)


def test_the_element_that_changed_most_is_the_largest_product() -> None:
    history = History(small(MOMENTUM))
    history.make(5)
    w = {name: a.clone().requires_grad_() for name, a in trained(history, 24, 5)[3][0].items()}
    x, t = trained(history, 24, 5)[3][1:]
    loss_of(w, x, t).backward()
    for share in loss_change(history, 5).shares:
        name = history.start.graph.values[share.parameter].name
        moved = trained(history, 24, 5)[4][0][name] - w[name].detach()
        product = (w[name].grad * moved).reshape(-1)  # type: ignore[operator]
        at = int(product.abs().argmax())
        assert (share.element.flat, share.of_element) == (at, pytest.approx(float(product[at]), rel=1e-6))


DROPOUT = """format = 1
batch = ["x"]
[inputs]
x = { init = "normal(0, 1)", shape = [16, 3], seed = 1 }
[parameters]
W = { init = "normal(0, 1)", shape = [2, 3], seed = 2 }
[graph]
L = "mean((dropout(x, p=0.5, seed=4) @ W.T - 1) ** 2)"
[training]
lr = 0.1
steps = 4
BATCH
"""


@pytest.mark.parametrize("batch", ["", "batch_size = 8"])
def test_dropout_is_told_apart_from_the_update_and_from_the_samples(batch: str) -> None:
    history = History(loads(DROPOUT.replace("BATCH", batch)))
    history.make(4)
    graph = history.start.graph
    x, w, dropped = (graph.by_name["x"].id, graph.by_name["W"].id, graph.nodes[0])
    for k in (2, 3, 4):
        now, before = history.recording(k), history.recording(k - 1)

        def at(weights: int, samples: int, masks: int) -> float:
            """The loss with weights, samples and masks of iterations: an entry of the mask is 0 or 2."""
            inputs, ones = (history.recording(samples).trace.data[x], history.recording(masks))
            mask = np.asarray(graph.at(masks).nodes[dropped.id].op.forward([np.ones_like(inputs)]))
            assert set(np.unique(mask)) == {0.0, 2.0}
            assert ones.trace.data[dropped.output] == pytest.approx(mask * ones.trace.data[x])
            return float(((inputs * mask @ history.recording(weights).trace.data[w].T - 1) ** 2).mean())

        found = loss_change(history, k)
        assert found.parts["update"] == pytest.approx(at(k, k, k) - at(k - 1, k, k))
        assert found.parts["dropout"] == pytest.approx(at(k - 1, k, k) - at(k - 1, k, k - 1))
        assert found.parts.get("samples", 0.0) == pytest.approx(at(k - 1, k, k - 1) - at(k - 1, k - 1, k - 1))
        assert sum(found.parts.values()) == pytest.approx(now.trace.loss - before.trace.loss)


@pytest.mark.parametrize("edit", ["W1[0,0] = 3", "W2.grad = 0", "h[0,0] = 5", "op h = tanh"])
@pytest.mark.parametrize("moved", [0, 1])
def test_what_was_set_by_hand_is_a_part_of_its_own(edit: str, moved: int) -> None:
    plain = History(small(MOMENTUM))
    plain.make(6)
    made = read_edit(plain.recording(4), edit)
    history = plain.with_edits({4: [made]})
    history.make(6)
    found = loss_change(history, 4 + moved)
    now, before = history.recording(4 + moved), history.recording(3 + moved)
    assert sum(found.parts.values()) == pytest.approx(now.trace.loss - before.trace.loss, abs=1e-12)
    if not moved:  # all else is as it would have been
        without = loss_change(plain, 4)
        assert found.parts["update"] == pytest.approx(without.parts["update"], rel=1e-9)
        assert found.parts["edits"] == pytest.approx(now.trace.loss - plain.recording(4).trace.loss, abs=1e-12)


def test_it_can_be_interrupted_and_then_nothing_has_moved() -> None:
    session = Session(small(MOMENTUM + "batch_size = 8\nsteps = 5"))
    session.do("train")
    session.history.release()
    before = session.position
    with pytest.raises(Interrupted):
        session.why("loss", lambda share: False)
    assert session.position == before
