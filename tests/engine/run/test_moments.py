"""What a person types for a moment. Steps of the walkthrough are counted by hand: z1 1-2, h 3-4, z2 5, y 6, L 7, then
the gradients of y 8, z2 9, W2 10-11, b2 12, h 13-14, z1 15-16, W1 17-20, b1 21-22, and the updates from 23 on."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import network, walkthrough

from gradstep.engine.errors import CommandError
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.run.moments import find
from gradstep.engine.run.timeline import Position, Timeline

GRAPH = walkthrough().graph
TIMELINE, BOARD = Timeline(GRAPH), Blackboard(GRAPH)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("24", Position(24, None, 7)),
        (" +10 ", Position(20, None, 7)),
        ("-3", Position(7, None, 7)),
        ("+99", Position(31, None, 7)),
        ("50%", Position(16, None, 7)),
        ("update", Position(23, None, 7)),
        ("h.grad[1]", Position(14, None, 7)),
        ("loss", Position(7, None, 7)),
        ("@12", Position(0, None, 12)),
        ("@+3", Position(0, None, 10)),
        ("@-3", Position(0, None, 4)),
        ("@−99", Position(0, None, 1)),
        ("@end", Position(31, None, 20)),
        ("@end loss", Position(7, None, 20)),
        ("@12 h.grad[1]", Position(14, None, 12)),
        ("@12:h.grad[1]", Position(14, None, 12)),
        ("@12 +5", Position(5, None, 12)),
        ("W1", None),
        ("@0", None),
        ("@", None),
        ("@x", None),
        ("@12 nothing", None),
        ("@12 @13", None),
        ("@1 " * 5000, None),
        ("40", None),
        ("101%", None),
        ("", None),
    ],
)
def test_what_is_typed_for_a_moment(text: str, found: Position | None) -> None:
    """At step 10 of iteration 7, of 20 that are made."""
    here = Position(10, None, 7)
    if found is not None:
        assert find(TIMELINE, BOARD, here, text, made=20) == found
    else:
        with pytest.raises(CommandError):
            find(TIMELINE, BOARD, here, text, made=20)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("W1", "'W1' is given, not computed; try W1.grad"),
        ("x", "'x' is given, not computed"),
        ("x.grad", "'x' does not depend on any parameter"),
        ("h.next", "only parameters are updated, and 'h' is none"),
        ("L.grad", "the gradient of L with respect to itself is 1 by definition"),
        ("loss.grad", "the gradient of L with respect to itself is 1 by definition"),
        ("@0", "iterations are counted from 1"),
        ("@x", "they are written @12"),
        ("@10^12", "'@10^12' is no iteration"),
        ("@1000000000000 loss", "iteration 1,000,000,000,000 is beyond what can be made; the last is 100,000,000"),
        ("@+999999999999", "iteration 1,000,000,000,000 is beyond what can be made"),
        ("@" + "9" * 400, "is no iteration"),
        ("@1 @2 W1.grad", "one iteration is enough"),
        ("@1 " * 5000, "one iteration is enough"),
        ("32", "there is no step 32; the last one is 31"),
    ],
)
def test_what_is_refused_says_why(text: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        find(TIMELINE, BOARD, Position(0), text)
    assert says in str(refused.value)


def test_what_is_empty_is_written_by_no_step() -> None:
    graph = network({}, {"w": np.zeros((2, 0))}, {"y": "w * 2", "L": "sum(y)"}).graph
    for name in ("y", "y.grad", "w.grad", "w.next"):
        with pytest.raises(CommandError, match=rf"no step writes {name}: it is empty, of shape \(2, 0\)"):
            find(Timeline(graph), Blackboard(graph), Position(0), name)
