"""Small images as tables of numbers: what is in them, and the window around what a step reads."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradstep.engine.debugger import Kind
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph import Element
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.maps import Maps
from gradstep.tui.network.tables import Table, head
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import DARK
from gradstep.tui.view import Layout, View, Zoom


def maps(session: Session, width: int = 124, height: int = 24, view: View | None = None) -> Maps:
    stage = LEVELS[Zoom.LAYER](Canvas(width, height, DARK), session.frame(), view or View(zoom=Zoom.LAYER))
    assert isinstance(stage, Maps)
    stage.paint()
    return stage


@pytest.mark.parametrize(("i", "j"), [(0, 0), (1, 2), (2, 1)])
def test_a_convolution_reads_a_window_and_all_of_the_kernel(i: int, j: int) -> None:
    session = Session(find("conv-edge"))
    session.goto(f"c[0,{i},{j}]")
    stage, ids = maps(session), session.recording.graph.by_name
    window = np.arange(16).reshape(4, 4)[i : i + 2, j : j + 2].reshape(-1)
    assert stage.read[ids["x"].id, Kind.DATA] == set(window.tolist())
    assert stage.read[ids["k"].id, Kind.DATA] == {0, 1, 2, 3}


@pytest.mark.parametrize(("a", "b"), [(0, 0), (0, 1), (1, 0)])
def test_a_kernels_gradient_reads_the_places_where_it_was_used(a: int, b: int) -> None:
    session = Session(find("conv-edge"))
    session.goto(f"k.grad[0,0,{a},{b}]")
    stage, ids = maps(session), session.recording.graph.by_name
    assert stage.read[ids["c"].id, Kind.GRAD] == set(range(9))
    assert stage.read[ids["x"].id, Kind.DATA] == set(
        np.arange(16).reshape(4, 4)[a : a + 3, b : b + 3].reshape(-1).tolist()
    )


def test_a_term_reads_one_number_of_each() -> None:
    session = Session(find("conv-edge"))
    session.goto("c[0,1,1]")
    session.do("restart")
    session.do("into")
    term = session.position.term
    assert term is not None
    stage, ids = maps(session), session.recording.graph.by_name
    assert stage.read[ids["x"].id, Kind.DATA] == {[5, 6, 9, 10][term - 1]}
    assert stage.read[ids["k"].id, Kind.DATA] == {term - 1}


def test_the_window_is_drawn_and_what_is_written_stands_in_its_place() -> None:
    session = Session(find("conv-edge"))
    session.goto("c[0,1,1]")
    lines = maps(session).canvas.text().splitlines()
    assert sum("[      0   1.000]" in line for line in lines) == 2
    # −1·0 + 1·1 − 0.5·0 + 0.8·1 = 1.8
    assert any(re.search(r"0   1\.800       ·", line) for line in lines)


@pytest.mark.parametrize(("width", "height"), [(124, 24), (98, 14), (78, 11)])
def test_every_number_can_be_pointed_at_and_reached_by_arrows(width: int, height: int) -> None:
    session = Session(find("conv-edge"))
    session.goto("end")
    stage = maps(session, width, height)
    seen = {stage.at(x, y) for x in range(width) for y in range(height)} - {None}
    known = session.recording.graph.by_name
    for name, size in (("x", 16), ("k", 4), ("c", 9), ("h", 9), ("L", 1)):
        assert {Element(known[name].id, k) for k in range(size)} <= seen
    reached, left = set(), [Element(known["x"].id, 0)]
    while left:
        here = left.pop()
        if here not in reached:
            reached.add(here)
            view = View(zoom=Zoom.LAYER, selection=here)
            left += [maps(session, width, height, view).neighbour(d) for d in ("up", "down", "left", "right")]
    assert reached == seen


def test_after_an_update_the_new_number_is_shown() -> None:
    session = Session(find("conv-edge"))
    session.goto("end")
    found = maps(session).canvas.text()
    new = session.recording.updated(session.recording.graph.by_name["k"].id)
    for one in np.asarray(new).reshape(-1):
        assert f"{one:.3f}".replace("-", "−") in found


def test_what_has_no_room_is_shown_as_images() -> None:
    side = 30
    text = f"""format = 1
[inputs]
x = {{ shape = [1, {side}, {side}], init = "normal" }}
[parameters]
k = {{ shape = [1, 1, 2, 2], init = "normal" }}
[graph]
L = "mean(conv2d(x, k) ** 2)"
"""
    stage = LEVELS[Zoom.LAYER](Canvas(124, 24, DARK), Session(loads(text)).frame(), View(zoom=Zoom.LAYER))
    assert not isinstance(stage, Maps)


def test_an_operation_has_its_short_name_where_the_long_one_has_no_room() -> None:
    """Above tables as above cards: what formulas call it, and not a part of a word."""
    for name, zoom, width, height, some in (
        ("loss-scale", Zoom.LAYER, 124, 20, ("mse",)),
        ("depthwise-convolution", Zoom.NETWORK, 124, 20, ("conv2d", "convolution")),
        ("attention-head", Zoom.NETWORK, 124, 20, ("causal mask", "matmul")),
    ):
        stage = LEVELS[zoom](Canvas(width, height, DARK), Session(find(name)).frame(), View(zoom=zoom))
        stage.paint()
        heads = "\n".join(stage.canvas.text().splitlines()[:8])
        assert any(f" {one} " in heads for one in some)
        heads = re.findall(r"[^\s─╭╮┏┓]+", heads.replace("─╭", " "))
        heads = [word for word in heads if word.strip("…").isalpha()]
        assert not any("…" in word and word.strip("…").isalpha() for word in heads)


ROOMS = ((80, 10, Layout.NARROW), (98, 10, Layout.MEDIUM), (124, 19, Layout.WIDE))


@pytest.mark.parametrize("name", ["gpt-block", "lstm", "batch-norm", "depthwise-convolution", "attention-head"])
def test_what_a_step_writes_and_reads_stands_in_the_picture(name: str) -> None:
    """Of networks that have no room they were images of one layer, or tables around it."""
    session, tables, count = Session(find(name)), 0, 0
    recording = session.recording
    total = recording.timeline.total
    for step in range(1, total + 1, max(total // 40, 1)):
        session.goto(str(step))
        frame = session.frame()
        for width, height, layout in ROOMS:
            view = View(zoom=Zoom.LAYER, layout=layout)
            stage = LEVELS[Zoom.LAYER](Canvas(width, height, DARK), frame, view)
            stage.paint()
            text = stage.canvas.text()
            assert not re.search(r"[\de]…(?= |\]|$)", text, re.MULTILINE), text
            count += 1
            if not isinstance(stage, Maps) or frame.element is None:
                continue
            tables += 1
            back = frame.phase is Phase.BACKWARD
            place = stage.places[frame.element.value, Kind.GRAD if back else Kind.DATA]
            position = recording.samples.position(*frame.element)
            cell, line = stage.form.cell, place.y + place.table.line(position)
            x = place.x + position % place.table.columns * cell
            new = frame.new(*frame.element) if frame.phase is Phase.UPDATE else None
            known = frame.grad(*frame.element) if back else new if new is not None else frame.data(*frame.element)
            shown = "".join(stage.canvas.cells(line)[0][x : x + cell]).strip(" [")
            assert shown == number(known, stage.form.digits, back), (step, text)
            for which, some in stage.read.items():
                if which in stage.places:
                    assert set(some) <= set(stage.places[which].table.positions), (step, text)
    assert tables > 0.85 * count


@pytest.mark.parametrize(
    ("channels", "rows", "columns"), [(1, 8, 2), (3, 4, 2), (1, 1, 10), (2, 5, 3), (1, 12, 4), (4, 1, 3)]
)
def test_a_part_of_a_table_has_what_it_is_for(channels: int, rows: int, columns: int) -> None:
    size = channels * rows * columns
    whole = Table(0, Kind.DATA, channels, rows, columns, size)
    grid = np.arange(size).reshape(channels, rows, columns)
    assert set(whole.positions) == set(range(size))
    for channel in range(channels):
        for first in range(rows):
            for last in range(first, rows):
                needed = grid[channel, first : last + 1].reshape(-1)
                wanted = range(int(needed[0]), int(needed[-1]) + 1)
                for height in range(whole.least(wanted), whole.lines + 2):
                    part = whole.part(wanted, height)
                    assert part.lines <= height
                    assert set(wanted) <= set(part.positions) <= set(range(size))
                    lines = [part.line(position) for position in part.positions]
                    assert 1 <= min(lines) <= max(lines) < part.lines
                    if part.headed and part.channels < channels:
                        assert re.fullmatch(rf"\[{channel}(,\d+(…\d+)?)?\]", head(part, 0, rows))
    broken = whole.broken()
    assert set(broken.positions) == set(range(size))
    assert broken.columns <= max(4, columns)


@pytest.mark.parametrize(("step", "arrow"), [(50, "▸"), (60, "◂")])
def test_no_arrow_leads_to_a_parameter(step: int, arrow: str) -> None:
    """k, q and v stand in columns beside one another, as attention takes them, and none is made of another: arrows lead
    to o, to o · o and to the loss."""
    session = Session(find("attention-head"))
    session.goto(str(step))
    stage = maps(session)
    painted = "\n".join("".join(line) for line in stage.canvas.chars)
    assert painted.count(arrow) == 3
