"""batch = […]: which inputs count samples, how they are drawn, and which are held back."""

from __future__ import annotations

import numpy as np
import pytest
from texts import DRAWN, TRAINED, check_problems

from gradstep.engine.files import loads
from gradstep.engine.run.passes import run


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ('["x", "t"]', "differ in their number of samples: x has 2, t has 3"),
        ('["k"]', "single number"),
        ('["w"]', "is no input"),
        ('["xx"]', "did you mean 'x'?"),
        ('["x", "x"]', "is listed twice"),
        ('"x"', "batch must be a list of texts"),
    ],
)
def test_what_counts_no_samples_is_refused(listed: str, says: str) -> None:
    head = f"format = 1\nbatch = {listed}\n[inputs]\nx = [[1.0], [2.0]]\nt = [1.0, 2.0, 3.0]\nk = 1.0\n"
    check_problems(head + '[parameters]\nw = [3.0]\n[graph]\nL = "sum(x * w)"\n', says)


def test_more_samples_than_can_be_counted_are_refused_though_there_is_no_number_in_them() -> None:
    text = "format = 1\nbatch = ['x']\n[inputs]\nx = { shape = [1099511627776, 0], init = 'zeros' }\n[parameters]\n"
    text += 'w = 1.0\n[graph]\nL = "sum(x) * w"\n[training]\nvalidation = 0.2\n'
    check_problems(text, "4:5: 'x' has 1,099,511,627,776 samples; at most 100,000,000 are read")


def test_inputs_of_a_shuffled_batch_stay_together() -> None:
    orders = set()
    for seed in range(8):
        scenario = loads(DRAWN + f"batch_size = 3\nshuffle = {seed}\n")
        x, t = (scenario.leaves[scenario.graph.by_name[name].id] for name in "xt")
        assert (x[:, 0] == 2 * t).all()
        orders.add(tuple(t.tolist()))
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("batch_size = 6\n", "11:14: batch_size 6 is more than the 5 samples"),
        ("batch_size = 5\nvalidation = 0.2\n", "11:14: batch_size 5 is more than the 4 samples that are left to train"),
        ("validation = 0.1\n", "11:14: validation 0.1 holds back 0 of the 5 samples"),
        ("validation = 0.99999999999\n", "11:14: validation 1 holds back 5 of the 5 samples"),
    ],
)
def test_where_there_are_too_few_samples_is_said_at_what_asks_for_them(lines: str, expected: str) -> None:
    check_problems(DRAWN + lines, expected)


def test_what_is_held_back_is_evenly_spread_and_not_trained_on() -> None:
    """Of five samples two fifths: 0.4, 0.8, 1.2, 1.6, 2.0 pass a whole number at the third and at the fifth."""
    scenario = loads(DRAWN + "validation = 0.4\n")
    assert scenario.held_back is not None
    t = scenario.graph.by_name["t"].id
    assert scenario.held_back.inputs[t].tolist() == [2, 4]
    assert scenario.leaves[t].tolist() == [0, 1, 3]
    assert not scenario.held_back.inputs[t].flags.writeable


def test_the_network_of_what_is_held_back_is_the_one_that_is_used() -> None:
    """Its loss is that of the same formula without the dropout, over the samples held back, by NumPy."""
    scenario = loads(DRAWN.replace("mse(x @ w, t)", "mse(dropout(x, 0.5) @ w, t)") + "validation = 0.4\n")
    held = scenario.held_back
    assert held is not None
    assert [v.name for v in held.graph.parameters] == ["w"]
    leaves = {**scenario.leaves, **held.inputs}
    x, t, w = np.array([[4.0, 5.0], [8.0, 9.0]]), np.array([2.0, 4.0]), np.array([1.0, -1.0])
    assert run(held.graph, leaves).loss == ((x @ w - t) ** 2).mean()


def test_a_network_that_does_not_fit_what_is_held_back_says_for_how_many() -> None:
    text = DRAWN.replace("mse(x @ w, t)", "mse(reshape(x, (3, 2)) @ w, t)") + "validation = 0.4\n"
    check_problems(text, "9:10: for the 2 samples that are held back: ")


def test_samples_are_counted_on_axis_0() -> None:
    assert loads(TRAINED.format("training")).samples == 4
