"""Which elements belong to which sample, checked by changing one sample and looking at what moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graphs import Network, network

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.passes import run
from gradstep.engine.run.samples import Samples
from gradstep.engine.run.timeline import Grain, Phase, Position

RNG = np.random.default_rng(5)
COUNT = 4
LINES = {
    "z": "x @ W.T + b",
    "h": "tanh(z)",
    "T": "transpose(h)",
    "j": "concat(h, z, axis=1)",
    "k": "concat(T, transpose(z), axis=0)",
    "s": "softmax(z)",
    "m": "mean(z, axis=0)",
    "c": "z - m",
    "n": "batch_norm(z)",
    "r": "sum(h, axis=1)",
    "G": "matmul(h, T)",
    "p": "stack(r, r, axis=1)",
    "one": "h[0]",
    "f": "reshape(h, (12,))",
    "v": "conv2d(i, K, stride=1, padding=1)",
    "q": "max_pool2d(v, 2)",
    "e": "embedding(E, ids)",
    "L": "sum(r)",
}


def batch() -> Network:
    return network(
        {"x": RNG.normal(size=(COUNT, 2)), "i": RNG.normal(size=(COUNT, 1, 4, 4)), "ids": [0.0, 2.0, 1.0, 2.0]},
        {"W": RNG.normal(size=(3, 2)), "b": [0.1, 0.2, 0.3], "K": RNG.normal(size=(2, 1, 3, 3)), "E": np.eye(3)},
        LINES,
    )


def samples_of(net: Network) -> Samples:
    return Samples(net.trace, ("x", "i", "ids"))


def test_where_an_axis_counts_samples() -> None:
    net, found = batch(), {}
    samples = samples_of(net)
    for value in net.graph.values:
        if value.role is Role.NODE and not value.part:
            found[value.name] = samples.axis(value.id)
    assert found == {
        "z": 0, "h": 0, "T": 1, "j": 0, "k": 1, "s": 0, "m": None, "c": 0, "n": 0, "r": 0,
        "G": None, "p": 0, "one": None, "f": None, "v": 0, "q": 0, "e": 0, "L": None,
    }  # fmt: skip


def test_another_sample_does_not_move_what_belongs_to_this_one() -> None:
    """By running the network again with one sample changed. What goes through a statistic of the
    whole batch (c and n) moves everywhere, and is left out."""
    net = batch()
    samples = samples_of(net)
    for sample in range(COUNT):
        leaves = {v: a.copy() for v, a in net.leaves.items()}
        for name in ("x", "i"):
            leaves[net.value(name).id][sample] += 0.37
        leaves[net.value("ids").id][sample] = 1 - leaves[net.value("ids").id][sample] % 2
        after = run(net.graph, leaves, backward=False)
        for name in ("z", "h", "T", "j", "k", "s", "r", "p", "v", "q", "e"):
            value = net.value(name)
            changed = np.flatnonzero(after.data[value.id].reshape(-1) != net.data(name).reshape(-1))
            assert len(changed), name
            assert {samples.of(value.id, int(flat)) for flat in changed} == {sample}, name
            mine = samples.elements(value.id, sample)
            assert set(changed.tolist()) <= set(mine.take(0, mine.size).tolist())
            assert mine.size == value.size // COUNT


def test_the_same_element_of_every_sample() -> None:
    net = batch()
    samples, h, T = samples_of(net), net.value("h").id, net.value("T").id
    assert samples.over(h, 5).take(0, COUNT).tolist() == [2, 5, 8, 11]
    assert samples.over(T, 5).take(0, COUNT).tolist() == [4, 5, 6, 7]
    assert [samples.moved(T, 5, k) for k in range(COUNT)] == [4, 5, 6, 7]
    W = net.value("W").id
    assert samples.of(W, 3) is None
    assert samples.moved(W, 3, 2) == 3
    assert samples.over(W, 3).take(0, 1).tolist() == [3]


def test_every_element_has_its_position_in_its_sample() -> None:
    """By slicing NumPy's own numbering of the array."""
    net = batch()
    samples = samples_of(net)
    for name in ("h", "T", "v", "e", "W", "L"):
        value = net.value(name)
        numbered, axis = np.arange(value.size).reshape(value.shape), samples.axis(value.id)
        for sample in range(COUNT):
            part = numbered if axis is None else numbered.take(sample, axis)
            assert samples.shape(value.id) == part.shape
            flats = part.reshape(-1)
            assert samples.ends(value.id, sample) == (flats[0], flats[-1])
            assert samples.position(value.id, flats).tolist() == list(range(part.size))
            assert [samples.position(value.id, flat) for flat in flats.tolist()] == list(range(part.size))
            assert [samples.element(value.id, sample, k) for k in range(part.size)] == flats.tolist()


def test_without_a_batch_there_is_one_sample() -> None:
    session = Session(find("walkthrough"))
    assert session.recording.samples.count == 1
    assert session.sample == 0
    with pytest.raises(CommandError, match="there is no sample 1; they go from 0 to 0"):
        session.look(1)


def test_looking_at_another_sample_is_the_same_moment_there() -> None:
    session = Session(find("xor"))
    session.goto("h[1,2]")
    assert session.sample == 0
    session.look(3)
    assert session.sample == 3
    element = session.frame().element
    assert element is not None
    assert session.recording.board.typed(*element) == "h[3,2]"
    session.look(1, along=False)
    assert session.sample == 1
    assert session.frame().element == element
    session.goto("W2.grad[0,1]")
    step = session.position
    session.look(0)
    assert session.position == step
    assert session.sample == 0


def test_a_step_is_about_the_sample_whose_number_it_writes() -> None:
    xor = Session(find("xor"))
    z, timeline = xor.recording.graph.by_name["z1"], xor.recording.timeline
    sweep = next(s for s in timeline.sweeps if s.value == z.id)
    rows, width = z.shape
    found = [xor.frame_at(Position(sweep.start + 1 + k)).sample_here for k in range(z.size)]
    assert found == [row for row in range(rows) for _ in range(width)]
    assert xor.frame_at(Position(0)).sample_here is None
    assert xor.frame_at(Position(timeline.total)).sample_here is None  # a parameter is every sample's


@pytest.mark.parametrize("looked_at", [0, 2, None])
def test_no_move_in_time_changes_the_sample_that_is_looked_at(looked_at: int | None) -> None:
    """By every grain in both directions, jumps, stops, questions about the past, what-ifs and trainings."""
    session = Session(find("xor-training"))
    session.look(looked_at)
    for grain in Grain:
        for count in (1, 3, -2, 40, -40):
            session.step(grain, count)
            assert session.sample == looked_at
    lines = [
        "goto h[1,2]", "into", "finish", "restart", "goto @2 z1.grad[3,1]", "break h[1,1]", "continue", "rcontinue",
        "train 3", "when loss > 0", "previous", "following", "set b1[0] = 0.5", "undo", "iterate", "riterate",
    ]  # fmt: skip
    for line in lines:
        session.do(line)
        assert session.sample == looked_at, line
    session.do("sample 1")
    assert session.sample == 1
    session.do("sample all")
    assert session.sample is None


def test_of_a_step_about_another_sample_it_is_said_whose_it_is() -> None:
    session = Session(find("xor"))
    for name, here, other in (
        ("h[0,3]", 0, None),
        ("h[2,1]", 2, 2),
        ("h.grad[3,0]", 3, 3),
        ("W1.grad[0,0]", None, None),
    ):
        session.goto(name)
        assert (session.frame().sample_here, session.frame().elsewhere) == (here, other), name
    session.goto("h[2,1]")
    session.look(None)
    assert (session.frame().sample_here, session.frame().elsewhere) == (2, None)


def test_a_scenario_that_starts_in_a_sample_looks_at_it() -> None:
    scenario = replace(find("xor"), start="h[2,1]")
    assert Session(scenario).sample == 2
    assert Session(replace(scenario, start="W1.grad")).sample == 0


def test_over_all_samples_nothing_is_known_before_the_last() -> None:
    session = Session(find("xor"))
    session.look(None)
    h = session.recording.graph.by_name["h"].id
    session.goto("h[3,0]")
    assert session.frame().seen(h, 1, Phase.FORWARD) is None
    session.goto("h[3,1]")
    seen = session.frame().seen(h, 1, Phase.FORWARD)
    assert seen == pytest.approx(session.recording.trace.data[h][:, 1].mean(), rel=1e-15)
    session.goto("h.grad[3,1]")
    grad = session.recording.trace.grad[h]
    assert grad is not None
    assert session.frame().seen(h, 1, Phase.BACKWARD) == pytest.approx(grad[:, 1].sum(), rel=1e-15)
    assert session.frame().seen(h, 2, Phase.BACKWARD) is None
