"""A small budget of each rig; many more cases are one command, see CONTRIBUTING."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import commands
import files
import keys
import pytest
import rig

#: Seconds of CPU time for each.
BUDGET = 8.0


@pytest.mark.parametrize("case", [files.case, commands.case, keys.case], ids=["files", "commands", "keys"])
def test_nothing_brings_it_down(case: Callable[[Random], int | None]) -> None:
    found = rig.run(case, range(100_000), seed=14, budget=BUDGET)
    assert found.cases > 5
    assert not found.failed, next(iter(found.failed.items()))
