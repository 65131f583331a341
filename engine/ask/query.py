"""An expression over a run: `abs(W1.grad).max()`, `grad == 0 and op == relu`.

The same expressions are printed, watched and used as conditions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.evaluate import Expression
from gradstep.engine.ask.language import parse
from gradstep.engine.ask.scope import Part, Reference, Scope
from gradstep.engine.index import Array


class Answer(NamedTuple):
    """What an expression is at a moment; `stale` where something in it is, so that it may be another one."""

    text: str
    part: Part
    stale: bool = False

    @property
    def value(self) -> Array | None:
        """Its value, of the expression's shape, () where it is a single number; None while it is not known."""
        return np.asarray(self.part.value) if self.part.certain else None

    def __str__(self) -> str:
        return f"{self.text} = {self.part}{'  (stale)' if self.stale and self.part.certain else ''}"

    def lines(self) -> Iterator[str]:
        """For people."""
        yield str(self)

    def document(self) -> Any:
        """For programs; None where it is not known yet."""
        return self.part.document()


class Query:
    """An expression that has been read. Raises CommandError where it cannot be."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.tree = parse(self.text)
        self._expression = Expression(self.text, self.tree)

    @classmethod
    def of(cls, tree: ast.expr) -> Query:
        """A part of an expression that has been read."""
        found = cls.__new__(cls)
        found.text, found.tree = ast.unparse(tree), tree
        found._expression = Expression(found.text, tree)
        return found

    def __call__(self, scope: Scope) -> Part:
        """Its value in a scope. Raises CommandError where a name or a type is wrong."""
        return self._expression(scope)

    def answer(self, scope: Scope) -> Answer:
        """Its value in a scope, beside its text."""
        return Answer(self.text, self(scope), self.is_stale(scope))

    def is_stale(self, scope: Scope) -> bool:
        """Whether something that it reads is stale."""
        stale = scope.recording.trace.stale
        return bool(stale) and any(reference.is_stale(scope.recording) for reference in self.references(scope))

    def reference(self, scope: Scope) -> Reference | None:
        """What it names, if it is nothing but a name."""
        return self._expression.meaning(scope).reference

    def references(self, scope: Scope) -> tuple[Reference, ...]:
        """All that it reads, of this iteration."""
        return self._expression.meaning(scope).references

    def words(self) -> set[str]:
        """All names in it."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
