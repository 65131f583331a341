"""What is learned by heart, and what cannot be learned."""

from __future__ import annotations

from training_findings import OVERFIT, seen

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.files import loads
from gradstep.engine.history.history import History


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


LINE = """format = 1
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [60, 2], seed = 1 }}
t = {{ init = "normal({middle}, 0.2)", shape = [60, 1], seed = 2 }}
[parameters]
W = [[0.1, 0.2]]
b = [0.0]
[graph]
y = "x @ W.T{bias}"
L = "mse(y, t)"
[training]
lr = 0.1
steps = 100
"""


def test_outputs_that_are_off_to_one_side_want_a_bias() -> None:
    def told(middle: float, bias: str) -> set[str]:
        history = History(loads(LINE.format(middle=middle, bias=bias)))
        history.make(100)
        return {one.kind for cause in diagnose(history) for one in (cause, *cause.follows)}

    assert "no_bias" in told(5.0, "")
    assert "no_bias" not in told(5.0, " + b")
    assert "no_bias" not in told(0.0, "")
