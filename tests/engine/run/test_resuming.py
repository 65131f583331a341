"""Where the training of a recording stood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.files import find
from gradstep.engine.history import History
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.resuming import misses

#: SGD with momentum, whose velocity before was 1 and 2: v = 0.9·v + g, w − 0.5·v, by hand.
V = np.array([1.0, 2.0])
NEXT = {
    name: w - 0.5 * (0.9 * V + g) for name, w, g in (("x", seen.X, seen.UP * np.cos(seen.X)), ("w", seen.W, -seen.UP))
}
MORE = '[training]\noptimizer = "sgd"\nlr = 0.5\nmomentum = 0.9'


def _recorded(folder: Path, moved: list[str] | None, following: dict[str, Array] = NEXT) -> Recording:
    trace = seen.numbers() | {f"next:{name}": array for name, array in following.items()}
    trace |= {f"kept:v:{name}": V for name in ("x", "w")}
    about = {"updates": 3} | ({} if moved is None else {"moved": moved})
    return record(find(str(seen.write(folder / "a.gradstep", trace=trace, about=about, more=MORE))))


def test_an_update_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    found = _recorded(tmp_path, [])
    assert found.state.done == 3
    for name, wanted in NEXT.items():
        np.testing.assert_allclose(found.updated(found.graph.by_name[name].id), wanted, rtol=1e-15)
    assert found.scenario.observed is not None
    assert misses(found.update, found.scenario.observed) == []


def test_a_rule_that_does_not_give_what_was_recorded_is_named(tmp_path: Path) -> None:
    found = _recorded(tmp_path, [], {**NEXT, "w": NEXT["w"] + 1e-9})
    assert found.scenario.observed is not None
    assert misses(found.update, found.scenario.observed) == ["w"]


@pytest.mark.parametrize(("moved", "as_recorded"), [(["w"], {"w"}), (["w", "x"], {"w", "x"}), (None, {"w", "x"})])
def test_what_no_rule_gives_is_shown_as_it_moved(
    tmp_path: Path, moved: list[str] | None, as_recorded: set[str]
) -> None:
    strange = {"x": NEXT["x"] if "x" not in as_recorded else seen.X + 7, "w": seen.W + 5}
    found = _recorded(tmp_path, moved, strange)
    for name, wanted in strange.items():
        value = found.graph.by_name[name].id
        np.testing.assert_allclose(found.updated(value), wanted, rtol=1e-15)
        assert found.update.optimizer(value).known is (name not in as_recorded)


def test_without_an_update_nothing_moves(tmp_path: Path) -> None:
    numbers = {"value:loss": np.array(((seen.X - seen.T) ** 2).mean()), "gradient:x": seen.X - seen.T}
    found = record(find(str(seen.write(tmp_path / "a.gradstep", {"loss": "mse(x, t)"}, numbers))))
    assert found.updated(found.graph.by_name["x"].id).tolist() == seen.X.tolist()
    with pytest.raises(OpError, match="a recording has one update"):
        History(found.scenario).recording(2)
