"""What of an update is not as it was there is shown as it moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.files import find
from gradstep.engine.files.recording.manifest import read_manifest
from gradstep.engine.files.recording.settling import settle
from gradstep.engine.run.recording import record


@pytest.mark.parametrize(("factor", "moved"), [(1.0, []), (2.0, ["w"])])
def test_a_parameter_that_its_rule_does_not_move_so(factor: float, moved: list[str], tmp_path: Path) -> None:
    """SGD's new w is w − 0.5 ∂loss/∂w; by hand."""
    gradient = (seen.W * seen.X - seen.T) * seen.X
    trace = {"next:w": seen.W - factor * 0.5 * gradient, "gradient:w": gradient}
    lines, more = {"loss": "mse(w * x, t)"}, "[training]\nlr = 0.5"
    folder = seen.write(tmp_path / "a.gradstep", lines, trace, {"moved": []}, ("w",), more)
    settle(str(folder), [])
    assert read_manifest(folder)["moved"] == moved
    found = record(find(str(folder)))
    np.testing.assert_array_equal(found.updated(found.graph.by_name["w"].id), trace["next:w"])
