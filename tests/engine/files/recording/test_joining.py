"""Of the recordings of several ranks, one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import observations as seen
import pytest
from rank_recordings import SCALES, local, rank

from gradstep.engine.ask.explained import explained
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find
from gradstep.engine.files.recording.joining import join
from gradstep.engine.run.recording import record


def test_a_gradient_is_the_sum_of_those_of_all_ranks_divided_by_how_many_they_are(tmp_path: Path) -> None:
    folders = [str(rank(tmp_path, k)) for k in (1, 0)]  # in whatever order
    made = join(folders, str(tmp_path / "all.gradstep"))
    found = record(find(made.folder))
    w = found.graph.by_name["w"].id
    np.testing.assert_array_equal(found.trace.gradient(w), (local(0) + local(1)) / 2)
    parts = [found.trace.flow[use] for use in found.graph.uses[w]]
    np.testing.assert_array_equal(sorted(map(list, parts)), sorted(map(list, (local(0) / 2, local(1) / 2))))
    for k in (0, 1):
        own = found.graph.by_name[f"rank{k}.w"].id
        np.testing.assert_array_equal(found.trace.gradient(own), local(k))
        np.testing.assert_array_equal(found.trace.data[found.graph.by_name[f"rank{k}.x"].id], seen.X * SCALES[k])
    losses = [((seen.W * seen.X * s - seen.T) ** 2).mean() for s in SCALES]
    assert found.trace.loss == pytest.approx(sum(losses) / 2, rel=1e-15)
    assert explained(found).ok
    assert explained(found).checked == explained(found).total == 7
    # What is the same for all is there once.
    assert [v.name for v in found.graph.values if v.name.endswith("t")] == ["t"]


def test_gradients_that_are_not_that_mean_are_seen(tmp_path: Path) -> None:
    """As where a hook of the communication made something else of them."""
    folders = []
    for k in (0, 1):
        folder = rank(tmp_path, k)
        trace = {key: np.array(a) for key, a in _trace(folder).items()} | {"mean:w": np.array([9.0, 9.0])}
        about = {"rank": k, "world_size": 2}
        lines = {"h": "w * x", "loss": "mse(h, t)"}
        folders.append(str(seen.write(folder, lines, trace, about, ("w",), "", {"x": seen.X * SCALES[k]})))
    found = explained(record(find(join(folders, str(tmp_path / "all.gradstep")).folder)))
    assert [name for name, _ in found.differences] == ["w"]
    assert "w.grad" in str(found.differences[0][1])


def _trace(folder: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(folder / "trace.safetensors"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folders = [str(rank(tmp_path, k)) for k in (0, 1)]
    with pytest.raises(CommandError, match="is there already; nothing is overwritten"):
        join(folders, folders[0])
    with pytest.raises(CommandError, match=r"a recording is called NAME\.gradstep"):
        join(folders, str(tmp_path / "all"))
    (tmp_path / "a.toml").write_text("")
    with pytest.raises(CommandError, match="is no recording"):
        join([folders[0], str(tmp_path / "a.toml")], str(tmp_path / "all.gradstep"))
