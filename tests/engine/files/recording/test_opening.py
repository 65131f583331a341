"""From a folder to a scenario with the numbers that were recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import find
from gradstep.engine.run.recording import record


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
        ({"value:loss": np.zeros((), "int64")}, "numbers of type int64, not float64"),
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


#: Four samples of one number, squared, and their mean.
ROWS = {"h": "x * x", "loss": "mean(h)"}


def test_samples_that_are_recorded_are_among_those_that_are_computed_again(tmp_path: Path) -> None:
    """Of x = (0.5, −1) only the second square is recorded, as 1.5, which no one would compute."""
    trace = {"value:h": np.array([1.5]), "gradient:h": np.array([7.0]), "value:loss": np.array(0.875)}
    found = record(find(str(seen.write(tmp_path / "a.gradstep", ROWS, trace, {"samples": [1]}))))
    h = found.graph.by_name["h"].id
    assert found.trace.data[h].tolist() == [0.25, 1.5]
    assert found.trace.gradient(h).tolist() == [0.5, 7.0]
    assert found.trace.gradient(found.graph.by_name["x"].id).tolist() == [0.5, -14.0]


def test_what_is_left_out_is_computed_again(tmp_path: Path) -> None:
    trace = {"value:loss": np.array(0.625), "gradient:x": np.array([9.0, 9.0])}
    found = record(find(str(seen.write(tmp_path / "a.gradstep", ROWS, trace, {"level": "graph"}))))
    assert found.trace.data[found.graph.by_name["h"].id].tolist() == [0.25, 1.0]
    assert found.trace.gradient(found.graph.by_name["x"].id).tolist() == [9.0, 9.0]
    assert found.scenario.observed is not None
    assert not found.scenario.observed.whole


@pytest.mark.parametrize(
    ("samples", "says"), [([-1], "samples are a list of numbers"), ("all", "samples are a list"), ([5], "sample 5 is")]
)
def test_samples_that_cannot_be(tmp_path: Path, samples: object, says: str) -> None:
    folder = seen.write(tmp_path / "a.gradstep", ROWS, {"value:h": np.array([1.5])}, {"samples": samples})
    with pytest.raises(ScenarioError, match=says):
        find(str(folder))
