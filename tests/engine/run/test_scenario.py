"""What is run, as data; what files make of it is tested with them."""

from __future__ import annotations

import numpy as np
from graphs import network

from gradstep.engine.run.scenario import Scenario


def test_samples_are_counted_on_the_first_axis_of_what_is_a_batch() -> None:
    net = network({"x": np.ones((5, 2)), "t": np.ones(5)}, {"w": [1.0, 2.0]}, {"y": "x @ w", "L": "mse(y, t)"})
    assert Scenario("", "", "", "", "", "", net.graph, net.leaves).samples == 1
    assert Scenario("", "", "", "", "", "", net.graph, net.leaves, batch=("x", "t")).samples == 5
