"""How parameters are trained: the optimiser, the schedule, the batches, and what happens to a gradient before the
optimiser gets it. Iterations are counted from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple

from gradstep.engine.training.averaging import averaging
from gradstep.engine.training.clipping import clipped, gathered, left_over
from gradstep.engine.training.groups import Groups
from gradstep.engine.training.optimizer import OPTIMIZERS, Optimizer
from gradstep.engine.training.plateau import Plateau, begun, seen
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.schedules import SCHEDULES
from gradstep.engine.training.settings import Option, above_0, flag, is_number, iterations, share, whole

#: What training is, whatever the optimiser.
OPTIONS: Mapping[str, Option] = {
    "steps": iterations(1),
    "batch_size": whole(),
    "shuffle": whole(least=0),
    "warmup": iterations(0, least=0),
    "accumulate": iterations(1),
    "clip_value": above_0(None),
    "clip_norm": above_0(None),
    "norm_type": Option(
        2.0, "a number above 0, or inf", lambda x: (is_number(x) or x == inf) and type(x) is not bool and x > 0
    ),
    "zero_grad": flag(True),
    "validation": Option(None, "a share above 0 and below 1", lambda x: is_number(x) and 0 < x < 1),
    "validate": iterations(),
    "avg_fn": Option(None, "'ema' or 'swa'", lambda x: x in ("ema", "swa"), ("ema", "swa")),
    "decay": share(0.999),
    "swa_start": iterations(0, least=0),
    "use_buffers": flag(False),
}


class Training(NamedTuple):
    """How parameters are trained, those of each of the `groups` by an optimiser of its own.

    `steps` is how many iterations a training has. `batch_size` samples are drawn for each; None: all.
    With `shuffle`, a seed, in another order in each pass. The gradients of `accumulate` iterations are gathered for an
    update. They are clipped, each to ±`clip_value`, then all together to the length `clip_norm`, by the norm of order
    `norm_type`; without `zero_grad` they are added to those before. The share `validation` of the samples is held back,
    and the loss over them taken every `validate` iterations (None: after each pass). Of the weights an average is kept
    by `avg_fn` (see `averaging`; None: none), from update `swa_start` + 1 on; of a moving one `decay` stays. With
    `use_buffers` it is one of running statistics as well.
    """

    groups: Groups = Groups(OPTIMIZERS["sgd"]())
    schedule: str = "constant"
    scheduled: Mapping[str, Any] = {"factor": 1.0, "total_iters": 1}
    steps: int = 1
    batch_size: int | None = None
    shuffle: int | None = None
    warmup: int = 0
    accumulate: int = 1
    clip_value: float | None = None
    clip_norm: float | None = None
    norm_type: float = 2.0
    zero_grad: bool = True
    validation: float | None = None
    validate: int | None = None
    avg_fn: str | None = None
    decay: float = 0.999
    swa_start: int = 0
    use_buffers: bool = False

    @property
    def optimizer(self) -> Optimizer:
        """That of all parameters which are in no group of their own."""
        return self.groups.optimizers[0]

    # The rate ------------------------------------------------------------------------------------

    def _updates(self, iteration: int) -> int:
        """How many updates there are before that of an iteration, less those of the warm-up."""
        return (iteration - 1) // self.accumulate - self.warmup

    def rates(self, iteration: int, plateau: Plateau | None = None) -> tuple[float, ...]:
        """The learning rate of each group in an iteration: it rises evenly over the first `warmup` updates, and the
        schedule begins after them. One that follows the losses has them in `plateau`."""
        k, rates = self._updates(iteration), [float(optimizer["lr"]) for optimizer in self.groups.optimizers]
        if k < 0:
            return tuple(lr * (k + self.warmup + 1) / self.warmup for lr in rates)
        if plateau is not None:
            return plateau.rates
        rate = SCHEDULES[self.schedule].rate
        return tuple(float(rate(k, lr, self.scheduled)) for lr in rates)

    def lr(self, iteration: int) -> float:
        """The learning rate of an iteration, of the parameters in no group of their own, whatever the losses are."""
        return self.rates(iteration)[0]

    def watched(self, iteration: int, before: Plateau | None, loss: Callable[[], float]) -> Plateau | None:
        """What a schedule that follows the losses knows after an iteration; None for all others."""
        if not SCHEDULES[self.schedule].reacts or not self.steps_in(iteration) or self._updates(iteration) < 0:
            return before
        begins = before or begun(self.rates(iteration), self.scheduled)
        return seen(begins, loss(), self.scheduled)

    def constants(self, iteration: int, optimizer: Optimizer) -> Numbers:
        """The single numbers of an iteration's lines, besides those of the optimiser; a schedule may set its
        momentum."""
        found: Numbers = {
            "clip_value": self.clip_value,
            "clip_norm": self.clip_norm,
            "accumulate": self.accumulate,
            "decay": self.decay,
            "averages": max(iteration // self.accumulate - 1 - self.swa_start, 0),
        }
        momentum = SCHEDULES[self.schedule].momentum
        if momentum is not None and self.scheduled["cycle_momentum"]:
            symbol = "beta1" if "betas" in optimizer.options else "momentum"
            found[symbol] = momentum(max(self._updates(iteration), 0), self.scheduled)
        return found

    def average(self, iteration: int) -> Line | None:
        """The line that takes the weights after an iteration's update into their average; None where none is kept, or
        it has not begun yet, or there is no update."""
        before = iteration // self.accumulate - 1 - self.swa_start
        if self.avg_fn is None or before < 0 or not self.steps_in(iteration):
            return None
        return averaging(self.avg_fn, before)

    # The gradient --------------------------------------------------------------------------------

    def steps_in(self, iteration: int) -> bool:
        """Whether the optimiser goes on in an iteration, and gradients are not only gathered."""
        return iteration % self.accumulate == 0

    def leaves_gradients(self, iteration: int) -> bool:
        """Whether gradients are left over for the iteration after."""
        return not self.zero_grad or not self.steps_in(iteration)

    def before(self, first: bool, steps: bool = True) -> tuple[Line, ...]:
        """What is done to the gradient `grad` until it is `g`; `first` where none is left over. Where the optimiser
        `steps` it is clipped."""
        found = gathered(first, self.accumulate) if self.accumulate > 1 else ()
        if not self.zero_grad:
            found = left_over(first)
        return (*found, *(clipped(self.clip_value, self.clip_norm, self.norm_type) if steps else ()))
