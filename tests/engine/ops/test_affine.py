"""Whole columns at once, and the factors of sums of products."""

from __future__ import annotations

import numpy as np
import pytest
from operations import Example, every_example, examples

from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.affine import Contract


def test_a_contraction_has_two_factors() -> None:
    contractions = [cls for cls in REGISTRY.values() if issubclass(cls, Contract)]
    assert contractions
    for cls in contractions:
        example = examples(cls.name)[0]
        xs = example.inputs()
        y = np.asarray(example.op.forward(xs))
        for slot in (0, 1):
            links = example.op.row(slot, 0, y, xs)
            assert links.factor is not None
            assert links.factor[0] == 1 - slot


@every_example
def test_columns_together_are_the_columns_one_by_one(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot, x in enumerate(xs):
        for start, stop in ((0, x.size), (x.size // 3, x.size - x.size // 4), (x.size, x.size)):
            found = op.columns(slot, start, stop, y, xs)
            links = [op.column(slot, at, y, xs) for at in range(start, stop)]
            assert found.owner.tolist() == [k for k, link in enumerate(links) for _ in range(link.grid.size)]
            assert found.out.tolist() == [o for link in links for o in link.grid.take(0, link.grid.size).tolist()]
            single = [v for link in links for v in link.local(0, link.grid.size).tolist()]
            assert found.local.tolist() == pytest.approx(single, rel=1e-12, nan_ok=True)
            if links:
                assert found.factor == (links[0].factor[0] if links[0].factor else None)
