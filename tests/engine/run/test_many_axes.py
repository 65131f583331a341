"""Arrays of as many axes as NumPy has, 64: what needs one more for itself goes another way, and says no mistake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from operations import NUMBERS

from gradstep.engine.debugger.checking import check
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import GradstepError
from gradstep.engine.files import loads
from gradstep.engine.index import MAX_AXES
from gradstep.engine.ops import COMPOSITES, REGISTRY
from gradstep.engine.ops.op import Op

WIDE = (2, *(1,) * (MAX_AXES - 2), 2)
TEXT = f"""format = 1
[parameters]
w = [0.3, 0.4, 0.6, 0.8]
[graph]
a = "reshape(w, {WIDE})"
{{}}
[training]
steps = 3
"""
QUESTIONS = (
    "findings", "verify", "why w.grad[0]", "paths w[0]", "terms a.grad", "print a", "print a + a.T", "print a @ a",
    "find a > 0", "find abs(grad) > 0.1", "when a.grad != 0", "watch a", "set a = 1", "undo", "set w[0] = 3", "iterate",
    "nudge w[0]", "break changed(a)", "continue", "diff xor", "rcontinue",
)  # fmt: skip


def operations() -> Iterator[str]:
    """A call of each operation on the wide array; where it takes numbers of elements, each has one of its own."""
    for name, op in {**REGISTRY, **COMPOSITES}.items():
        slots = op.slots if isinstance(op, type) and issubclass(op, Op) else ("x",) * 3
        yield f"{name}({', '.join('argsort(a, axis=0)' if slot in NUMBERS else 'a' for slot in slots)})"


@pytest.mark.parametrize("call", [*operations(), "a.T", "a[0]", "a[0:1]", "a @ a", "a + w", "stack(a, a)", "a * a.T"])
def test_a_wide_array_is_computed_and_asked_or_refused(call: str) -> None:
    try:
        scenario = loads(TEXT.format(f'h = "{call}"\nL = "sum(a * a) + sum(h)"'))
    except GradstepError as error:
        assert str(error).strip()  # noqa: PT017  # both ends are right: with a line that says why, or computed
        return
    assert check(scenario).ok
    session = Session(scenario)
    for step in range(0, session.recording.timeline.total + 1, 3):
        session.goto(str(step))
        assert session.frame().story.caption is not None
    session.goto("end")
    for line in QUESTIONS:
        try:
            session.do(line)
        except GradstepError as error:
            assert str(error).strip()  # noqa: PT017  # likewise


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("y = 'reshape(w, (" + "1, " * 65 + "4))'", "axes"),
        ("y = 'stack(a, a)'", "axes"),
        ("y = 'a[" + ", ".join(["None"] * 65) + "]'", "axes"),
    ],
)
def test_one_axis_more_is_refused_where_it_is_asked_for(line: str, says: str) -> None:
    with pytest.raises(GradstepError, match=says):
        loads(TEXT.format(f'{line}\nL = "sum(y)"'))
