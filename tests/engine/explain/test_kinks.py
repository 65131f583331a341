"""Where a slope is a convention: on corners, and among equals."""

from __future__ import annotations

import pytest
from graphs import written

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.explain.hops import hops
from gradstep.engine.explain.kinks import at_kink
from gradstep.engine.graph.element import Element
from gradstep.engine.run.timeline import Phase, Position


@pytest.mark.parametrize(
    ("leaves", "lines", "on"),
    [
        ("x = [0.0, 1.0, -1.0]", "L = sum(relu(x))", [True, False, False]),
        ("x = [0.0, 1e-300, -1.0]", "L = sum(abs(x))", [True, False, False]),
        ("x = [-1.0, 1.0, 0.5]", "L = sum(hard_tanh(x))", [True, True, False]),
        ("x = [2.0, -1.0, 0.5]", "L = sum(clip(x, -1, 2))", [True, True, False]),
        ("x = [0.0, 1.0]", "L = sum(leaky_relu(x))", [True, False]),
        ("x = [1.0, 2.0, 3.0]", "L = sum(maximum(x, 2))", [False, True, False]),
        ("x = [3.0, 2.0, 3.0]", "L = max(x) * 2", [True, False, True]),
        ("x = [1.0, 2.0]", "L = mae(x, 2)", [False, True]),
        ("x = [1.0, 2.0]", "L = hinge(x, 1)", [True, False]),
        ("x = [0.0, 2.0]", "L = sum(x ** 2)", [False, False]),
        ("x = [0.0, 2.0]", "L = sum(elu(x))", [False, False]),
    ],
)
def test_where_a_slope_is_a_convention(leaves: str, lines: str, on: list[bool]) -> None:
    rec = written(leaves, lines)
    x = rec.graph.by_name["x"]
    found = []
    for flat in range(x.size):
        _, ways = hops(rec, Element(x.id, flat))
        found.append(at_kink(rec, ways[0]))
        step = rec.timeline.step_of(Phase.BACKWARD, x.id, flat)
        assert step is not None
        assert ("by convention" in Frame(rec, Position(step)).story.caption) == found[-1]
    assert found == on
