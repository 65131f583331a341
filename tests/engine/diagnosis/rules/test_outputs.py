"""Outputs that do not fit the loss, and ones that do."""

from __future__ import annotations

import pytest
from endings import BITS, ONES, kinds

#: How a network ends, its targets, its outputs, and what is wrong with it; nothing where it is as it should be.
ENDS = [
    (["y = softmax(z)", "L = mse(y, t)"], BITS, 1, "constant_output"),
    (["L = cross_entropy(z, t)"], [0] * 8, 1, "constant_output"),
    (["y = sigmoid(z)", "L = mse(y, t)"], BITS, 1, ""),
    (["y = softmax(z, axis=0)", "L = mse(y, t)"], [[0.2, 0.8]] * 8, 2, "softmax_axis"),
    (["y = softmax(z)", "L = mse(y, t)"], [[0.2, 0.8], [0.7, 0.3]] * 4, 2, ""),
    (["y = softmax(z)", "L = cross_entropy(y, t)"], ONES, 3, "activation_before_loss"),
    (["y = sigmoid(z)", "L = cross_entropy(y, t)"], ONES, 3, "activation_before_loss"),
    (["y = relu(z)", "L = cross_entropy(y, t)"], ONES, 3, "activation_before_loss"),
    (["y = sigmoid(z)", "L = bce_with_logits(y, t)"], BITS, 1, "activation_before_loss"),
    (["L = cross_entropy(z, t)"], ONES, 3, ""),
    (["L = bce_with_logits(z, t)"], BITS, 1, ""),
    (["y = log_softmax(z)", "L = nll(y, t)"], ONES, 3, ""),
    (["y = tanh(z)", "L = bce(y, t)"], BITS, 1, "missing_activation"),
    (["L = bce(z, t)"], BITS, 1, "missing_activation"),
    (["y = sigmoid(z)", "L = bce(y, t)"], BITS, 1, ""),
    (["L = nll(z, t)"], ONES, 3, "missing_activation"),
    (["y = log(sigmoid(z))", "L = nll(y, t)"], ONES, 3, "missing_activation"),
    (["y = log(softmax(z))", "L = nll(y, t)"], ONES, 3, ""),
]
ABOUT = {"constant_output", "softmax_axis", "activation_before_loss", "missing_activation"}


@pytest.mark.parametrize(("lines", "targets", "width", "kind"), ENDS)
def test_an_end_that_does_not_fit_is_named_and_one_that_does_is_not(
    lines: list[str], targets: object, width: int, kind: str
) -> None:
    assert ABOUT & set(kinds(lines, targets, width)) == ({kind} if kind else set())


def test_a_logarithm_taken_twice_is_no_harm() -> None:
    found = kinds(["y = log_softmax(z)", "L = cross_entropy(y, t)"], ONES, 3)["activation_before_loss"]
    assert found.severity.word == "information"
    assert "nll" in found.hint
