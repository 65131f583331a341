"""Targets that the outputs cannot reach or the loss does not expect, and ones that are fine."""

from __future__ import annotations

import pytest
from endings import BITS, ONES, kinds

TOGETHER = [[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1]] * 2
APART = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]] * 2
CASES = [
    (["L = cross_entropy(z, t)"], TOGETHER, 3, "exclusive_labels"),
    (["L = cross_entropy(z, t)"], APART, 3, ""),
    (["L = bce_with_logits(z, t)"], TOGETHER, 3, ""),
    (["y = sigmoid(z)", "L = mae(y, t)"], BITS, 1, "wrong_loss"),
    (["L = mae(z, t)"], [[0.3], [2.0]] * 4, 1, ""),
    (["L = mse(z, t)"], [[5.0]] * 8, 1, "equal_labels"),
    (["L = bce_with_logits(z, t)"], [[1.0]] * 8, 1, "equal_labels"),
    (["y = sigmoid(z)", "L = mse(y, t)"], [[0.2], [1.7]] * 4, 1, "unreachable_targets"),
    (["y = tanh(z)", "L = mse(y, t)"], [[0.2], [-3.0]] * 4, 1, "unreachable_targets"),
    (["y = relu(z)", "L = mse(y, t)"], [[0.2], [-1.0]] * 4, 1, "unreachable_targets"),
    (["y = tanh(z)", "L = mse(y, t)"], [[1.0], [-1.0]] * 4, 1, ""),
    (["y = relu(z)", "L = mse(y, t)"], [[0.2], [3.0]] * 4, 1, ""),
    (["y = sigmoid(z)", "L = bce(y, t)"], [[0.0], [255.0]] * 4, 1, "target_range"),
    (["L = bce_with_logits(z, t)"], [[-1.0], [1.0]] * 4, 1, "target_range"),
    (["L = hinge(z, t)"], BITS, 1, "target_range"),
    (["L = hinge(z, t)"], [[-1.0], [1.0]] * 4, 1, ""),
    (["L = cross_entropy(z, t)"], [1, 2, 3, 1, 2, 3, 1, 2], 4, "target_range"),
    (["L = cross_entropy(z, t)"], ONES, 3, ""),
    (["L = mse(z, t)"], [[250.0], [300.0]] * 4, 1, "target_scale"),
    (["L = mse(z, t)"], [[2.0], [-3.0]] * 4, 1, ""),
]
ABOUT = {
    "exclusive_labels", "wrong_loss", "equal_labels", "unreachable_targets", "target_range", "target_scale",
}  # fmt: skip


@pytest.mark.parametrize(("lines", "targets", "width", "kind"), CASES)
def test_targets_that_do_not_fit_are_named_and_those_that_do_are_not(
    lines: list[str], targets: object, width: int, kind: str
) -> None:
    assert ABOUT & set(kinds(lines, targets, width)) == ({kind} if kind else set())


def test_what_is_said_has_the_numbers_of_the_targets() -> None:
    found = kinds(["y = tanh(z)", "L = mse(y, t)"], [[0.2], [-3.0], [0.5], [2.0]], 1)["unreachable_targets"]
    assert found.numbers == {"outside": 2, "of": 4}
    assert "2 of 4 targets lie outside what tanh can give (from -1 to 1): they go from −3.0000 to 2.0000" in found.text
