"""A table of options, read as the training that it describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gradstep.engine.errors import nearest
from gradstep.engine.notation import shown
from gradstep.engine.training.composed import Part, Parts
from gradstep.engine.training.groups import Group, Groups
from gradstep.engine.training.optimizer import OPTIMIZERS, Optimizer
from gradstep.engine.training.options import OPTIONS, Training
from gradstep.engine.training.schedules import SCHEDULES
from gradstep.engine.training.settings import Option

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
    **dict.fromkeys(("schedulers",), "schedules"),
    **dict.fromkeys(("ema", "swa", "averaging", "multi_avg_fn", "average", "use_ema", "averaged_model"), "avg_fn"),
    **dict.fromkeys(("ema_decay", "ema_momentum", "averaging_decay"), "decay"),
}

#: The keys of [training] that are no options.
_OTHERS = ("optimizer", "schedule", "groups")

Told = Callable[[str, str, bool], object]


#: What takes the problems of entry n of a list of tables, by the key of the list and n.
Within = Callable[[str, int], Told]


def read(table: Mapping[str, Any], bad: Told, within: Within | None = None) -> Training:
    """The training that a table describes. Problems are told to `bad(key, text, about the key itself)`, those of entry
    n of `groups` or `schedules` to `within(key, n)`; then the default stands in the place of what cannot be used."""
    optimizer = OPTIMIZERS[_chosen("optimizer", table, OPTIMIZERS, "sgd", bad)]
    schedule = _chosen("schedule", table, SCHEDULES, "constant", bad)
    known = {**OPTIONS, **SCHEDULES[schedule].options, **optimizer.options}
    for key in table:
        if key not in known and key not in _OTHERS:
            bad(key, _unknown(key, known, optimizer.name, schedule), True)
    given = {name: _checked(name, table, option, bad) for name, option in known.items() if name in table}
    scheduled = {name: given.get(name, option.default) for name, option in SCHEDULES[schedule].options.items()}
    general = {name: given[name] for name in OPTIONS if name in given}
    main, inside = _made(optimizer, given, bad), within or (lambda key, n: lambda _, text, about: bad(key, text, False))
    groups = Groups(main, _groups(table, main, bad, partial(inside, "groups")))
    found = Training(groups, schedule, scheduled)._replace(**general)
    _fill(found, scheduled, table, bad)
    if "schedules" in scheduled:
        _join(found, scheduled, bad, partial(inside, "schedules"))
    _check(found, table, bad)
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
            scheduled[name] = {"milestones": [], "schedules": [{}]}.get(name, 1)
    _end(scheduled, training.steps // training.accumulate - training.warmup)
    if schedule.momentum is not None and scheduled["cycle_momentum"]:
        for optimizer in training.groups.optimizers:
            moves = f"the schedule {training.schedule!r} also moves the momentum"
            if "momentum_decay" in optimizer.options:
                bad("schedule", f"{moves}, and that of {optimizer.name} has a course of its own: {_STILL}", False)
            elif "betas" not in optimizer.options and not optimizer.set.get("momentum"):
                more = ", or momentum = 0.9" if "momentum" in optimizer.options else ""
                bad("schedule", f"{moves}, and {optimizer.name} has none here: {_STILL}{more}", False)


_STILL = "write cycle_momentum = false"


def _end(scheduled: dict[str, Any], updates: int) -> None:
    """Lets a schedule end with the last of so many updates, where nothing else is said."""
    for name in ("t_max", "total_steps"):
        if scheduled.get(name, 0) is None:
            scheduled[name] = max(updates, 1)


def _join(training: Training, scheduled: dict[str, Any], bad: Told, within: Callable[[int], Told]) -> None:
    """Reads the schedules that another one is made of, in their places."""
    entries, milestones = scheduled["schedules"], scheduled.get("milestones")
    updates = training.steps // training.accumulate - training.warmup
    if milestones is not None:
        if sorted(set(milestones)) != milestones:
            bad("milestones", "milestones rise: each schedule begins after the one before it", False)
        if len(milestones) != len(entries) - 1:
            count = f"{len(entries)} schedules need {len(entries) - 1}, and here are {len(milestones)}"
            bad("milestones", f"milestones say where each schedule but the first begins: {count}", False)
            milestones = scheduled["milestones"] = list(range(1, len(entries)))
    parts = []
    for number, entry in enumerate(entries):
        begin = milestones[number - 1] if milestones and number else 0
        end = milestones[number] if milestones and number < len(milestones) else updates
        parts.append(_part(entry, end - begin, within(number)))
    scheduled["schedules"] = Parts(parts)


#: Why a schedule is no part of another.
_ALONE: Mapping[str, str] = {
    "plateau": "'plateau' follows the losses, which PyTorch hands to no schedule of several",
    "one_cycle": "'one_cycle' sets the rate from the first update to the last, and goes with no other",
    "sequential": "'sequential' is itself made of several; write its schedules here",
    "chained": "'chained' is itself made of several; write its schedules here",
}


def _part(entry: Mapping[str, Any], updates: int, bad: Told) -> Part:
    """One of several schedules, for so many updates where it lasts to the end."""
    name = _chosen("schedule", entry, SCHEDULES, "constant", bad)
    if name in _ALONE:
        bad("schedule", _ALONE[name], False)
        name = "constant"
    schedule = SCHEDULES[name]
    for key in entry:
        if key not in schedule.options and key != "schedule":
            bad(key, _unknown(key, schedule.options, "", name, ("schedule",)), True)
    said = {key: _checked(key, entry, option, bad) for key, option in schedule.options.items() if key in entry}
    found = {key: said.get(key, option.default) for key, option in schedule.options.items()}
    for key, written in schedule.needed.items():
        if found[key] is None:
            bad("schedule", f"the schedule {name!r} needs {key}, as in {written}", False)
            found[key] = [] if key == "milestones" else 1
    if found.get("cycle_momentum"):
        bad("schedule", f"as one of several {name!r} moves the rate only: {_STILL}", False)
    _end(found, updates)
    return Part(schedule, found)


def _check(training: Training, table: Mapping[str, Any], bad: Told) -> None:
    """Tells of options that do not go together."""
    if training.shuffle is not None and training.batch_size is None:
        bad("shuffle", "shuffle draws batches in another order; batch_size = 32 says how large they are", False)
    if training.validate is not None and not training.validation:
        bad("validate", "validate says how often; validation = 0.2 says what to hold back", False)
    if training.accumulate > 1 and not training.zero_grad:
        bad("accumulate", "gathered gradients are zeroed after each update; zero_grad = false never does", False)
    if training.norm_type != 2 and training.clip_norm is None:
        bad("norm_type", "norm_type says by which norm; clip_norm = 1.0 says how long", False)
    for key in ("decay", "swa_start", "use_buffers") if training.avg_fn is None else ():
        if key in table:
            other = "; a decay of the weights is weight_decay" if key == "decay" else ""
            bad(key, f'{key} is about the average of the weights; avg_fn = "ema" asks for one{other}', False)
    if training.avg_fn == "swa" and "decay" in table:
        bad("decay", "decay is that of a moving average (avg_fn = \"ema\"); with 'swa' all weights count alike", False)


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
        here = f"are {optimizer!r} and {schedule!r}" if schedule and optimizer else f"is {optimizer or schedule!r}"
        return f"'{key}' belongs to {' or '.join(owners)}, and here {here}"
    meant = _CALLED.get(key.lower())
    counts = ", and counts iterations" if meant == "steps" else ""
    hint = f"; it is called '{meant}' here{counts}" if meant in (*known, *others) else nearest(key, [*known, *others])
    return f"unknown key '{key}'{hint or '; allowed are ' + ', '.join((*others, *known))}"
