"""Edits: against the scenario written with that number or operation from the beginning, and against calculus."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from recordings import recording, written

from gradstep.engine.ask.whatif import Edit, apply_edits, read_edit
from gradstep.engine.errors import CommandError, GradstepError, Interrupted
from gradstep.engine.files import loads
from gradstep.engine.graph.element import Element
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.recording import Recording, record

WALKTHROUGH = (
    (Path(__file__).parents[3] / "scenarios/01-walkthrough.toml").read_text(encoding="utf-8").split("[[notes]]")[0]
)


def edited(rec: Recording, *texts: str) -> Recording:
    edits: list[Edit] = []
    for text in texts:
        edits.append(read_edit(apply_edits(rec, edits), text))
    return apply_edits(rec, edits)


def same(a: Recording, b: Recording) -> bool:
    pairs = [*zip(a.trace.data, b.trace.data, strict=True), *zip(a.trace.grad, b.trace.grad, strict=True)]
    pairs += [(a.updated(p.id), b.updated(p.id)) for p in a.graph.parameters]
    return all(x is y is None or np.array_equal(np.asarray(x), np.asarray(y), equal_nan=True) for x, y in pairs)


@pytest.mark.parametrize(
    ("texts", "replaced"),
    [
        (["W2[0,1] = 0.25"], [("[[0.6, -0.4]]", "[[0.6, 0.25]]")]),
        (["W1[1,:] = [1, 2]"], [("[-0.2, 0.5]]", "[1.0, 2.0]]")]),
        (["x = x * 2"], [("[0.5, 0.8]", "[1.0, 1.6]")]),
        (["b1 = -0.1"], [("[0.1, -0.1]", "[-0.1, -0.1]")]),
        (["W1 = W1.T"], [("[[0.4, 0.3], [-0.2, 0.5]]", "[[0.4, -0.2], [0.3, 0.5]]")]),
        (["op h = tanh"], [("relu(z1)", "tanh(z1)")]),
        (["W1[1,0] = -1", "op h = leaky_relu(slope=0.2)"],
         [("[-0.2, 0.5]]", "[-1.0, 0.5]]"), ("relu(z1)", "leaky_relu(z1, slope=0.2)")]),
        (["op L = mse"], [("half_squared_error(y, t)", "mse(y, t)")]),
        (["W2[0,1] = 0.25", "op h = tanh", "b2[0] = 1"],
         [("[[0.6, -0.4]]", "[[0.6, 0.25]]"), ("relu(z1)", "tanh(z1)"), ("b2 = [0.2]", "b2 = [1.0]")]),
    ],
)  # fmt: skip
def test_an_edited_run_is_that_of_the_scenario_written_so(texts: list[str], replaced: list[tuple[str, str]]) -> None:
    text = WALKTHROUGH
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    expected = record(loads(text))
    assert same(edited(recording("walkthrough"), *texts), expected)
    assert not same(recording("walkthrough"), expected)


def test_a_value_in_the_middle_is_what_it_is_set_to_and_cuts_off_what_is_before() -> None:
    # h = [1, 2]: z2 = 0.6 − 0.8 + 0.2 = 0, y = ½, L = ⅛; ∂L/∂z2 = (y − t) y (1 − y) = −⅛.
    rec = edited(recording("walkthrough"), "h = [1, 2]")
    value = rec.graph.by_name
    assert rec.trace.loss == pytest.approx(0.125, rel=1e-15)
    assert rec.trace.gradient(value["W2"].id) == pytest.approx(np.array([[-0.125, -0.25]]), rel=1e-15)
    assert rec.trace.gradient(value["h"].id) == pytest.approx(np.array([-0.125 * 0.6, 0.125 * 0.4]), rel=1e-15)
    assert rec.trace.data[value["z1"].id] is recording("walkthrough").trace.data[value["z1"].id]
    assert [(kind, v, at.all()) for (kind, v), at in rec.given.items()] == [("data", value["h"].id, True)]


def test_a_gradient_is_what_it_is_set_to_and_goes_on_from_there() -> None:
    rec = edited(recording("walkthrough"), "h.grad[1] = 7")
    value, x = rec.graph.by_name, np.array([0.5, 0.8])
    before = recording("walkthrough").trace
    assert rec.trace.data == before.data
    assert rec.trace.gradient(value["h"].id).tolist() == [before.gradient(value["h"].id)[0], 7.0]
    assert rec.trace.gradient(value["W1"].id)[1] == pytest.approx(7 * x, rel=1e-15)  # the gate is open
    assert rec.trace.gradient(value["W1"].id)[0].tolist() == before.gradient(value["W1"].id)[0].tolist()


def test_what_was_not_set_of_an_array_is_computed_whatever_is_set_before_or_after() -> None:
    """h₁ = 0.4·1 + 0.3·2 + 0.1 = 1.1 with x = [1, 2]; h₂ is 3. The same in the order of saying and against it."""
    for texts in (["h[1] = 3", "x = [1, 2]"], ["x = [1, 2]", "h[1] = 3"]):
        rec = edited(recording("walkthrough"), *texts)
        value = rec.graph.by_name
        assert rec.trace.data[value["h"].id].tolist() == [pytest.approx(1.1, rel=1e-15), 3.0]
        assert rec.trace.data[value["z2"].id][0] == pytest.approx(0.6 * 1.1 - 0.4 * 3 + 0.2, rel=1e-14)
        assert [rec.by_hand(Element(value["h"].id, flat)) for flat in (0, 1)] == [False, True]
        assert not rec.by_hand(Element(value["h"].id, 1), "grad")
        assert rec.by_hand(Element(value["x"].id, 0))
    # And of a gradient: ∂L/∂h₁ = ∂L/∂z₂ · 0.6 follows a change further up.
    for texts in (["h.grad[1] = 7", "z2.grad[0] = 2"], ["z2.grad[0] = 2", "h.grad[1] = 7"]):
        rec = edited(recording("walkthrough"), *texts)
        assert rec.trace.gradient(rec.graph.by_name["h"].id).tolist() == [1.2, 7.0]
    rec = edited(recording("walkthrough"), "W1.grad[0,1] = 9", "z2.grad[0] = 2")
    assert rec.trace.gradient(rec.graph.by_name["W1"].id)[0].tolist() == [pytest.approx(2 * 0.6 * 0.5), 9.0]


def test_a_later_edit_sees_what_the_earlier_ones_have_made() -> None:
    rec = edited(recording("walkthrough"), "h[0] = 2", "h[1] = h[0] * 3")
    assert rec.trace.data[rec.graph.by_name["h"].id].tolist() == [2.0, 6.0]
    rec = edited(recording("walkthrough"), "x = [2, 1]", "h[0] = h[0] + 1")
    assert rec.trace.data[rec.graph.by_name["h"].id][0] == pytest.approx(0.4 * 2 + 0.3 * 1 + 0.1 + 1, rel=1e-15)


@pytest.mark.parametrize("name", ["xor", "residual", "attention-head", "layer-norm", "conv-edge"])
def test_nothing_else_is_computed_again(name: str) -> None:
    """What does not depend on a parameter is the very array that it was."""
    rec = recording(name)
    parameter = rec.graph.parameters[-1]
    where = rec.board.typed(parameter.id, 0)
    other = edited(rec, f"{where} = 0.125")
    depends = {parameter.id}
    for node in rec.graph.nodes:
        if depends & set(node.inputs):
            depends.add(node.output)
    for value, (before, after) in enumerate(zip(rec.trace.data, other.trace.data, strict=True)):
        assert (before is after) == (value not in depends)


def test_infinities_and_nan_may_be_set() -> None:
    for text, check in (("inf", np.isposinf), ("-inf", np.isneginf), ("nan", np.isnan), ("−inf", np.isneginf)):
        rec = edited(recording("walkthrough"), f"h[0] = {text}")
        assert check(rec.trace.data[rec.graph.by_name["h"].id][0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an edit is written NAME = VALUE"),
        ("h", "an edit is written NAME = VALUE"),
        ("h[0] =", "an edit is written NAME = VALUE"),
        ("h + 1 = 2", "is no name"),
        ("W1.T = 1", "is no name"),
        ("W1.next = 1", "follows from the gradient; set W1.grad"),
        ("L.grad = 2", "is 1 by definition"),
        ("x.grad = 1", "'x' has no gradient"),
        ("h = [1, 2, 3]", "has shape (3,), but h has shape (2,)"),
        ("h[0] = 'a'", "is no number"),
        ("h[0] = bogus", "unknown name 'bogus'"),
        ("op h = relux", "did you mean 'relu'?"),
        ("op x = relu", "no operation computes 'x'"),
        ("op hh = relu", "did you mean 'h'?"),
        ("op h = relu(z1)", "only the options of relu(x) are given here"),
        ("op h = leaky_relu(slope=", "cannot be read"),
        ("op h = leaky_relu(slop=1)", "no argument 'slop'; did you mean 'slope'?"),
        ("op h = leaky_relu(0.1)", "only the options of leaky_relu"),
        ("op h = clip(min=nan)", "min ≤ max"),
        ("op h = relu(1)+(2", "cannot be read"),
        ("op h = relu(" + "(" * 300, "cannot be read"),
        ("op h = add", "does not take the 1 inputs of 'h'"),
        ("op h = sum", "makes of 'h' () instead of (2,)"),
        ("op h = softmax(axis=7)", "axis"),
    ],
)
def test_a_mistake_is_named(text: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        read_edit(recording("walkthrough"), text)
    assert says in str(refused.value)


def test_a_number_too_large_for_the_dtype_is_refused() -> None:
    rec = written("w = [1.0, 2.0]", "L = sum(w)", dtype="float32")
    with pytest.raises(CommandError, match="too large for float32"):
        read_edit(rec, "w[0] = 1e39")
    assert read_edit(rec, "w[0] = inf").numbers == np.inf


def test_without_edits_a_run_is_itself_and_with_them_it_can_be_interrupted() -> None:
    rec = recording("walkthrough")
    assert apply_edits(rec, []) is rec
    asked = itertools.count()
    with pytest.raises(Interrupted):
        apply_edits(rec, [read_edit(rec, "x = [1, 1]")], lambda share: next(asked) < 2)
    assert next(asked) == 3


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "9" * 400, f"[1, {'9' * 400}]", "[[1e999, 0], [0, 0]]", f"-{'9' * 309}"]
)
def test_a_number_that_no_float_holds_is_refused(number: str) -> None:
    with pytest.raises(CommandError, match=r"too large for a number; the largest is 1\.8e308"):
        read_edit(recording("walkthrough"), f"W1 = {number}")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(str(10**25), 1e25), (f"[{2**70}, 1]", [2.0**70, 1]), ("inf", np.inf), ("-inf", -np.inf), ("nan", np.nan)],
)
def test_integers_of_any_size_and_the_words_for_what_is_not_finite_are_numbers(number: str, expected: object) -> None:
    found = read_edit(recording("walkthrough"), f"x = {number}").numbers
    assert np.array_equal(found, np.asarray(expected), equal_nan=True)


@pytest.mark.parametrize("call", ["relu(" + "(" * 3000, "relu(a=" + "-" * 5000 + "1)", "relu(a=" + "[" * 300])
def test_an_operation_that_cannot_be_read_is_refused(call: str) -> None:
    with pytest.raises(CommandError) as refused:
        read_edit(recording("walkthrough"), f"op h = {call}")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e999", f"[{'9' * 400}]"])
def test_an_option_that_no_float_holds_is_refused(number: str) -> None:
    with pytest.raises(CommandError, match="the number is too large; infinity is written inf"):
        read_edit(recording("walkthrough"), f"op h = leaky_relu(negative_slope={number})")


def test_every_operation_in_the_place_of_every_other_fits_or_is_refused() -> None:
    """Of one, two and three inputs, of any shape: no error but ours, and what is taken is what the file would mean."""
    rec = written(
        "s = 2.0\nv = [0.5, -1.5, 0.25]\nm = [[0.5, -1.5, 0.25], [0.1, 0.2, 0.3]]",
        *("a = exp(s)", "b = v * a", "c = m * v", "d = m @ v", "e = where(v > 0, v, b)", "f = linear(v, m)"),
        "L = sum(c) + sum(d) + sum(e) + sum(f) + mse(b, e)",
    )
    taken = 0
    for name in ("a", "b", "c", "d", "e", "f", "L:mse"):
        for op in REGISTRY:
            try:
                edit = read_edit(rec, f"op {name} = {op}()")
                made = apply_edits(rec, [edit])
            except GradstepError:  # also where the numbers are none that it takes
                continue
            assert made.trace.data[edit.value].shape == rec.trace.data[edit.value].shape
            taken += 1
    assert taken > 60
