"""Scenarios as a whole: what they mean, and that all mistakes are said at once."""

from __future__ import annotations

import numpy as np
import pytest
from texts import DRAWN, SMALL, TRAINED, check_problems, problems

from gradstep.engine.files import find, loads


def test_a_scenario_says_what_its_file_says() -> None:
    scenario = find("walkthrough")
    graph = scenario.graph
    assert graph.loss.name == "L"
    assert graph.dtype == np.float64
    assert scenario.leaves[graph.by_name["W1"].id].tolist() == [[0.4, 0.3], [-0.2, 0.5]]
    assert [v.name for v in graph.parameters] == ["W1", "b1", "W2", "b2"]
    assert (scenario.training.optimizer.name, scenario.training.lr(1)) == ("sgd", 0.1)
    assert all(not array.flags.writeable for array in scenario.leaves.values())


def test_defaults() -> None:
    scenario = loads(SMALL)
    assert scenario.graph.loss.name == "L"
    assert scenario.batch == ()
    assert scenario.start is None
    assert not scenario.expectations
    assert scenario.against is None
    assert loads(SMALL.replace("format = 1", 'format = 1\ndtype = "float32"')).graph.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: [graph] is missing", "1:1: the format is missing"]),
        (SMALL.replace("1", "2", 1), ["1:10: format 2 is not known"]),
        (SMALL.replace("1", "1.0", 1), ["1:10: format 1.0 is not known"]),
        (SMALL.replace("1", "true", 1), ["1:10: format True is not known"]),
        (SMALL.replace("format = 1", "format = 1\nlos = 'L'"), ["2:1: unknown key 'los'; did you mean 'loss'?"]),
        (SMALL.replace("format = 1", "format = 1\ntitle = 3"), ["2:9: title must be text in quotes"]),
        (SMALL.replace("format = 1", "format = 1\ndtype = 'float16'"), ["2:9: dtype must be 'float64' or 'float32'"]),
    ],
)
def test_a_mistake_is_said_at_its_place(text: str, expected: list[str]) -> None:
    check_problems(text, *expected)


def test_all_mistakes_at_once_in_the_order_of_the_file_and_no_echo_of_one() -> None:
    text = (
        'format = 1\ndtype = "float16"\n[parameters]\nw = [1.0, true]\nv = 2.0\n[graph]\n'
        'a = "w * 2"\nb = "v +"\nc = "b * vv"\nd = "vv * 2"\ne = "a + b + d"\nL = "sum(e)"\n[training]\nlr = "x"\n'
    )
    assert [p.split(" ")[0] for p in problems(text)] == ["2:9:", "4:5:", "8:9:", "10:6:", "14:6:"]


def test_only_the_first_twenty_are_listed() -> None:
    lines = "\n".join(f'k{n} = "zz{n}"' for n in range(40))
    assert len(problems(f"format = 1\n[graph]\n{lines}\n")) == 20


def test_a_table_that_is_none_is_complained_of_once() -> None:
    text = "format = 1\ntraining = 3\nagainst = 4\ngraph = 5\n[inputs]\nloss = 1\n"
    assert [p.partition(": ")[2].partition(" must")[0] for p in problems(text)][:3] == [
        "'training'",
        "'against'",
        "'graph'",
    ]
    assert len(problems(text)) == 4


def test_batches_are_read_only_and_the_pool_is_what_they_are_drawn_from() -> None:
    scenario = loads(DRAWN + "batch_size = 2\n")
    x, t = (scenario.graph.by_name[name].id for name in "xt")
    assert scenario.samples == 2
    assert scenario.leaves[x].tolist() == [[0, 1], [2, 3]]
    assert scenario.leaves[t].tolist() == [0, 1]
    assert scenario.pool[t].tolist() == [0, 1, 2, 3, 4]
    assert not scenario.leaves[x].flags.writeable


def test_the_training_to_compare_with_has_the_same_network_and_its_own_batches() -> None:
    scenario = loads(DRAWN + "batch_size = 3\nshuffle = 1\n[against]\nshuffle = 2\n[debug]\nwatch = ['L']\nstart = 3\n")
    other = scenario.against
    assert other is not None
    assert other.graph is scenario.graph
    assert other.pool is scenario.pool
    assert (other.start, other.watch, other.against) == (None, (), None)
    t = scenario.graph.by_name["t"].id
    for one in (scenario, other):
        order = np.random.Generator(np.random.PCG64([one.training.shuffle or 0, 0])).permutation(5)
        assert one.leaves[t].tolist() == order[:3].tolist()


def test_places_in_other_iterations_are_checked() -> None:
    check_problems(TRAINED.format("debug") + "start = '@3 zz'\n", "12:9: start: unknown name 'zz'")
