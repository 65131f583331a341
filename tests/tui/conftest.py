"""The screen survives what nobody foresaw. A test of it does not, unless it is marked as `faulty`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradstep.tui.wall import FAULTS


@pytest.fixture(autouse=True)
def no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    FAULTS.clear()
    yield
    if FAULTS and request.node.get_closest_marker("faulty") is None:
        raise next(iter(FAULTS))
