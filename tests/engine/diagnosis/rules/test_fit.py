"""What is learned by heart, and what cannot be learned."""

from __future__ import annotations

from training_findings import OVERFIT, seen

from gradstep.engine.files import loads


def test_random_targets_are_learned_by_heart() -> None:
    """Inputs and targets are drawn apart: nothing of the one is in the other."""
    assert "shuffled_targets" in seen(loads(OVERFIT))


def test_targets_that_are_in_the_inputs_are_not() -> None:
    text = OVERFIT.replace('L = "mse(h @ W2.T, t)"', 'L = "mse(h @ W2.T, 0.5 * x[:, 0:1])"')
    assert "shuffled_targets" not in seen(loads(text))


XOR = """format = 1
batch = ["x", "t"]
[inputs]
x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
t = [[0.0], [1.0], [1.0], [0.0]]
[parameters]
W1 = {{ init = "xavier_normal", shape = [{units}, 2], seed = 5 }}
b1 = {{ init = "zeros", shape = [{units}] }}
W2 = {{ init = "xavier_normal", shape = [1, {units}], seed = 2 }}
b2 = [0.0]
[graph]
h = "tanh(x @ W1.T + b1)"
L = "bce_with_logits(h @ W2.T + b2, t)"
[training]
optimizer = "adam"
lr = 0.05
steps = 1500
"""


def test_one_unit_is_too_few_for_xor() -> None:
    """One unit cuts the plane once, and gets three of the four right at best: two thirds of them with certainty."""
    found = seen(loads(XOR.format(units=1)))
    assert "too_small" in found
    assert "1 unit" in found["too_small"][0].text
    assert "too_small" not in seen(loads(XOR.format(units=8)))
