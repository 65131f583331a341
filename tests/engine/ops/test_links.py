"""Rows and columns."""

from __future__ import annotations

import numpy as np
from operations import Example, every_example

from gradstep.engine.ops.reduce import Reduce


@every_example
def test_a_link_lists_no_element_twice_in_a_column(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot in range(len(xs)):
        for at in range(xs[slot].size):
            grid = op.column(slot, at, y, xs).grid
            # A reduction meets its one output once for every point; elsewhere each output is another.
            if not isinstance(op, Reduce):
                assert len(set(grid.take(0, grid.size).tolist())) == grid.size


@every_example
def test_a_factor_is_where_the_local_derivative_is_read(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot in range(len(xs)):
        found = [op.row(slot, at, y, xs) for at in range(y.size)]
        found += [op.column(slot, at, y, xs) for at in range(xs[slot].size)]
        for links in found:
            assert links.slot == slot
            if links.factor is not None:
                other, grid = links.factor
                assert other != slot
                read = xs[other].reshape(-1)[grid.take(0, grid.size)]
                assert read.tolist() == links.local(0, links.grid.size).tolist()
