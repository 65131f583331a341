"""What an element is said to feed, against the network that is written."""

from __future__ import annotations

import pytest
from graphs import at, network, recorded

from gradstep.engine.explain.narrate.meeting import feeds


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ({"m": "x * x", "L": "sum(m)"}, "enters m₁ 2 times"),
        ({"m": "W @ x", "L": "sum(m)"}, "feeds 2 neurons"),
        ({"m": "softmax(x)", "L": "sum(m * c)"}, "feeds 3 elements of m"),
        ({"u": "x * 2", "v": "x * 3", "L": "sum(u) + sum(v)"}, "feeds v₁ and u₁"),
    ],
)
def test_what_an_element_feeds(lines: dict[str, str], says: str) -> None:
    leaves = {"x": [1.0, 2.0, 3.0], "W": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}
    recording = recorded(network({"c": [1.0, 2.0, 3.0]}, leaves, lines))
    assert feeds(recording, at(recording, "x")) == says
