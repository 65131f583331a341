"""Where values come from in the program that was recorded."""

from __future__ import annotations

from gradstep.engine.files import loads
from gradstep.engine.run.places import module_of, origin_of
from gradstep.engine.run.recording import Recording, record

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
"h.0.up" = { module = "h.0.up", call = "linear", where = "/home/me/net/model.py:12", op = "aten::addmm" }
"h.0.norm" = { module = "h.0.norm", call = "layer_norm", where = "/home/me/net/model.py:14" }
"h.0.1" = { module = "h.0.1", call = "tanh", where = "/home/me/net/model.py:15" }
seen = { call = "mul", where = "/home/me/net/train.py:3", op = "aten::mul" }
"""


def recording() -> Recording:
    return record(loads(NET))


def test_a_part_comes_from_where_its_formula_does_and_what_is_given_from_where_it_is_used_first() -> None:
    found = recording()
    calls = {}
    for value in found.graph.values:
        origin = origin_of(found, value.id)
        calls[value.name] = None if origin is None else origin.call
    assert calls["h.0.norm:standardize"] == calls["h.0.norm"] == calls["h.0.norm.weight"] == "layer_norm"
    assert calls["h.0.up.weight"] == calls["h.0.up"] == "linear"
    assert calls["seen"] == "mul"
    assert calls["loss"] is None


def test_the_module_is_that_of_the_program_and_else_that_of_the_name() -> None:
    found = recording()
    of = {value.name: module_of(found, value.id) for value in found.graph.values}
    assert of["h.0.1"] == "h.0.1"  # by its name it would lie in h.0
    assert of["h.0.up.weight"] == "h.0.up"
    assert of["h.0.norm:standardize"] == "h.0.norm"
    assert of["seen"] == of["x"] == of["loss"] == ""
