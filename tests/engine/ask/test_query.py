"""Expressions that have been read, whole and in part."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from recordings import recording

from gradstep.engine.ask.query import Answer, Query
from gradstep.engine.ask.scope import Moment, Part
from gradstep.engine.errors import CommandError


def test_a_part_of_an_expression_needs_no_second_reading() -> None:
    whole = Query("abs(W1.grad).max() > h[0] * 2")
    assert isinstance(whole.tree, ast.Compare)
    part = Query.of(whole.tree.comparators[0])
    assert part.tree is whole.tree.comparators[0]
    assert part.text == "h[0] * 2"
    end = Moment.end(recording("walkthrough"))
    assert part(end).value == Query("h[0] * 2")(end).value == pytest.approx(2 * 0.54)  # z₁ = 0.2 + 0.24 + 0.1


def test_what_an_expression_names() -> None:
    end = Moment.end(recording("walkthrough"))
    found = Query(" W1.grad[0] ").reference(end)
    assert found is not None
    assert (found.value.name, found.kind, found.at) == ("W1", "grad", (0,))
    assert Query("W1.grad[0] + 0").reference(end) is None
    assert Query("abs(h)").reference(end) is None
    assert Query("abs(h) > max(x) and grad == 0").words() == {"abs", "h", "max", "x", "grad"}


def test_an_answer_says_the_expression_as_it_was_written() -> None:
    rec = recording("walkthrough")
    end, start = Moment.end(rec), Moment(rec, 0)
    assert list(Query(" x ").answer(end).lines()) == ["x = [0.5, 0.8]"]
    assert Query("x").answer(end).document() == [0.5, 0.8]
    assert list(Query("h").answer(start).lines()) == ["h = not yet"]
    assert Query("h").answer(start).document() is None
    assert Answer("a", Part(np.array([True]))).document() == [True]


def test_what_cannot_be_read_is_refused_at_once_and_wrong_names_when_asked() -> None:
    with pytest.raises(CommandError):
        Query("h[")
    query = Query("nothing > 1")
    with pytest.raises(CommandError, match="unknown name 'nothing'"):
        query(Moment.end(recording("walkthrough")))
