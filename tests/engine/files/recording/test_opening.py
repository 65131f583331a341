"""From a folder to a scenario with the numbers that were recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import find


def test_a_recording_is_a_scenario(tmp_path: Path) -> None:
    more = '[origin]\n"enc.0" = { module = "enc.0", call = "wave", where = "train.py:12", op = "aten::wave" }'
    found = find(str(seen.write(tmp_path / "a.gradstep", about={"precision": {"enc.0": "bfloat16"}}, more=more)))
    assert (found.name, found.title, found.file) == ("a", "a wave", str(tmp_path / "a.gradstep"))
    assert found.origins["enc.0"].where == "train.py:12"
    observed = found.observed
    assert observed is not None
    assert observed.about["torch"] == "2.13.0"
    assert observed.precision == {found.graph.by_name["enc.0"].id: "bfloat16"}


def test_it_is_found_by_its_manifest_whatever_it_is_called(tmp_path: Path) -> None:
    seen.write(tmp_path / "a.gradstep").rename(tmp_path / "other")
    assert find(str(tmp_path / "other")).title == "a wave"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value:nobody": np.zeros(2)}, "'value:nobody' is about 'nobody', which graph.toml does not have"),
        ({"value:enc.0": np.zeros(3)}, r"'value:enc.0' has shape \(3,\), and graph.toml says \(2,\)"),
        ({"sound:enc.0": np.zeros(2)}, "'sound:enc.0' is nothing that a recording has"),
        ({"value:enc.0": None}, "the value of 'enc.0' is missing"),
        ({"gradient:enc.0": None}, "the gradient of 'enc.0' is missing"),
        ({"value:loss": np.zeros((), "float32")}, "numbers of type float32, not float64"),
    ],
)
def test_numbers_of_another_network_are_refused(
    tmp_path: Path, change: dict[str, np.ndarray | None], says: str
) -> None:
    trace = {key: array for key, array in {**seen.numbers(), **change}.items() if array is not None}
    folder = seen.write(tmp_path / "a.gradstep", trace=trace)
    with pytest.raises(ScenarioError, match=says) as error:
        find(str(folder))
    assert len(error.value.problems) == 1


def test_a_mistake_in_the_graph_has_its_place(tmp_path: Path) -> None:
    folder = seen.write(tmp_path / "a.gradstep", lines={"loss": "mse(nobody, t)"}, trace={})
    with pytest.raises(ScenarioError, match=r"graph.toml:\d+:\d+: unknown name 'nobody'"):
        find(str(folder))
