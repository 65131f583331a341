"""Small images as tables of numbers: what is in them, and the window around what a step reads."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradstep.engine.debugger import Kind
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph import Element
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.maps import Maps
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import DARK
from gradstep.tui.view import View, Zoom


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
    for number in np.asarray(new).reshape(-1):
        assert f"{number:.3f}".replace("-", "−") in found


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
