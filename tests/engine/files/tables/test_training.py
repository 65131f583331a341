"""[training] and [against]."""

from __future__ import annotations

import pytest
from texts import SMALL, TRAINED, check_problems

from gradstep.engine.files import loads


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("step = 3", "12:1: unknown key 'step'; did you mean 'steps'?"),
        ("optimizer = 'adm'", "12:13: optimizer must be 'sgd' or 'momentum' or "),
        ("lr = nan", "12:6: lr must be a finite number, not nan"),
        ("optimizer = 'adam'\nmomentum = 0.9", "13:1: 'momentum' belongs to optimizer = \"sgd\" or "),
        ("optimizer = 'adam'\nbetas = [0.9, 1.0]", "13:9: betas must be two numbers from 0 to below 1"),
        ("nesterov = true", "12:12: nesterov needs a momentum and no dampening"),
        ("nesterov = true\nmomentum = 0.9\ndampening = 0.1", "12:12: nesterov needs a momentum and no dampening"),
        ("schedule = 'step'", "12:12: the schedule 'step' needs step_size"),
        ("schedule = 'warmup'", "or 'sequential' or 'chained', not 'warmup'; a warm-up is"),
        ("step_size = 3", "12:1: 'step_size' belongs to schedule = \"step\""),
        ("warmup = -1", "12:10: warmup must be a whole number from 0 to 100,000,000, not -1"),
        ("clip_norm = 0", "12:13: clip_norm must be a number above 0"),
        ("zero_grad = 0", "12:13: zero_grad must be true or false, not 0"),
        ("steps = 1.5", "12:9: steps must be a whole number from 1 to 100,000,000"),
        ("steps = 1_000_000_000_000", "12:9: steps must be a whole number from 1 to 100,000,000, not 1000000000000"),
        ("warmup = 1_000_000_000_000", "12:10: warmup must be a whole number from 0 to 100,000,000"),
        ("validation = 0.5\nvalidate = 1_000_000_000", "13:12: validate must be a whole number from 1 to 100,000,000"),
        ("schedule = 'cosine'\nt_max = 1_000_000_000", "13:9: t_max must be a whole number from 1 to 100,000,000"),
        ("schedule = 'step'\nstep_size = 1_000_000_000", "13:13: step_size must be a whole number from 1 to 100,000"),
        ("batch_size = 0", "12:14: batch_size must be a whole number from 1 on"),
        ("batch_size = 9", "12:14: batch_size 9 is more than the 4 samples"),
        ("validation = 1.0", "12:14: validation must be a share above 0 and below 1"),
        ("validation = 0.01", "12:14: validation 0.01 holds back 0 of the 4 samples"),
        ("validate = 3", "12:12: validate says how often"),
        ("shuffle = 1", "12:11: shuffle draws batches in another order; batch_size"),
        ("shuffle = -1\nbatch_size = 2", "12:11: shuffle must be a whole number from 0 on"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused_where_it_stands(lines: str, expected: str) -> None:
    check_problems(TRAINED.format("training") + lines + "\n", expected)


@pytest.mark.parametrize("line", ["batch_size = 2", "validation = 0.2"])
def test_samples_are_drawn_and_held_back_only_where_inputs_count_them(line: str) -> None:
    check_problems(SMALL + f"[training]\n{line}\n", "the inputs named in batch = […], and none are named")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("stepz = 3", "12:1: unknown key 'stepz'; did you mean 'steps'?"),
        ("lr = 'a'", "12:6: lr must be a finite number, not 'a'"),
        ("batch_size = 2", "12:1: both trainings have the same batch_size; it stands in [training]"),
        ("steps = 2", "12:1: both trainings have the same steps; it stands in [training]"),
    ],
)
def test_the_training_to_compare_with_is_checked_as_well(lines: str, expected: str) -> None:
    check_problems(TRAINED.format("against") + lines + "\n", expected)


def test_a_mistake_of_the_training_is_not_said_again_for_the_other() -> None:
    check_problems(TRAINED.format("training") + "lr = 'a'\n[against]\noptimizer = 'adam'\n", "12:6: lr must be")


def test_what_against_does_not_say_is_as_in_training() -> None:
    lines = "optimizer = 'momentum'\nmomentum = 0.5\nlr = 0.25\nsteps = 7\n[against]\n"
    nearly = loads(TRAINED.format("training") + lines + "nesterov = true\n").against
    assert nearly is not None
    options = nearly.training.optimizer
    assert (options.name, options["momentum"], options["lr"], options["nesterov"]) == ("momentum", 0.5, 0.25, True)
    assert nearly.training.steps == 7
    # Another optimiser has other options: those of the first are not its, but for the rate.
    other = loads(TRAINED.format("training") + lines + "optimizer = 'adam'\n").against
    assert other is not None
    assert (other.training.optimizer.name, other.training.optimizer["lr"]) == ("adam", 0.25)
    assert loads(TRAINED.format("training") + "lr = 1\n").against is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[[training.groups]]\nparameters = ['w1']", "13:15: no parameter is called 'w1'; did you mean"),
        ("[[training.groups]]\nlr = 1", '12:12: a group needs its parameters, as in parameters = ["W1", "b*"]'),
        ("[[training.groups]]\nparameters = 3", "13:14: a group needs its parameters"),
        ("[[training.groups]]\nparameters = ['*']\nlr = 'a'", "14:6: lr must be a finite number, not 'a'"),
        ("[[training.groups]]\nparameters = ['*']\nbetas = [0, 0]", "14:1: 'betas' belongs to optimizer = \"adam\""),
        ("[[training.groups]]\nparameters = ['*']\nlrs = 1", "14:1: unknown key 'lrs'; did you mean 'lr'?"),
        ("[[training.groups]]\nparameters = ['*']\nwarmup = 1", "14:1: 'warmup' is the same for all groups; it stands"),
        ("[[training.groups]]\nparameters = ['*']\ngamma = 1", "14:1: 'gamma' is the same for all groups; it stands"),
        ("[[training.groups]]\nparameters = ['*']\nnesterov = true", "14:12: nesterov needs a momentum"),
        ("groups = 3", "12:10: groups are a list of tables, each written [[training.groups]]"),
        ("accumulate = 2\nzero_grad = false", "12:14: gathered gradients are zeroed after each update"),
        ("norm_type = inf", "12:13: norm_type says by which norm; clip_norm"),
        ("norm_type = 0\nclip_norm = 1", "12:13: norm_type must be a number above 0, or inf, not 0"),
        ("schedule = 'multistep'", "12:12: the schedule 'multistep' needs milestones, as in milestones = [100, 200]"),
        ("schedule = 'multistep'\nmilestones = [1.5]", "13:14: milestones must be a list of whole numbers from 0 on"),
        ("schedule = 'one_cycle'", "12:12: the schedule 'one_cycle' also moves the momentum, and sgd has none here"),
        (
            "optimizer = 'nadam'\nschedule = 'one_cycle'",
            "13:12: the schedule 'one_cycle' also moves the momentum, and that",
        ),
        ("schedule = 'plateau'\nmode = 'least'", "13:8: mode must be 'min' or 'max', not 'least'"),
    ],
)
def test_what_makes_no_sense_in_groups_and_schedules_is_refused_where_it_stands(lines: str, expected: str) -> None:
    check_problems(TRAINED.format("training") + lines + "\n", expected)


def test_a_group_has_the_options_of_all_others_but_for_its_own() -> None:
    lines = "optimizer = 'momentum'\nlr = 0.25\nmomentum = 0.5\n[[training.groups]]\nparameters = ['*']\n"
    scenario = loads(TRAINED.format("training") + lines + "lr = 0.125\n[against]\nlr = 1\n")
    (group,) = scenario.training.groups.others
    assert (group.optimizer.name, group.optimizer["lr"], group.optimizer["momentum"]) == ("momentum", 0.125, 0.5)
    assert scenario.against is not None
    (same,) = scenario.against.training.groups.others
    assert same.optimizer["lr"] == 0.125
    # Another optimiser has its own options and defaults.
    other = loads(TRAINED.format("training") + lines + "optimizer = 'adam'\n").training.groups.others[0].optimizer
    assert (other.name, other["lr"]) == ("adam", 0.001)
