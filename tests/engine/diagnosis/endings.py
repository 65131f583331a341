"""Small networks that end in different ways, for the tests of rules about outputs, targets and losses."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

BODY = """format = 1
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [{samples}, 3], seed = 1 }}
t = {targets}
[parameters]
W = {{ init = "xavier_normal", shape = [{width}, 3], seed = 2 }}
b = {{ init = "zeros", shape = [{width}] }}
[graph]
z = "x @ W.T + b"
{lines}
[training]
lr = {lr}
steps = 60
"""


def kinds(lines: Sequence[str], targets: object, width: int = 1, steps: int = 1, lr: float = 0.1) -> dict[str, Finding]:
    """What is found in a network that ends in these lines, by kind."""
    samples = len(targets) if isinstance(targets, list) else 8
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in lines)
    history = History(loads(BODY.format(samples=samples, targets=targets, width=width, lines=graph, lr=lr)))
    history.make(steps)
    told = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    return {one.kind: one for one in told}


BITS = [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0], [0.0], [1.0]]
ONES = [0, 1, 2, 0, 1, 2, 0, 1]
