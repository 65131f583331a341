"""A deep network is compared in stretches: what comes out is what a move of the whole loss gives, and the work grows
with the number of lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from recordings import written

from gradstep.engine.ask.differences import stretches
from gradstep.engine.ask.differences.precise import Move, Precise
from gradstep.engine.ask.differences.verifying import every
from gradstep.engine.files import builtin, find
from gradstep.engine.index import Array
from gradstep.engine.ops.families.activation import Tanh
from gradstep.engine.run.recording import Recording, record


def deep(lines: int) -> Recording:
    """A residual network of so many lines: every line has a weight in common with all others, and its own input is
    used twice."""
    made = [f"h{i} = tanh(W @ h{i - 1}) + 0.5 * h{i - 1}" for i in range(1, lines)]
    return written("W = [[0.3, -0.2], [0.1, 0.4]]\nw = [0.5, -0.7]", "h0 = tanh(w)", *made, f"L = sum(h{lines - 1})")


@pytest.mark.parametrize("name", [*builtin(), "deep"])
@pytest.mark.parametrize("length", [1, 3, 10])
def test_the_slopes_of_all_ways_add_up_to_that_of_the_loss(
    name: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum of the derivatives over all stretches, by a central difference, against that of the loss in one."""
    monkeypatch.setattr(stretches, "LENGTH", length)
    precise = Precise(deep(8) if name == "deep" else record(find(name)))
    if not np.isfinite(precise.trace.loss):
        return
    for value in precise.graph.values:
        grad = precise.trace.grad[value.id]
        if grad is None or not value.size or value.id == precise.graph.loss.id or not np.isfinite(grad).all():
            continue
        flats, step = np.array([0, 0, value.size - 1, value.size - 1]), 1e-6
        offsets = step * np.array([1.0, -1.0, 1.0, -1.0])

        def move(copies: Array, start: int, flats: Array = flats, offsets: Array = offsets) -> None:
            copies[np.arange(4), flats] += offsets

        ways = precise.stretches.ways(value.id)
        parts = [precise.losses(value.id, 4, move, way) for way in ways]
        found = sum((part[::2] - part[1::2]) / (2 * step) for part in parts)
        whole = precise.losses(value.id, 4, move)
        assert found == pytest.approx((whole[::2] - whole[1::2]) / (2 * step), rel=1e-3, abs=1e-7), value.name


def test_a_wrong_slope_is_found_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first of three stretches, in the middle and in the last: and named where it is."""
    right, number = Tanh.vjp, 0
    count = 3 * stretches.LENGTH // 4

    def wrong(self: Tanh, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        nonlocal number
        number += 1
        return right(self, slot, g, y, xs) * (1.01 if number == bad else 1)

    monkeypatch.setattr(Tanh, "vjp", wrong)
    for bad in (1, count // 2, count):
        number = 0
        found = every(deep(count))
        wrongly = f"h{count - bad}:linear.grad[0]" if bad < count else "w.grad[0]"
        assert wrongly in [name for name, *_ in found.failed]


@pytest.mark.parametrize("lines", [256, 512])
def test_the_work_grows_with_the_number_of_lines(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    count, act = 0, Precise.losses

    def counting(self: Precise, value: int, copies: int, move: Move, way: stretches.Way | None = None) -> Array:
        nonlocal count
        count += len(way.nodes) if way else len(self.after(value))
        return act(self, value, copies, move, way)

    monkeypatch.setattr(Precise, "losses", counting)
    found = every(deep(lines))
    assert found.ok
    assert found.checked == found.total == 8 * lines
    # At most a stretch for each use of each of the values: five to a line.
    assert count < 5 * lines * stretches.LENGTH
