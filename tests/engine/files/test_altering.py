"""A scenario with another line in its [training]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.files import find, load, loads
from gradstep.engine.files.altering import altered


def test_the_line_stands_in_the_text_and_holds() -> None:
    scenario = find("digits-training")
    found = altered(scenario, "lr = 0.5")
    assert found.training.lr(1) == 0.5
    assert (found.name, found.file) == (scenario.name, scenario.file)
    assert "lr = 0.5" in found.text
    assert found.text.count("\n") == scenario.text.count("\n")
    assert altered(scenario, "batch_size = 8").samples == 8


def test_a_table_that_is_not_there_is_added() -> None:
    assert altered(find("walkthrough"), "steps = 7").training.steps == 7


def test_options_of_what_another_takes_the_place_of_are_left_out() -> None:
    text = """format = 1
[parameters]
w = [1.0]
[graph]
L = "sum(w * w)"
[training]
optimizer = "momentum"
momentum = 0.8
weight_decay = 0.1
schedule = "step"
step_size = 3  # and this goes with it
gamma = 0.5
"""
    constant = altered(loads(text), 'schedule = "constant"')
    assert constant.training.schedule == "constant"
    assert constant.training.optimizer["momentum"] == 0.8
    assert "step_size" not in constant.text
    adam = altered(loads(text), 'optimizer = "adam"')
    assert (adam.training.optimizer.name, adam.training.optimizer["weight_decay"]) == ("adam", 0.1)
    assert adam.training.scheduled["step_size"] == 3


def test_arrays_beside_the_file_are_found(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([3.0]))
    text = 'format = 1\n[parameters]\nw = { file = "w.npy" }\n[graph]\nL = "sum(w * w)"\n'
    (tmp_path / "s.toml").write_text(text)
    found = altered(load(tmp_path / "s.toml"), "lr = 0.5")
    assert found.leaves[0].tolist() == [3.0]
    assert found.training.lr(1) == 0.5


def test_a_parameter_is_drawn_anew() -> None:
    scenario = find("zero-init-symmetry")
    found = altered(scenario, "init W1 = he_normal")
    w = found.leaves[found.graph.by_name["W1"].id]
    assert w.shape == scenario.leaves[scenario.graph.by_name["W1"].id].shape
    assert len(np.unique(w)) == w.size
    assert 'init = "he_normal"' in found.text
    both = altered(found, "init W2 = xavier_uniform")
    assert (both.leaves[both.graph.by_name["W1"].id] == w).all()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("lr", "NAME = VALUE"),
        ("lr = fast", "cannot be tried"),
        ("rate = 1", "unknown key 'rate'"),
        ("batch_size = 4", "inputs named in batch"),
        ("a b = 1", "NAME = VALUE"),
        ("init W9 = he_normal", "no parameter 'W9'"),
        ("init x = he_normal", "no parameter 'x'"),
        ("init W1 = nice", "unknown init 'nice'"),
        ("init b1 = he_normal", "needs a weight of shape"),
    ],
)
def test_what_cannot_be_said_is_refused(line: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        altered(find("walkthrough"), line)


def test_what_is_frozen_stays_frozen_when_it_is_drawn_anew() -> None:
    text = """format = 1
[parameters]
w = { value = [[1.0, 2.0]], requires_grad = false }
v = [1.0]
[graph]
L = "sum(w) * sum(v)"
"""
    assert altered(loads(text), "init w = he_normal").graph.by_name["w"].frozen
