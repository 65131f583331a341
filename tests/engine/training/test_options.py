"""How parameters are trained: what a table says, and what is refused in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradstep.engine.training.options import Training, belongs, read


def refusals(table: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    read(table, lambda *problem: found.append(problem))
    return found


def accepted(table: dict[str, Any]) -> Training:
    assert refusals(table) == []
    return read(table, lambda *_: None)


def test_an_empty_table_is_one_step_of_plain_gradient_descent() -> None:
    training = accepted({})
    assert (training.optimizer.name, training.schedule, training.steps, training.batch_size) == (
        "sgd",
        "constant",
        1,
        None,
    )
    assert training.lr(1) == training.lr(1000) == 0.1
    assert training.zero_grad


def test_a_rate_rises_over_the_warmup_and_the_schedule_begins_after_it() -> None:
    training = accepted({"lr": 0.8, "warmup": 4, "steps": 12, "schedule": "cosine"})
    # t_max is what is left of the steps, so that the last half falls to 0: at 4 + 8 the cosine is −1.
    assert [training.lr(k) for k in range(1, 6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])
    assert training.lr(4 + 4 + 1) == pytest.approx(0.4)
    assert training.lr(4 + 8 + 1) == pytest.approx(0.0, abs=1e-15)


def test_a_gradient_is_added_to_what_is_left_then_clipped_by_value_then_by_norm() -> None:
    training = accepted({"zero_grad": False, "clip_value": 0.5, "clip_norm": 0.3})
    assert [line.written for line in training.before(first=True)] == [
        "clip({g}, ±{clip_value})",
        "{g} · min(1, {clip_norm}/{norm})",
    ]
    left, by_value, by_norm = training.before(first=False)
    g = left.compute({"grad": np.array([0.4, -0.1]), "left": np.array([0.3, 0.0])})
    assert g.tolist() == pytest.approx([0.7, -0.1])
    g = by_value.compute({"g": g, "clip_value": 0.5})
    assert g.tolist() == pytest.approx([0.5, -0.1])
    # torch.nn.utils.clip_grad_norm_: 0.3 / (0.6 + 1e-6)
    assert by_norm.compute({"g": g, "clip_norm": 0.3, "norm": 0.6}).tolist() == pytest.approx(
        [0.5 * 0.3 / 0.600001, -0.1 * 0.3 / 0.600001]
    )
    assert by_norm.compute({"g": g, "clip_norm": 0.3, "norm": 0.2}).tolist() == g.tolist()


@pytest.mark.parametrize(
    ("table", "key", "said", "about_key"),
    [
        ({"optimizer": "adm"}, "optimizer", "must be 'sgd' or 'momentum' or 'muon' or 'adam' or 'adamw' or 'nadam' "
         "or 'radam' or 'lion' or 'rprop' or 'rmsprop' or 'adagrad' or 'adamax' or 'adadelta', not 'adm'; did you mean "
         "'adam'?", False),
        ({"optimizer": 3}, "optimizer", "not 3", False),
        ({"schedule": "warm-up"}, "schedule", "a warm-up is written warmup = 100", False),
        ({"schedule": "step"}, "schedule", "needs step_size", False),
        ({"lr": "fast"}, "lr", "lr must be a finite number, not 'fast'", False),
        ({"betas": [0.9, 0.99]}, "betas", "belongs to optimizer = \"adam\" or optimizer = \"adamw\"", True),
        ({"gamma": 0.5}, "gamma", "belongs to schedule = \"step\" or schedule = \"multistep\" or schedule = "
         "\"exponential\", and here are 'sgd' and 'constant'", True),
        ({"momentun": 0.9}, "momentun", "did you mean 'momentum'?", True),
        ({"zzz": 1}, "zzz", "allowed are optimizer, schedule, groups, steps", True),
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
