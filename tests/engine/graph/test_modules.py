"""Modules of names that are paths, against the tree that is written out here."""

from __future__ import annotations

from gradstep.engine.files import find, loads
from gradstep.engine.graph.modules import Modules

NET = """
format = 1
loss = "loss"
[inputs]
x = [[0.1, 0.2]]
t = [[1.0, 0.0]]
"h.0.mask" = [1.0, 1.0]
[parameters]
"h.0.up.weight" = [[0.5, 0.1], [0.2, 0.3]]
"h.0.norm.weight" = [1.0, 1.0]
"out.core.0.weight" = [[0.5, 0.1], [0.2, 0.3]]
"out.core.1.weight" = [[0.5, 0.1], [0.2, 0.3]]
[graph]
"h.0.up" = "linear(x, h.0.up.weight)"
"h.0.norm" = "layer_norm(h.0.up, h.0.norm.weight)"
"h.0.drop" = "h.0.norm * h.0.mask"
"h.0.add" = "x + h.0.drop"
"h.1.act" = "tanh(h.0.add)"
"h.1.log" = "sum(h.1.act)"
"h.1.add" = "h.0.add + h.1.act"
"h.1.seen" = "h.1.log * 2"
"cut.0, cut.1" = "split(h.1.add, 1, dim=1)"
joined = "concat(cut.0, cut.1, axis=1)"
"out.core.0" = "linear(joined, out.core.0.weight)"
"out.core.1" = "linear(out.core.0, out.core.1.weight)"
loss = "mse(out.core.1, t)"
"""


def modules() -> tuple[Modules, dict[str, int]]:
    graph = loads(NET).graph
    return Modules(graph), {v.name: v.id for v in graph.values}


def test_groups_are_a_tree_from_the_outermost_to_the_formula() -> None:
    found, ids = modules()
    of = {name: found.of(value) for name, value in ids.items()}
    assert of["h.0.norm"] == ("h", "h.0", "h.0.norm:")
    assert of["h.0.norm:standardize"] == of["h.0.norm.weight"] == ("h", "h.0", "h.0.norm:")
    # A module of one line is none.
    assert of["h.0.up"] == of["h.0.up.weight"] == of["h.0.mask"] == ("h", "h.0")
    # Of two with the same lines the inner one; what a call gives several of is none.
    assert of["out.core.0"] == of["out.core.1.weight"] == ("out.core",)
    assert of["cut.0"] == of["x"] == ()
    assert set(found.members) >= {"h", "h.0", "h.1", "h.0.norm:", "out.core"}
    assert not {"out", "cut", "h.0.up"} & set(found.members)
    assert found.there


def test_members_are_those_that_lie_in_a_group() -> None:
    found, _ = modules()
    for group, members in found.members.items():
        assert set(members) == {v for v in range(500) if group in found.of(v)}
        for value in members:
            assert (
                found.of(value)[: found.of(members[0]).index(group)]
                == found.of(members[0])[: found.of(members[0]).index(group)]
            )


def test_a_group_gives_the_last_of_its_lines_that_something_outside_uses() -> None:
    found, ids = modules()
    assert found.outputs["h.0"] == ids["h.0.add"]
    # h.1.seen comes later, and nothing uses it.
    assert found.outputs["h.1"] == found.outputs["h"] == ids["h.1.add"]
    assert found.outputs["h.0.norm:"] == ids["h.0.norm"]


def test_paths_are_those_of_all_names() -> None:
    found, ids = modules()
    assert {"h", "h.0", "h.0.up", "h.0.norm", "out", "out.core", "out.core.1"} <= found.paths
    assert found.path(ids["h.0.up"]) == found.path(ids["h.0.up.weight"]) == "h.0.up"
    assert found.path(ids["h.0.norm:standardize"]) == "h.0.norm"
    assert found.path(ids["h.1.act"]) == "h.1"
    assert found.path(ids["x"]) == ""


def test_names_without_dots_have_only_formulas() -> None:
    found = Modules(find("layer-norm").graph)
    assert not found.there
    assert found.members
    assert all(group.endswith(":") for group in found.members)
    assert not found.paths
