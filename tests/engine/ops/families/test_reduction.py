"""Reductions: against PyTorch and NumPy, and options that are refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from operations import ALL, Example, by_columns, by_rows, by_vjp, examples
from torch_cases import FAMILIES, check

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.families.reduction import AxisReduce


@pytest.mark.parametrize("formula", FAMILIES["reduction"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("reduction", formula)


@pytest.mark.parametrize("example", [p for p in ALL if isinstance(p.values[0].op, AxisReduce)])
def test_a_reduction_is_numpys(example: Example) -> None:
    (x,) = example.inputs()
    options = dataclasses.asdict(example.op)
    np.testing.assert_allclose(
        example.op.forward([x]), getattr(np, example.op.name)(x, **options), rtol=1e-13, atol=1e-14
    )


def test_the_reductions_are_seen_with_all_their_options() -> None:
    seen = {(e.op.axis, e.op.keepdims) for name in ("sum", "mean") for e in examples(name)}  # type: ignore[attr-defined]
    assert {(None, False), (None, True), (0, False), (-1, True), ((), False)} <= seen
    assert any(isinstance(axis, tuple) and len(axis) > 1 for axis, _ in seen)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize(
    ("options", "shape", "named"),
    [
        ({"axis": 2}, (2, 3), ("axis 2", "(2, 3)")),
        ({"axis": -3}, (2, 3), ("axis -3", "(2, 3)")),
        ({"axis": 1}, (), ("axis 1", "()")),
        ({"axis": (0, -1)}, (), ("twice",)),
        ({"axis": (0, 5)}, (2, 3), ("axis 5", "(2, 3)")),
        ({"axis": (0, 0)}, (2, 3), ("twice",)),
        ({"axis": (1, -1)}, (2, 3), ("twice", "(1, -1)")),
    ],
)
def test_a_wrong_axis_is_named(name: str, options: dict[str, Any], shape: Shape, named: tuple[str, ...]) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY[name](**options).shape((shape,))
    for part in (name, *named):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize(
    "options",
    [{"axis": True}, {"axis": 1.0}, {"axis": "0"}, {"axis": [0]}, {"axis": (0, None)}, {"axis": (True,)},
     {"keepdims": 1}, {"keepdims": None}, {"axis": {0}}],
)  # fmt: skip
def test_options_of_the_wrong_kind_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(OpError, match=name):
        REGISTRY[name](**options)


@pytest.mark.parametrize("name", ["max", "min"])
def test_of_no_groups_there_is_nothing_to_choose_and_no_mistake(name: str) -> None:
    op, x = REGISTRY[name](axis=1), np.zeros((0, 3))  # type: ignore[call-arg]
    y = op.forward([x])
    assert y.shape == op.shape([x.shape]) == (0,)
    assert op.vjp(0, y, y, [x]).shape == (0, 3)
    with pytest.raises(OpError, match="nothing to choose from"):
        op.shape([(3, 0)])


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2)])
def test_rows_columns_and_vjp_share_among_equals(name: str, axis: Any) -> None:
    """As torch.amax: 1 / n to each of the n that are it."""
    op = REGISTRY[name](axis=axis)  # type: ignore[call-arg]
    x = np.array([[[1.0, 2.0], [2.0, 2.0]], [[2.0, 1.0], [np.inf, -np.inf]], [[1.0, 1.0], [1.0, 1.0]]])
    y = op.forward([x])
    ways = [make(op, 0, y, [x]) for make in (by_rows, by_columns, by_vjp)]
    for jacobian in ways:
        np.testing.assert_array_equal(jacobian, ways[0])
        np.testing.assert_allclose(jacobian.sum(axis=1), 1, rtol=1e-15)
        for row, value in zip(jacobian, y.reshape(-1), strict=True):
            assert {x.reshape(-1)[k] for k in np.flatnonzero(row)} == {value}
            assert len(set(row[row > 0])) == 1


@pytest.mark.parametrize("name", ["max", "min"])
def test_a_result_that_was_set_by_hand_changes_nothing_about_which_is_chosen(name: str) -> None:
    op, x = REGISTRY[name](), np.array([0.5, 2.0, 2.0, -1.0])
    right = op.vjp(0, np.asarray(1.0), op.forward([x]), [x])
    assert right.sum() == 1
    by_hand = np.asarray(7.0)
    assert op.vjp(0, np.asarray(1.0), by_hand, [x]).tolist() == right.tolist()
    assert by_columns(op, 0, by_hand.reshape(()), [x])[0].tolist() == right.tolist()
