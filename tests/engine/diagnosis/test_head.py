"""Where a network ends."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.head import best_constant, find_head, floor
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

NETWORK = """format = 1
[inputs]
t = [[0.0], [1.0]]
[parameters]
z = [[0.1], [0.2]]
[graph]
{lines}
"""


@pytest.mark.parametrize(
    ("lines", "outputs", "takes", "activation", "alone"),
    [
        ('y = "sigmoid(z)"\nL = "bce(y, t)"', "y", "probabilities", "sigmoid", True),
        ('y = "sigmoid(z)"\nL = "mse(t, y)"', "y", "numbers", "sigmoid", True),
        ('L = "bce_with_logits(z, t)"', "z", "logits", None, True),
        ('L = "mse(z, t) + 0.1 * sum(z * z)"', "z", "numbers", None, False),
        ('c = "concat(z, z, axis=1)"\nL = "cross_entropy(c, [0, 1])"', "c", "class scores", None, True),
        ('y = "tanh(z)"\nr = "reshape(y, (1, 2))"\nL = "mse(r, reshape(t, (1, 2)))"', "r", "numbers", "tanh", True),
    ],
)
def test_the_head_of(lines: str, outputs: str, takes: str, activation: str | None, alone: bool) -> None:
    if "[0, 1]" in lines:
        lines = lines.replace("[0, 1]", "c1")
        text = NETWORK.format(lines=lines).replace("[parameters]", "c1 = [0, 1]\n[parameters]")
    else:
        text = NETWORK.format(lines=lines)
    graph = loads(text).graph
    head = find_head(graph)
    assert head is not None
    assert (graph.values[head.outputs].name, head.takes, head.alone) == (outputs, takes, alone)
    assert (head.activation.op.name if head.activation else None) == activation


def test_a_loss_written_by_hand_has_its_usual_name() -> None:
    head = find_head(loads(NETWORK.format(lines='L = "mean((z - t) * (z - t))"')).graph)
    assert head is not None
    assert (head.name, head.takes, head.alone, head.sign) == ("mse", "numbers", True, 1)
    flipped = find_head(loads(NETWORK.format(lines='L = "-mse(z, t)"')).graph)
    assert flipped is not None
    assert (flipped.name, flipped.alone, flipped.sign) == ("mse", False, -1)


def test_a_loss_of_another_kind_has_none() -> None:
    assert find_head(loads(NETWORK.format(lines='L = "mean(z * z * t)"')).graph) is None


def test_the_best_constant_and_the_floor() -> None:
    """Against a search over constants, and the entropy of soft targets."""
    targets = np.array([[0.2], [0.9], [1.4], [-3.0], [0.6]])
    head = find_head(loads(NETWORK.format(lines='L = "huber(z, t)"')).graph)
    assert head is not None
    grid = np.linspace(-3, 2, 50001)
    away = abs(targets - grid)
    lowest = np.where(away <= 1, away**2 / 2, away - 0.5).mean(axis=0).min()
    found = best_constant(head, targets, 1)
    assert found is not None
    assert found[0] == pytest.approx(lowest, abs=1e-6)
    soft = find_head(loads(NETWORK.format(lines='L = "bce_with_logits(z, t)"')).graph)
    assert soft is not None
    assert floor(soft, np.array([[0.5], [1.0]])) == pytest.approx(np.log(2) / 2)


def test_a_single_target_is_a_sample() -> None:
    """Of one number the best guess is that number: the loss is 0."""
    recording = record(loads('format = 1\n[parameters]\nw = -0.64\n[graph]\nL = "mse(w, w)"\n'))
    head = find_head(recording.graph)
    assert head is not None
    assert best_constant(head, np.asarray(-0.64), 1) == (0.0, "the variance of the targets")


def test_a_divergence_is_what_a_cross_entropy_has_beyond_the_targets_own() -> None:
    """Kullback and Leibler (1951): of one answer q for all it is least at the mean of the targets."""
    text = 'c = "softmax(concat(z, z, axis=1))"\nL = "mean(sum(s * (log(s) - log(c)), axis=1))"'
    given = NETWORK.replace("[parameters]", "s = [[0.2, 0.8], [0.6, 0.4]]\n[parameters]")
    head = find_head(loads(given.format(lines=text)).graph)
    assert head is not None
    shares = np.array([[0.2, 0.8], [0.6, 0.4]])
    q = np.linspace(0.001, 0.999, 9999)
    least = sum((row[0] * np.log(row[0] / q) + row[1] * np.log(row[1] / (1 - q))) / 2 for row in shares).min()
    found = best_constant(head, shares, 2)
    assert found is not None
    assert (head.name, head.classes, floor(head, shares)) == ("kl_div", True, 0.0)
    assert found[0] == pytest.approx(least, abs=1e-7)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_the_best_constant_of_a_smooth_absolute_error(beta: float) -> None:
    targets = np.array([[0.2], [0.9], [1.4], [-3.0], [0.6]])
    head = find_head(loads(NETWORK.format(lines=f'L = "smooth_l1(z, t, beta={beta})"')).graph)
    assert head is not None
    away = abs(targets - np.linspace(-3, 2, 50001))
    lowest = np.where(away < beta, away**2 / (2 * beta), away - beta / 2).mean(axis=0).min()
    found = best_constant(head, targets, 1)
    assert found is not None
    assert found[0] == pytest.approx(lowest, abs=1e-6)
