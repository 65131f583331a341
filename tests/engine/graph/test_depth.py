"""The deepest way and its stations, against all ways walked one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphs import EXAMPLES, REPEATABLE, Program, network, programs, recorded
from hypothesis import HealthCheck, given, settings
from recordings import recording, written

from gradstep.engine.files import loads
from gradstep.engine.graph.depth import Depth, through
from gradstep.engine.graph.graph import Graph
from gradstep.engine.run.recording import Recording, record


def stations(rec: Recording) -> list[str]:
    return [rec.graph.values[v].name for v in rec.board.depth.stations]


def stages(rec: Recording) -> list[str]:
    return [rec.graph.values[one.weight].name for one in rec.board.depth.stages]


def batch(graph: str, parameters: str) -> Recording:
    """A network over three samples of two numbers, its parameters by their shapes, as `W 2,2`."""
    shapes = (one.split() for one in parameters.split(";"))
    leaves = "\n".join(
        f'{name} = {{ shape = [{shape}], init = "normal(0, 1)", seed = {k} }}' for k, (name, shape) in enumerate(shapes)
    )
    lines = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in graph.strip().splitlines())
    data = "x = [[1.0, 2.0], [0.5, -1.0], [-2.0, 0.3]]\nt = [[1.0], [0.0], [0.5]]"
    text = f'format = 1\nbatch = ["x", "t"]\n[inputs]\n{data}\n[parameters]\n{leaves}\n[graph]\n{lines}\n'
    return record(loads(text))


def ways(graph: Graph, value: int) -> Iterator[tuple[int, ...]]:
    """All ways from a value to the loss, as the values on them."""
    if value == graph.loss.id:
        yield (value,)
        return
    for node, _ in graph.uses[value]:
        for way in ways(graph, graph.nodes[node].output):
            yield (value, *way)


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_all_ways_go_through_is_on_each_of_them(program: Program) -> None:
    graph = recorded(program.network()).graph
    for value in graph.active:
        common = set.intersection(*(set(way) for way in ways(graph, value)))
        assert list(through(graph, value)) == sorted(common, key=lambda v: (v != value, graph.values[v].node))


def test_a_plain_network_has_the_sum_of_its_first_layer_and_what_enters_the_others() -> None:
    rec = recording("vanishing-training")
    assert stages(rec) == ["W1", "W2", "W3", "W4", "W5", "W6"]
    assert stations(rec) == ["z1", "h1", "h2", "h3", "h4", "h5", "z6"]


def test_what_lies_within_a_block_is_no_station() -> None:
    graph = "a = x @ A.T\nf = relu(a @ B.T) @ C.T\nh = a + f\ng = tanh(h @ D.T)\ny = g @ E.T\nL = mse(y, t)"
    rec = batch(graph, "A 2,2; B 3,2; C 2,3; D 2,2; E 1,2")
    assert stages(rec) == ["A", "B", "C", "D", "E"]
    assert stations(rec) == ["a", "h", "g", "y"]


def test_slopes_that_cancel_lie_between_stations() -> None:
    rec = batch("z = x @ A.T\nh = log(exp(z))\ny = h @ B.T\nL = mean((y - t) ** 2)", "A 2,2; B 1,2")
    assert stations(rec) == ["z", "h", "y"]


def test_a_sum_that_is_normalised_is_no_station() -> None:
    rec = batch("h = tanh(layer_norm(x @ A.T))\ng = tanh(h @ B.T)\ny = g @ C.T\nL = mse(y, t)", "A 2,2; B 2,2; C 1,2")
    assert stations(rec) == ["h", "g", "y"]


def test_one_weight_at_many_time_steps() -> None:
    rec = recording("exploding")
    assert stages(rec) == ["W"] * 6
    assert stations(rec) == ["h1", "h2", "h3", "h4", "h5", "y"]


def test_where_each_time_step_answers_other_ways_lead_around() -> None:
    steps = "\n".join(f"h{k} = tanh(h{k - 1} @ R.T)\ny{k} = h{k} @ V.T" for k in range(1, 4))
    rec = batch(f"h0 = x @ U.T\n{steps}\nL = mse(y1, t) + mse(y2, t) + mse(y3, t)", "U 2,2; R 2,2; V 1,2")
    assert stages(rec) == ["U", "R", "R", "R", "V"]
    assert rec.board.depth.bypassed
    assert stations(rec) == ["h0", "h1", "h2", "h3", "y3"]


def test_scalings_where_nothing_contracts_and_activations_where_nothing_scales() -> None:
    rec = written("x = [1.0]\nc0 = 0.5\nc1 = 2.0", "a = x * 1", "b = a * c0", "c = b * c1", "L = sum(c)")
    assert (stages(rec), stations(rec)) == (["c0", "c1"], ["a", "b", "c"])
    rec = written("x = [0.5, 1.0]", "h = sigmoid(x)", "g = tanh(2 * h)", "L = sum(g)")
    assert (stages(rec), stations(rec)) == ([], ["x", "h", "g"])


@pytest.mark.parametrize("lines", [["L = sum(w)"], ["L = sum(log(exp(w)))"], ["L = mean((w - 3000) ** 2)"]])
def test_where_there_are_no_layers_there_is_nothing_to_compare(lines: list[str]) -> None:
    assert written("w = [1.0, 2.0]", *lines).board.depth == Depth()


def test_what_a_parameter_meets_data_in() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": [[1.0, 2.0]], "b": [0.0], "u": [3.0]}, {"y": "W @ x + b", "L": "sum(y * u)"})
    depth = recorded(net).board.depth
    named = {net.graph.values[p].name: [net.graph.values[v].name for v in sums] for p, sums in depth.sums.items()}
    assert named == {"W": ["y"], "b": ["y"], "u": ["L:multiply"]}
