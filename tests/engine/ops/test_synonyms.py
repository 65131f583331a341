"""Other names: each is that of an operation, and each formula is one."""

from __future__ import annotations

import ast

import pytest

from gradstep.engine.graph.calls import called
from gradstep.engine.ops import COMPOSITES, REGISTRY
from gradstep.engine.ops.synonyms import SYNONYMS, WRITTEN


@pytest.mark.parametrize("name", sorted(SYNONYMS))
def test_a_synonym_is_another_name_of_an_operation(name: str) -> None:
    assert name not in {*REGISTRY, *COMPOSITES}
    assert called(name) is (REGISTRY.get(SYNONYMS[name]) or COMPOSITES[SYNONYMS[name]])


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_what_is_written_as_a_formula_has_no_name_and_calls_what_there_is(name: str) -> None:
    assert called(name) is None
    calls = [node for node in ast.walk(ast.parse(WRITTEN[name], mode="eval")) if isinstance(node, ast.Call)]
    assert all(isinstance(call.func, ast.Name) and called(call.func.id) for call in calls)
