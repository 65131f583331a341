"""Recordings that are those of all ranks of one step, and others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import observations as seen
import pytest
from rank_recordings import rank

from gradstep.engine.errors import CommandError
from gradstep.engine.files.recording.joining import join


@pytest.mark.parametrize(
    ("ranks", "says"),
    [
        ([(0, {})], "rank 1 of 2 is missing"),
        ([(0, {"world_size": 4}), (1, {"world_size": 4})], "ranks 2, 3 of 4 are missing"),
        ([(0, {}), (0, {})], r"'.*r0.gradstep' and '.*r1.gradstep' are both of rank 0"),
        ([(0, {}), (1, {"world_size": 3})], r"is one of 2 ranks, and '.*' one of 3"),
        ([(0, {}), (1, {"rank": None})], r"'.*r1.gradstep' is of no rank"),
        ([(0, {}), (1, {"step": 8})], "rank 0 and rank 1 are not of one step: step none and 8"),
        ([(0, {}), (1, {"model": "Net"})], "model Line and Net"),
        (
            [(0, {}), (1, {"w": seen.W + np.array([0, 0.5])})],
            r"parameter w differs between rank 0 and rank 1 by 0.5 at \[1\]: 2.0 and 2.5",
        ),
    ],
)
def test_what_does_not_belong_together_is_refused(
    ranks: list[tuple[int, dict[str, Any]]], says: str, tmp_path: Path
) -> None:
    folders = [str(rank(tmp_path, k, **more)) for k, more in ranks]
    with pytest.raises(CommandError, match=says) as error:
        join(folders, str(tmp_path / "all.gradstep"))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "all.gradstep").exists()
