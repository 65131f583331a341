"""What stands in one picture belongs together: one sample, names that differ, and all that the step is about."""

from __future__ import annotations

import re

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find
from gradstep.engine.graph import Element
from gradstep.tui.cells import breadth
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.names import folded
from gradstep.tui.network.nodes import Nodes
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.chrome.header import Header
from gradstep.tui.theme import DARK
from gradstep.tui.view import View, Zoom


def painted(session: Session, width: int, height: int, view: View | None = None) -> Stage:
    stage = LEVELS[Zoom.LAYER](Canvas(width, height, DARK), session.frame(), view or View(zoom=Zoom.LAYER))
    stage.paint()
    return stage


@pytest.mark.parametrize("size", [(80, 10), (98, 10), (124, 20)])
@pytest.mark.parametrize(("where", "sample"), [("h[2,1]", 2), ("h.grad[3,1]", 3), ("z1.grad[1,0]", 1), ("W1.grad", 0)])
def test_all_units_are_of_the_sample_that_the_step_computes(where: str, sample: int, size: tuple[int, int]) -> None:
    session = Session(find("xor-training"))
    session.goto(where)
    text = painted(session, *size).canvas.text()
    assert set(re.findall(r"[xhy]\[(\d),\d\]", text)) == {str(sample)}


def test_the_selected_sample_goes_before_that_of_the_step() -> None:
    session = Session(find("xor-training"))
    session.goto("h.grad[3,1]")
    h = session.recording.graph.by_name["h"].id
    text = painted(session, 98, 10, View(zoom=Zoom.LAYER, selection=Element(h, 2 * 3 + 1))).canvas.text()
    assert set(re.findall(r"h\[(\d),\d\]", text)) == {"2"}


@pytest.mark.parametrize("size", [(80, 10), (98, 11), (124, 20)])
def test_what_the_step_writes_is_in_a_picture_that_is_not_cut(size: tuple[int, int]) -> None:
    session = Session(find("batch-norm"))
    for sweep in session.recording.timeline.sweeps:
        session.goto(str(sweep.stop))
        stage, here = painted(session, *size), session.frame().element
        assert not isinstance(stage, Nodes) or stage.whole
        assert here is not None
        seen = {stage.at(x, y) for x in range(size[0]) for y in range(size[1])} - {None}
        values = {element.value for element in seen if element is not None}
        layer = session.recording.board.layer_of.get(here.value)
        assert here.value in values or (layer is not None and layer.output in values), sweep


def test_names_are_cut_where_they_differ() -> None:
    names = "o:transpose", "o:products", "o:scores", "o:masked", "o:weights", "o", "L"
    for width in (5, 6, 7, 9):
        cut = folded(names, width)
        assert len(set(cut)) == len(names)
        assert max(map(breadth, cut)) <= width
    assert folded(names, 20) == names


@pytest.mark.parametrize("name", builtin())
def test_the_title_has_its_room_first(name: str) -> None:
    session = Session(find(name))
    session.goto("62%")
    title = session.recording.scenario.title
    line = Header.paint(session.frame(), View(), 80, 1).text()
    assert title[:15] in line
    assert f"step {session.position.step:,}" in line
    assert not line.rstrip().endswith("…")
