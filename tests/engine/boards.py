"""What numbers are called in a network, and what is meant by what is typed."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Network, network

from gradstep.engine.errors import CommandError
from gradstep.engine.graph.names import Blackboard


def names(net: Network, value: str) -> list[str]:
    board, shown = Blackboard(net.graph), net.value(value)
    return [board.element(shown.id, flat) for flat in range(shown.size)]


def meant(net: Network, text: str) -> tuple[str, str, int | None]:
    """(value, kind, flat element) of a typed name."""
    target = Blackboard(net.graph).resolve(text)
    return target.value.name, target.kind, target.flat


def refused(net: Network, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        Blackboard(net.graph).resolve(text)
    return str(caught.value)


def arrows(net: Network, value: str) -> list[str | None]:
    board, shown = Blackboard(net.graph), net.value(value)
    return [board.arrow(shown.id, flat) for flat in range(shown.size)]


def wide() -> Network:
    """A layer of 12 inputs and 10 neurons, then one of 2."""
    rng = np.random.default_rng(3)
    return network(
        {"x": rng.normal(size=12), "t": [0.0, 1.0]},
        {
            "W1": rng.normal(size=(10, 12)), "b1": np.zeros(10), "W2": rng.normal(size=(2, 10)), "b2": np.zeros(2),
        },
        {"z1": "W1 @ x + b1", "h": "tanh(z1)", "y": "W2 @ h + b2", "L": "mse(y, t)"},
    )  # fmt: skip
