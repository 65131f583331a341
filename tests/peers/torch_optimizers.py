"""Trains one small network with PyTorch's optimisers and writes what comes out, for the tests to compare with.

    pip install torch==2.13.0
    python tests/peers/torch_optimizers.py > tests/peers/torch_optimizers.json

The network is written here in PyTorch's own words; the tests write it as a scenario. What each case is
called there is a [training] table.
"""

from __future__ import annotations

import json
from typing import Any

import torch

ITERATIONS = 50
X = [[0.5, -1.0, 0.25], [1.5, 0.5, -0.75], [-0.5, 2.0, 1.0], [0.0, -0.25, 0.6]]
T = [[0.3, -0.2], [1.0, 0.5], [-0.7, 0.1], [0.2, 0.9]]
LEAVES: dict[str, Any] = {
    "W1": [[0.4, -0.3, 0.2], [0.1, 0.6, -0.5], [-0.7, 0.2, 0.3], [0.35, -0.15, 0.45]],
    "b1": [0.05, -0.1, 0.2, 0.0],
    "W2": [[0.5, -0.4, 0.3, 0.2], [-0.25, 0.35, 0.1, -0.6]],
    "b2": [0.1, -0.05],
}

#: The [training] table of each case, and how PyTorch says the same.
CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "sgd": ({"optimizer": "sgd", "lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    "sgd, weight decay": (
        {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.05},
        lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.05),
    ),
    "sgd, momentum": (
        {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    ),
    "momentum": ({"optimizer": "momentum", "lr": 0.05}, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    "sgd, dampening": (
        {"optimizer": "sgd", "lr": 0.05, "momentum": 0.8, "dampening": 0.3},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, dampening=0.3),
    ),
    "sgd, Nesterov": (
        {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    ),
    "adam, defaults": ({"optimizer": "adam"}, lambda p: torch.optim.Adam(p)),
    "adam": (
        {"optimizer": "adam", "lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.03},
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.03),
    ),
    "adam, amsgrad": (
        {"optimizer": "adam", "lr": 0.05, "amsgrad": True},
        lambda p: torch.optim.Adam(p, lr=0.05, amsgrad=True),
    ),
    "adamw, defaults": ({"optimizer": "adamw"}, lambda p: torch.optim.AdamW(p)),
    "adamw": (
        {"optimizer": "adamw", "lr": 0.05, "weight_decay": 0.2},
        lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.2),
    ),
    "rmsprop, defaults": ({"optimizer": "rmsprop"}, lambda p: torch.optim.RMSprop(p)),
    "rmsprop, momentum, centered": (
        {"optimizer": "rmsprop", "lr": 0.005, "alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.01},
        lambda p: torch.optim.RMSprop(p, lr=0.005, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.01),
    ),
    "rmsprop, momentum": (
        {"optimizer": "rmsprop", "lr": 0.005, "momentum": 0.9},
        lambda p: torch.optim.RMSprop(p, lr=0.005, momentum=0.9),
    ),
    "adagrad, defaults": ({"optimizer": "adagrad"}, lambda p: torch.optim.Adagrad(p)),
    "adagrad": (
        {"optimizer": "adagrad", "lr": 0.1, "lr_decay": 0.05, "initial_accumulator_value": 0.1, "weight_decay": 0.02},
        lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.05, initial_accumulator_value=0.1, weight_decay=0.02),
    ),
    "clipped by value": ({"optimizer": "sgd", "lr": 0.3, "clip_value": 0.05}, lambda p: torch.optim.SGD(p, lr=0.3)),
    "clipped by norm": (
        {"optimizer": "sgd", "lr": 0.3, "momentum": 0.5, "clip_norm": 0.2},
        lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.5),
    ),
    "clipped by both": (
        {"optimizer": "adam", "lr": 0.03, "clip_value": 0.08, "clip_norm": 0.15},
        lambda p: torch.optim.Adam(p, lr=0.03),
    ),
    "not zeroed": ({"optimizer": "sgd", "lr": 0.002, "zero_grad": False}, lambda p: torch.optim.SGD(p, lr=0.002)),
    "not zeroed, clipped": (
        {"optimizer": "sgd", "lr": 0.05, "zero_grad": False, "clip_norm": 0.3},
        lambda p: torch.optim.SGD(p, lr=0.05),
    ),
    "schedule, step": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "step", "step_size": 12, "gamma": 0.5},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, cosine": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "cosine", "t_max": 30, "eta_min": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "warm-up, then cosine": (
        {"optimizer": "adam", "lr": 0.05, "schedule": "cosine", "t_max": 40, "warmup": 10},
        lambda p: torch.optim.Adam(p, lr=0.05),
    ),
}


def scheduler(table: dict[str, Any], optimizer: torch.optim.Optimizer) -> Any:
    """The schedule that a table names, as PyTorch has it."""
    kinds = torch.optim.lr_scheduler
    warm = table.get("warmup", 0)
    main: Any = None
    if table.get("schedule") == "step":
        main = kinds.StepLR(optimizer, table["step_size"], table["gamma"])
    if table.get("schedule") == "cosine":
        main = kinds.CosineAnnealingLR(optimizer, table["t_max"], table.get("eta_min", 0.0))
    if warm:
        rise = kinds.LinearLR(optimizer, start_factor=1 / warm, end_factor=1.0, total_iters=warm - 1)
        main = kinds.SequentialLR(optimizer, [rise, main], milestones=[warm])
    return main


def trained(table: dict[str, Any], make: Any) -> dict[str, Any]:
    torch.set_default_dtype(torch.float64)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in LEAVES.items()}
    x, t = torch.tensor(X), torch.tensor(T)
    optimizer = make(list(leaves.values()))
    schedule = scheduler(table, optimizer)
    losses, rates, after = [], [], {}
    for k in range(1, ITERATIONS + 1):
        if table.get("zero_grad", True):
            optimizer.zero_grad()
        h = torch.tanh(x @ leaves["W1"].T + leaves["b1"])
        loss = torch.nn.functional.mse_loss(h @ leaves["W2"].T + leaves["b2"], t)
        loss.backward()
        if "clip_value" in table:
            torch.nn.utils.clip_grad_value_(list(leaves.values()), table["clip_value"])
        if "clip_norm" in table:
            torch.nn.utils.clip_grad_norm_(list(leaves.values()), table["clip_norm"])
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
        if k in (1, 2, ITERATIONS):
            after[k] = {name: value.tolist() for name, value in leaves.items()}
    return {"training": table, "losses": losses, "rates": rates, "after": after}


if __name__ == "__main__":
    found = {name: trained(table, make) for name, (table, make) in CASES.items()}
    network = {"x": X, "t": T, "parameters": LEAVES}
    print(json.dumps({"torch": torch.__version__.split("+")[0], "network": network, "cases": found}))
