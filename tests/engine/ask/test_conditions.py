"""Conditions against brute force: every step looked at one by one, and its fields one by one."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from brute import CONDITIONS, SMALL, steps
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import all_of, recording, written

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.ask.steps import Steps
from gradstep.engine.errors import CommandError


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
        with pytest.raises(CommandError, match="'w212' is out of range; there are w₁₁₁ to w₁₂₂"):
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


# Whole arrays beside numbers of steps --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "array", "field"),
    [
        ("W1 / 16 > layer", "W1 / 16", "layer"),
        ("grad > h", "h", "grad"),
        ("value * x == 1", "x", "value"),
        ("0 < W1 < grad", "W1", "grad"),
        ("(index + z1) > 3", "z1", "index"),
        ("abs(contribution) > previous(W1)", "previous(W1)", "abs(contribution)"),
    ],
)
def test_an_array_is_not_compared_with_what_is_one_number_at_each_step(text: str, array: str, field: str) -> None:
    """Whatever their lengths: that they agree by chance means nothing."""
    count = {"W1 / 16": 4, "W1": 4, "previous(W1)": 4}.get(array, 2)
    said = f"'{array}' has {count} numbers, and '{field}' is one at each step; name one of them, or say max({array})"
    with pytest.raises(CommandError) as refused:
        Condition(text, recording("walkthrough"))
    assert said in str(refused.value)
    assert all_of(recording("walkthrough"), text.replace(array, f"max({array})")) is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(grad @ grad) > 0", "@ multiplies whole arrays"),
        ("grad < 1 < W1", "in 'grad < 1 < W1' there are whole arrays beside numbers of steps"),
        ("W1 > 0", "has 4 truth values; say any(…) or all(…)"),
        ("W1 > 0 or grad > 0", "has 4 truth values; say any(W1 > 0) or all(W1 > 0)"),
        ("W1[0:0] > 0", "has 0 truth values"),
        ("grad > 0 and W1[0:0] > 0", "has 0 truth values"),
        ("previous(W1) < h[0] == 1", "has 4 truth values"),
        ("crosses(h.grad[0], h)", "v is a number"),
        ("vanish(-1)", "the threshold of 'vanish' lies between 0 and 1, not -1"),
        ("cancel(1.5)", "the threshold of 'cancel' lies between 0 and 1, not 1.5"),
        ("explode(0.5)", "the threshold of 'explode' is a number from 1 on, not 0.5"),
        ("dead(1)", "takes no number"),
        ("vanish(True)", "unknown name 'True'"),
        (f"crosses(h[0], {'9' * 400})", "too large for a number"),
        (f"vanish({'9' * 400})", "too large for a number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        Condition(text, recording("walkthrough"))
    assert says in str(refused.value)


ONE = "w = [[2.0]]\nv = [[3.0, 1.0]]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y > 5", ["forward y[0,0]"]),  # it becomes true where y is written: y = 2 · 3 = 6
        ("y > 5 and value > 5", ["forward y[0,0]", "loss L"]),
        ("value > y", ["loss L"]),  # where y is known: L = 6 + 2 is more, and all gradients are less
        ("value == y", ["forward y[0,0]"]),
        ("5 < y < 7", ["forward y[0,0]"]),
        ("5 < y < 7 and phase == forward", ["forward y[0,0]", "forward s[0,0]"]),
        ("not y < 5 and op == add", ["loss L"]),
    ],
)
def test_an_array_of_one_element_is_that_number(text: str, expected: list[str]) -> None:
    rec = written(ONE, "y = w @ v[:, 0:1]", "s = w @ v[:, 1:2]", "L = sum(y) + sum(s)")
    found = [step for step in all_of(rec, text) if not step.startswith(("update", "backward"))]
    assert [step for step in found if ":" not in step] == expected


# What is found without a look at every step -------------------------------------------------------------------------

#: Comparisons of named numbers, which are written at different times.
PLAIN = ["h[0] > 0.3", "z1[1] < 0", "loss > 0.07", "W1.grad[0,0] < 0", "abs(h.grad).max() > 0.03", "W1[0,1] > 0.2",
    "b1.next[0] != 0", "max(W1.next) > 0.4", "L.grad > 0", "previous > 0", "1 > 0", "h[1] == h.grad[1]"]  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(PLAIN), st.sampled_from(["", "not "])), min_size=1, max_size=4), st.data())
def test_a_state_holds_where_it_begins_and_was_not_before(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    """Read at every moment; and joined in any way with `and` and `or`."""
    rec = recording("walkthrough")
    text = "".join(f" {data.draw(st.sampled_from(['and', 'or']))} {n}{p}" for p, n in parts).split(" ", 2)[2]
    condition, query = Condition(text, rec), Query(text)
    assert condition.state
    holds = [bool(query(Moment(rec, s)).holds) for s in range(1, rec.timeline.total + 1)]
    expected = [s for s, before, now in zip(count(1), [False, *holds], holds) if now and not before]
    found = np.concatenate([np.flatnonzero(condition.mask(s, 0, s.size)) + s.start + 1 for s in rec.timeline.sweeps])
    assert found.tolist() == expected == list(condition.begins)
    assert set(expected) <= {s.start + k + 1 for s in condition.sweeps() for k in range(s.size)}


JOINED = ["grad == 0", "op == relu", "op != linear", "value > 0.3", "phase == backward", "name == 'h*'", "terms > 1",
    "upstream > 0", "contribution < 0", "flip", "layer == 1", "h[0] > 0.3", "index == 0", "zero(W1)"]  # fmt: skip


@pytest.mark.parametrize("name", SMALL[:3])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(JOINED), min_size=2, max_size=4, unique=True))
def test_what_is_joined_with_and_is_looked_at_part_by_part(name: str, parts: list[str]) -> None:
    rec = recording(name)
    if "h[0] > 0.3" in parts and np.ndim(rec.trace.data[rec.graph.by_name["h"].id]) != 1:
        parts = [p for p in parts if p != "h[0] > 0.3"] + ["value > 0"]
    condition = Condition(" and ".join(parts), rec)
    assert condition.query is not None
    if condition.state:
        return
    for sweep in rec.timeline.sweeps:
        at = Steps(rec, sweep, 0, sweep.size, condition.by_term)
        whole = np.asarray(condition.query(at).holds)
        if at.by_term:
            whole = at.gather(np.broadcast_to(whole, at.table.owner.shape))
        assert np.array_equal(condition.mask(sweep, 0, sweep.size), np.broadcast_to(whole, sweep.size))


def test_the_sweeps_that_are_left_out_have_no_step_at_which_it_holds() -> None:
    rec = recording("walkthrough")
    fewer = 0
    for text in (
        "h.grad",
        "h[1]",
        "relu",
        "backward",
        "loss > 0.07",
        "grad == 0 on h",
        "z* on z1",
        "value > 0",
        "flip",
    ):
        condition = Condition(text, rec)
        there = condition.sweeps()
        fewer += len(there) < len(rec.timeline.sweeps)
        for sweep in rec.timeline.sweeps:
            assert sweep in there or not condition.mask(sweep, 0, sweep.size).any()
    assert fewer == 6
