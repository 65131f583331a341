"""Networks that are too wide for boxes: every unit is in the picture, with its numbers, at every size; and the ramp of
a gradient that fades."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph import Element
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.nodes import Nodes
from gradstep.tui.network.slim import Slim
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import DARK
from gradstep.tui.view import View, Zoom
from tests.tui.driving import running, text

SIZES = [(80, 10), (98, 11), (124, 20)]
#: Of each network the arrays whose elements are units.
NETWORKS = {
    "vanishing": ["x", *(f"h{k}" for k in range(1, 8)), "y", "L"],
    "exploding": ["x", "L"],
    "residual": ["x", "a", "h", "c", "s", "y", "L"],
    "xor": ["x", "h", "y", "L"],
    "layer-norm": ["x", "gain", "bias", "y", "L"],
    "shared-weight": ["d", "L"],
    "vanishing-training": ["x", "L"],
    "death-of-a-relu": ["L"],
    "zero-init-symmetry": ["L"],
}


def painted(session: Session, width: int, height: int, view: View | None = None) -> Stage:
    stage = LEVELS[Zoom.LAYER](Canvas(width, height, DARK), session.frame(), view or View(zoom=Zoom.LAYER))
    stage.paint()
    return stage


def slim(session: Session, width: int, height: int) -> Slim:
    stage = painted(session, width, height)
    assert isinstance(stage, Slim)
    return stage


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_unit_is_in_the_picture_and_arrows_lead_to_it(name: str, width: int, height: int) -> None:
    session = Session(find(name))
    session.goto("end")
    stage, samples = painted(session, width, height), session.recording.samples
    assert "›" not in stage.canvas.text()
    assert not isinstance(stage, Nodes) or stage.whole
    seen = {stage.at(x, y) for x in range(width) for y in range(height)} - {None}
    for array in NETWORKS[name]:
        value = session.recording.graph.by_name[array].id
        grid = samples.elements(value, 0)
        assert {Element(value, int(flat)) for flat in grid.take(0, grid.size)} <= seen, array
    reached, left = set(), [next(iter(seen))]
    while left:
        here = left.pop()
        if here not in reached:
            reached.add(here)
            view = View(zoom=Zoom.LAYER, selection=here)
            left += [painted(session, width, height, view).neighbour(d) for d in ("up", "down", "left", "right")]
    assert reached == seen


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_numbers_are_those_of_a_chain_computed_by_hand(width: int, height: int) -> None:
    """vanishing: x = 1, eight sigmoids with weights, L = (y − t)² / 2."""
    session = Session(find("vanishing"))
    session.goto("end")
    graph, recording = session.recording.graph, session.recording
    weights = [float(recording.trace.number(Element(graph.by_name[f"W{k}"].id, 0))) for k in range(1, 9)]
    target = float(recording.trace.number(Element(graph.by_name["t"].id, 0)))
    values, sums = [1.0], []
    for weight in weights:
        sums.append(weight * values[-1])
        values.append(1 / (1 + np.exp(-sums[-1])))
    slopes = [values[-1] - target]  # of y, h7, … h1
    for weight, value in zip(weights[::-1], values[::-1], strict=False):
        slopes.append(slopes[-1] * value * (1 - value) * weight)
    lines = slim(session, width, height).canvas.text().replace("−", "-").splitlines()
    rows = {line.split()[0]: [float(w) for w in line.split()[1:]] for line in lines[1:7]}
    assert rows["value"][:9] == pytest.approx(values, abs=6e-4)
    assert rows["sum"] == pytest.approx(sums, abs=6e-4)
    assert rows["∂value"] == pytest.approx(slopes[7::-1], rel=0.5, abs=6e-4)
    assert rows["∂value"][0] == pytest.approx(slopes[7], rel=0.2)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_gradient_that_fades_is_a_ramp(width: int, height: int) -> None:
    session = Session(find("vanishing"))
    session.goto("h1.grad")
    stage = slim(session, width, height)
    lines = stage.canvas.text().splitlines()
    top = next(y for y, line in enumerate(lines) if "‖∂‖ log" in line)
    step, left = stage.steps[0], stage.placed[0].x
    heights = [
        sum(1 + "▁▂▃▄▅▆▇█".find(lines[y].ljust(width)[left + column * step + step - 2]) for y in range(top, height))
        for column in range(1, 9)
    ]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1] / 2
    assert heights[-1] == 8 * (height - top)


def test_what_is_written_is_inverse_also_a_weight() -> None:
    session = Session(find("vanishing"))
    for where, row, mark in (("z3", "sum", "0.455"), ("W5.grad", "∂weight", "−4e-4"), ("W8.next", "weight", "+1.005")):
        session.goto(where)
        stage = slim(session, 80, 10)
        lines = stage.canvas.text().splitlines()
        y = next(y for y, line in enumerate(lines) if line.split() and line.split()[0] == row)
        x = lines[y].index(mark)
        assert stage.canvas.styles[y][x].bgcolor != stage.canvas.styles[y][0].bgcolor, where


def test_a_skip_is_drawn_over_what_it_skips() -> None:
    session = Session(find("residual"))
    session.goto("end")
    lines = slim(session, 80, 10).canvas.text().splitlines()
    left, right = (re.search(r"[╭].*[╮]", lines[0]) or pytest.fail(lines[0])).span()
    assert lines[1][left - 1 : left + 2].strip() == "a₁"
    assert lines[1][right - 2 : right + 1].strip() == "s₁"


def test_what_is_not_finite_has_no_bar() -> None:
    text = "format = 1\n[parameters]\nw = 0.0\n[graph]\n" + "".join(
        f'a{k} = "{f"a{k - 1}" if k else "w"} * {1 if k else "log(w)"}"\n' for k in range(12)
    )
    session = Session(loads(text + 'L = "a11 * 2.0"\n'))
    session.goto("end")
    stage = painted(session, 124, 20)
    assert isinstance(stage, Slim)
    assert "!" in stage.canvas.text()


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45)])
async def test_the_screen_opens_with_all_of_it(size: tuple[int, int]) -> None:
    async with running("vanishing", size) as pilot:
        shown = text(pilot)
        assert all(f" h{chr(0x2080 + k)} " in shown for k in range(1, 8))
        assert "›" not in shown


@pytest.mark.parametrize(("name", "width"), [("layer-norm", 80), ("shared-weight", 80), ("shared-weight", 98)])
def test_a_long_name_takes_the_cells_that_short_ones_leave(name: str, width: int) -> None:
    session = Session(find(name))
    stage = slim(session, width, 10)
    assert "…" not in stage.canvas.text()
    assert stage.names == tuple(session.recording.board.element(*unit.element) for unit in stage.diagram.units)
    assert stage.placed[-1].x + stage.placed[-1].step <= width
