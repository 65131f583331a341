"""A table of options: what is refused in it, and what is said then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradstep.engine.training.reading import belongs, read


def refusals(table: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    read(table, lambda *problem: found.append(problem))
    return found


@pytest.mark.parametrize(
    ("table", "key", "said", "about_key"),
    [
        ({"optimizer": "adm"}, "optimizer", "must be 'sgd' or 'momentum' or 'asgd' or 'muon' or 'adafactor' or 'adam' "
         "or 'adamw' or 'nadam' or 'radam' or 'lion' or 'rprop' or 'rmsprop' or 'adagrad' or 'adamax' or 'adadelta', "
         "not 'adm'; did you mean 'adam'?", False),
        ({"optimizer": 3}, "optimizer", "not 3", False),
        ({"schedule": "warm-up"}, "schedule", "a warm-up is written warmup = 100", False),
        ({"schedule": "step"}, "schedule", "needs step_size", False),
        ({"lr": "fast"}, "lr", "lr must be a finite number, not 'fast'", False),
        ({"betas": [0.9, 0.99]}, "betas", "belongs to optimizer = \"adam\" or optimizer = \"adamw\"", True),
        ({"gamma": 0.5}, "gamma", "belongs to schedule = \"step\" or schedule = \"multistep\" or schedule = "
         "\"exponential\" or schedule = \"cyclic\", and here are 'sgd' and 'constant'", True),
        ({"momentun": 0.9}, "momentun", "did you mean 'momentum'?", True),
        ({"zzz": 1}, "zzz", "allowed are optimizer, schedule, groups, steps", True),
        ({"use_buffers": True}, "use_buffers", "avg_fn = \"ema\" asks for one", False),
        ({"avg_fn": "ema", "use_buffers": 1}, "use_buffers", "use_buffers must be true or false", False),
        ({"steps": 0}, "steps", "a whole number from 1 to 100,000,000", False),
        ({"nesterov": True}, "nesterov", "needs a momentum and no dampening", False),
        ({"shuffle": 1}, "shuffle", "batch_size = 32", False),
        ({"validate": 5}, "validate", "validation = 0.2", False),
        ({"validation": 1}, "validation", "a share above 0 and below 1", False),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(table: dict[str, Any], key: str, said: str, about_key: bool) -> None:
    ((found, text, at_key),) = refusals(table)
    assert (found, at_key) == (key, about_key)
    assert said in text


def test_what_cannot_be_used_is_left_at_its_default() -> None:
    training = read({"optimizer": "adam", "lr": -np.inf, "steps": "many"}, lambda *_: None)
    assert (training.optimizer["lr"], training.steps) == (1e-3, 1)


def test_whose_option_a_key_is() -> None:
    table = {"optimizer": "adam", "schedule": "step"}
    assert [belongs(key, table) for key in ("betas", "gamma", "momentum", "steps")] == [True, True, False, False]
    assert belongs("momentum", {})
    assert not belongs("lr", {"optimizer": "nobody"})
    assert not belongs("lr", {"optimizer": {}, "schedule": []})


@pytest.mark.parametrize(
    ("key", "here"),
    [("learning_rate", "lr"), ("epochs", "steps"), ("l2", "weight_decay"), ("clipnorm", "clip_norm"),
     ("scheduler", "schedule"), ("gradient_accumulation_steps", "accumulate"), ("Learning_Rate", "lr")],
)  # fmt: skip
def test_what_others_call_otherwise_is_named_as_it_is_here(key: str, here: str) -> None:
    said: list[str] = []
    read({key: 1}, lambda key, text, about: said.append(text))
    assert said[0].startswith(f"unknown key '{key}'; it is called '{here}' here")


def test_a_word_for_what_the_optimiser_does_not_have_is_not_offered() -> None:
    said: list[str] = []
    read({"beta1": 0.9}, lambda key, text, about: said.append(text))
    assert "is called" not in said[0]


CONSTANT = {"schedule": "constant"}


@pytest.mark.parametrize(
    ("table", "key", "said", "about_key"),
    [
        ({"schedule": "chained"}, "schedule", "needs schedules, as in schedules = [{ schedule = ", False),
        ({"schedule": "chained", "schedules": [1]}, "schedules", "a list of schedules, as in", False),
        ({"schedule": "sequential", "schedules": [CONSTANT, CONSTANT]}, "schedule", "needs milestones", False),
        ({"schedule": "sequential", "milestones": [3, 6], "schedules": [CONSTANT] * 2}, "milestones",
         "2 schedules need 1, and here are 2", False),
        ({"schedule": "sequential", "milestones": [6, 3], "schedules": [CONSTANT] * 3}, "milestones",
         "milestones rise", False),
        ({"schedule": "chained", "schedules": [{"schedule": "plateau"}]}, "schedule", "follows the losses", False),
        ({"schedule": "chained", "schedules": [{"schedule": "one_cycle"}]}, "schedule", "goes with no other", False),
        ({"schedule": "chained", "schedules": [{"schedule": "cyclic", "max_lr": 1}]}, "schedule",
         "write cycle_momentum = false", False),
        ({"schedule": "chained", "schedules": [{"schedule": "step"}]}, "schedule", "needs step_size", False),
        ({"schedule": "chained", "schedules": [{"schedule": "step", "step_size": 0}]}, "step_size",
         "a whole number from 1", False),
        ({"schedule": "chained", "schedules": [{"schedule": "linear", "gamma": 1}]}, "gamma",
         "belongs to schedule = \"step\"", True),
        ({"schedulers": []}, "schedulers", "unknown key", True),
        ({"decay": 0.9}, "decay", "avg_fn = \"ema\" asks for one; a decay of the weights is weight_decay", False),
        ({"swa_start": 3}, "swa_start", "avg_fn = \"ema\" asks for one", False),
        ({"avg_fn": "swa", "decay": 0.9}, "decay", "all weights count alike", False),
        ({"avg_fn": "mean"}, "avg_fn", "avg_fn must be 'ema' or 'swa', not 'mean'", False),
        ({"avg_fn": "ema", "decay": 1.5}, "decay", "a number from 0 to 1", False),
        ({"ema_decay": 0.9}, "ema_decay", "it is called 'decay' here", True),
        ({"schedule": "cyclic"}, "schedule", "needs max_lr", False),
        ({"schedule": "cyclic", "max_lr": 1}, "schedule", "also moves the momentum, and sgd has none here", False),
        ({"schedule": "swa"}, "schedule", "needs swa_lr", False),
    ],
)  # fmt: skip
def test_what_is_refused_of_several_schedules_and_of_averages(
    table: dict[str, Any], key: str, said: str, about_key: bool
) -> None:
    found: list[tuple[str, str, bool]] = []

    def told(*problem: Any) -> None:
        found.append(problem)

    read(table, told, lambda lists, number: told)
    assert [(one[0], one[2]) for one in found if said in one[1]] == [(key, about_key)], found
