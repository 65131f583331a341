"""Conditions against brute force: every step looked at one by one, and its fields one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.ask.search import Stopping, _place, key, search
from gradstep.engine.ask.watches import Watch
from gradstep.engine.errors import CommandError, Interrupted
from gradstep.engine.files import builtin, find
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.terms import enumerate_terms
from gradstep.engine.run.timeline import Phase, Position


@dataclass
class Term:
    upstream: float
    local: float
    contribution: float
    op: str
    factor: str


@dataclass
class Step:
    """What a step is, read from the trace one element at a time."""

    number: int
    phase: str
    name: str
    index: int
    value: float
    grad: float
    terms: list[Term]
    op: str
    computed: bool
    recording: Recording

    def any(self, test: Callable[[Term], bool]) -> bool:
        return any(test(t) for t in self.terms)


@cache
def recording(name: str) -> Recording:
    return record(find(name))


@cache
def steps(name: str) -> tuple[Step, ...]:
    return tuple(_steps(recording(name)))


def _steps(rec: Recording) -> Iterator[Step]:
    graph, trace = rec.graph, rec.trace
    for number in range(1, rec.timeline.total + 1):
        sweep, flat = rec.timeline.locate(number)
        value = graph.values[sweep.value]
        backward = sweep.phase is Phase.BACKWARD
        array = trace.grad[value.id]
        grad = float(array.reshape(-1)[flat]) if array is not None and backward else math.nan
        data = (
            float(rec.updated(value.id, flat)[0])
            if sweep.phase is Phase.UPDATE
            else float(trace.data[value.id].reshape(-1)[flat])
        )
        terms = []
        if backward:
            segments = gradient_segments(trace, value, flat)
            listed = enumerate_terms(segments, graph.dtype)
            for k in range(len(listed)):
                node = graph.nodes[segments[int(listed.segment[k])].node]
                factor = int(listed.factor_value[k])
                terms.append(
                    Term(
                        float(listed.upstream[k]),
                        float(listed.local[k]),
                        float(listed.contribution[k]),
                        node.op.name + ("!" if node.output == graph.loss.id else ""),
                        graph.values[factor].name if factor >= 0 else "",
                    )
                )
        op = graph.nodes[sweep.node].op.name if sweep.phase in (Phase.FORWARD, Phase.LOSS) else ""
        yield Step(number, sweep.phase.value, value.name, flat, data, grad, terms, op, value.node >= 0, rec)


def at(step: Step, name: str) -> bool:
    """Whether the step is done when the last element of `name` is."""
    target = step.recording.board.resolve(name)
    phase = {"grad": Phase.BACKWARD, "next": Phase.UPDATE}.get(target.kind, Phase.FORWARD)
    if phase is Phase.FORWARD and target.value.node in step.recording.graph.after_loss:
        phase = Phase.LOSS
    flat = target.flat if target.flat is not None else target.value.size - 1
    return step.recording.timeline.step_of(phase, target.value.id, flat) == step.number


#: Conditions, each also written as a test of one step. All that are in a scenario's network.
CONDITIONS: dict[str, Callable[[Step], bool]] = {
    "value > 0.5": lambda s: s.value > 0.5,
    "grad == 0": lambda s: s.grad == 0,
    "not grad == 0": lambda s: s.phase == "backward" and s.grad != 0,
    "grad != 0": lambda s: s.phase == "backward" and s.grad != 0,
    "grad == 0 and op == relu": lambda s: s.grad == 0 and s.any(lambda t: t.op == "relu"),
    "op == linear": lambda s: s.op == "linear" or s.any(lambda t: t.op == "linear"),
    "op != linear": lambda s: s.phase == "update" or s.op not in ("", "linear") or s.any(lambda t: t.op != "linear"),
    "upstream > 0 and contribution < 0": lambda s: s.any(lambda t: t.upstream > 0 and t.contribution < 0),
    "abs(local) < 0.25 or value > 1": lambda s: s.any(lambda t: abs(t.local) < 0.25) or s.value > 1,
    "phase == backward and terms > 1": lambda s: s.phase == "backward" and len(s.terms) > 1,
    "terms > 1 and grad > 0": lambda s: s.phase == "backward" and len(s.terms) > 1 and s.grad > 0,
    "index == 1 and phase != update": lambda s: s.index == 1 and s.phase != "update",
    "value ** 2 - value > 0 and value < 0": lambda s: s.value < 0,
    "grad > 0 or value > 0": lambda s: s.grad > 0 or s.value > 0,
    "backward": lambda s: s.phase == "backward" and s.number == s.recording.timeline.span(Phase.BACKWARD)[0] + 1,
    "zero": lambda s: s.phase == "backward" and s.grad == 0,
    "flip": lambda s: s.any(lambda t: t.contribution * np.sign(t.upstream) < 0 and "!" not in t.op),
    "vanish(0.1)": lambda s: shrinks(s, 0.1),
    "explode(2)": lambda s: grows(s, 2.0),
    "cancel(0.5)": lambda s: len(s.terms) > 1 and abs(s.grad) < 0.5 * sum(abs(t.contribution) for t in s.terms),
    "isnan(value) or isinf(value)": lambda s: not math.isfinite(s.value),
    "L > 0": lambda s: s.name == "L" and s.phase == "loss" and s.value > 0,
    "phase == backward on *": lambda s: s.phase == "backward" and s.computed,
}  # fmt: skip


def near(step: Step) -> float:
    rec = step.recording
    for sweep in rec.timeline.sweeps:
        grad = rec.trace.grad[sweep.value]
        if sweep.phase is Phase.BACKWARD and rec.graph.values[sweep.value].node >= 0 and grad is not None:
            return float(np.abs(grad).max())
    return 0.0


def shrinks(step: Step, r: float) -> bool:
    if step.phase != "backward" or not step.computed:
        return False
    return 0 < abs(step.grad) < r * max([near(step), *(abs(t.upstream) for t in step.terms)])


def grows(step: Step, r: float) -> bool:
    if step.phase != "backward" or not step.computed:
        return False
    up = max([0.0, *(abs(t.upstream) for t in step.terms)])
    return (abs(step.grad) > r * up > 0) or (abs(step.grad) > r * near(step) > 0)


SMALL = [n for n in builtin() if recording(n).timeline.total < 500]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("text", list(CONDITIONS))
def test_a_mask_is_what_one_finds_step_by_step(name: str, text: str) -> None:
    rec = recording(name)
    if text == "phase == backward on *":
        text_ = "phase == backward on *.grad"
        expected = [s.number for s in steps(name) if s.phase == "backward"]
    else:
        text_, expected = text, [s.number for s in steps(name) if CONDITIONS[text](s)]
    condition = Condition(text_, rec)
    found: list[int] = []
    for sweep in rec.timeline.sweeps:
        whole = condition.mask(sweep, 0, sweep.size)
        pieces = [condition.mask(sweep, k, min(k + 3, sweep.size)) for k in range(0, sweep.size, 3)]
        assert np.array_equal(whole, np.concatenate(pieces) if pieces else whole)
        found += (np.flatnonzero(whole) + sweep.start + 1).tolist()
    assert found == expected


def test_every_kind_is_compared_or_has_a_test_of_its_own() -> None:
    told = {k for text in CONDITIONS for k in KINDS if k in text}
    assert set(KINDS) - told == {"dead", "saturated", "nonfinite"}


def all_of(rec: Recording, text: str) -> list[str]:
    condition = Condition(text, rec)
    return [
        f"{sweep.phase.value} {rec.board.typed(sweep.value, int(flat))}"
        for sweep in rec.timeline.sweeps
        for flat in np.flatnonzero(condition.mask(sweep, 0, sweep.size))
    ]


def test_dead_units_are_those_whose_gate_is_shut() -> None:
    assert all_of(recording("dead-relu"), "dead") == ["forward h[1]", "backward z1[1]"]
    assert all_of(recording("dead-relu"), "dead(h[1])") == ["forward h[1]", "backward z1[1]"]
    assert all_of(recording("dead-relu"), "dead(h[0])") == []
    assert all_of(recording("walkthrough"), "dead") == []


def test_over_a_batch_a_unit_is_dead_if_it_is_in_every_sample() -> None:
    rec = recording("digits")
    z = rec.trace.data[rec.graph.by_name["z1"].id]
    dead = [k for k in range(z.shape[1]) if all(z[s, k] <= 0 for s in range(len(z)))]
    assert dead, "the batch has dead units"
    assert all_of(rec, "dead") == [*(f"forward h[31,{k}]" for k in dead), *(f"backward z1[31,{k}]" for k in dead)]


def test_saturated_units_have_a_small_slope() -> None:
    rec = recording("saturated")
    found = [
        (node, flat)
        for node in rec.graph.nodes
        if node.op.name in ("tanh", "sigmoid")
        for flat, y in enumerate(rec.trace.data[node.output].reshape(-1))
        if (1 - y * y if node.op.name == "tanh" else y * (1 - y)) < 0.01
    ]
    assert found
    names = [f"forward {rec.board.typed(node.output, flat)}" for node, flat in found]
    assert [line for line in all_of(rec, "saturated") if line.startswith("forward")] == names


def test_nonfinite_is_the_first_of_each_pass() -> None:
    assert all_of(recording("log-of-zero"), "nonfinite")[:2] == ["forward l[0]", "backward p[0]"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h", ["forward h[0]", "forward h[1]"]),
        ("h.grad", ["backward h[0]", "backward h[1]"]),
        ("h[1]", ["forward h[1]"]),
        ("h1", ["forward h[0]"]),
        ("w212", None),
        ("W2[0,*]", ["backward W2[0,0]", "backward W2[0,1]", "update W2[0,0]", "update W2[0,1]"]),
        ("W2.grad[*,1]", ["backward W2[0,1]"]),
        ("z*", ["forward z1[0]", "forward z1[1]", "forward z2[0]"]),
        ("*.grad[1]", ["backward h[1]", "backward z1[1]", "backward W1[1,0]", "backward W1[1,1]", "backward b1[1]"]),
        ("L", ["loss L"]),
        ("relu", ["forward h[0]", "forward h[1]", "backward z1[0]", "backward z1[1]"]),
        ("update", ["update W1[0,0]"]),
        ("loss", ["loss L"]),
        ("name == 'h*' and value > 0", ["forward h[0]", "forward h[1]"]),
        ("h.grad[1] > 0", ["backward h[1]"]),
        ("abs(W1.grad).max() > 0.02", ["backward W1[1,1]"]),
        ("loss < 0.08 and h[0] > 0.5", ["loss L"]),
        ("layer == 1 and phase == forward", ["forward z1[0]", "forward z1[1]", "forward h[0]", "forward h[1]"]),
        ("iteration == 1 and phase == loss", ["loss L"]),
        ("flip(W2)", ["backward h[1]"]),
        ("zero on W1.grad", []),
        ("changed(h.grad)", ["backward h[0]", "backward h[1]"]),
        ("changed(norm(W1.grad)) and phase == backward", ["backward W1[1,1]"]),
        # z₁₁ = 0.2 + 0.24 + 0.1: the sum passes 0.43 with its second term; z₁₂ = −0.1 + 0.4 − 0.1 does not.
        ("crosses(z1, 0.43)", ["forward z1[0]"]),
        ("crosses(h.grad, -0.05)", ["backward h[0]"]),
    ],
)
def test_names_patterns_and_states(text: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(CommandError, match="unknown name"):
            Condition(text, recording("walkthrough"))
        return
    found = all_of(recording("walkthrough"), text)
    assert found == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bogus > 1", "unknown name 'bogus'"),
        ("hh > 1", "did you mean 'h'?"),
        ("dea", "did you mean 'dead'?"),
        ("bakward", "did you mean 'backward'?"),
        ("grad", "compare it, as in grad == 0"),
        ("1 + 1", "is no condition"),
        ("h > 0", "any(…) or all(…)"),
        ("h > 0 and grad == 0", "any(h > 0) or all(h > 0)"),
        ("op == rel", "did you mean 'relu'?"),
        ("op < 1", "only be compared with == and !="),
        ("phase == backwards", "did you mean 'backward'?"),
        ("h.grad[7] == 0", "index 7 is out of range; axis 0 of 'h' has 2"),
        ("h[0,0] == 0", "at most 1 indices"),
        ("h.gard == 0", "did you mean 'grad'?"),
        ("x.grad == 0", "'x' has no gradient"),
        ("h.next == 0", "only parameters are updated"),
        ("max(grad) > 1", "one number at each step"),
        ("dead(3)", "takes no number"),
        ("changed", "changed(h.grad)"),
        ("crosses(h.grad[0])", "crosses(h.grad[0], 0.1)"),
        ("crosses(norm(h), 1)", "by name"),
        ("crosses(h, x)", "v is a number"),
        ("abs(h, 1) > 0", "takes one argument"),
        ("grad = 0", "cannot read"),
        ("", "needed"),
        ("lambda: 1", "nothing that an expression can have"),
        ("__import__('os')", "unknown function"),
        ("().__class__", "nothing that an expression can have"),
        ("grad == 0 on nowhere", "unknown name 'nowhere'"),
        ("x", "no step writes 'x'"),
        ("-" * 200 + "1 == 1", "nested too deeply"),
        ("value ** " * 30 + "2 == 1 + " + "1" * 20_000, "characters long"),
    ],
)
def test_what_cannot_be_read_is_refused_when_it_is_set(text: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        Condition(text, recording("walkthrough"))
    assert says in str(refused.value)


# Searching ----------------------------------------------------------------------------------------


def places(rec: Recording, wanted: list[Stopping]) -> list[Position]:
    """Every place at which one of them stops, by looking at every step."""
    found = set()
    for sweep in rec.timeline.sweeps:
        for flat in range(sweep.size):
            for one in wanted:
                if one.mask(sweep, flat, flat + 1)[0]:
                    found.add(_place(rec, one, sweep, flat))
    return sorted(found, key=key)


@given(
    st.sampled_from(SMALL),
    st.lists(st.sampled_from([*CONDITIONS, "dead", "saturated", "nonfinite", "L"]), min_size=1, max_size=3),
    st.floats(0, 1),
    st.integers(0, 3),
    st.booleans(),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_continue_and_its_inverse_find_the_same_places(
    name: str, texts: list[str], share: float, term: int, tiny: bool
) -> None:
    rec = recording(name)
    texts = [t for t in texts if not t.endswith("on *")]
    wanted: list[Stopping] = [Condition(text, rec) for text in texts]
    there = places(rec, wanted)
    step = round(share * rec.timeline.total)
    start = Position(step, term) if term and step else Position(step)
    ahead = [f.position for f in search(rec, wanted, start, True)]
    behind = [f.position for f in search(rec, wanted, start, False)]
    assert ahead == [p for p in there if key(p) > key(start)]
    assert behind == [p for p in reversed(there) if key(p) < key(start)]


def test_a_search_looks_at_no_more_than_it_must() -> None:
    """The first stop of a large network is found in its first slice."""
    rec = recording("digits")
    looked = []

    class Counting(Condition):
        def mask(self, sweep, start, stop):  # type: ignore[no-untyped-def]
            looked.append(stop - start)
            return super().mask(sweep, start, stop)

    assert next(search(rec, [Counting("value > 0 or value <= 0", rec)], Position(0), True)).position == Position(1)
    assert sum(looked) <= 1024
    asked: list[float] = []

    def go_on(share: float) -> bool:
        asked.append(share)
        return len(asked) < 3

    with pytest.raises(Interrupted):
        list(search(rec, [Condition("value > 1e9", rec)], Position(0), True, go_on))
    assert len(asked) == 3


# Watches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("h.grad[1]", ["h.grad[1]"]),
        ("h", ["h[0]", "h[1]"]),
        ("W1.grad[:,1]", ["W1.grad[0,1]", "W1.grad[1,1]"]),
        ("norm(W1.grad)", ["W1.grad[1,1]"]),
        ("h[0] * h.grad[0]", ["h.grad[0]"]),
        ("b2.next", ["b2.next"]),
        ("loss", ["L"]),
    ],
)
def test_a_watch_changes_when_what_it_is_made_of_is_written(text: str, changes: list[str]) -> None:
    rec = recording("walkthrough")
    watch = Watch(text, rec)
    board, time = rec.board, rec.timeline
    expected = []
    for name in changes:
        target = board.resolve(name)
        phase = {"grad": Phase.BACKWARD, "next": Phase.UPDATE}.get(target.kind, Phase.FORWARD)
        phase = Phase.LOSS if name == "L" else phase
        expected.append(time.step_of(phase, target.value.id, target.flat or 0))
    found = [p.step for p in places(rec, [watch])]
    assert found == expected
    assert [s for s in range(time.total + 1) if watch.changed(Position(s))] == expected
    last = max(s for s in expected if s is not None)
    assert not np.all(watch.at(Position(last - 1)).known)
    assert np.all(watch.at(Position(last)).known)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The walkthrough's numbers as printed in it: h, the loss, and its gradients.
        ("h[0]", 0.54),
        ("round", None),
        ("h.grad[1]", 0.0372),
        ("abs(W1.grad).max()", 0.0447),
        ("W2 @ h", 0.244),
        ("sum(x * x)", 0.89),
        ("W1.T[0, 1]", None),
        ("norm(x) ** 2", 0.89),
        ("∂L/∂h₂", 0.0372),
        ("h2", 0.2),
        ("loss", 0.0764),
    ],
)
def test_expressions_are_evaluated(text: str, expected: float | None) -> None:
    rec = recording("walkthrough")
    if expected is None:
        with pytest.raises(CommandError):
            Query(text)(Moment(rec, rec.timeline.total))
        return
    part = Query(text)(Moment(rec, rec.timeline.total))
    assert np.all(part.known)
    assert np.ravel(part.value)[0] == pytest.approx(expected, abs=6e-5)
    assert not np.all(Query("h.grad[1] + h[0]")(Moment(rec, 5)).known)


def test_a_running_sum_that_passes_a_level_stops_at_that_term() -> None:
    """fan-out: the parts of h₁'s gradient are −0.0558 and +0.0411, as its file's numbers give them."""
    rec = recording("fan-out")
    found = [f.position for f in search(rec, [Condition("crosses(h.grad[0], -0.05)", rec)], Position(0), True)]
    assert found == [Position(24, 1)]
    found = [f.position for f in search(rec, [Condition("crosses(h.grad[0], -0.01)", rec)], Position(0), True)]
    assert found == [Position(24, 1)]
    assert not list(search(rec, [Condition("crosses(h.grad[0], 0.01)", rec)], Position(0), True))
