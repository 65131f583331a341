"""Lines of formulas over a few leaves: what is made of them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Network, NetworkBuilder

from gradstep.engine.errors import ExpressionError
from gradstep.engine.graph.graph import Value


def leaves() -> NetworkBuilder:
    builder = NetworkBuilder()
    rng = np.random.default_rng(12)
    builder.input("x", rng.normal(size=3))
    builder.input("X", rng.normal(size=(4, 3)))
    builder.parameter("W", rng.normal(size=(2, 3)))
    builder.parameter("b", rng.normal(size=2))
    builder.parameter("c", 1 + rng.random(3))
    builder.parameter("k", 1.5)
    builder.parameter("größe", 0.5)
    builder.parameter("σ", 2.0)
    return builder


def read(text: str, name: str = "y") -> list[tuple[str, list[str], str]]:
    """(operation, inputs, output) of each node that the line `name = text` makes."""
    builder = leaves()
    builder.line(name, text)
    values = builder.graph.values
    return [(n.op.name, [values[i].name for i in n.inputs], values[n.output].name) for n in builder.graph.nodes]


def compute(text: str) -> Network:
    """The network of the line `y = text` and a loss."""
    builder = leaves()
    builder.line("y", text)
    builder.line("L", "sum(y)")
    return builder.done()


def refused(text: str) -> ExpressionError:
    builder = leaves()
    before = len(builder.graph.values)
    with pytest.raises(ExpressionError) as caught:
        builder.line("y", text)
    assert not [n for n in builder.graph.nodes if n.line != "y"]
    assert len(builder.graph.values) - before <= len(builder.graph.nodes) + len(builder.graph.literals)
    assert 0 <= caught.value.column <= len(text)
    assert str(caught.value)
    return caught.value


def outcome(text: str) -> Value | ExpressionError:
    """What comes of the line `y = text`; nothing but an ExpressionError may be raised."""
    try:
        return leaves().line("y", text)
    except ExpressionError as error:
        return error
