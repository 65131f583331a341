"""A network whose names are paths of modules is folded into them where it is larger than its room."""

from __future__ import annotations

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import record
from gradstep.tui.network.folding import folds, hidden
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.plan import afar, connections
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View, Zoom


def deep(blocks: int = 6) -> Session:
    """Blocks of two layers and a sum around them, each with a mask of its own."""
    lines, parameters, inputs, before = [], [], ["x = [0.1, 0.2]", "t = [1.0, 0.0]"], "x"
    for k in range(blocks):
        for name in ("up", "down"):
            parameters.append(f'"h.{k}.{name}.weight" = [[0.5, 0.1], [0.2, 0.3]]')
        inputs.append(f'"h.{k}.mask" = [1.0, 1.0]')
        lines += [
            f'"h.{k}.up" = "linear({before}, h.{k}.up.weight)"', f'"h.{k}.act" = "tanh(h.{k}.up)"',
            f'"h.{k}.down" = "linear(h.{k}.act, h.{k}.down.weight)"', f'"h.{k}.drop" = "h.{k}.down * h.{k}.mask"',
            f'"h.{k}.add" = "{before} + h.{k}.drop"',
        ]  # fmt: skip
        before = f"h.{k}.add"
    tables = ("[inputs]", *inputs, "[parameters]", *parameters, "[graph]", *lines, f'loss = "mse({before}, t)"')
    return Session(loads("\n".join(('format = 1\nloss = "loss"', *tables))))


def test_each_module_is_shown_by_what_it_gives() -> None:
    recording = deep().recording
    names = [recording.graph.values[layer.output].name for layer in afar(recording, 3).layers]
    assert names == ["x", *(f"h.{k}.add" for k in range(6)), "loss"]
    assert folds(recording) == (3,)
    assert [recording.graph.values[layer.output].name for layer in afar(recording, 2).layers] == [
        "x",
        "h.5.add",
        "loss",
    ]


def test_what_is_folded_is_still_connected_and_stands_for_what_is_in_it() -> None:
    recording = deep().recording
    shown = afar(recording, 3)
    pairs = {(c.source, c.target) for c in connections(recording, 3)}
    assert {(k, k + 1) for k in range(7)} <= pairs
    act = recording.graph.by_name["h.2.act"].id
    assert hidden(recording, act, 3)
    assert recording.graph.values[shown.layers[shown.number_of[act]].output].name == "h.2.add"


def test_other_networks_have_no_modules() -> None:
    recording = record(find("attention-head"))
    assert folds(recording) == ()


def test_the_picture_from_afar_shows_modules() -> None:
    session = deep(30)
    session.goto("end")
    canvas = Canvas(100, 40, View().palette)
    stage = LEVELS[Zoom.NETWORK](canvas, session.frame(), View())
    stage.paint()
    lines = ["".join(segment.text for segment in canvas.strip(y)) for y in range(40)]
    for k in range(30):
        assert any(f" h.{k} " in line for line in lines), k
    assert not any("drop" in line or "add" in line for line in lines)
