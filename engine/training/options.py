"""How parameters are trained: the optimiser, the schedule, the batches, and what happens to a gradient before the
optimiser gets it. Iterations are counted from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import nearest
from gradstep.engine.notation import shown
from gradstep.engine.training.optimizer import OPTIMIZERS, Optimizer
from gradstep.engine.training.rule import Line
from gradstep.engine.training.schedules import SCHEDULES
from gradstep.engine.training.settings import Option, flag, is_number, iterations, whole

#: What training is, whatever the optimiser.
OPTIONS: Mapping[str, Option] = {
    "steps": iterations(1),
    "batch_size": whole(),
    "shuffle": whole(least=0),
    "warmup": iterations(0, least=0),
    "clip_value": Option(None, "a number above 0", lambda x: is_number(x) and x > 0),
    "clip_norm": Option(None, "a number above 0", lambda x: is_number(x) and x > 0),
    "zero_grad": flag(True),
    "validation": Option(None, "a share above 0 and below 1", lambda x: is_number(x) and 0 < x < 1),
    "validate": iterations(),
}


class Training(NamedTuple):
    """How parameters are trained.

    `steps` is how many iterations a training has. `batch_size` samples are drawn for each; None: all.
    With `shuffle`, a seed, in another order in each pass. The gradients of one iteration are clipped,
    each to ±`clip_value`, then all together to the length `clip_norm`; without `zero_grad` they are
    added to those before. The share `validation` of the samples is held back, and the loss over them
    taken every `validate` iterations (None: after each pass).
    """

    optimizer: Optimizer = OPTIMIZERS["sgd"]()
    schedule: str = "constant"
    scheduled: Mapping[str, Any] = {}
    steps: int = 1
    batch_size: int | None = None
    shuffle: int | None = None
    warmup: int = 0
    clip_value: float | None = None
    clip_norm: float | None = None
    zero_grad: bool = True
    validation: float | None = None
    validate: int | None = None

    def lr(self, iteration: int) -> float:
        """The learning rate of an iteration: it rises evenly over the first `warmup`, and the schedule
        begins after them."""
        k, lr = iteration - 1, float(self.optimizer["lr"])
        if k < self.warmup:
            return lr * (k + 1) / self.warmup
        return float(SCHEDULES[self.schedule].rate(k - self.warmup, lr, self.scheduled))

    def before(self, first: bool) -> tuple[Line, ...]:
        """What is done to the gradient `grad` until it is `g`; `first` in the first iteration."""
        found: list[Line] = []
        if not self.zero_grad and not first:
            says = "the gradients were not zeroed: what is left of the iterations before is added"
            found.append(Line("g", "{grad} + {left}", lambda n: n["grad"] + n["left"], says))
        if self.clip_value is not None:
            says = "clipped by value: no further from 0 than that"
            found.append(Line("g", "clip({g}, ±{clip_value})", self._clipped, says))
        if self.clip_norm is not None:
            says = "clipped by norm: all gradients together are no longer than that"
            found.append(
                Line(
                    "g", "{g} · min(1, {clip_norm}/{norm})", lambda n: n["g"] * _share(self.clip_norm, n["norm"]), says
                )
            )
        return tuple(found)

    def _clipped(self, n: Mapping[str, Any]) -> Any:
        return np.clip(n["g"], -(self.clip_value or 0.0), self.clip_value)


def _share(most: float | None, norm: float) -> float:
    """By which factor gradients are shortened: torch.nn.utils.clip_grad_norm_ adds 1e-6 as well. NaN stays NaN."""
    with np.errstate(all="ignore"):
        return float(np.minimum(1.0, (most or 0.0) / (norm + 1e-6)))


def read(table: Mapping[str, Any], bad: Callable[[str, str, bool], object]) -> Training:
    """The training that a table describes. Problems are told to `bad(key, text, about the key itself)`;
    then the default stands in the place of what cannot be used."""

    def chosen(key: str, among: Mapping[str, Any], default: str) -> str:
        word = table.get(key, default)
        if isinstance(word, str) and word in among:
            return word
        hint = nearest(word, among) if isinstance(word, str) else ""
        if key == "schedule" and isinstance(word, str) and word.replace("-", "").replace("_", "") == "warmup":
            hint = "; a warm-up is written warmup = 100, and goes with every schedule"
        bad(key, f"{key} must be {' or '.join(map(repr, among))}, not {shown(word)}{hint}", False)
        return default

    optimizer = OPTIMIZERS[chosen("optimizer", OPTIMIZERS, "sgd")]
    schedule = chosen("schedule", SCHEDULES, "constant")
    known = {**OPTIONS, **SCHEDULES[schedule].options, **optimizer.options}
    for key in table:
        if key not in known and key not in ("optimizer", "schedule"):
            bad(key, _unknown(key, known, optimizer.name, schedule), True)
    given = {name: _checked(name, table, option, bad) for name, option in known.items() if name in table}
    scheduled = {name: given.get(name, option.default) for name, option in SCHEDULES[schedule].options.items()}
    general = {name: given[name] for name in OPTIONS if name in given}
    found = Training(optimizer(**{k: v for k, v in given.items() if k in optimizer.options}), schedule, scheduled)
    found = found._replace(**general)
    if scheduled.get("t_max", 0) is None:
        scheduled["t_max"] = max(found.steps - found.warmup, 1)
    if scheduled.get("step_size", 0) is None:
        if "step_size" not in table:
            bad("schedule", "the schedule 'step' needs step_size, as in step_size = 100", False)
        scheduled["step_size"] = 1
    wrong = found.optimizer.wrong()
    if wrong:
        bad(*wrong, False)
    if found.shuffle is not None and found.batch_size is None:
        bad("shuffle", "shuffle draws batches in another order; batch_size = 32 says how large they are", False)
    if found.validate is not None and not found.validation:
        bad("validate", "validate says how often; validation = 0.2 says what to hold back", False)
    return found


def belongs(key: str, table: Mapping[str, Any]) -> bool:
    """Whether a key is an option of the optimiser or of the schedule that a table names."""
    optimizer, schedule = table.get("optimizer", "sgd"), table.get("schedule", "")
    options = OPTIMIZERS[optimizer].options if isinstance(optimizer, str) and optimizer in OPTIMIZERS else {}
    others = SCHEDULES[schedule].options if isinstance(schedule, str) and schedule in SCHEDULES else {}
    return key in options or key in others


def _checked(name: str, table: Mapping[str, Any], option: Option, bad: Callable[[str, str, bool], object]) -> Any:
    if option.fits(table[name]):
        value = table[name]
        return float(value) if isinstance(option.default, float) else value
    bad(name, f"{name} must be {option.what}, not {shown(table[name])}", False)
    return option.default


def _unknown(key: str, known: Mapping[str, Option], optimizer: str, schedule: str) -> str:
    """Why a key is refused: it may belong to another optimiser or schedule."""
    owners = [f'optimizer = "{name}"' for name, one in OPTIMIZERS.items() if key in one.options]
    owners += [f'schedule = "{name}"' for name, one in SCHEDULES.items() if key in one.options]
    if owners:
        return f"'{key}' belongs to {' or '.join(owners)}, and here are {optimizer!r} and {schedule!r}"
    hint = nearest(key, [*known, "optimizer", "schedule"])
    return f"unknown key '{key}'{hint or '; allowed are optimizer, schedule, ' + ', '.join(known)}"
