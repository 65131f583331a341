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
    "sgd, maximize": (
        {"optimizer": "sgd", "lr": 0.01, "momentum": 0.5, "weight_decay": 0.02, "maximize": True},
        lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.5, weight_decay=0.02, maximize=True),
    ),
    "adam, decoupled": (
        {"optimizer": "adam", "lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True},
        lambda p: torch.optim.Adam(p, lr=0.02, weight_decay=0.1, decoupled_weight_decay=True),
    ),
    "nadam, defaults": ({"optimizer": "nadam"}, lambda p: torch.optim.NAdam(p)),
    "nadam": (
        {"optimizer": "nadam", "lr": 0.03, "betas": [0.8, 0.95], "weight_decay": 0.02, "momentum_decay": 0.01},
        lambda p: torch.optim.NAdam(p, lr=0.03, betas=(0.8, 0.95), weight_decay=0.02, momentum_decay=0.01),
    ),
    "nadam, decoupled": (
        {"optimizer": "nadam", "lr": 0.03, "weight_decay": 0.2, "decoupled_weight_decay": True, "maximize": True},
        lambda p: torch.optim.NAdam(p, lr=0.03, weight_decay=0.2, decoupled_weight_decay=True, maximize=True),
    ),
    "radam, defaults": ({"optimizer": "radam"}, lambda p: torch.optim.RAdam(p)),
    "radam": (
        {"optimizer": "radam", "lr": 0.03, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.02},
        lambda p: torch.optim.RAdam(p, lr=0.03, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.02),
    ),
    "radam, decoupled": (
        {"optimizer": "radam", "lr": 0.03, "weight_decay": 0.2, "decoupled_weight_decay": True},
        lambda p: torch.optim.RAdam(p, lr=0.03, weight_decay=0.2, decoupled_weight_decay=True),
    ),
    "adamax, defaults": ({"optimizer": "adamax"}, lambda p: torch.optim.Adamax(p)),
    "adamax": (
        {"optimizer": "adamax", "lr": 0.03, "betas": [0.8, 0.95], "eps": 1e-4, "weight_decay": 0.02},
        lambda p: torch.optim.Adamax(p, lr=0.03, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.02),
    ),
    "adadelta, defaults": ({"optimizer": "adadelta"}, lambda p: torch.optim.Adadelta(p)),
    "adadelta": (
        {"optimizer": "adadelta", "lr": 2.0, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.02},
        lambda p: torch.optim.Adadelta(p, lr=2.0, rho=0.8, eps=1e-4, weight_decay=0.02),
    ),
    "rprop, defaults": ({"optimizer": "rprop"}, lambda p: torch.optim.Rprop(p)),
    "rprop": (
        {"optimizer": "rprop", "lr": 0.03, "etas": [0.4, 1.3], "step_sizes": [1e-4, 0.08]},
        lambda p: torch.optim.Rprop(p, lr=0.03, etas=(0.4, 1.3), step_sizes=(1e-4, 0.08)),
    ),
    "lion, defaults": ({"optimizer": "lion"}, lambda p: Lion(p)),
    "lion": (
        {"optimizer": "lion", "lr": 0.01, "betas": [0.8, 0.95], "weight_decay": 0.1, "maximize": False},
        lambda p: Lion(p, lr=0.01, betas=(0.8, 0.95), weight_decay=0.1),
    ),
    "muon": (
        {"optimizer": "muon", "lr": 0.03, "groups": [{"parameters": ["b*"], "optimizer": "adamw", "lr": 0.01}]},
        lambda p: Both(torch.optim.Muon([p["W1"], p["W2"]], lr=0.03), torch.optim.AdamW([p["b1"], p["b2"]], lr=0.01)),
    ),
    "muon, as large as adamw": (
        {
            "optimizer": "muon",
            "lr": 0.01,
            "momentum": 0.8,
            "nesterov": False,
            "weight_decay": 0.0,
            "ns_steps": 3,
            "ns_coefficients": [3.0, -4.0, 1.9],
            "adjust_lr_fn": "match_rms_adamw",
            "eps": 1e-6,
            "groups": [{"parameters": ["b*"], "optimizer": "sgd", "lr": 0.1}],
        },
        lambda p: Both(
            torch.optim.Muon(
                [p["W1"], p["W2"]],
                lr=0.01,
                momentum=0.8,
                nesterov=False,
                weight_decay=0.0,
                ns_steps=3,
                ns_coefficients=(3.0, -4.0, 1.9),
                adjust_lr_fn="match_rms_adamw",
                eps=1e-6,
            ),
            torch.optim.SGD([p["b1"], p["b2"]], lr=0.1),
        ),
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
    "clipped by the largest": (
        {"optimizer": "sgd", "lr": 0.3, "clip_norm": 0.05, "norm_type": float("inf")},
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "clipped by the sum": (
        {"optimizer": "sgd", "lr": 0.3, "clip_norm": 0.5, "norm_type": 1},
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "clipped by the third norm": (
        {"optimizer": "sgd", "lr": 0.3, "clip_norm": 0.2, "norm_type": 3.0},
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "gathered": ({"optimizer": "adam", "lr": 0.03, "accumulate": 4}, lambda p: torch.optim.Adam(p, lr=0.03)),
    "gathered, clipped": (
        {
            "optimizer": "sgd",
            "lr": 0.3,
            "momentum": 0.9,
            "accumulate": 3,
            "clip_norm": 0.1,
            "warmup": 3,
            "schedule": "cosine",
            "t_max": 10,
        },
        lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9),
    ),
    "groups": (
        {
            "optimizer": "adamw",
            "lr": 0.02,
            "weight_decay": 0.1,
            "schedule": "exponential",
            "gamma": 0.97,
            "groups": [
                {"parameters": ["b*"], "weight_decay": 0.0},
                {"parameters": ["W2"], "lr": 0.005, "betas": [0.7, 0.9], "amsgrad": True},
            ],
        },
        lambda p: torch.optim.AdamW(
            [
                {"params": [p["W1"]]},
                {"params": [p["b1"], p["b2"]], "weight_decay": 0.0},
                {"params": [p["W2"]], "lr": 0.005, "betas": (0.7, 0.9), "amsgrad": True},
            ],
            lr=0.02,
            weight_decay=0.1,
        ),
    ),
    "groups, clipped": (
        {
            "optimizer": "sgd",
            "lr": 0.2,
            "clip_norm": 0.3,
            "zero_grad": False,
            "groups": [{"parameters": ["W1", "b1"], "lr": 0.05, "momentum": 0.9, "nesterov": True}],
        },
        lambda p: torch.optim.SGD(
            [
                {"params": [p["W2"], p["b2"]]},
                {"params": [p["W1"], p["b1"]], "lr": 0.05, "momentum": 0.9, "nesterov": True},
            ],
            lr=0.2,
        ),
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
    "schedule, constant": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "constant", "factor": 0.3, "total_iters": 7},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, multistep": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "multistep", "milestones": [7, 30, 12], "gamma": 0.5},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, exponential": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "exponential", "gamma": 0.95},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, linear": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "linear", "end_factor": 0.7, "total_iters": 20},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, polynomial": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "polynomial", "total_iters": 40, "power": 1.7},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, warm restarts": (
        {"optimizer": "sgd", "lr": 0.2, "schedule": "cosine_warm_restarts", "t_0": 6, "t_mult": 2, "eta_min": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "schedule, one cycle": (
        {"optimizer": "momentum", "lr": 0.2, "schedule": "one_cycle", "max_lr": 0.2, "total_steps": 50},
        lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.9),
    ),
    "schedule, one cycle in three parts": (
        {
            "optimizer": "adam",
            "lr": 0.05,
            "schedule": "one_cycle",
            "total_steps": 52,
            "pct_start": 0.4,
            "anneal_strategy": "linear",
            "three_phase": True,
            "div_factor": 10,
            "final_div_factor": 100,
            "base_momentum": 0.7,
            "max_momentum": 0.92,
        },
        lambda p: torch.optim.Adam(p, lr=0.05),
    ),
    "schedule, one cycle of the rate": (
        {"optimizer": "sgd", "lr": 0.3, "schedule": "one_cycle", "total_steps": 50, "cycle_momentum": False},
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "schedule, plateau": (
        {
            "optimizer": "momentum",
            "lr": 1.2,
            "schedule": "plateau",
            "patience": 2,
            "factor": 0.3,
            "cooldown": 2,
            "threshold": 0.01,
            "min_lr": 0.001,
        },
        lambda p: torch.optim.SGD(p, lr=1.2, momentum=0.9),
    ),
    "schedule, plateau of a maximum": (
        {
            "optimizer": "sgd",
            "lr": 0.03,
            "schedule": "plateau",
            "patience": 0,
            "mode": "max",
            "threshold_mode": "abs",
            "threshold": 0.002,
            "groups": [{"parameters": ["W*"], "lr": 0.02}],
        },
        lambda p: torch.optim.SGD(
            [{"params": [p["b1"], p["b2"]]}, {"params": [p["W1"], p["W2"]], "lr": 0.02}], lr=0.03
        ),
    ),
    "asgd, defaults": ({"optimizer": "asgd"}, lambda p: torch.optim.ASGD(p)),
    "asgd": (
        {
            "optimizer": "asgd",
            "lr": 0.1,
            "lambd": 0.05,
            "alpha": 0.6,
            "weight_decay": 0.02,
            "schedule": "exponential",
            "gamma": 0.95,
        },
        lambda p: torch.optim.ASGD(p, lr=0.1, lambd=0.05, alpha=0.6, weight_decay=0.02),
    ),
    "adafactor, defaults": ({"optimizer": "adafactor"}, lambda p: torch.optim.Adafactor(p)),
    "adafactor": (
        {
            "optimizer": "adafactor",
            "lr": 0.2,
            "beta2_decay": -0.5,
            "eps": [1e-6, 0.01],
            "d": 1.5,
            "weight_decay": 0.05,
            "maximize": False,
        },
        lambda p: torch.optim.Adafactor(p, lr=0.2, beta2_decay=-0.5, eps=(1e-6, 0.01), d=1.5, weight_decay=0.05),
    ),
    "schedule, cyclic": (
        {
            "optimizer": "momentum",
            "lr": 0.02,
            "schedule": "cyclic",
            "max_lr": 0.2,
            "step_size_up": 6,
            "step_size_down": 9,
            "mode": "triangular2",
            "base_momentum": 0.7,
            "max_momentum": 0.95,
        },
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
    ),
    "schedule, cyclic of the rate": (
        {
            "optimizer": "sgd",
            "lr": 0.3,
            "schedule": "cyclic",
            "base_lr": 0.01,
            "max_lr": 0.2,
            "step_size_up": 7,
            "mode": "exp_range",
            "gamma": 0.97,
            "cycle_momentum": False,
        },
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "schedule, swa": (
        {"optimizer": "sgd", "lr": 0.3, "schedule": "swa", "swa_lr": 0.05, "anneal_epochs": 12},
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "schedule, swa, linear": (
        {
            "optimizer": "sgd",
            "lr": 0.3,
            "schedule": "swa",
            "swa_lr": 0.05,
            "anneal_epochs": 20,
            "anneal_strategy": "linear",
            "avg_fn": "swa",
            "swa_start": 20,
        },
        lambda p: torch.optim.SGD(p, lr=0.3),
    ),
    "schedule, sequential": (
        {
            "optimizer": "adam",
            "lr": 0.05,
            "schedule": "sequential",
            "milestones": [5, 20, 32],
            "schedules": [
                {"schedule": "linear", "start_factor": 0.1, "total_iters": 5},
                {"schedule": "cosine", "t_max": 10, "eta_min": 0.001},
                {"schedule": "exponential", "gamma": 0.9},
                {"schedule": "swa", "swa_lr": 0.01, "anneal_epochs": 4},
            ],
        },
        lambda p: torch.optim.Adam(p, lr=0.05),
    ),
    "schedule, sequential of groups": (
        {
            "optimizer": "sgd",
            "lr": 0.2,
            "schedule": "sequential",
            "milestones": [4, 9, 16, 24, 40],
            "schedules": [
                {"schedule": "constant", "factor": 0.3, "total_iters": 3},
                {"schedule": "step", "step_size": 2, "gamma": 0.7},
                {"schedule": "multistep", "milestones": [2, 5], "gamma": 0.5},
                {"schedule": "polynomial", "total_iters": 6, "power": 1.5},
                {"schedule": "cosine_warm_restarts", "t_0": 3, "t_mult": 2, "eta_min": 0.01},
                {"schedule": "cyclic", "base_lr": 0.05, "max_lr": 0.1, "step_size_up": 3, "cycle_momentum": False},
            ],
            "groups": [{"parameters": ["b*"], "lr": 0.05}],
        },
        lambda p: torch.optim.SGD([{"params": [p["W1"], p["W2"]]}, {"params": [p["b1"], p["b2"]], "lr": 0.05}], lr=0.2),
    ),
    "schedule, chained": (
        {
            "optimizer": "sgd",
            "lr": 0.3,
            "schedule": "chained",
            "schedules": [
                {"schedule": "constant", "factor": 0.2, "total_iters": 6},
                {"schedule": "exponential", "gamma": 0.97},
                {"schedule": "cosine", "t_max": 14, "eta_min": 0.002},
            ],
            "groups": [{"parameters": ["W2"], "lr": 0.1, "momentum": 0.5}],
        },
        lambda p: torch.optim.SGD(
            [{"params": [p["W1"], p["b1"], p["b2"]]}, {"params": [p["W2"]], "lr": 0.1, "momentum": 0.5}], lr=0.3
        ),
    ),
    "schedule, chained with all that follow": (
        {
            "optimizer": "momentum",
            "lr": 0.1,
            "schedule": "chained",
            "schedules": [
                {"schedule": "linear", "start_factor": 0.5, "total_iters": 8},
                {"schedule": "step", "step_size": 7, "gamma": 0.8},
                {"schedule": "multistep", "milestones": [3, 9, 9, 20], "gamma": 0.9},
                {"schedule": "polynomial", "total_iters": 60, "power": 0.7},
            ],
        },
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    ),
    "averaged": (
        {"optimizer": "sgd", "lr": 0.2, "avg_fn": "ema", "decay": 0.9},
        lambda p: torch.optim.SGD(p, lr=0.2),
    ),
    "averaged, gathered, by groups": (
        {
            "optimizer": "adamw",
            "lr": 0.03,
            "accumulate": 3,
            "avg_fn": "ema",
            "decay": 0.3,
            "swa_start": 4,
            "groups": [{"parameters": ["b*"], "optimizer": "sgd", "lr": 0.1, "momentum": 0.9}],
        },
        lambda p: Both(
            torch.optim.AdamW([p["W1"], p["W2"]], lr=0.03), torch.optim.SGD([p["b1"], p["b2"]], lr=0.1, momentum=0.9)
        ),
    ),
    "averaged alike": (
        {"optimizer": "adam", "lr": 0.03, "avg_fn": "swa", "swa_start": 10},
        lambda p: torch.optim.Adam(p, lr=0.03),
    ),
    "warm-up, then cosine": (
        {"optimizer": "adam", "lr": 0.05, "schedule": "cosine", "t_max": 40, "warmup": 10},
        lambda p: torch.optim.Adam(p, lr=0.05),
    ),
}


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al., Symbolic Discovery of Optimization Algorithms (NeurIPS 2023), line by line: PyTorch
    has none."""

    def __init__(self, params: Any, lr: float = 1e-4, betas: Any = (0.9, 0.99), weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = beta1 * m + (1 - beta1) * p.grad
                p -= group["lr"] * (torch.sign(c) + group["weight_decay"] * p)
                m.mul_(beta2).add_((1 - beta2) * p.grad)


class Both:
    """Two optimisers, each of its own parameters, as one."""

    def __init__(self, *both: torch.optim.Optimizer) -> None:
        self.both = both
        self.param_groups = [group for one in both for group in one.param_groups]

    def zero_grad(self) -> None:
        for one in self.both:
            one.zero_grad()

    def step(self) -> None:
        for one in self.both:
            one.step()


#: What each schedule is in PyTorch.
SCHEDULERS: dict[str, Any] = {
    "step": torch.optim.lr_scheduler.StepLR,
    "multistep": torch.optim.lr_scheduler.MultiStepLR,
    "constant": torch.optim.lr_scheduler.ConstantLR,
    "exponential": torch.optim.lr_scheduler.ExponentialLR,
    "linear": torch.optim.lr_scheduler.LinearLR,
    "polynomial": torch.optim.lr_scheduler.PolynomialLR,
    "cosine": torch.optim.lr_scheduler.CosineAnnealingLR,
    "cosine_warm_restarts": torch.optim.lr_scheduler.CosineAnnealingWarmRestarts,
    "one_cycle": torch.optim.lr_scheduler.OneCycleLR,
    "cyclic": torch.optim.lr_scheduler.CyclicLR,
    "swa": torch.optim.swa_utils.SWALR,
    "plateau": torch.optim.lr_scheduler.ReduceLROnPlateau,
    "sequential": torch.optim.lr_scheduler.SequentialLR,
    "chained": torch.optim.lr_scheduler.ChainedScheduler,
}


def scheduler(table: dict[str, Any], optimizer: torch.optim.Optimizer) -> Any:
    """The schedule that a table names, as PyTorch has it."""
    warm, main = table.get("warmup", 0), None
    if "schedule" in table:
        kind = SCHEDULERS[table["schedule"]]
        names = {"t_max": "T_max", "t_0": "T_0", "t_mult": "T_mult"}
        known = kind.__init__.__code__.co_varnames[: kind.__init__.__code__.co_argcount]
        options = {names.get(k, k): v for k, v in table.items() if names.get(k, k) in known and k != "optimizer"}
        if kind is torch.optim.lr_scheduler.OneCycleLR:
            options.setdefault("max_lr", table["lr"])
        if kind is torch.optim.lr_scheduler.CyclicLR:
            options.setdefault("base_lr", table.get("lr"))
        parts = [scheduler(one, optimizer) for one in table.get("schedules", ())]
        main = kind(parts, optimizer) if table["schedule"] == "chained" else None
        main = kind(optimizer, parts, table["milestones"]) if table["schedule"] == "sequential" else main
        main = main or kind(optimizer, **options)
    if warm:
        rise = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1 / warm, end_factor=1.0, total_iters=warm - 1)
        main = torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, main], milestones=[warm])
    return main


class Leaves(torch.nn.Module):
    """The parameters as a module, which is what PyTorch averages."""

    def __init__(self, leaves: dict[str, torch.Tensor]) -> None:
        super().__init__()
        for name, value in leaves.items():
            self.register_parameter(name, torch.nn.Parameter(value.detach()))


def averaged(table: dict[str, Any], leaves: dict[str, torch.Tensor]) -> torch.optim.swa_utils.AveragedModel | None:
    """The average of the weights that a table asks for."""
    functions = {
        "ema": lambda: torch.optim.swa_utils.get_ema_multi_avg_fn(table.get("decay", 0.999)),
        "swa": torch.optim.swa_utils.get_swa_multi_avg_fn,
    }
    if "avg_fn" not in table:
        return None
    return torch.optim.swa_utils.AveragedModel(Leaves(leaves), multi_avg_fn=functions[table["avg_fn"]]())


def trained(table: dict[str, Any], make: Any) -> dict[str, Any]:
    torch.set_default_dtype(torch.float64)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in LEAVES.items()}
    x, t = torch.tensor(X), torch.tensor(T)
    optimizer = make(leaves if "groups" in table else list(leaves.values()))
    schedule, every = scheduler(table, optimizer), table.get("accumulate", 1)
    losses, rates, after, averages = [], [], {}, {}
    average, updates = averaged(table, leaves), 0
    for k in range(1, ITERATIONS + 1):
        if table.get("zero_grad", True) and (k - 1) % every == 0:
            optimizer.zero_grad()
        h = torch.tanh(x @ leaves["W1"].T + leaves["b1"])
        loss = torch.nn.functional.mse_loss(h @ leaves["W2"].T + leaves["b2"], t)
        (loss / every).backward()
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        if k % every == 0:
            if "clip_value" in table:
                torch.nn.utils.clip_grad_value_(list(leaves.values()), table["clip_value"])
            if "clip_norm" in table:
                torch.nn.utils.clip_grad_norm_(
                    list(leaves.values()), table["clip_norm"], norm_type=table.get("norm_type", 2.0)
                )
            optimizer.step()
            if table.get("schedule") == "plateau":
                schedule.step(loss.item())
            elif schedule is not None:
                schedule.step()
            updates += 1
            if average is not None and updates > table.get("swa_start", 0):
                average.update_parameters(Leaves(leaves))
        if average is not None and average.n_averaged and k in (20, ITERATIONS):
            averages[k] = {name: value.tolist() for name, value in average.module.named_parameters()}
        if k in (1, 2, ITERATIONS):
            after[k] = {name: value.tolist() for name, value in leaves.items()}
    return {"training": table, "losses": losses, "rates": rates, "after": after, "averages": averages}


if __name__ == "__main__":
    found = {name: trained(table, make) for name, (table, make) in CASES.items()}
    network = {"x": X, "t": T, "parameters": LEAVES}
    print(json.dumps({"torch": torch.__version__.split("+")[0], "network": network, "cases": found}))
