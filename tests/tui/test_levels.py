"""The levels of the picture of the network, far and near: arrows lead somewhere from everywhere, and bars stand beside
the numbers that they are of."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find
from gradstep.tui.network.far import Far
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.main.network import Network, neighbour
from gradstep.tui.theme import DARK
from gradstep.tui.view import View, Zoom

DIRECTIONS = ("up", "down", "left", "right")


@pytest.mark.parametrize("name", builtin())
def test_an_arrow_leads_to_an_element_wherever_one_stands(name: str) -> None:
    """And from there, where it is selected, again."""
    session = Session(find(name))
    graph = session.recording.graph
    for where in ("start", "30%", "end"):
        session.goto(where)
        frame = session.frame()
        for zoom in Zoom:
            for direction in DIRECTIONS:
                view = View(zoom=zoom)
                for _ in range(3):
                    found = neighbour(frame, view, 120, 30, direction)
                    assert 0 <= found.flat < graph.values[found.value].size, (where, zoom, direction)
                    view = view.but(selection=found)


@pytest.mark.parametrize(("name", "moment"), [("xor", "z2[3,0]"), ("digits", "z1[0,3]"), ("digits", "h.grad[0,1]")])
def test_the_running_sum_is_the_one_of_its_rows_and_its_bars_stand_beside_them(name: str, moment: str) -> None:
    session = Session(find(name))
    session.goto(moment)
    # Maximised: where Math stands beside it, that has the running sum.
    view = View(zoom=Zoom.NEURON, maximised="network")
    lines = Network.paint(session.frame(), view, 150, 34).text().splitlines()
    rows = [found for line in lines if (found := re.match(r"│   \+ (\S+) +([+−]?\S+) (.*)", line))]
    assert len(rows) > 2
    running = [0.0, *(float(row[2].replace("−", "-")) for row in rows)]
    sums = session.frame().sum
    assert sums.terms is not None
    terms = sums.terms.contribution.tolist()
    largest = sorted(map(abs, terms), reverse=True)
    for before, after, row in zip(running, running[1:], rows, strict=False):
        by = abs(after - before)
        assert any(by == pytest.approx(size, abs=0.002) for size in largest) or row[1].startswith("…"), row[0]
        assert set("▏▎▍▌▋▊▉█▐") & set(row[3])
    if len(rows) == len(terms):  # else the smaller ones stand together, in a row of their own
        assert running[-1] == pytest.approx(math.fsum(terms), abs=0.002)


@pytest.mark.parametrize(("name", "width", "height"), [("lstm", 126, 18), ("lstm", 78, 10), ("batch-norm", 126, 18)])
def test_all_of_a_network_of_long_formulas_is_seen_from_afar(name: str, width: int, height: int) -> None:
    session = Session(find(name))
    session.goto("end")
    stage = LEVELS[Zoom.NETWORK](Canvas(width, height, DARK), session.frame(), View(zoom=Zoom.NETWORK))
    stage.paint()
    graph, head = session.recording.graph, stage.canvas.text().splitlines()[0].split()
    named = {value.name for value in graph.values if value.node >= 0 and not value.part}
    assert named <= {word.strip("▸") for word in head}


@pytest.mark.parametrize(
    ("name", "moment", "layers"),
    [
        ("attention-head", "v.grad[1,0]", ["o"]),
        ("attention-head", "q.grad[1,0]", ["o:products"]),
        ("digits", "W1.grad[3,2]", ["h", "z1"]),
        ("gpt-block", "g1.grad[0]", ["n1"]),
    ],
)
def test_from_afar_a_parameter_is_where_it_enters(name: str, moment: str, layers: list[str]) -> None:
    """One that is no weight was marked at the first layer."""
    session = Session(find(name))
    session.goto(moment)
    frame = session.frame()
    for width, height in ((98, 10), (124, 19)):
        stage = LEVELS[Zoom.NETWORK](Canvas(width, height, DARK), frame, View(zoom=Zoom.NETWORK))
        assert isinstance(stage, Far)
        here = stage.layers[stage.current]
        assert session.recording.graph.values[here.output].name in layers


@pytest.mark.parametrize(("name", "file"), [("gpt-block", "32-gpt-block"), ("lstm", "34-lstm")])
def test_below_strips_stands_what_enters_the_formula_that_is_looked_at(name: str, file: str) -> None:
    """As the file has it; and where the step is inside of it, which array it is about."""
    text = (Path(__file__).parents[2] / f"scenarios/{file}.toml").read_text(encoding="utf-8")
    formulas = tomllib.loads(text)["graph"]
    session = Session(find(name))
    recording, seen = session.recording, 0
    known, board = recording.graph.by_name, recording.board
    for sweep in recording.timeline.sweeps:
        session.goto(str(sweep.stop))
        stage = LEVELS[Zoom.NETWORK](Canvas(98, 10, DARK), session.frame(), View(zoom=Zoom.NETWORK))
        stage.paint()
        line = stage.canvas.text().splitlines()[-2].strip()
        if "←" not in line:
            continue
        sources, _, now = line.partition(" ← ")[2].partition(" · now ")
        output = line.partition(" ← ")[0]
        first = {board.whole(known[left.split(",")[0]].id): formula for left, formula in formulas.items()}
        if output not in first:  # a further result of a call, which is made of the first
            continue
        formula = first[output]
        names = {one for one in re.findall(r"[A-Za-z]\w*", formula) if one in known}
        assert set(sources.split(", ")) == {board.whole(known[one].id) for one in names}, line
        written = recording.graph.values[sweep.value]
        assert (now.split(" ")[0] == board.whole(sweep.value)) == (written.part and bool(now)), line
        seen += 1
    assert seen > 20
