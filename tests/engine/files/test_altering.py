"""A scenario with another line in its [training]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.files import find, load
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


def test_arrays_beside_the_file_are_found(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([3.0]))
    text = 'format = 1\n[parameters]\nw = { file = "w.npy" }\n[graph]\nL = "sum(w * w)"\n'
    (tmp_path / "s.toml").write_text(text)
    found = altered(load(tmp_path / "s.toml"), "lr = 0.5")
    assert found.leaves[0].tolist() == [3.0]
    assert found.training.lr(1) == 0.5


@pytest.mark.parametrize(
    ("line", "says"),
    [("lr", "NAME = VALUE"), ("lr = fast", "cannot be tried"), ("rate = 1", "unknown key 'rate'"),
     ("batch_size = 4", "inputs named in batch"), ("a b = 1", "NAME = VALUE")],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(line: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        altered(find("walkthrough"), line)
