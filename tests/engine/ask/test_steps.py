"""Kinds about a name, and what changes with a step, as conditions have them."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from brute import SMALL, Step, Term, steps
from recordings import all_of, recording, written

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.search import search
from gradstep.engine.ask.steps import CHANGES, Steps
from gradstep.engine.errors import CommandError
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Position


def test_a_running_sum_that_passes_a_level_stops_at_that_term() -> None:
    """fan-out: the parts of h₁'s gradient are −0.0558 and +0.0411, as its file's numbers give them."""
    rec = recording("fan-out")
    found = [f.position for f in search(rec, [Condition("crosses(h.grad[0], -0.05)", rec)], Position(0), True)]
    assert found == [Position(24, 1)]
    found = [f.position for f in search(rec, [Condition("crosses(h.grad[0], -0.01)", rec)], Position(0), True)]
    assert found == [Position(24, 1)]
    assert not list(search(rec, [Condition("crosses(h.grad[0], 0.01)", rec)], Position(0), True))


@pytest.mark.parametrize("name", SMALL)
def test_a_flip_about_a_name_is_one_whose_local_factor_is_there_or_that_is_written_there(name: str) -> None:
    rec = recording(name)
    for value in rec.graph.values:
        if value.node >= 0 or value in rec.graph.parameters:
            wanted = [s.number for s in steps(name) if any(turns(t) and about(s, t, value.name) for t in s.terms)]
            found = search(rec, [Condition(f"flip({value.name})", rec)], Position(0), True)
            assert [f.position.step for f in found] == wanted


def turns(term: Term) -> bool:
    return bool(term.contribution * np.sign(term.upstream) < 0) and "!" not in term.op


def about(step: Step, term: Term, name: str) -> bool:
    """Whether a name is what is written, the neuron whose sum that is, or what supplies the local factor."""
    return name in (term.factor, step.name, neuron(step.recording, step.name))


def neuron(rec: Recording, pre: str) -> str:
    """The output of the neurons whose sums a value is."""
    value = rec.graph.by_name[pre].id
    layer = rec.board.layer_of.get(value)
    return rec.graph.values[layer.output].name if layer and layer.pre == value else pre


def test_a_threshold_is_a_number_and_a_name_a_name() -> None:
    # y = σ(w): the slope at w = 4 is 0.0177, at w = 6 it is 0.0025.
    rec = written("w = [4.0, 6.0]", "y = sigmoid(w)", "L = sum(y)")
    assert all_of(rec, "saturated") == ["forward y[1]", "backward w[1]"]
    assert all_of(rec, "saturated(0.1)") == ["forward y[0]", "forward y[1]", "backward w[0]", "backward w[1]"]
    assert all_of(rec, "saturated(y[0], 0.1)") == ["forward y[0]"]
    assert all_of(rec, "saturated(w[1], 0.1)") == ["backward w[1]"]


def test_a_word_that_is_no_kind_is_none() -> None:
    rec = recording("walkthrough")
    assert Steps.kind("nothing", None, rec) is None
    assert all(Steps.kind(name, None, rec) is not None for name in KINDS)
    for name, example in CHANGES.items():
        with pytest.raises(CommandError) as refused:
            Steps.kind(name, None, rec)
        assert example in str(refused.value)
        call = ast.parse(example, mode="eval").body
        assert isinstance(call, ast.Call)
        assert Steps.kind(name, call, rec) is not None
