"""The product stays in view: on the sheet of a step, however narrow it is, what it comes to stands at the end."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.notation import Digits, number
from gradstep.tui.arithmetic.middle import fold_name, folded, kept, without_places
from gradstep.tui.cells import breadth, wrap
from gradstep.tui.network.looking import told
from gradstep.tui.panels.chrome.headline import Headline
from gradstep.tui.panels.main.math import Math
from gradstep.tui.view import Layout, View

#: Batches, skips, convolutions, long names and long chains.
SCENARIOS = ("residual", "xor", "softmax-cross-entropy", "conv-edge", "attention-head", "vanishing", "gpt-block")
SIZES = ((80, 8, Layout.NARROW), (58, 11, Layout.MEDIUM), (76, 17, Layout.WIDE))


def moments(session: Session, count: int = 14) -> list[int]:
    total = session.recording.timeline.total
    return sorted({1 + k * (total - 1) // count for k in range(count + 1)})


@pytest.mark.parametrize("name", SCENARIOS)
def test_products_and_results_are_never_cut(name: str) -> None:
    session = Session(find(name))
    for step in moments(session):
        session.goto(str(step))
        frame = session.frame()
        for width, height, layout in SIZES:
            for digits in (Digits.MATH, Digits.FINE):
                view = View(layout=layout, math_digits=digits)
                text = Math.paint(frame, view, width, height).text()
                lines = [line.strip("│ ") for line in text.split("\n")]
                if frame.sum.count > 1 and not frame.story.lines:
                    table = next(line for line in lines if "contribution" in line)
                    rows, _ = frame.sum.rows(1)
                    if rows[0].left == rows[0].left:  # a sum of products
                        words = ("upstream", "local") if table.startswith("via") else ("weight", "input")
                        assert all(word in table for word in words), text
                    total = next(
                        line for line in lines if "Σ" in line and "contribution" not in line and "rule" not in line
                    )
                    assert f"{number(frame.story.equation.result, digits, True)}" in total, text
                chain = frame.origin.chain
                if chain is not None:
                    at = next(k for k, line in enumerate(lines) if line.startswith("chain"))
                    assert f" {number(chain.product, digits, True)}" in lines[at + 1], text


@pytest.mark.parametrize("name", [*SCENARIOS, "walkthrough", "dead-relu", "sign-flip", "fan-out", "digits"])
def test_a_caption_of_two_lines_stands_there_whole_whatever_the_author_says(name: str) -> None:
    session = Session(find(name))
    noted = [step for step in session.recording.notes if step]
    for step in sorted({*moments(session, 10), *noted}):
        session.goto(str(step))
        frame, view = session.frame(), View(layout=Layout.NARROW)
        _, caption = told(frame, view)
        shown = Headline.paint(frame, view, 80, 3).text().split("\n")
        lines = wrap(caption, 78)
        assert len(lines) <= 2, (step, caption)
        assert set(lines) <= {line.strip() for line in shown}, "\n".join(shown)
        if frame.story.note:
            whole = len(wrap("✎ " + frame.story.note, 78)) + len(lines) <= 2
            assert ("✎ x reads the note" in shown[0]) != whole


def test_a_formula_is_folded_in_its_middle() -> None:
    assert folded("∂L/∂s₁·w₁ + ∂L/∂z₁·w₂ + ∂L/∂z₂·w₃", 30) == "∂L/∂s₁·w₁ + … + ∂L/∂z₂·w₃"
    assert folded("½((a₁ − b₁)² + (c₁ − d₁)²)", 40) == "½((a₁ − b₁)² + (c₁ − d₁)²)"
    for room in range(3, 40):
        text = folded("½((a₁ − b₁)² + (c₁ − d₁)²) × w₁ + w₂·x₂ − b", room)
        assert breadth(text) <= room
        assert text.endswith("b")
    assert kept([5, 5, 5], 21, 3) == (3, 0)
    assert kept([5, 5, 5, 5], 21, 3) == (1, 1)


def test_of_a_product_both_factors_stay() -> None:
    """The upstream gradient was left out, or a name ran on into the next one."""
    whole = "∂L/∂a[1,0,0] × ∂a[1,0,0]/∂d[1,0,0]"
    assert folded(whole, 40) == whole
    assert folded(whole, 33) == "∂L/∂a[1,0,0] × ∂a/∂d"
    assert without_places("∂L/∂h[1,0]·∂h[1,0]/∂z[1,0]") == "∂L/∂h[1,0]·∂h/∂z"
    assert without_places("∂L/∂w₁·x[2]") == "∂L/∂w₁·x[2]"
    for formula, sign in (("∂L/∂o:swapaxes[2,0,0] × ∂o:swapaxes[2,0,0]/∂a[0,2,0]", " × "), (whole, " × ")):
        for room in range(24, 60):
            first, second = folded(formula, room).split(sign)
            assert breadth(first) + breadth(second) + 3 <= room
            assert first.startswith("∂L/" if room > 31 else "∂")
            assert second.startswith("∂")
            assert "/" in second or room < 32
    terms = "∂L/∂y:standardize₁·∂y:standardize₁/∂x₂ + ∂L/∂y:standardize₃·∂y:standardize₃/∂x₂"
    for room in range(36, 60):  # of a sum the last term, with both of its factors
        *_, last = folded(terms, room).split(" + ")
        assert last.startswith("∂L/")
        assert last.endswith("₂")
        assert "·∂y" in last


def test_what_is_derived_and_by_what_are_cut_each_by_itself() -> None:
    assert fold_name("∂L:sigmoid/∂L:linear", 14) == "∂L…oid/∂L:…ear"
    assert fold_name("∂L/∂L:sigmoid[0,0]", 16).startswith("∂L/∂L")
    assert fold_name("∂L/∂L:sigmoid[0,0]", 16).endswith("[0,0]")
    for width in range(3, 30):
        assert breadth(fold_name("∂L:sigmoid[0,0]/∂L:linear[0,0]", width)) <= width
