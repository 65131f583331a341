"""The order of steps, and moving along them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Network, Program, network, programs, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Graph, Role
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.timeline import Grain, Phase, Timeline

SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
COARSE = (Grain.ELEMENT, Grain.LINE, Grain.PHASE)


def order(net: Network) -> list[tuple[str, str]]:
    """(phase, value) for each sweep of a network's timeline."""
    return [(s.phase.value, net.graph.values[s.value].name) for s in Timeline(net.graph).sweeps]


def expected_order(graph: Graph) -> list[tuple[Phase, int]]:
    """The order of writes, put together from its rules: each gradient as soon as it can be, and
    where several can be, those of parameters first."""
    late = {graph.loss.id}
    for node in graph.nodes:
        if late & set(node.inputs):
            late.add(node.output)
    found = [(Phase.FORWARD, n.output) for n in graph.nodes if n.output not in late]
    found += [(Phase.LOSS, n.output) for n in graph.nodes if n.output in late]
    users = {v.id: [n.id for n in graph.nodes if v.id in n.inputs] for v in graph.values}
    reaches = {graph.loss.id}
    for node in graph.nodes[::-1]:
        if node.output in reaches:
            reaches |= set(node.inputs)

    def written(value: int) -> bool:
        v = graph.values[value]
        if v.id == graph.loss.id or not v.differentiable:
            return False
        return v.role is Role.PARAMETER or v.id in reaches

    for node in graph.nodes[::-1]:
        ready = []
        for value in node.inputs:
            if min(users[value]) == node.id and written(value) and value not in ready:
                ready.append(value)
        found += [(Phase.BACKWARD, v) for v in ready if graph.values[v].role is Role.PARAMETER]
        found += [(Phase.BACKWARD, v) for v in ready if graph.values[v].role is not Role.PARAMETER]
    parameters = [v.id for v in graph.values if v.role is Role.PARAMETER]
    found += [(Phase.BACKWARD, p) for p in parameters if not users[p]]
    for node in graph.nodes:
        for value in node.inputs:
            if value in parameters and (Phase.UPDATE, value) not in found:
                found.append((Phase.UPDATE, value))
    return found + [(Phase.UPDATE, p) for p in parameters if not users[p]]


# The walkthrough ----------------------------------------------------------------------------------


def test_the_walkthrough_has_31_steps() -> None:
    timeline = Timeline(walkthrough().graph)
    assert timeline.total == 31
    counts = [stop - start for start, stop in map(timeline.span, Phase)]
    assert counts == [6, 1, 15, 9]


def test_the_walkthroughs_order() -> None:
    assert order(walkthrough()) == [
        *(("forward", v) for v in ("z1", "h", "z2", "y")),
        ("loss", "L"),
        *(("backward", v) for v in ("y", "z2", "W2", "b2", "h", "z1", "W1", "b1")),
        *(("update", v) for v in ("W1", "b1", "W2", "b2")),
    ]


def test_the_walkthroughs_steps_one_by_one() -> None:
    net = walkthrough()
    timeline = Timeline(net.graph)
    found = []
    for step in range(1, 32):
        sweep, flat = timeline.locate(step)
        found.append(f"{net.graph.values[sweep.value].name}.{flat}")
    forward = "z1.0 z1.1 h.0 h.1 z2.0 y.0 L.0"
    backward = "y.0 z2.0 W2.0 W2.1 b2.0 h.0 h.1 z1.0 z1.1 W1.0 W1.1 W1.2 W1.3 b1.0 b1.1"
    update = "W1.0 W1.1 W1.2 W1.3 b1.0 b1.1 W2.0 W2.1 b2.0"
    assert " ".join(found) == f"{forward} {backward} {update}"


def test_a_sweep_belongs_to_the_line_of_its_node() -> None:
    net = walkthrough()
    lines = [net.graph.nodes[s.node].line for s in Timeline(net.graph).sweeps]
    assert lines == ["z1", "h", "z2", "y", "L", "L", "y", "z2", "z2", "z2", "h", "z1", "z1", "z1", "z1", "z2", "z2"]


def test_the_walkthroughs_resting_places() -> None:
    timeline = Timeline(walkthrough().graph)

    def stops(grain: Grain) -> list[int]:
        found, here = [0], timeline.neighbour(grain, 0, False, True)
        while here is not None:
            found.append(here)
            here = timeline.neighbour(grain, here, False, True)
        return found

    assert stops(Grain.ELEMENT) == list(range(32))
    # Forward z1 h z2 y, the loss, back through L y z2 h z1, then the updates of z1's and z2's parameters.
    assert stops(Grain.LINE) == [0, 2, 4, 5, 6, 7, 8, 9, 14, 16, 22, 28, 31]
    # The first step of the loss, of the backward pass and of the updates.
    assert stops(Grain.PHASE) == [0, 7, 8, 23, 31]


@pytest.mark.parametrize(
    ("step", "phase"),
    [(0, "forward"), (1, "forward"), (6, "forward"), (7, "loss"), (8, "backward"), (22, "backward"), (23, "update"),
     (31, "update")],
)  # fmt: skip
def test_phases_of_the_walkthrough(step: int, phase: str) -> None:
    assert Timeline(walkthrough().graph).phase_at(step).value == phase


def test_an_element_under_way_is_completed_first() -> None:
    timeline = Timeline(walkthrough().graph)
    assert timeline.neighbour(Grain.ELEMENT, 5, True, True) == 5
    assert timeline.neighbour(Grain.ELEMENT, 5, True, False) == 4
    assert timeline.neighbour(Grain.LINE, 5, True, True) == 5
    assert timeline.neighbour(Grain.LINE, 5, True, False) == 4
    assert timeline.neighbour(Grain.LINE, 10, True, True) == 14
    assert timeline.neighbour(Grain.PHASE, 8, True, True) == 8
    assert timeline.neighbour(Grain.PHASE, 9, True, True) == 23
    assert timeline.neighbour(Grain.PHASE, 9, True, False) == 8
    assert timeline.neighbour(Grain.ELEMENT, 31, True, True) == 31


@pytest.mark.parametrize("grain", COARSE)
def test_there_is_nothing_beyond_the_ends(grain: Grain) -> None:
    timeline = Timeline(walkthrough().graph)
    assert timeline.neighbour(grain, 0, False, False) is None
    assert timeline.neighbour(grain, timeline.total, False, True) is None


# Special shapes of graph --------------------------------------------------------------------------


def test_a_skip_gets_its_gradient_after_both_uses() -> None:
    net = network({}, {"w": [1.0, 2.0]}, {"a": "w * 3", "b": "tanh(a)", "c": "exp(b)", "d": "a + c", "L": "sum(d)"})
    backward = [name for phase, name in order(net) if phase == "backward"]
    assert backward == ["d", "c", "b", "a", "w"]


def test_a_parameter_shared_by_two_lines_gets_its_gradient_once_at_its_first_use() -> None:
    net = network(
        {"x": [0.5, -0.3]},
        {"W": [[0.1, 0.2], [0.3, 0.4]], "b": [0.1, 0.2]},
        {"h": "tanh(W @ x + b)", "y": "W @ h + b", "L": "sum(y)"},
    )
    assert [n for p, n in order(net) if p == "backward"] == ["y", "h", "h:linear", "W", "b"]
    assert [n for p, n in order(net) if p == "update"] == ["W", "b"]


def test_an_unused_parameter_is_written_all_the_same_last() -> None:
    net = network({}, {"w": 2.0, "u": [1.0, 1.0]}, {"L": "w * w"})
    assert order(net) == [("loss", "L"), ("backward", "w"), ("backward", "u"), ("update", "w"), ("update", "u")]
    assert net.grad("u").tolist() == [0.0, 0.0]
    assert Timeline(net.graph).sweeps[2].node == -1


def test_a_parameter_without_effect_on_the_loss_gets_zeros() -> None:
    net = network({}, {"w": 2.0, "u": 3.0}, {"dead": "u * w", "L": "w * w"})
    names = [name for phase, name in order(net) if phase == "backward"]
    assert sorted(names) == ["u", "w"]
    assert float(net.grad("u")) == 0
    assert float(net.grad("w")) == 4
    assert net.trace.grad[net.value("dead").id] is None


def test_what_is_computed_from_the_loss_belongs_to_the_loss() -> None:
    net = network({}, {"w": 2.0}, {"a": "w * 3", "L": "a * a", "rms": "L ** 0.5", "b": "a + rms", "c": "w + 1"})
    assert order(net)[:5] == [("forward", "a"), ("forward", "c"), ("loss", "L"), ("loss", "rms"), ("loss", "b")]


def test_a_graph_of_nothing_but_its_loss() -> None:
    timeline = Timeline(network({}, {"w": 2.0}, {"L": "w * w"}).graph)
    assert [timeline.span(p) for p in Phase] == [(3, 3), (0, 1), (1, 2), (2, 3)]
    assert timeline.phase_at(1) is Phase.LOSS


def test_a_graph_without_parameters_ends_with_its_loss() -> None:
    timeline = Timeline(network({"x": [1.0, 2.0]}, {}, {"y": "x * x", "L": "sum(y)"}).graph)
    assert timeline.total == 3
    assert [timeline.span(p) for p in Phase] == [(0, 2), (2, 3), (3, 3), (3, 3)]
    assert timeline.neighbour(Grain.PHASE, 0, False, True) == 3


def test_arrays_without_elements_take_no_step() -> None:
    net = network({}, {"w": np.ones((0,)), "v": 2.0}, {"a": "w * 2", "b": "exp(a)", "c": "sum(b)", "L": "c + v"})
    timeline = Timeline(net.graph)
    assert timeline.total == 5  # c, L, then ∂L/∂c and ∂L/∂v, and the new v
    names = [net.graph.values[timeline.locate(step)[0].value].name for step in range(1, 6)]
    assert names == ["c", "L", "v", "c", "v"]
    for step in range(1, 6):
        sweep, flat = timeline.locate(step)
        assert timeline.step_of(sweep.phase, sweep.value, flat) == step


def test_a_graph_far_too_large_to_count_through() -> None:
    builder = GraphBuilder(np.dtype(np.float32))
    x = builder.leaf("x", (10**6,), Role.INPUT, False)
    W = builder.leaf("W", (10**6, 10**6), Role.PARAMETER, True)
    z = builder.apply(REGISTRY["linear"](), [x, W], "z", "", "z")
    builder.apply(REGISTRY["sum"](), [z], "L", "", "L")
    timeline = Timeline(builder.build("L"))
    assert timeline.total == 10**6 + 1 + 10**6 + 2 * 10**12
    sweep, flat = timeline.locate(timeline.total - 5)
    assert (sweep.phase, sweep.value, flat) == (Phase.UPDATE, W.id, 10**12 - 6)
    assert timeline.step_of(Phase.UPDATE, W.id, 10**12 - 6) == timeline.total - 5


# Any graph ----------------------------------------------------------------------------------------


@given(programs())
@SETTINGS
def test_the_order_is_the_rules(program: Program) -> None:
    graph = program.network().graph
    assert [(s.phase, s.value) for s in Timeline(graph).sweeps] == expected_order(graph)


@given(programs())
@SETTINGS
def test_no_gradient_comes_before_those_it_needs(program: Program) -> None:
    net = program.network()
    timeline = Timeline(net.graph)
    for value in net.graph.values:
        sweep = timeline.sweep_of(Phase.BACKWARD, value.id)
        assert (sweep is not None) == (net.trace.grad[value.id] is not None and value.id != net.graph.loss.id), (
            "a gradient is written in a step if and only if there is one"
        )
        if sweep is None:
            continue
        for number, _slot in net.graph.uses[value.id]:
            output = net.graph.nodes[number].output
            if output != net.graph.loss.id:
                needed = timeline.sweep_of(Phase.BACKWARD, output)
                assert needed is not None
                assert needed.stop <= sweep.start


@given(programs())
@SETTINGS
def test_no_value_comes_before_those_it_is_computed_from(program: Program) -> None:
    graph = program.network().graph
    timeline = Timeline(graph)
    for node in graph.nodes:
        own = [s for s in timeline.sweeps if s.phase in (Phase.FORWARD, Phase.LOSS) and s.value == node.output]
        assert len(own) == 1
        for value in node.inputs:
            if graph.values[value].role is Role.NODE:
                before = timeline.sweep_of(Phase.FORWARD, value) or timeline.sweep_of(Phase.LOSS, value)
                assert before is not None
                assert before.stop <= own[0].start


@given(programs())
@SETTINGS
def test_sweeps_and_spans_tile_the_steps(program: Program) -> None:
    graph = program.network().graph
    timeline = Timeline(graph)
    end = 0
    for number, sweep in enumerate(timeline.sweeps):
        assert sweep.number == number
        assert sweep.start == end
        assert sweep.size == math.prod(graph.values[sweep.value].shape)
        end = sweep.stop
    assert end == timeline.total
    covered = [k for phase in Phase for k in range(*timeline.span(phase))]
    assert covered == list(range(timeline.total))
    for phase in Phase:
        start, stop = timeline.span(phase)
        assert all(timeline.phase_at(k) is phase for k in range(start + 1, stop + 1))


@given(programs())
@SETTINGS
def test_locate_and_step_of_are_inverses(program: Program) -> None:
    graph = program.network().graph
    timeline = Timeline(graph)
    seen = set()
    for step in range(1, timeline.total + 1):
        sweep, flat = timeline.locate(step)
        assert 0 <= flat < sweep.size
        assert sweep.start < step <= sweep.stop
        assert timeline.sweep_at(step) is sweep is timeline.sweep_of(sweep.phase, sweep.value)
        assert timeline.step_of(sweep.phase, sweep.value, flat) == step
        seen.add((sweep.phase, sweep.value, flat))
        assert timeline.written(sweep, step) == flat + 1
        assert timeline.written(sweep, step - 1) == flat
    assert len(seen) == timeline.total
    for sweep in timeline.sweeps:
        assert timeline.written(sweep, 0) == 0
        assert timeline.written(sweep, timeline.total) == sweep.size
    assert timeline.written(None, timeline.total) == 0
    for value in graph.values:
        if value.role is Role.INPUT:
            assert all(timeline.step_of(phase, value.id, 0) is None for phase in Phase if phase is not Phase.BACKWARD)


@given(programs())
@SETTINGS
def test_a_move_and_its_reverse_cancel_from_resting_places(program: Program) -> None:
    timeline = Timeline(program.network().graph)
    for grain in COARSE:
        here, visited = 0, [0]
        while (after := timeline.neighbour(grain, here, False, True)) is not None:
            assert after > here
            assert timeline.neighbour(grain, after, False, False) == here
            here = after
            visited.append(here)
        assert here == timeline.total
        while (before := timeline.neighbour(grain, here, False, False)) is not None:
            assert timeline.neighbour(grain, before, False, True) == here
            here = before
        assert here == 0
        for step in range(timeline.total + 1):
            ahead = [v for v in visited if v > step]
            behind = [v for v in visited if v < step]
            assert timeline.neighbour(grain, step, False, True) == (ahead[0] if ahead else None)
            assert timeline.neighbour(grain, step, False, False) == (behind[-1] if behind else None)


@given(programs())
@SETTINGS
def test_a_line_ends_where_the_next_step_is_another_nodes(program: Program) -> None:
    timeline = Timeline(program.network().graph)
    for step in range(timeline.total):
        end = timeline.neighbour(Grain.LINE, step, False, True)
        assert end is not None
        sweeps = [timeline.sweep_at(k) for k in range(step + 1, end + 1)]
        assert len({(s.phase, s.node) for s in sweeps}) == 1
        if end < timeline.total:
            after = timeline.sweep_at(end + 1)
            assert (after.phase, after.node) != (sweeps[0].phase, sweeps[0].node)


@given(programs())
@SETTINGS
def test_a_phase_is_entered_at_its_first_step(program: Program) -> None:
    timeline = Timeline(program.network().graph)
    entered = {timeline.span(p)[0] + 1 for p in Phase if timeline.span(p)[0] != timeline.span(p)[1]} - {1}
    stops, here = set(), timeline.neighbour(Grain.PHASE, 0, False, True)
    while here is not None:
        stops.add(here)
        here = timeline.neighbour(Grain.PHASE, here, False, True)
    assert stops == entered | {timeline.total}
