"""Random graphs of casts between four types, held against PyTorch bit by bit: values, and gradients of what is cast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.files import loads
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import record
from gradstep.engine.run.terms import enumerate_terms

#: Each operation makes one rounding of its result, and one of each gradient, so no order is left open. Where operations
#: of PyTorch round what they compute on their way, as the gradient of a quotient does, another order is another number.
TWO: dict[str, Callable[[Any, Any], torch.Tensor]] = {
    "{0} + {1}": lambda a, b: a + b,
    "{0} - {1}": lambda a, b: a - b,
    "{0} * {1}": lambda a, b: a * b,
    "maximum({0}, {1})": torch.maximum,
    "where({0} > {1}, {0}, {1})": lambda a, b: torch.where(a > b, a, b),
}
ONE: dict[str, Callable[[Any], torch.Tensor]] = {
    "-{0}": lambda a: -a,
    "abs({0})": torch.abs,
    "relu({0})": torch.relu,
    "{0} * 0.1": lambda a: a * 0.1,
    "{0} + 3": lambda a: a + 3,
    "{0} * m": lambda a: a * torch.tensor([True, False, True]),
    "detach({0}) * {0}": lambda a: a.detach() * a,
    "cast({0}, 'float16')": lambda a: a.to(torch.float16, copy=True),
    "cast({0}, 'bfloat16')": lambda a: a.to(torch.bfloat16, copy=True),
    "cast({0}, 'float32')": lambda a: a.to(torch.float32, copy=True),
}
#: Ties of both halves and what is next to them, what they do not hold, and what is subnormal there.
NUMBERS = [
    *(0.0, 0.1, -0.3, 1.0, -1.0, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-8, -(1 + 3 * 2.0**-9), 2.5),
    *(6e4, -65519.0, 65520.0, 3e38, 1e-7, 2.0**-25, -6e-8, 1e-39, 300.7, 1.0 / 3),
]


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, list[list[float]], list[tuple[str, tuple[int, ...]]]]:
    """The type of the file, two arrays, and lines that each apply an operation to values before, which have any number
    of uses: what comes through them is added up in the order of PyTorch, and rounded each time."""
    numbers = st.lists(st.sampled_from(NUMBERS), min_size=3, max_size=3)
    leaves, lines = [draw(numbers), draw(numbers)], []
    for k in range(2, 2 + draw(st.integers(2, 14))):
        formula = draw(st.sampled_from([*TWO, *ONE]))
        lines.append((formula, tuple(draw(st.integers(0, k - 1)) for _ in range(2 if formula in TWO else 1))))
    return draw(st.sampled_from(["float32", "float64"])), leaves, lines


def same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(np.asarray(a, float), np.asarray(b, float), equal_nan=True))


@settings(max_examples=60, deadline=None)
@given(programs())
def test_values_and_gradients_are_pytorchs_bit_by_bit(
    program: tuple[str, list[list[float]], list[tuple[str, tuple[int, ...]]]],
) -> None:
    own, leaves, lines = program
    ends = set(range(2, 2 + len(lines))) - {k for _, operands in lines for k in operands}
    text = [f'format = 1\ndtype = "{own}"\n[inputs]\nm = [true, false, true]\nw = [0.7, -1.3, 0.01]\n[parameters]']
    text += [f"v{k} = {numbers}" for k, numbers in enumerate(leaves)]
    text += ["[graph]"]
    for k, (formula, operands) in enumerate(lines, 2):
        text.append(f'v{k} = "{formula.format(*(f"v{at}" for at in operands))}"')
    text.append('L = "' + " + ".join(f"sum(cast(v{k}, '{own}') * w)" for k in sorted(ends)) + '"')
    recording = record(loads("\n".join(text)))
    kind = getattr(torch, own)
    values = [torch.tensor(numbers, dtype=kind, requires_grad=True) for numbers in leaves]
    for formula, operands in lines:
        values.append((TWO.get(formula) or ONE[formula])(*(values[k] for k in operands)))
        if values[-1].requires_grad:
            values[-1].retain_grad()
    sum((values[k].to(kind) * torch.tensor([0.7, -1.3, 0.01], dtype=kind)).sum() for k in sorted(ends)).backward()
    for k, value in enumerate(values):
        found = recording.graph.by_name[f"v{k}"]
        assert (found.kind or own) == str(value.dtype).removeprefix("torch."), f"v{k}\n" + "\n".join(text)
        assert same(recording.trace.data[found.id], value.detach().double()), f"v{k}\n" + "\n".join(text)
    for k, value in enumerate(values):
        expected, found = value.grad, recording.graph.by_name[f"v{k}"]
        if expected is None or recording.trace.grad[found.id] is None:
            assert expected is None or not expected.any(), f"v{k}.grad\n" + "\n".join(text)
            continue
        gradient = recording.trace.gradient(found.id)
        assert same(gradient, expected.double()), f"v{k}.grad\n" + "\n".join(text)
        for flat in range(3) if found.narrow and len(recording.graph.uses[found.id]) > 1 else ():
            running = enumerate_terms(gradient_segments(recording.trace, found, flat), recording.graph.dtype).running
            assert same(running[-1], gradient[flat]), f"v{k}.grad[{flat}]\n" + "\n".join(text)
