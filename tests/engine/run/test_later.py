"""Arrays that are made when they are first looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.files import find
from gradstep.engine.run.later import Arrays, Later, Unmade
from gradstep.engine.run.recording import record


def test_each_is_made_once_and_only_when_it_is_asked_for() -> None:
    asked = list[str]()

    def make() -> np.ndarray:
        asked.append("b")
        return np.ones(2)

    found = Later({"a": np.zeros(2), "b": Unmade((2,), make)})
    assert set(found) == {"a", "b"}
    assert "b" in found
    assert asked == []
    assert found["b"] is found["b"]
    assert asked == ["b"]
    with pytest.raises(KeyError):
        found["c"]

    arrays: Arrays[np.ndarray] = Arrays([np.zeros(1)] * 3)
    arrays.later(1, make)
    assert arrays.settled() is arrays
    assert len(arrays) == 3
    assert asked == ["b"]
    assert arrays[1] is arrays[1:2][0]
    assert asked == ["b", "b"]
    assert isinstance(arrays.settled(), tuple)


def test_of_a_recording_in_a_narrow_type_only_what_is_seen_is_converted(tmp_path: Path) -> None:
    """The value of h is bfloat16, that of the loss not; what is said of its size is known once it is there."""
    h = np.array([0.5, -1.0], np.float32)
    trace = {"value:h": h, "gradient:h": h, "gradient:w": h, "value:loss": np.array(0.625, np.float32)}
    lines, about = {"h": "w * x", "loss": "mse(h, t)"}, {"precision": {"h": "bfloat16"}}
    folder = seen.write(tmp_path / "a.gradstep", lines, trace, about, ("w",), dtype="float32")
    found = record(find(str(folder)))
    observed, value = found.scenario.observed, found.graph.by_name["h"].id
    assert observed is not None
    assert isinstance(observed.values, Later)
    assert observed.values.unmade(value) is not None
    array = found.trace.data[value]
    assert array.tolist() == [0.5, -1.0]
    assert observed.values[value] is array
    told = found.scenario.told(array)
    assert told is not None
    assert told.norm == pytest.approx(1.25**0.5)
    assert observed.gradients.unmade(value) is not None  # type: ignore[attr-defined]
