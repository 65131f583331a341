"""What an edit changes: counted number by number, and told before it is made."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import element, recording, written

from gradstep.engine.ask.effects import Change, Effect, differing, preview, went
from gradstep.engine.ask.whatif import apply_edits, read_edit
from gradstep.engine.errors import CommandError
from gradstep.engine.notation import number
from gradstep.engine.run.recording import Recording


def edited(rec: Recording, text: str) -> Recording:
    return apply_edits(rec, [read_edit(rec, text)])


@pytest.mark.parametrize("text", ["W2[0,1] = 0.25", "h[1] = 0.2", "h.grad[1] = 7", "op h = tanh", "b2 = nan"])
def test_numbers_that_differ_are_counted(text: str) -> None:
    rec = recording("walkthrough")
    other = edited(rec, text)
    count = 0
    for a, b in [
        *zip(rec.trace.data, other.trace.data, strict=True),
        *zip(rec.trace.grad, other.trace.grad, strict=True),
    ]:
        if a is not None and b is not None:
            for one, two in zip(np.ravel(a).tolist(), np.ravel(b).tolist(), strict=True):
                count += not (one == two or (one != one and two != two))
    assert differing(rec, other) == count


def test_an_effect_is_told_to_people_and_to_programs() -> None:
    # h = [1, 2]: z2 = 0, y = ½, L = ⅛; before, as the walkthrough's file has it, 0.07635773331.
    rec = recording("walkthrough")
    found = Effect.of(rec, edited(rec, "h = [1, 2]"), 1)
    assert found.before == pytest.approx(0.07635773331, rel=1e-9)
    assert list(found.lines()) == [f"{found.changed:,} numbers differ from the original run."]
    assert list(found._replace(edits=2, changed=1).lines()) == [
        "1 number differs from the original run, where L is 0.0764."
    ]
    assert found.document() == {"edits": 1, "loss": [found.before, 0.125], "changed": found.changed}
    same = Effect.of(rec, rec, 0)
    assert list(same.lines()) == ["No number differs from the original run."]
    assert same.document()["changed"] == 0


def loss(x: object = (0.5, 0.8), W1: object = ((0.4, 0.3), (-0.2, 0.5)), W2: float = -0.4, **other: float) -> float:
    """That of the walkthrough by NumPy, with other numbers."""
    z1 = np.asarray(W1) @ np.asarray(x) + [0.1, -0.1]
    h = np.tanh(z1) if "tanh" in other else np.maximum(z1, 0)
    h[1] = other.get("h", h[1])
    y = 1 / (1 + np.exp(-(np.array([0.6, W2]) @ h + other.get("b2", 0.2))))
    return float(0.5 * (y - 1) ** 2)


W = np.array([[0.4, 0.3], [-0.2, 0.5]])


@pytest.mark.parametrize(
    ("text", "says", "now"),
    [
        ("W2[0,1] = 0.4", "W2[0,1] is now 0.4 (it was −0.4)", loss(W2=0.4)),
        ("W2[0,-1] = 0.4", "W2[0,1] is now 0.4 (it was −0.4)", loss(W2=0.4)),
        ("W2[0,1] = 12345.678", "W2[0,1] is now 12345.678 (it was −0.4)", loss(W2=12345.678)),
        ("W2[0,1] = 1 / 3", "W2[0,1] is now 0.3333 (it was −0.4)", loss(W2=1 / 3)),
        ("h[1] = 1", "h[1] is now 1 (it was 0.2)", loss(h=1.0)),
        # ∂L/∂h₂ = (y − 1) y (1 − y) · (−0.4)
        ("h.grad[1] = 2", "h.grad[1] is now 2 (it was 0.03721)", loss()),
        ("x = [1, 2]", "x is now [1, 2] (it was [0.5, 0.8])", loss(x=(1, 2))),
        ("W1[:,0] = 0", "W1[:,0] is now [0, 0] (it was [0.4, −0.2])", loss(W1=W * [0, 1])),
        ("W1 = [[0.4, 0.3], [-0.2, 1]]", "1 of the 4 numbers of W1 is another now", loss(W1=[[0.4, 0.3], [-0.2, 1]])),
        ("W1 = W1 + 1", "all 4 numbers of W1 are others now", loss(W1=W + 1)),
        ("b2 = nan", "b2 is now [NaN] (it was [0.2])", loss(b2=np.nan)),
        ("x = x", "x is [0.5, 0.8], as it was", loss()),
        ("W1 = W1", "W1 is as it was", loss()),
        ("op h = tanh", "h is now tanh (it was relu)", loss(tanh=1)),
        ("op h = leaky_relu", "h is now leaky_relu (it was relu)", loss()),
        ("op h = leaky_relu(slope=0.3)", "h is now leaky_relu(negative_slope=0.3) (it was relu)", loss()),
    ],
)
def test_what_an_edit_has_made_is_said_in_a_sentence(text: str, says: str, now: float) -> None:
    rec = recording("walkthrough")
    edit = read_edit(rec, text)
    other = apply_edits(rec, [edit])
    change = Change.of(edit, rec, other)
    went = "the loss stays at 0.0764" if abs(now - loss()) < 1e-12 else f"the loss goes from 0.0764 to {number(now)}"
    assert change.sentence() == f"{says}; {went}."
    assert change.document()["name"] == change.name
    assert (change.before, change.after) == pytest.approx((loss(), now), rel=1e-9, abs=1e-300, nan_ok=True)


def test_where_both_look_the_same_the_loss_has_more_digits() -> None:
    assert went(0.25, 0.25000004) == "the loss goes from 0.25000000 to 0.25000004"
    assert went(np.nan, np.nan) == "the loss stays at NaN"


def test_before_an_edit_is_made_it_tells_the_loss_and_the_gradients_that_change() -> None:
    # L = (w₁ v)² + w₂²; ∂L/∂w₁ = 2 w₁ v², ∂L/∂v = 2 w₁² v; w₂ has no part in it.
    rec = written("w = [3.0, 5.0]\nv = 2.0", "a = w[0] * v", "L = a ** 2 + w[1] ** 2")
    found = preview(rec, [], rec, "v = 1")
    assert found.loss == ("L", 36 + 25, 9 + 25)
    told = {one.name: (one.before, one.after) for one in found.gradients}
    gradient = rec.board.gradient
    assert told[gradient(*element(rec, "w[0]"))] == (2 * 3 * 4, 2 * 3 * 1)
    assert told[gradient(*element(rec, "v"))] == (2 * 9 * 2, 2 * 9 * 1)
    assert told[gradient(*element(rec, "a"))] == (2 * 6, 2 * 3)
    assert gradient(*element(rec, "w[1]")) not in told
    assert "∂L/∂L" not in told


def test_it_tells_what_would_differ_from_now_and_not_from_the_original() -> None:
    rec = written("w = [3.0, 5.0]", "L = sum(w * w)")
    edits = [read_edit(rec, "w[0] = 1")]
    now = apply_edits(rec, edits)
    found = preview(rec, edits, now, "w[1] = 0")
    assert found.loss == ("L", 1 + 25, 1 + 0)
    assert [(one.before, one.after) for one in found.gradients if "w" in one.name] == [(10.0, 0.0)]


def test_of_a_large_array_the_first_few_and_of_nan_nothing() -> None:
    rec = written("w = { shape = [9], init = 'ones' }\ns = 1.0", "L = sum(w * w) * s")
    found = preview(rec, [], rec, "s = 2")
    assert len([one for one in found.gradients if "w" in one.name]) == 4
    bad = written("w = [-1.0]\nv = 2.0", "a = log(w)", "L = sum(a) * v")
    assert all(one.after == one.after for one in preview(bad, [], bad, "v = 3").gradients)


def test_what_is_no_edit_is_refused() -> None:
    rec = recording("walkthrough")
    with pytest.raises(CommandError, match="unknown name 'bogus'"):
        preview(rec, [], rec, "h[0] = bogus")
