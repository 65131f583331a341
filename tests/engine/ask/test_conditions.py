"""Conditions against brute force: every step looked at one by one, and its fields one by one."""

from __future__ import annotations

import numpy as np
import pytest
from brute import CONDITIONS, SMALL, steps
from recordings import all_of, recording

from gradstep.engine.ask.conditions import Condition
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
