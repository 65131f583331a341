"""What is stale of a sum is what is read from something stale, and no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import Stale
from gradstep.engine.run.reading import forward_segments, gradient_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import FRESH, Stales, marked, stales

#: y as it was, which is not quite what NumPy makes of it.
RECORDED = seen.W * seen.Y + 2 + 1e-9


def edited(folder: Path, *edits: str) -> Recording:
    """x → the wave → y = w ⊙ wave + 2 → mse, after edits."""
    lines = {"wave": "recorded(x, of='wave', size=(2,))", "y": "w * wave + 2", "loss": "mse(y, t)"}
    trace = {
        "value:wave": seen.Y,
        "value:y": RECORDED,
        "gradient:wave": seen.UP,
        "gradient:x": seen.UP * np.cos(seen.X),
    }
    session = Session(find(str(seen.write(folder / "a.gradstep", lines, trace))))
    for edit in edits:
        session.edit(edit)
    return session.recording


def test_a_number_says_that_it_is_stale_and_so_does_what_is_made_of_it() -> None:
    stale = marked(0.5, True)
    made = (stale + 1, 1 - stale, stale * 2, 2 * stale, 1 / stale, stale / 2, -stale, abs(stale), stale - 1, 1 + stale)
    assert made == (1.5, 0.5, 1.0, 1.0, 2.0, 0.25, -0.5, 0.5, -0.5, 1.5)
    assert all(isinstance(one, Stale) for one in made)
    assert type(marked(0.5, False)) is float


def test_without_an_edit_nothing_is_stale(tmp_path: Path) -> None:
    trace = edited(tmp_path).trace
    for segment in gradient_segments(trace, trace.graph.by_name["w"], 0):
        assert stales(trace, segment, True) is FRESH


def test_a_factor_is_stale_where_it_is_read_from_something_stale(tmp_path: Path) -> None:
    """Of ∂L/∂w = ∂L/∂y · wave both factors are; of ∂L/∂wave = ∂L/∂y · w the weight is not; nor is a sum's slope."""
    trace = edited(tmp_path, "x[0] = 2").trace
    (segment,) = gradient_segments(trace, trace.graph.by_name["w"], 0)
    assert stales(trace, segment, True) == Stales(True, True, True)
    (segment,) = gradient_segments(trace, trace.graph.by_name["wave"], 0)
    assert stales(trace, segment, True) == Stales(True, False, True)
    product = trace.graph.values[segment.via_value]
    (segment,) = gradient_segments(trace, product, 0)
    assert stales(trace, segment, True) == Stales(True, False, True)


def test_terms_of_a_value_are_stale_one_by_one(tmp_path: Path) -> None:
    """Of y = (w · wave) + 2 the first summand is, and the second is not."""
    trace = edited(tmp_path, "x[0] = 2").trace
    first, second = forward_segments(trace, trace.graph.nodes[trace.graph.by_name["y"].node], 0)
    assert stales(trace, first, False) == Stales(True, False, True)
    assert stales(trace, second, False) == FRESH


def test_what_is_set_is_what_it_is_and_the_rest_of_its_array_stale(tmp_path: Path) -> None:
    recording = edited(tmp_path, "x[0] = 2", "y[1] = 3")
    y = recording.graph.by_name["y"].id
    numbers = [recording.trace.number(Element(y, k)) for k in range(2)]
    assert [isinstance(number, Stale) for number in numbers] == [True, False]
    assert numbers[1] == 3


def test_what_stays_as_it_was_recorded_is_not_computed_again(tmp_path: Path) -> None:
    """As if the wave had stayed the same: the numbers that were recorded, and not what they are as computed here."""
    trace = edited(tmp_path, "x[0] = 2").trace
    y = trace.graph.by_name["y"].id
    assert ("data", y) in trace.stale
    np.testing.assert_array_equal(trace.data[y], RECORDED, strict=True)
