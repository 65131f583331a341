"""Builders for the graphs that the engine's tests share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gradstep.engine.expression import Formulas
from gradstep.engine.graph import Graph, GraphBuilder, Role, Value
from gradstep.engine.trace import Trace, run

Array = npt.NDArray[Any]

#: How many examples the longer property tests draw; set GRADSTEP_EXAMPLES for a longer run.
EXAMPLES = int(os.environ.get("GRADSTEP_EXAMPLES", "60"))
#: A longer run draws new examples each time; the ordinary one always the same.
REPEATABLE = "GRADSTEP_EXAMPLES" not in os.environ


@dataclass(frozen=True)
class Network:
    """A graph with the arrays of its leaves, run when first looked at."""

    graph: Graph
    leaves: Mapping[int, Array]

    @cached_property
    def trace(self) -> Trace:
        return run(self.graph, self.leaves)

    def value(self, name: str) -> Value:
        return self.graph.by_name[name]

    def data(self, name: str) -> Array:
        return self.trace.data[self.value(name).id]

    def grad(self, name: str) -> Array:
        found = self.trace.grad[self.value(name).id]
        assert found is not None, f"'{name}' has no gradient"
        return found


class NetworkBuilder:
    """A graph under construction, with its leaves' arrays."""

    def __init__(self, dtype: npt.DTypeLike = np.float64) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.graph = GraphBuilder(self.dtype)
        self.formulas = Formulas(self.graph)
        self.leaves: dict[int, Array] = {}

    def _leaf(self, name: str, array: npt.ArrayLike, role: Role) -> Value:
        with np.errstate(over="ignore"):
            data = np.array(array, dtype=self.dtype, order="C")
        data.flags.writeable = False
        value = self.graph.leaf(name, data.shape, role, role is Role.PARAMETER)
        self.leaves[value.id] = data
        return value

    def input(self, name: str, array: npt.ArrayLike) -> Value:
        return self._leaf(name, array, Role.INPUT)

    def parameter(self, name: str, array: npt.ArrayLike) -> Value:
        return self._leaf(name, array, Role.PARAMETER)

    def line(self, name: str, text: str) -> Value:
        return self.formulas.add(name, text)

    def done(self, loss: str = "L") -> Network:
        return Network(self.graph.build(loss), self.leaves)


def network(
    inputs: Mapping[str, npt.ArrayLike],
    parameters: Mapping[str, npt.ArrayLike],
    lines: Mapping[str, str],
    loss: str = "L",
    dtype: npt.DTypeLike = np.float64,
) -> Network:
    """The network of these leaves and formulas."""
    builder = NetworkBuilder(dtype)
    for name, array in inputs.items():
        builder.input(name, array)
    for name, array in parameters.items():
        builder.parameter(name, array)
    for name, text in lines.items():
        builder.line(name, text)
    return builder.done(loss)


def walkthrough(dtype: npt.DTypeLike = np.float64) -> Network:
    """Two inputs, two ReLU neurons, one sigmoid output: the network most examples are about."""
    return network(
        {"x": [0.5, 0.8], "t": [1.0]},
        {"W1": [[0.4, 0.3], [-0.2, 0.5]], "b1": [0.1, -0.1], "W2": [[0.6, -0.4]], "b2": [0.2]},
        {
            "z1": "W1 @ x + b1",
            "h": "relu(z1)",
            "z2": "W2 @ h + b2",
            "y": "sigmoid(z2)",
            "L": "half_squared_error(y, t)",
        },
        dtype=dtype,
    )
