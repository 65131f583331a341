"""Trainings where several rules meet, over iterations, beside PyTorch's own loop: frozen parameters, groups of them,
gradients that are gathered over passes that they do not divide, clipping by norms of several orders, and ascent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import numpy as np
import pytest
import torch

from gradstep.engine.files import loads
from gradstep.engine.history import History

STEPS, BATCH, FROZEN = 8, 2, "b1"
_DRAW = np.random.default_rng(0)
X, T = _DRAW.normal(size=(10, 3)).round(2), _DRAW.normal(size=(10, 2)).round(2)
SHAPES = {"W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,)}
LEAVES = {name: _DRAW.normal(size=shape).round(2) for name, shape in SHAPES.items()}
GROUPS: list[dict[str, Any]] = [
    {"parameters": ["W1", "b1"], "lr": 0.05, "weight_decay": 0.2},
    {"parameters": ["b2"], "optimizer": "sgd", "lr": 0.1},
]

Leaves = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def _doubles() -> Iterator[None]:
    """What NAdam and ASGD keep as single numbers is of the default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def toml(value: Any) -> str:
    return json.dumps(value).replace("Infinity", "inf")


def ours(training: dict[str, Any], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lines = ['format = 1\nbatch = ["x", "t"]\n[inputs]', f"x = {X.tolist()}", f"t = {T.tolist()}", "[parameters]"]
    for name, numbers in LEAVES.items():
        frozen = ", requires_grad = false" if name == FROZEN else ""
        lines.append(f"{name} = {{ value = {numbers.tolist()}{frozen} }}")
    lines += ["[graph]", 'h = "tanh(x @ W1.T + b1)"', 'L = "mse(h @ W2.T + b2, t)"', "[training]"]
    lines += [f"{key} = {toml(value)}" for key, value in {"steps": STEPS, "batch_size": BATCH, **training}.items()]
    for group in groups:
        lines += ["[[training.groups]]", *(f"{key} = {toml(value)}" for key, value in group.items())]
    history = History(loads("\n".join(lines)))
    history.make(STEPS)
    made = (history.recording(k) for k in range(1, STEPS + 1))
    return [{p.name: np.array(one.updated(p.id)) for p in one.graph.parameters} for one in made]


def theirs(
    make: Callable[[Leaves], list[torch.optim.Optimizer]],
    accumulate: int = 1,
    clip: tuple[float, float] | None = None,
) -> list[dict[str, Any]]:
    """A loop as it is written everywhere, over five batches a pass."""
    leaves = {name: torch.tensor(x, requires_grad=name != FROZEN) for name, x in LEAVES.items()}
    optimizers, x, t = make(leaves), torch.tensor(X), torch.tensor(T)
    found = []
    for step in range(STEPS):
        at = slice(step % 5 * BATCH, (step % 5 + 1) * BATCH)
        y = torch.tanh(x[at] @ leaves["W1"].T + leaves["b1"]) @ leaves["W2"].T + leaves["b2"]
        (((y - t[at]) ** 2).mean() / accumulate).backward()
        if (step + 1) % accumulate == 0:
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(list(leaves.values()), clip[0], norm_type=clip[1])
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
        found.append({name: leaf.detach().numpy().copy() for name, leaf in leaves.items()})
    return found


def compare(mine: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    for step, (a, b) in enumerate(zip(mine, others, strict=True), 1):
        assert a.keys() == b.keys() - {FROZEN}
        for name, numbers in a.items():
            np.testing.assert_allclose(numbers, b[name], rtol=1e-9, atol=1e-12, err_msg=f"{name} after {step}")
    assert not np.allclose(mine[-1]["W1"], LEAVES["W1"])


def trained(leaves: Leaves) -> list[torch.Tensor]:
    return [leaf for leaf in leaves.values() if leaf.requires_grad]


def in_groups(leaves: Leaves) -> list[torch.optim.Optimizer]:
    decayed = {"params": [leaves["W1"], leaves["b1"]], "lr": 0.05, "weight_decay": 0.2}
    return [torch.optim.Adam([{"params": [leaves["W2"]]}, decayed], lr=0.01), torch.optim.SGD([leaves["b2"]], lr=0.1)]


#: The optimisers that can go up, each with what it is set to.
UP = {
    "sgd": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1}),
    "adam": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01}),
    "nadam": (torch.optim.NAdam, {"lr": 0.01, "weight_decay": 0.1}),
    "radam": (torch.optim.RAdam, {"lr": 0.01, "weight_decay": 0.1}),
    "adamax": (torch.optim.Adamax, {"lr": 0.01, "weight_decay": 0.1}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.01, "weight_decay": 0.1, "centered": True}),
    "adagrad": (torch.optim.Adagrad, {"lr": 0.01, "weight_decay": 0.1}),
    "adadelta": (torch.optim.Adadelta, {"lr": 1.0, "weight_decay": 0.1}),
    "rprop": (torch.optim.Rprop, {"lr": 0.01}),
    "asgd": (torch.optim.ASGD, {"lr": 0.01, "weight_decay": 0.1}),
    "adafactor": (torch.optim.Adafactor, {"lr": 0.01, "weight_decay": 0.1}),
}


@pytest.mark.parametrize("name", UP)
def test_the_loss_is_made_large(name: str) -> None:
    make, options = UP[name]
    training = {"optimizer": name, "maximize": True, **options}
    compare(ours(training, []), theirs(lambda leaves: [make(trained(leaves), maximize=True, **options)]))  # type: ignore[operator]


def test_groups_may_have_frozen_members() -> None:
    compare(ours({"optimizer": "adam", "lr": 0.01}, GROUPS), theirs(in_groups))


@pytest.mark.parametrize("kind", [2.0, 1.0, inf, 3.0, 0.5])
def test_all_groups_are_clipped_together_and_what_is_frozen_does_not_count(kind: float) -> None:
    training = {"optimizer": "adam", "lr": 0.01, "clip_norm": 0.3, "norm_type": kind}
    compare(ours(training, GROUPS), theirs(in_groups, clip=(0.3, kind)))


@pytest.mark.parametrize("every", [3, 4])
@pytest.mark.parametrize("clip", [None, 0.1])
def test_gradients_are_gathered_over_passes_that_they_do_not_divide(every: int, clip: float | None) -> None:
    """Five batches a pass; after eight iterations 3 leaves two of them without an update."""
    training = {"optimizer": "adam", "lr": 0.01, "accumulate": every} | ({} if clip is None else {"clip_norm": clip})
    compare(
        ours(training, []),
        theirs(
            lambda leaves: [torch.optim.Adam(trained(leaves), lr=0.01)], every, None if clip is None else (clip, 2.0)
        ),
    )
