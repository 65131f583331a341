"""What an edit changes: counted number by number, and told before it is made."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import element, recording, written

from gradstep.engine.ask.effects import Effect, differing, preview
from gradstep.engine.ask.whatif import apply_edits, read_edit
from gradstep.engine.errors import CommandError
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
    (line,) = found.lines()
    assert line == f"  L 0.0764 → 0.1250; {found.changed:,} numbers differ from the original run"
    assert found.document() == {"edits": 1, "loss": [found.before, 0.125], "changed": found.changed}
    same = Effect.of(rec, rec, 0)
    assert list(same.lines()) == ["  L 0.0764, as in the original run: no number differs"]
    assert same.document()["changed"] == 0


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
