"""Edits: a run with another number is the run that has that number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from debugging import fresh, refused
from graphs import walkthrough

from gradstep.engine.ask import whatif
from gradstep.engine.ask.stops import Stop
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads
from gradstep.engine.run.passes import run


def leaves_with(name: str, array: Any) -> Any:
    net = walkthrough()
    return run(net.graph, {**net.leaves, net.value(name).id: np.asarray(array, dtype=float)})


@pytest.mark.parametrize(
    ("line", "name", "array"),
    [
        ("set W2[0,1] = 0.4", "W2", [[0.6, 0.4]]),
        ("set x = [1, 2]", "x", [1.0, 2.0]),
        ("set W1[:,0] = 0", "W1", [[0.0, 0.3], [0.0, 0.5]]),
        ("set b1 = -b1", "b1", [-0.1, 0.1]),
        ("set t = t + 1", "t", [2.0]),
    ],
)
def test_an_edit_is_a_run_with_another_number(line: str, name: str, array: Any) -> None:
    session = fresh("walkthrough", "goto 14")
    session.do(line)
    expected = leaves_with(name, array)
    assert session.position.step == 14
    for got, wanted in zip(session.recording.trace.data, expected.data, strict=True):
        assert np.array_equal(got, wanted)
    for got, wanted in zip(session.recording.trace.grad, expected.grad, strict=True):
        assert (got is None and wanted is None) or np.array_equal(got, wanted)  # type: ignore[arg-type]


def test_a_number_in_the_middle_and_a_gradient_are_given() -> None:
    session = fresh("walkthrough", "set h[1] = 1")
    trace, graph = session.recording.trace, session.recording.graph
    assert trace.data[graph.by_name["h"].id].tolist() == [0.54, 1.0]
    assert trace.data[graph.by_name["z2"].id][0] == pytest.approx(0.6 * 0.54 - 0.4 * 1 + 0.2)
    session = fresh("walkthrough", "set h.grad[1] = 0.5")
    trace = session.recording.trace
    by_name = session.recording.graph.by_name
    assert trace.grad[by_name["W1"].id].tolist()[1] == pytest.approx([0.25, 0.4])  # type: ignore[union-attr]
    assert trace.grad[by_name["W2"].id] is session.base.trace.grad[by_name["W2"].id]


def test_only_what_depends_on_an_edit_is_computed_again() -> None:
    session = fresh("residual", "set h[0] = 3")
    graph, base, trace = session.recording.graph, session.base.trace, session.recording.trace
    after = {graph.by_name["h"].id}
    for node in graph.nodes:
        if after & set(node.inputs):
            after.add(node.output)
    for value in graph.values:
        assert (trace.data[value.id] is base.data[value.id]) == (value.id not in after), value.name


def test_nothing_recomputes_what_an_edit_cannot_reach() -> None:
    """Counted: which operations run again after an edit of a bias near the end."""
    session = fresh("walkthrough")
    edited = whatif.apply_edits(session.base, [whatif.read_edit(session.base, "b2 = 0.5")])
    kept = [a is b for a, b in zip(edited.trace.data, session.base.trace.data, strict=True)]
    changed = {v.name for v, same in zip(session.base.graph.values, kept, strict=True) if not same}
    assert changed == {"b2", "z2", "y", "L"}


def test_undo_redo_and_revert() -> None:
    session = fresh("walkthrough", "set W2[0,1] = 0.4", "set x[0] = 2")
    both = session.recording.trace.loss
    session.do("undo")
    one = session.recording.trace.loss
    assert one == leaves_with("W2", [[0.6, 0.4]]).loss != both
    session.do("redo")
    assert session.recording.trace.loss == both
    assert session.do("revert").data["changed"] == 0
    assert session.recording is session.base
    session.do("redo")
    assert session.recording.trace.loss == one
    assert "no edit to undo" in refused(fresh(), "undo")
    assert "no edit to redo" in refused(fresh(), "redo")


def test_what_an_edit_did_is_said_in_whole_words() -> None:
    """h₁ = 0.5·0.5 + 0.24 + 0.1 = 0.59 and y = σ(0.474) = 0.61633."""
    session = fresh("walkthrough")
    made = session.do("set W1[0,0] = 0.5")
    assert made.text.splitlines() == [
        "W1[0,0] is now 0.5 (it was 0.4); the loss goes from 0.0764 to 0.0736.",
        f"{made.data['changed']} numbers differ from the original run.",
    ]
    assert made.data["set"] == {"name": "W1[0,0]", "was": 0.4, "now": 0.5}
    undone = session.do("undo")
    assert undone.text.splitlines() == [
        "W1[0,0] is 0.4 again; the loss goes from 0.0736 to 0.0764.",
        "No number differs from the original run.",
    ]
    assert undone.data["set"] == {"name": "W1[0,0]", "was": 0.5, "now": 0.4}
    assert session.do("redo").text == made.text
    session.do("set h.grad = [1, 2]")
    reverted = session.do("revert").text.splitlines()
    assert reverted[0] == "2 edits taken back; the loss goes from 0.0736 to 0.0764."
    assert session.do("revert").text.splitlines()[0] == "There is no edit to take back."


def test_another_operation_counts_as_an_edit() -> None:
    session = fresh("dead-relu", "set op h = leaky_relu(slope=0.1)")
    h = session.recording.trace.data[session.recording.graph.by_name["h"].id]
    assert h.tolist() == pytest.approx([0.54, -0.095])
    assert "op h" in session.do("info scenario").text
    session.do("undo")
    assert session.recording is session.base


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("set q = 1", "unknown name 'q'"),
        ("set W2 = [1, 2, 3]", "has shape (3,), but W2 has shape (1, 2)"),
        ("set h[9] = 1", "index 9 is out of range"),
        ("set y.next = 3", "only parameters are updated"),
        ("set L.grad = 2", "1 by definition"),
        ("set x.grad = 2", "has no gradient"),
        ("set op h = relux", "did you mean 'relu'?"),
        ("set op z1 = relu", "does not take the 3 inputs"),
        ("set op h = softmax(axis=7)", "axis 7"),
        ("set op h = sum", "which the rest does not fit"),
        ("set op x = relu", "no operation computes 'x'"),
        ("set W2[0,1]", "an edit is written NAME = VALUE"),
        ("set W2[0,1] = 'a'", "no number"),
    ],
)
def test_an_edit_that_cannot_be_made_changes_nothing(line: str, says: str) -> None:
    assert says in refused(fresh(), line)


def test_breakpoints_stay_with_an_edited_run() -> None:
    session = fresh("dead-relu", "break dead", "set W1[1,:] = 0.5")
    assert session.do("continue").stop == Stop("end", None, "the end of the iteration")
    session.do("revert")
    session.do("goto start")
    assert session.do("continue").stop is not None
    assert commands.place(session) == "h[1]"


def test_one_number_of_the_gradient_of_a_parameter_that_nothing_uses_can_be_set() -> None:
    session = Session(loads("format = 1\n[parameters]\nw = [1.0, 2.0]\nu = [3.0, 4.0]\n[graph]\nL = 'sum(w)'\n"))
    session.do("set u.grad[1] = 0.5")
    assert session.recording.trace.gradient(session.recording.graph.by_name["u"].id).tolist() == [0.0, 0.5]
