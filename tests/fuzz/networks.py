"""Small networks of odd kinds: empty batches, single numbers, many axes, numbers that are not finite, trainings."""

from __future__ import annotations

import random
from functools import cache

import gradstep
from gradstep.engine.files import builtin

#: Built-in scenarios but for two: they are about commands, not about waiting.
NAMES = [name for name in builtin() if name not in ("digits", "digits-training")]

_ODD = {
    "one": """
batch = ["x"]
[inputs]
x = [[0.5, 2.0]]
[parameters]
W1 = [[0.3, -0.4]]
b1 = [[0.1]]
[graph]
y = "sigmoid(x @ W1.T + b1)"
L = "mean((y - 1) ** 2)"
[training]
steps = 6
lr = 0.5
""",
    "numbers": """
[parameters]
a = 2.0
b = -3.0
[graph]
c = "a * b"
d = "exp(c) + a"
L = "log(d) * where(a > b, c, d)"
""",
    "empty-batch": """
batch = ["x"]
[inputs]
x = { shape = [0, 3], init = "zeros" }
[parameters]
W1 = [[0.3, -0.4, 1.0], [1.0, 2.0, 3.0]]
b1 = [0.5, 0.5]
[graph]
h = "relu(linear(x, W1, b1))"
s = "softmax(h)"
L = "sum(s * h)"
""",
    "empty-axis": """
[inputs]
x = { shape = [2, 0], init = "zeros" }
[parameters]
W1 = { shape = [3, 0], init = "zeros" }
W2 = { shape = [0, 3], init = "zeros" }
b1 = [0.5, -0.5, 1.0]
[graph]
h = "tanh(linear(x, W1, b1))"
y = "h @ W2.T"
n = "layer_norm(x)"
L = "sum(h) + sum(y) + sum(n)"
""",
    "empty-mean": """
[parameters]
w = { shape = [0], init = "zeros" }
v = 2.0
[graph]
m = "mean(w)"
L = "m * v"
""",
    "empty-images": """
batch = ["x"]
[inputs]
x = { shape = [0, 1, 4, 4], init = "zeros" }
[parameters]
K = { shape = [2, 1, 2, 2], init = "ones" }
[graph]
c = "conv2d(x, K, padding=1)"
p = "max_pool2d(relu(c), size=2)"
q = "avg_pool2d(c, size=2)"
L = "sum(p) + sum(q)"
""",
    "images": """
dtype = "float32"
batch = ["x"]
[inputs]
x = { shape = [2, 1, 4, 4], init = "normal(0, 1)", seed = 1 }
[parameters]
K = { shape = [2, 1, 2, 2], init = "normal(0, 1)", seed = 2 }
[graph]
c = "conv2d(x, K, padding=1)"
p = "max_pool2d(relu(c), size=2)"
L = "mean(p) + mean(avg_pool2d(c, size=2, padding=1))"
""",
    "axes": """
[parameters]
w = [1.0, 2.0, 3.0, 4.0]
[graph]
r = "reshape(w, (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1))"
t = "transpose(r) * r"
L = "sum(t)"
""",
    "infinite": """
[parameters]
w = [0.0, -1.0, 800.0]
[graph]
a = "log(w)"
b = "exp(w)"
c = "b / b"
L = "sum(a) + sum(c)"
[training]
steps = 5
""",
    "trained": """
dtype = "float32"
batch = ["x", "t"]
[inputs]
x = { init = "normal(0, 1)", shape = [12, 3], seed = 1 }
t = { init = "normal(0, 1)", shape = [12, 2], seed = 2 }
[parameters]
W1 = { init = "he_normal", shape = [4, 3], seed = 3 }
b1 = { init = "zeros", shape = [4] }
W2 = { init = "he_normal", shape = [2, 4], seed = 4 }
[graph]
z1 = "x @ W1.T + b1"
h = "dropout(relu(z1), p=0.3, seed=1)"
L = "mse(h @ W2.T, t)"
[training]
optimizer = "adamw"
lr = 0.05
batch_size = 4
shuffle = 7
validation = 0.25
clip_norm = 0.5
warmup = 3
steps = 40
[debug]
breakpoints = ["dead", "loss > 2 * previous"]
watch = ["abs(W1.grad).max()", "h"]
""",
    "left-over": """
[inputs]
x = [1.0, 2.0, 3.0]
[parameters]
W1 = [[0.3, -0.4, 1.0], [1.0, 2.0, 3.0]]
unused = [1.0, 2.0]
[graph]
h = "gelu(W1 @ x)"
m = "max(h)"
after = "m + 1"
L = "hinge(h, 1) * m"
[training]
optimizer = "rmsprop"
zero_grad = false
clip_value = 0.1
schedule = "cosine"
steps = 12
[against]
optimizer = "momentum"
""",
    "chosen": """
[inputs]
ids = [0, 2, 1]
t = [0, 1, 2, 3, 0]
[parameters]
E = { shape = [3, 4], init = "normal(0, 1)", seed = 1 }
[graph]
e = "embedding(E, ids)"
a = "attention(e, e, e)"
s = "stack(a[0], a[1, ::-1], maximum(a[2], 0.1))"
L = "cross_entropy(concat(s, e[:2]), t)"
""",
}
ODD = tuple(_ODD)


@cache
def scenario(name: str) -> gradstep.Scenario:
    """One of NAMES or of ODD."""
    if name in _ODD:
        return gradstep.loads(f'format = 1\ntitle = "{name}"\n{_ODD[name]}', name)
    return gradstep.find(name)


def some(random: random.Random) -> gradstep.Scenario:
    return scenario(random.choice(NAMES if random.random() < 0.5 else ODD))
