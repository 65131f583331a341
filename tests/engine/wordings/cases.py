"""Networks that built-in scenarios do not have, by name: what is 0, on an edge, or not finite; and odd updates."""

from __future__ import annotations

from gradstep.engine.files import loads
from gradstep.engine.run.scenario import Scenario

_LEAVES = {
    "zero-weight": 'W1 = [[0.0, 0.3], [-0.2, 0.0]]\nb1 = [0.1, -0.1]\nW2 = [[0.0, -0.4]]\nb2 = [0.2]',
    "kink": 'W1 = [[0.0, 0.0], [-0.2, 0.5]]\nb1 = [0.0, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
    "all-shut": 'W1 = [[-1.0, -1.0], [-2.0, -1.0]]\nb1 = [0.0, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
    "nan": 'W1 = [[nan, 0.3], [-0.2, 0.5]]\nb1 = [0.1, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
    "infinite": 'W1 = [[inf, 0.3], [-0.2, 0.5]]\nb1 = [0.1, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
}  # fmt: skip
_TEMPLATE = """format = 1
[inputs]
x = [0.5, 0.8]
t = [1.0]
[parameters]
{leaves}
[graph]
z1 = "W1 @ x + b1"
h = "relu(z1)"
z2 = "W2 @ h + b2"
y = "{activation}(z2)"
L = "half_squared_error(y, t)"
"""


def _written(parameters: str, *lines: str, dtype: str = "float64", more: str = "") -> Scenario:
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in lines)
    return loads(f'format = 1\ndtype = "{dtype}"\n[parameters]\n{parameters}\n[graph]\n{graph}\n{more}')


_UPDATED = "[training]\nsteps = 3\n"
CASES: dict[str, Scenario] = {
    **{name: loads(_TEMPLATE.format(leaves=leaves, activation="tanh")) for name, leaves in _LEAVES.items()},
    "unused": _written("w = [2.0, -1.0]\nv = 3.0", "s = exp(w) - 2 * w", "L = mean(s ** 2)"),
    "padded": _written("w = [2.0, -1.0]", "y = pad(w, (1, 0), value=0.5)", "L = sum(y * y)"),
    "fits": _written("w = 2.0", "y = w * 1", "L = mse(y, 2)"),
    "above": _written("w = 3.0", "y = w * 1", "L = mae(y, 2)"),
    "no number": _written("w = [0.0, -1.0, 800.0]", "a = log(w)", "b = exp(w)", "c = b / b", "L = sum(a) + sum(c)"),
    "underflow": _written("x = [-110.0, -100.0]", "y = exp(x)", "L = sum(y) + 1", dtype="float32"),
    "nearly 1": _written("W = [[1.0, 1.0000001, 0.9999999]]\nx = [0.001, 1.0, 2.0]", "h = tanh(x)",
                         "g = sin(0.001 * h) / 0.001", "y = W @ g", "L = sum(y)"),
    "large": _written("w = 30000.0", "y = w * 3", "L = y * y", more=_UPDATED),
    "far": _written("w = 1e30", "L = w * 1", more=_UPDATED),
    "no rate": _written("w = 2.0", "L = w * w", more=f'{_UPDATED}schedule = "step"\nstep_size = 1\ngamma = 0.0\n'),
    "decay alone": _written("w = 2.0", "L = w * 0", more=f"{_UPDATED}weight_decay = 0.1\n"),
    "shared four times": _written("w = 2.0", "a = w + 1", "b = w * 2", "c = exp(w)", "d = w * w", "L = a + b + c + d"),
    "one of several": _written("x = [1.0, 3.0]", "m = max(x)", "p = log_softmax(x)", "q = softmax(x)",
                               "L = m * 2 + sum(p * q)"),
    "largest": _written("x = [1.0, 3.0]", "m = max(x)", "L = m * 2"),
    "infinite loss": _written("x = 0.0\nw = 1.0", "l = log(x)", "L = l + w * 2"),
    "alone": _written("x = [2.0]", "p = log_softmax(x)", "q = softmax(x)", "L = sum(p + q)"),
    "whole numbers": _written(
        "w = [0.1, -2.5, 300.9, -129.0, 0.0, inf, nan]\nv = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]", "a = cast(w, 'int8')",
        "b = cast(w, 'bool')", "c = cast(w, 'int64')", "d = cast(a + b, 'float32')", "e = a * a", "f = a @ a",
        "L = sum((d + e + f) * v)",
    ),
    "halves": _written("w = [0.1, 0.5, 1e-9, 3.0]", "a = cast(w, 'float16')", "b = cast(exp(a), 'float64')",
                       "c = b * detach(w)", "L = 1e-8 * sum(c)"),
    "overflown": _written("w = [1e200, 2.0]", "L = sum(w * w)", more=f"{_UPDATED}clip_norm = 1.0\n"),
}  # fmt: skip
