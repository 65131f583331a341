"""A small training that tests vary."""

from __future__ import annotations

from gradstep.engine.files import loads
from gradstep.engine.run.scenario import Scenario

SMALL = """format = 1
dtype = "{dtype}"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [24, 5], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [24, 2], seed = 2 }}
[parameters]
W1 = {{ init = "he_normal", shape = [6, 5], seed = 3 }}
b1 = {{ init = "zeros", shape = [6] }}
W2 = {{ init = "he_normal", shape = [2, 6], seed = 4 }}
[graph]
z1 = "x @ W1.T + b1"
h = "relu(z1)"
L = "mse({h} @ W2.T, t)"
[training]
{training}
"""


def small(training: str = 'optimizer = "momentum"\nlr = 0.05\nbatch_size = 8\nshuffle = 7', **more: str) -> Scenario:
    return loads(SMALL.format(**{"dtype": "float64", "h": "h", "training": training, **more}))
