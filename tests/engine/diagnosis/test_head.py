"""Where a network ends."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.head import best_constant, find_head
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


def test_a_loss_written_by_hand_has_none() -> None:
    assert find_head(loads(NETWORK.format(lines='L = "mean((z - t) * (z - t))"')).graph) is None


def test_a_single_target_is_a_sample() -> None:
    """Of one number the best guess is that number: the loss is 0."""
    recording = record(loads('format = 1\n[parameters]\nw = -0.64\n[graph]\nL = "mse(w, w)"\n'))
    head = find_head(recording.graph)
    assert head is not None
    assert best_constant(head, np.asarray(-0.64), 1) == (0.0, "the variance of the targets")
