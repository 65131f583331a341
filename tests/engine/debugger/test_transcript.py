"""Every operation, stepped through from start to end: sentences, equations, terms and pictures hold."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.debugger.transcript import block
from gradstep.engine.files import loads
from gradstep.engine.run.timeline import Grain
from gradstep.tui.panels.main.math import Math
from gradstep.tui.panels.main.network import Network
from gradstep.tui.view import View

FORMULAS = [
    "softmax(x)", "log_softmax(M, axis=0)", "layer_norm(M, x, x)", "rms_norm(M)", "batch_norm(M)", "max(M, axis=1)",
    "min(x)", "attention(M, M, M, causal=True)", "conv2d(I, K, stride=1, padding=1)", "max_pool2d(I)",
    "avg_pool2d(I, 2, 1)", "embedding(M, ids)", "concat(x, x * 2)", "stack(x, x)", "M[0]", "M[:, 1:]", "M.T @ M",
    "M @ M.T", "reshape(M, (3, 3))", "flatten(M)", "dropout(M, 0.4, seed=1)", "where(M > 0, M, M ** 2)", "gelu(x)",
    "maximum(x, M)", "clip(M, -0.5, 0.5)", "log(x - x)", "exp(M * 1000)", "sqrt(-abs(x))", "x / (x - x)",
    "cross_entropy(M, ids3)", "nll(log_softmax(M), ids3)", "bce(sigmoid(M), M * 0 + 1)", "bce_with_logits(M, M * 0)",
    "huber(M, M * 2)", "hinge(M, M * 0 + 1)", "mae(x, x * 0)", "x ** 3", "abs(x) + sin(x) * cos(x) - softplus(x)",
    "elu(x) + leaky_relu(x) + silu(x) + hard_tanh(x)", "normalize(M) - rms_normalize(M)",
]  # fmt: skip
TEMPLATE = """format = 1
[inputs]
ids = [2, 0, 2]
ids3 = [2, 0, 1]
[parameters]
x = [0.5, -1.25, 2.0]
M = [[1.0, -2.0, 0.5], [0.25, 3.0, -1.0], [2.0, 2.0, -0.75]]
I = [[[1.0, 2.0, 3.0], [0.0, 1.0, -1.0], [2.0, 0.5, 1.0]]]
K = [[[[1.0, 0.5], [0.25, -1.0]]]]
[graph]
y = "{formula}"
q = "y * y"
L = "mean(q)"
"""


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_can_be_stepped_to_the_end_and_shown(formula: str) -> None:
    session = Session(loads(TEMPLATE.format(formula=formula)))
    last = session.recording.timeline.total
    for step in range(last + 1):
        session.goto(str(step))
        frame = session.frame()
        if step:
            text = block(frame, terms=True)
            assert "None" not in text
            assert "{" not in text
        assert Math.paint(frame, View(), 70, 16).text()
        assert Network.paint(frame, View(), 110, 24).text()
        assert frame.story.explanation
    session.goto("end")
    while session.step(Grain.LINE, -1).moved:
        assert session.frame().story.caption
