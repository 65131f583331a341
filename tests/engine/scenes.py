"""Scenarios that tests of several folders share."""

from __future__ import annotations

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads
from gradstep.engine.run.timeline import Position

#: Images in a batch through a convolution, flattened, and weighed; the second half is without an axis of samples.
CONV = """format = 1
batch = ["x"]
[inputs]
x = { shape = [3, 2, 5, 4], init = "normal(0, 1)", seed = 1 }
t = { shape = [3, 2], init = "zeros" }
[parameters]
k = { shape = [4, 2, 2, 2], init = "normal(0, 1)", seed = 2 }
W = { shape = [2, 48], init = "normal(0, 1)", seed = 3 }
[graph]
c = "conv2d(x, k)"
h = "relu(c)"
f = "reshape(h, (3, 48))"
y = "f @ W.T"
L = "mse(y, t)"
"""


def looking(text: str, step: int, sample: int | None = 0, term: int | None = None) -> Session:
    """A session of a scenario at a step, and in it at a term, that looks at one sample or at all."""
    session = Session(loads(text))
    session.go_to(Position(step, term))
    session.sample = sample
    return session


def deep(lines: int, width: int = 3) -> str:
    """A network of so many graph lines: layers of a batch of two, each with its own weights, and an addition that
    skips the whole of it after every fourth."""
    parameters, graph, before = [], [], "x"
    for k in range(1, lines // 2):
        parameters += [f"W{k} = {{ shape = [{width}, {width}], init = 'he_normal', seed = {k} }}"]
        graph += [f'z{k} = "{before} @ W{k}.T"', f'h{k} = "{"relu" if k % 2 else "tanh"}(z{k})"']
        before = f"h{k}"
        if k % 4 == 0:
            graph[-1] = f'h{k} = "tanh(z{k}) + x"'
    graph += ['y = "' + before + ' * 0.5"', 'L = "mse(y, t)"']
    return "\n".join(
        [
            "format = 1",
            'batch = ["x", "t"]',
            "[inputs]",
            f"x = {{ shape = [2, {width}], init = 'normal(0, 1)', seed = 1 }}",
            f"t = {{ shape = [2, {width}], init = 'zeros' }}",
            "[parameters]",
            *parameters,
            "[graph]",
            *graph,
        ]
    )
