"""Panels as plain text: goldens that a person can read, and what must hold at any size."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import number
from gradstep.engine.run.timeline import Grain, Position
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel
from gradstep.tui.panels.chrome.footer import Footer
from gradstep.tui.panels.chrome.header import Header
from gradstep.tui.panels.chrome.headline import Headline
from gradstep.tui.panels.chrome.timeline import Timeline
from gradstep.tui.panels.lists.breaks import Breaks
from gradstep.tui.panels.lists.delta import Delta
from gradstep.tui.panels.lists.log import Log
from gradstep.tui.panels.lists.training import Training
from gradstep.tui.panels.lists.watch import Watches
from gradstep.tui.panels.main import network
from gradstep.tui.panels.main.math import Math
from gradstep.tui.panels.main.network import Network
from gradstep.tui.panels.side.params import Params
from gradstep.tui.panels.side.tape import Tape
from gradstep.tui.theme import DARK, LIGHT
from gradstep.tui.view import Layout, View, Zoom

GOLDEN = Path(__file__).parent.parent / "golden"
PANELS: dict[str, type[Panel]] = {
    p.__name__.lower(): p
    for p in (Header, Timeline, Headline, Network, Math, Tape, Params, Watches, Breaks, Log, Delta, Training, Footer)
}
SESSIONS = {name: Session(find(name)) for name in builtin()}
LARGE = loads(
    """format = 1
[inputs]
x = { shape = [300], init = "normal(0, 1)", seed = 1 }
t = { shape = [12], init = "zeros" }
[parameters]
W = { shape = [200, 300], init = "he_normal", seed = 2 }
V = { shape = [12, 200], init = "he_normal", seed = 3 }
[graph]
h = "relu(W @ x)"
y = "sigmoid(V @ h)"
L = "half_squared_error(y, t)"
"""
)
#: A training with a unit that dies, and samples held back.
TRAINED = loads(
    """format = 1
title = "trained"
batch = ["x", "t"]
[inputs]
x = { init = "normal(0, 1)", shape = [20, 3], seed = 1 }
t = { init = "normal(0, 1)", shape = [20, 1], seed = 2 }
[parameters]
W1 = { init = "he_normal", shape = [4, 3], seed = 3 }
b1 = { init = "zeros", shape = [4] }
W2 = { init = "he_normal", shape = [1, 4], seed = 4 }
[graph]
z1 = "x @ W1.T + b1"
h = "relu(z1)"
L = "mse(h @ W2.T, t)"
[training]
optimizer = "adam"
lr = 0.3
validation = 0.2
steps = 60
"""
)
SESSIONS["large"] = Session(LARGE)
SESSIONS["debugged"] = debugged = Session(find("sign-flip"))
for line in ("break flip", "break h.grad[0]", "disable 2", "break value > 9", "watch norm(W1.grad)", "watch h.grad"):
    commands.run(debugged, line)
for line in ("continue", "set W2[0,1] = -1.0", "nudge h.grad[1]"):
    commands.run(debugged, line)

SESSIONS["stopped"] = stopped = Session(find("vanishing"))
for line in ("break abs(grad) < 0.001 and op == sigmoid", "continue"):
    commands.run(stopped, line)

SESSIONS["trained"] = trained = Session(TRAINED)
for line in ("train", "break dead(h[2])", "goto @30 b1.next[1]"):
    commands.run(trained, line)

#: Panel, scenario, moment, width, height, layout.
PICTURES = [
    ("network", "walkthrough", "start", 80, 10, Layout.NARROW),
    ("network", "walkthrough", "h.grad[1]", 80, 10, Layout.NARROW),
    ("network", "walkthrough", "W1.grad[0,1]", 98, 12, Layout.MEDIUM),
    ("network", "walkthrough", "W1.next[0,1]", 80, 10, Layout.NARROW),
    ("network", "fan-out", "h.grad[0]", 126, 21, Layout.WIDE),
    ("network", "residual", "a.grad[0]", 126, 21, Layout.WIDE),
    ("network", "conv-edge", "c[0,1,1]", 126, 21, Layout.WIDE),
    ("network", "conv-edge", "k.grad[0,0,0,1]", 80, 12, Layout.NARROW),
    ("network", "vanishing", "h4.grad", 126, 12, Layout.WIDE),
    ("network", "vanishing", "h4.grad", 80, 10, Layout.NARROW),
    ("network", "residual", "c.grad[0]", 80, 10, Layout.NARROW),
    ("network", "layer-norm", "y[1]", 80, 10, Layout.NARROW),
    ("network", "xor", "h[1,2]", 80, 10, Layout.NARROW),
    ("network", "attention-head", "o[1,0]", 126, 21, Layout.WIDE),
    ("network", "attention-head", "v.grad[1,0]", 80, 10, Layout.NARROW),
    ("network", "gpt-block", "a[1,2,0]", 126, 21, Layout.WIDE),
    ("network", "large", "h.grad[3]", 80, 10, Layout.NARROW),
    ("math", "walkthrough", "start", 80, 8, Layout.NARROW),
    ("math", "walkthrough", "z1[0]", 76, 16, Layout.WIDE),
    ("math", "walkthrough", "h.grad[1]", 76, 16, Layout.WIDE),
    ("math", "walkthrough", "y", 76, 16, Layout.WIDE),
    ("math", "fan-out", "h.grad[0]", 76, 17, Layout.WIDE),
    ("math", "large", "h[7]", 76, 17, Layout.WIDE),
    ("tape", "fan-out", "h.grad[0]", 32, 30, Layout.WIDE),
    ("tape", "large", "h[7]", 32, 12, Layout.WIDE),
    ("params", "walkthrough", "W1.grad[0,1]", 48, 12, Layout.WIDE),
    ("headline", "dead-relu", "z1.grad[1]", 100, 4, Layout.MEDIUM),
    ("timeline", "walkthrough", "h.grad[1]", 100, 2, Layout.MEDIUM),
    ("network", "xor", "h[1,2]", 126, 21, Layout.WIDE),
    ("network", "xor", "W1.grad[0,1]", 80, 14, Layout.NARROW),
    ("watches", "debugged", "h.grad[1]", 48, 6, Layout.WIDE),
    ("breaks", "debugged", "h.grad[1]", 48, 6, Layout.WIDE),
    ("delta", "debugged", "h.grad[1]", 48, 9, Layout.WIDE),
    ("log", "debugged", "h.grad[1]", 60, 7, Layout.WIDE),
    ("breaks", "walkthrough", "start", 48, 11, Layout.WIDE),
    ("tape", "debugged", "W1.grad[0,1]", 32, 18, Layout.WIDE),
    ("header", "debugged", "h.grad[1]", 100, 1, Layout.MEDIUM),
    ("header", "xor", "h[1,2]", 80, 1, Layout.NARROW),
    ("header", "walkthrough", "h.grad[1]", 80, 1, Layout.NARROW),
    ("footer", "walkthrough", "h.grad[1]", 80, 1, Layout.NARROW),
    ("footer", "trained", "@30 h[0,0]", 100, 1, Layout.MEDIUM),
    ("header", "trained", "@30 h[0,0]", 100, 1, Layout.MEDIUM),
    ("timeline", "trained", "@30 h.grad[1,1]", 100, 3, Layout.MEDIUM),
    ("training", "trained", "@30 L", 48, 8, Layout.WIDE),
    ("training", "trained", "@30 L", 90, 24, Layout.WIDE),
    ("training", "walkthrough", "start", 48, 8, Layout.WIDE),
    ("headline", "trained", "@30 start", 100, 4, Layout.MEDIUM),
    ("math", "trained", "@30 b1.next[1]", 76, 16, Layout.WIDE),
    ("math", "trained", "@30 b1.next[1]", 80, 8, Layout.NARROW),
    ("log", "trained", "@30 L", 60, 7, Layout.WIDE),
    # The product stays in view: at 100 columns Math has 58, at 80 it has all and few lines.
    ("math", "residual", "a.grad[0]", 58, 11, Layout.MEDIUM),
    ("math", "residual", "a.grad[0]", 80, 8, Layout.NARROW),
    ("math", "xor", "W1.grad[0,1]", 58, 11, Layout.MEDIUM),
    ("math", "xor", "W1.grad[0,1]", 80, 8, Layout.NARROW),
    ("math", "conv-edge", "k.grad[0,0,0,1]", 58, 11, Layout.MEDIUM),
    ("math", "softmax-cross-entropy", "z.grad[0]", 58, 11, Layout.MEDIUM),
    ("math", "large", "h.grad[3]", 58, 11, Layout.MEDIUM),
    ("math", "vanishing", "W1.grad", 80, 8, Layout.NARROW),
    ("math", "gpt-block", "a.grad[0,2,0]", 80, 8, Layout.NARROW),
    # Saturation is seen on its curve, also on the way back.
    ("math", "saturated", "z.grad[0]", 80, 8, Layout.NARROW),
    ("math", "saturated", "z.grad[0]", 58, 11, Layout.MEDIUM),
    ("math", "saturated", "z.grad[0]", 76, 17, Layout.WIDE),
    ("math", "walkthrough", "y", 80, 8, Layout.NARROW),
    ("headline", "residual", "a.grad[0]", 80, 3, Layout.NARROW),
    ("headline", "sign-flip", "h.grad[1]", 80, 3, Layout.NARROW),
    ("headline", "stopped", "", 80, 3, Layout.NARROW),
    ("headline", "stopped", "", 126, 4, Layout.WIDE),
    ("params", "walkthrough", "W1.grad[0,1]", 50, 12, Layout.WIDE),
    ("params", "fan-out", "h.grad[0]", 50, 12, Layout.WIDE),
    ("watches", "walkthrough", "W1.grad[0,0]", 50, 5, Layout.WIDE),
    ("watches", "vanishing", "W1.grad", 50, 5, Layout.WIDE),
]


def paint(panel: str, scenario: str, moment: str, width: int, height: int, view: View) -> Canvas:
    session = SESSIONS[scenario]
    if moment:  # else where it has stopped
        session.look(0)
        session.goto(moment)
    return PANELS[panel].paint(session.frame(), view, width, height)


@pytest.mark.parametrize(
    ("panel", "scenario", "moment", "width", "height", "layout"), PICTURES, ids=lambda v: getattr(v, "value", str(v))
)
def test_panels_look_as_agreed(panel: str, scenario: str, moment: str, width: int, height: int, layout: Layout) -> None:
    """To accept a changed picture, look at it and run with GRADSTEP_GOLDEN=write."""
    text = paint(panel, scenario, moment, width, height, View(layout=layout)).text() + "\n"
    file = GOLDEN / (re.sub(r"[^\w.-]+", "_", f"{panel}-{scenario}-{moment}-{width}x{height}") + ".txt")
    if os.environ.get("GRADSTEP_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_test() -> None:
    known = {re.sub(r"[^\w.-]+", "_", f"{p}-{s}-{m}-{w}x{h}") + ".txt" for p, s, m, w, h, _ in PICTURES}
    assert {f.name for f in GOLDEN.iterdir() if f.is_file()} == known


@given(
    st.sampled_from(list(PANELS)),
    st.sampled_from(list(SESSIONS)),
    st.floats(0, 1),
    st.integers(1, 170),
    st.integers(1, 50),
    st.sampled_from(list(Layout)),
    st.booleans(),
    st.integers(0, 5),
    st.sampled_from(list(Zoom)),
)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_any_panel_at_any_size(
    panel: str,
    scenario: str,
    share: float,
    width: int,
    height: int,
    layout: Layout,
    explained: bool,
    term: int,
    zoom: Zoom,
) -> None:
    """Exactly width × height characters, each one cell wide, none that a terminal would act on."""
    session = SESSIONS[scenario]
    session.go_to(Position(round(share * session.recording.timeline.total)))
    for _ in range(term):
        session.step(Grain.TERM)
    view = View(palette=LIGHT if explained else DARK, layout=layout, explained=explained, zoom=zoom)
    canvas = PANELS[panel].paint(session.frame(), view, width, height)
    assert [len(row) for row in canvas.chars] == [width] * height
    for row in canvas.chars:
        for char in row:
            assert len(char) == 1
            assert unicodedata.east_asian_width(char) not in "WF"
            assert unicodedata.category(char)[0] != "C"
    assert all(canvas.strip(y).cell_length == width for y in range(height))


@pytest.mark.parametrize("scenario", builtin())
def test_nothing_is_known_before_the_first_step(scenario: str) -> None:
    """Only what is given may be seen as a number: everything else is `·`."""
    session = SESSIONS[scenario]
    session.goto("start")
    session.look(0)
    frame = session.frame()
    recording = frame.recording
    given_numbers = {
        number(float(x), digits, signed)
        for v in recording.graph.values
        if v.node < 0
        for x in recording.trace.data[v.id].reshape(-1)
        for digits in (2, 3, 4, 17)
        for signed in (True, False)
    }
    # A network too large for boxes shows norms, of arrays and of one sample of them.
    for v in recording.graph.values:
        if v.node < 0:
            array, axis = recording.trace.data[v.id], recording.samples.axis(v.id)
            for part in (array, array if axis is None else np.take(array, 0, axis)):
                given_numbers |= {number(np.linalg.norm(part), digits) for digits in (3, 4)}
                given_numbers |= {number(abs(part).max(), digits) for digits in (3, 4)}
    for panel, zoom in [("params", Zoom.LAYER), *(("network", zoom) for zoom in Zoom)]:
        text = PANELS[panel].paint(frame, View(zoom=zoom), 150, 40).text()
        shown = set(re.findall(r"(?<![\w.])[+−]?\d+\.\d+", text))
        assert shown <= given_numbers, shown - given_numbers
        assert "·" in text or zoom in (Zoom.NEURON, Zoom.TERM)


@pytest.mark.parametrize("scenario", ["walkthrough", "fan-out", "dead-relu", "sign-flip"])
def test_the_network_shows_every_number_of_the_trace(scenario: str) -> None:
    """At the end of the backward pass all values and all gradients stand in the wide picture."""
    session = SESSIONS[scenario]
    session.goto("update")
    session.step(Grain.ELEMENT, -1)
    frame = session.frame()
    text = Network.paint(frame, View(), 150, 34).text()
    graph, trace = frame.recording.graph, frame.recording.trace
    for value in graph.values:
        for k in range(value.size):
            grad = trace.grad[value.id]
            if grad is not None and value.id != graph.loss.id:
                assert number(grad.reshape(-1)[k], 3, True) in text, (value.name, k)
            if value.node >= 0 and value.id != graph.loss.id:
                assert number(trace.data[value.id].reshape(-1)[k], 3) in text, (value.name, k)


def test_exactly_one_number_is_inverse() -> None:
    """The number just computed is the only inverse one; names of phases are words, not numbers."""
    session = SESSIONS["fan-out"]
    for step in range(1, session.recording.timeline.total + 1):
        session.go_to(Position(step))
        canvas = Network.paint(session.frame(), View(), 150, 34)
        paper = canvas.palette.roles["background"]
        words = []
        for row, styles in zip(canvas.chars, canvas.styles, strict=True):
            marked = "".join(
                c if s.color and s.color.get_truecolor().hex == paper else "\0"
                for c, s in zip(row, styles, strict=True)
            )
            words += [w for w in re.split("\0+", marked) if re.search(r"\d\.\d|^\s*0\s*$|[−+]?\de-", w)]
        assert len(words) == 1, (step, words)


def test_arrows_walk_over_all_units() -> None:
    session = SESSIONS["fan-out"]
    session.goto("start")
    frame = session.frame()
    by_name = frame.recording.graph.by_name

    def walk(*directions: str) -> Element | None:
        here: Element | None = None
        for direction in directions:
            here = network.neighbour(frame, View(selection=here), 150, 40, direction)
        return here

    assert walk("right") == Element(by_name["x"].id, 0)
    assert walk("right", "down") == Element(by_name["x"].id, 1)
    assert walk("right", "right", "down", "down", "down") == Element(by_name["h"].id, 2)
    assert walk("right", "right", "right", "right", "right") == Element(by_name["L"].id, 0)


def test_a_click_finds_the_box_under_it() -> None:
    session = SESSIONS["walkthrough"]
    session.goto("start")
    frame = session.frame()
    text = Network.paint(frame, View(), 126, 21).text().splitlines()
    y = next(k for k, line in enumerate(text) if "h₂" in line)
    x = text[y].index("h₂")
    stage = LEVELS[Zoom.LAYER](Canvas(124, 19, DARK), frame, View())
    assert stage.at(x - 1, y - 1) == Element(frame.recording.graph.by_name["h"].id, 1)
    assert stage.at(0, 0) is None


def test_text_from_files_is_shown_and_not_obeyed() -> None:
    text = (
        'format = 1\ntitle = "a\\u001b[31mred\\u202e [bold]x[/]"\n[parameters]\nw = 2.0\n[graph]\nL = "w * w"\n'
        '[[notes]]\nat = "L"\ntext = "\\u001b]0;title\\u0007 [red]note[/red]"\n'
    )
    session = Session(loads(text))
    session.goto("L")
    frame: Frame = session.frame()
    header = Header.paint(frame, View(), 120, 1).text()
    assert "a\\x1b[31mred\\u202e [bold]x[/]" in header
    said = Headline.paint(frame, View(), 120, 4).text()
    assert "\\x1b]0;title\\x07 [red]note[/red]" in said


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"[+−±]?\d+\.\d+", text))


def test_all_samples_at_once_show_mean_and_spread_and_then_summed_gradients() -> None:
    """The numbers by NumPy, over the samples, of the arrays that the check of xor's file verifies."""
    session = Session(find("xor"))
    session.look(None)
    trace, graph = session.recording.trace, session.recording.graph
    h, grad = trace.data[graph.by_name["h"].id], trace.grad[graph.by_name["h"].id]
    assert grad is not None
    session.goto("L")
    shown = numbers_in(Network.paint(session.frame(), View(), 126, 21).text())
    assert {number(v, 3) for v in h.mean(axis=0)} | {"±" + number(v, 2) for v in h.std(axis=0)} <= shown
    session.goto("W1.grad")
    shown = numbers_in(Network.paint(session.frame(), View(), 126, 21).text())
    assert {number(v, 3, True) for v in grad.sum(axis=0)} <= shown
    assert "h[:,2]" in Network.paint(session.frame(), View(), 126, 21).text()
    session.look(3)
    shown = numbers_in(Network.paint(session.frame(), View(), 126, 21).text())
    assert {number(v, 3) for v in h[3]} | {number(v, 3, True) for v in grad[3]} <= shown


def test_two_runs_stand_side_by_side() -> None:
    """Each row is what the two runs hold, and their difference."""
    session = Session(find("walkthrough"))
    session.edit("W2[0,1] = 0.4")
    session.goto("h.grad[1]")
    grads = [r.trace.grad[r.graph.by_name["h"].id] for r in (session.base, session.recording)]
    row = next(
        line for line in PANELS["delta"].paint(session.frame(), View(), 60, 12).text().splitlines() if "▸" in line
    )
    there, here = (float(g[1]) for g in grads if g is not None)
    assert [number(v, 4, True) for v in (there, here, here - there)] == re.findall(r"[+−]\d\S*", row)


def test_a_long_array_is_watched_as_a_sparkline() -> None:
    """Zeros, signs and the largest, by NumPy."""
    session = Session(find("digits"))
    session.watch("z1.grad")
    session.goto("W1.grad")
    row = PANELS["watches"].paint(session.frame(), View(), 60, 5).text().splitlines()[1]
    grad = session.recording.trace.grad[session.recording.graph.by_name["z1"].id]
    assert grad is not None
    flat = grad.reshape(-1)
    assert f"max {number(flat[abs(flat).argmax()], 3, True)}" in row
    assert re.search("[▁▂▃▄▅▆▇█]{6,}", row)
    assert session.recording.trace.data[session.recording.graph.by_name["h"].id].min() == 0


@pytest.mark.parametrize(("loss", "says"), [("h11 * 1", "5e-4"), ("sqrt(h11 * 0)", "not finite"), ("h11 * 0", "all 0")])
def test_of_many_weights_it_is_said_what_their_gradients_are(loss: str, says: str) -> None:
    """Not that they are still to come, where they are there and there is no size to draw."""
    names = [f"w{k}" for k in range(12)]
    lines = "\n".join(
        f'h{k} = "{before} * {name}"'
        for k, (before, name) in enumerate(zip(["x", *(f"h{k}" for k in range(11))], names, strict=True))
    )
    weights = "\n".join(f"{name} = 0.5" for name in names)
    session = Session(
        loads(f'format = 1\n[inputs]\nx = 1.0\ns = 1.0\n[parameters]\n{weights}\n[graph]\n{lines}\nL = "{loss}"\n')
    )
    shown = [PANELS["watches"].paint(session.frame(), View(), 60, 8).text()]
    session.goto("end")
    shown.append(PANELS["watches"].paint(session.frame(), View(), 60, 8).text())
    assert "not yet" in shown[0]
    assert says in shown[1].split("‖∂‖ of 12")[1]
    assert "not yet" not in shown[1]
