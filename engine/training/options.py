"""How parameters are trained: the optimiser, the schedule, the batches, and what happens to a gradient before the
optimiser gets it. Iterations are counted from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple

from gradstep.engine.errors import nearest
from gradstep.engine.notation import shown
from gradstep.engine.training.clipping import clipped, gathered, left_over
from gradstep.engine.training.groups import Group, Groups
from gradstep.engine.training.optimizer import OPTIMIZERS, Optimizer
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.schedules import SCHEDULES, Plateau, begun, seen
from gradstep.engine.training.settings import Option, flag, is_number, iterations, whole

#: What training is, whatever the optimiser.
OPTIONS: Mapping[str, Option] = {
    "steps": iterations(1),
    "batch_size": whole(),
    "shuffle": whole(least=0),
    "warmup": iterations(0, least=0),
    "accumulate": iterations(1),
    "clip_value": Option(None, "a number above 0", lambda x: is_number(x) and x > 0),
    "clip_norm": Option(None, "a number above 0", lambda x: is_number(x) and x > 0),
    "norm_type": Option(
        2.0, "a number above 0, or inf", lambda x: (is_number(x) or x == inf) and type(x) is not bool and x > 0
    ),
    "zero_grad": flag(True),
    "validation": Option(None, "a share above 0 and below 1", lambda x: is_number(x) and 0 < x < 1),
    "validate": iterations(),
}

#: What others call keys of [training]: PyTorch's arguments elsewhere, Keras, scikit-learn.
_CALLED: Mapping[str, str] = {
    **dict.fromkeys(("learning_rate", "learning_rate_init", "eta"), "lr"),
    **dict.fromkeys(("epochs", "num_epochs", "iterations", "num_steps", "max_iter", "max_steps", "n_iter"), "steps"),
    **dict.fromkeys(("beta", "beta_1", "beta1", "beta2", "beta_2"), "betas"),
    **dict.fromkeys(("l2", "decay", "wd"), "weight_decay"),
    **dict.fromkeys(("epsilon",), "eps"),
    **dict.fromkeys(("rho",), "alpha"),
    **dict.fromkeys(("max_norm", "grad_clip", "clipnorm", "max_grad_norm", "gradient_clip_val"), "clip_norm"),
    **dict.fromkeys(("clipvalue",), "clip_value"),
    **dict.fromkeys(("batch", "bs"), "batch_size"),
    **dict.fromkeys(("lr_scheduler", "scheduler"), "schedule"),
    **dict.fromkeys(("validation_split", "val_split"), "validation"),
    **dict.fromkeys(("gradient_accumulation_steps", "accumulate_grad_batches", "iters_to_accumulate"), "accumulate"),
    **dict.fromkeys(("warmup_steps", "num_warmup_steps"), "warmup"),
    **dict.fromkeys(("param_groups",), "groups"),
}

#: The keys of [training] that are no options.
_OTHERS = ("optimizer", "schedule", "groups")


class Training(NamedTuple):
    """How parameters are trained, those of each of the `groups` by an optimiser of its own.

    `steps` is how many iterations a training has. `batch_size` samples are drawn for each; None: all.
    With `shuffle`, a seed, in another order in each pass. The gradients of `accumulate` iterations are gathered for an
    update. They are clipped, each to ±`clip_value`, then all together to the length `clip_norm`, by the norm of order
    `norm_type`; without `zero_grad` they are added to those before. The share `validation` of the samples is held back,
    and the loss over them taken every `validate` iterations (None: after each pass).
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
        }
        momentum = SCHEDULES[self.schedule].momentum
        if momentum is not None and self.scheduled["cycle_momentum"]:
            symbol = "beta1" if "betas" in optimizer.options else "momentum"
            found[symbol] = momentum(max(self._updates(iteration), 0), self.scheduled)
        return found

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


Told = Callable[[str, str, bool], object]


def read(table: Mapping[str, Any], bad: Told, within: Callable[[int], Told] | None = None) -> Training:
    """The training that a table describes. Problems are told to `bad(key, text, about the key itself)`, those of entry
    n of `groups` to `within(n)`; then the default stands in the place of what cannot be used."""
    optimizer = OPTIMIZERS[_chosen("optimizer", table, OPTIMIZERS, "sgd", bad)]
    schedule = _chosen("schedule", table, SCHEDULES, "constant", bad)
    known = {**OPTIONS, **SCHEDULES[schedule].options, **optimizer.options}
    for key in table:
        if key not in known and key not in _OTHERS:
            bad(key, _unknown(key, known, optimizer.name, schedule), True)
    given = {name: _checked(name, table, option, bad) for name, option in known.items() if name in table}
    scheduled = {name: given.get(name, option.default) for name, option in SCHEDULES[schedule].options.items()}
    general = {name: given[name] for name in OPTIONS if name in given}
    main = _made(optimizer, given, bad)
    groups = Groups(
        main, _groups(table, main, bad, within or (lambda n: lambda key, text, about: bad("groups", text, False)))
    )
    found = Training(groups, schedule, scheduled)._replace(**general)
    _fill(found, scheduled, table, bad)
    _check(found, bad)
    return found


def _chosen(key: str, table: Mapping[str, Any], among: Mapping[str, Any], default: str, bad: Told) -> str:
    word = table.get(key, default)
    if isinstance(word, str) and word in among:
        return word
    hint = nearest(word, among) if isinstance(word, str) else ""
    if key == "schedule" and isinstance(word, str) and word.replace("-", "").replace("_", "") == "warmup":
        hint = "; a warm-up is written warmup = 100, and goes with every schedule"
    bad(key, f"{key} must be {' or '.join(map(repr, among))}, not {shown(word)}{hint}", False)
    return default


def _made(optimizer: type[Optimizer], given: Mapping[str, Any], bad: Told) -> Optimizer:
    found = optimizer(**{k: v for k, v in given.items() if k in optimizer.options})
    wrong = found.wrong()
    if wrong:
        bad(*wrong, False)
    return found


def _groups(table: Mapping[str, Any], main: Optimizer, bad: Told, within: Callable[[int], Told]) -> list[Group]:
    """The groups of parameters with an optimiser of their own: what they do not say is as for all others."""
    entries = table.get("groups", [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        bad("groups", "groups are a list of tables, each written [[training.groups]]", False)
        return []
    return [_group(entry, main, within(number)) for number, entry in enumerate(entries)]


def _group(entry: Mapping[str, Any], main: Optimizer, bad: Told) -> Group:
    optimizer = OPTIMIZERS[_chosen("optimizer", entry, OPTIMIZERS, main.name, bad)]
    names = entry.get("parameters")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        bad("parameters", 'a group needs its parameters, as in parameters = ["W1", "b*"]', "parameters" not in entry)
        names = []
    for key in entry:
        if key not in optimizer.options and key not in ("optimizer", "parameters"):
            bad(key, _unknown_in_group(key, optimizer), True)
    given = main.set if optimizer is type(main) else {}
    own = {name: _checked(name, entry, option, bad) for name, option in optimizer.options.items() if name in entry}
    return Group(tuple(names), _made(optimizer, {**given, **own}, bad))


def _unknown_in_group(key: str, optimizer: type[Optimizer]) -> str:
    if key in OPTIONS or any(key in schedule.options for schedule in SCHEDULES.values()):
        return f"'{key}' is the same for all groups; it stands in [training]"
    return _unknown(key, optimizer.options, optimizer.name, "", ("parameters", "optimizer"))


def _fill(training: Training, scheduled: dict[str, Any], table: Mapping[str, Any], bad: Told) -> None:
    """Puts in what of the schedule's options follows from the rest, and tells of what is missing."""
    schedule = SCHEDULES[training.schedule]
    for name, written in schedule.needed.items():
        if scheduled[name] is None:
            if name not in table:
                bad("schedule", f"the schedule {training.schedule!r} needs {name}, as in {written}", False)
            scheduled[name] = [] if name == "milestones" else 1
    for name in ("t_max", "total_steps"):
        if scheduled.get(name, 0) is None:
            scheduled[name] = max(training.steps // training.accumulate - training.warmup, 1)
    if schedule.momentum is not None and scheduled["cycle_momentum"]:
        for optimizer in training.groups.optimizers:
            moves = "the schedule 'one_cycle' also moves the momentum"
            if "momentum_decay" in optimizer.options:
                bad("schedule", f"{moves}, and that of {optimizer.name} has a course of its own: {_STILL}", False)
            elif "betas" not in optimizer.options and not optimizer.set.get("momentum"):
                more = ", or momentum = 0.9" if "momentum" in optimizer.options else ""
                bad("schedule", f"{moves}, and {optimizer.name} has none here: {_STILL}{more}", False)


_STILL = "write cycle_momentum = false"


def _check(training: Training, bad: Told) -> None:
    """Tells of options that do not go together."""
    if training.shuffle is not None and training.batch_size is None:
        bad("shuffle", "shuffle draws batches in another order; batch_size = 32 says how large they are", False)
    if training.validate is not None and not training.validation:
        bad("validate", "validate says how often; validation = 0.2 says what to hold back", False)
    if training.accumulate > 1 and not training.zero_grad:
        bad("accumulate", "gathered gradients are zeroed after each update; zero_grad = false never does", False)
    if training.norm_type != 2 and training.clip_norm is None:
        bad("norm_type", "norm_type says by which norm; clip_norm = 1.0 says how long", False)


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


def _unknown(
    key: str, known: Mapping[str, Option], optimizer: str, schedule: str, others: tuple[str, ...] = _OTHERS
) -> str:
    """Why a key is refused: it may belong to another optimiser or schedule."""
    owners = [f'optimizer = "{name}"' for name, one in OPTIMIZERS.items() if key in one.options]
    owners += [f'schedule = "{name}"' for name, one in SCHEDULES.items() if key in one.options]
    if owners:
        here = f"are {optimizer!r} and {schedule!r}" if schedule else f"is {optimizer!r}"
        return f"'{key}' belongs to {' or '.join(owners)}, and here {here}"
    meant = _CALLED.get(key.lower())
    counts = ", and counts iterations" if meant == "steps" else ""
    hint = f"; it is called '{meant}' here{counts}" if meant in (*known, *others) else nearest(key, [*known, *others])
    return f"unknown key '{key}'{hint or '; allowed are ' + ', '.join((*others, *known))}"
