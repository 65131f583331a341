"""A network that was recorded, as it were: modules, and where its lines come from."""

NET = """
format = 1
loss = "loss"
[inputs]
x = [0.1, 0.2]
t = [1.0, 0.0]
[parameters]
"h.0.up.weight" = [[0.5, 0.1], [0.2, 0.3]]
"h.0.norm.weight" = [1.0, 1.0]
[graph]
"h.0.up" = "linear(x, h.0.up.weight)"
"h.0.norm" = "layer_norm(h.0.up, h.0.norm.weight)"
"h.0.1" = "tanh(h.0.norm)"
seen = "h.0.1 * 2"
loss = "mse(seen, t)"
[origin]
"h.0.up" = { module = "h.0.up", call = "linear", where = "/net/model.py:12", op = "aten::addmm" }
"h.0.norm" = { module = "h.0.norm", call = "layer_norm", where = "/net/model.py:14" }
"h.0.1" = { module = "h.0.1", call = "tanh", where = "/net/model.py:15" }
seen = { call = "mul", where = "/net/train.py:3", op = "aten::mul" }
"""
