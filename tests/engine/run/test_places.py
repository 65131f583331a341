"""Where values come from in the program that was recorded."""

from __future__ import annotations

from originated import NET

from gradstep.engine.files import loads
from gradstep.engine.run.places import module_of, origin_of
from gradstep.engine.run.recording import Recording, record


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
