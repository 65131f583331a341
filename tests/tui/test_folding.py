"""A network whose names are paths of modules is folded into them: on the tape, in the picture, in Params, and a step
is as long as a line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from driving import at, debugger, running, text, type_

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.timeline import Grain, Phase, Position
from gradstep.tui.folding import (
    NOTHING,
    arrays_to,
    branches,
    closed_in,
    closing_up,
    formulas,
    hidden,
    opened_at,
    opened_first,
    opening_up,
    tail,
)  # fmt: skip
from gradstep.tui.listing import Line, window
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.plan import afar, connections
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.side.params import Params
from gradstep.tui.view import View, Zoom

SIZES = [(160, 45), (100, 30), (80, 24)]


def written(blocks: int = 6) -> str:
    """Blocks of two layers with a norm before and a sum around them, each with a mask of its own."""
    lines, parameters, inputs, before = [], [], ["x = [0.1, 0.2]", "t = [1.0, 0.0]"], "x"
    for k in range(blocks):
        for name in ("up", "down"):
            parameters.append(f'"h.{k}.{name}.weight" = [[0.5, 0.1], [0.2, 0.3]]')
        parameters.append(f'"h.{k}.norm.weight" = [1.0, 2.0]')
        inputs.append(f'"h.{k}.mask" = [1.0, 1.0]')
        lines += [
            f'"h.{k}.norm" = "layer_norm({before}, h.{k}.norm.weight)"',
            f'"h.{k}.up" = "linear(h.{k}.norm, h.{k}.up.weight)"', f'"h.{k}.act" = "tanh(h.{k}.up)"',
            f'"h.{k}.down" = "linear(h.{k}.act, h.{k}.down.weight)"', f'"h.{k}.drop" = "h.{k}.down * h.{k}.mask"',
            f'"h.{k}.add" = "{before} + h.{k}.drop"',
        ]  # fmt: skip
        before = f"h.{k}.add"
    tables = ("[inputs]", *inputs, "[parameters]", *parameters, "[graph]", *lines, f'loss = "mse({before}, t)"')
    return "\n".join(('format = 1\nloss = "loss"', *tables))


def deep(blocks: int = 6) -> Session:
    return Session(loads(written(blocks)))


def names(recording: Recording, closed: frozenset[str]) -> list[str]:
    return [recording.graph.values[layer.output].name for layer in afar(recording, closed).layers]


def test_each_module_is_shown_by_what_it_gives() -> None:
    recording = deep().recording
    assert opened_first(recording) == {"h"}
    assert names(recording, closed_in(recording, None)) == ["x", *(f"h.{k}.add" for k in range(6)), "loss"]
    assert names(recording, closed_in(recording, frozenset())) == ["x", "h.5.add", "loss"]
    inner = names(recording, closed_in(recording, frozenset({"h", "h.2"})))
    assert inner[:4] == ["x", "h.0.add", "h.1.add", "h.2.norm"]
    assert "h.2.norm" in inner
    assert "h.2.norm:standardize" not in inner


def test_what_is_folded_is_still_connected_and_stands_for_what_is_in_it() -> None:
    recording = deep().recording
    closed = closed_in(recording, None)
    shown = afar(recording, closed)
    pairs = {(c.source, c.target) for c in connections(recording, closed)}
    assert pairs == {(k, k + 1) for k in range(7)}
    act = recording.graph.by_name["h.2.act"].id
    assert hidden(recording, act, closed)
    assert recording.graph.values[shown.layers[shown.number_of[act]].output].name == "h.2.add"


def test_few_lines_are_all_open_and_many_blocks_stand_one_by_one() -> None:
    small, large = deep(2).recording, deep(40).recording
    assert closed_in(small, None) == NOTHING
    assert opened_first(large) == {"h"}


def test_other_networks_have_no_modules_and_their_formulas_are_closed_for_want_of_room() -> None:
    recording = record(find("attention-head"))
    assert closed_in(recording, None) == closed_in(recording, frozenset()) == NOTHING
    assert opening_up(recording, None, 0) is closing_up(recording, None, 0) is None
    closed = formulas(recording)
    assert closed
    assert all(name.endswith(":") for name in closed)
    parts = {v.id for v in recording.graph.values if v.part and v is not recording.graph.loss}
    assert {v.id for v in recording.graph.values if hidden(recording, v.id, closed)} == parts


def test_a_list_is_a_tree_in_which_each_item_stands_once() -> None:
    recording = deep(3).recording
    for opened in ({"h"}, {"h", "h.1"}, {"h", "h.1", "h.1.norm:"}, set(), set(recording.board.modules.members)):
        for phase in Phase:
            values = [s.value for s in recording.timeline.sweeps if s.phase is phase]
            rows = [*branches(recording, values, closed_in(recording, frozenset(opened)))]
            items = [k for row in rows for k in range(row.first, row.last)]
            assert items == [*range(len(values))]
            for row in rows:
                for k in range(row.first, row.last):
                    groups = recording.board.modules.of(values[k])
                    assert groups[: len(row.around)] == row.around
                    assert not row.group or (groups[len(row.around)] == row.group and row.group not in opened)


@pytest.mark.parametrize("opened", [None, {"h", "h.1"}, set()])
def test_a_step_goes_to_the_end_of_a_line_and_back_is_its_inverse(opened: set[str] | None) -> None:
    session = deep()
    recording = session.recording
    closed = closed_in(recording, None if opened is None else frozenset(opened))
    lines = [line for line in whole(session, closed) if not line.rule]
    stops = [0, *(line.step for line in lines)]
    for before, after in pairwise(stops):
        session.step(Grain.ARRAY, arrays_to(recording, session.position, True, closed))
        assert session.position == Position(after), before
    for before, after in pairwise(reversed(stops)):
        session.step(Grain.ARRAY, -arrays_to(recording, session.position, False, closed))
        assert session.position == Position(after), before
    # From the midst of a line to its end, and to its beginning.
    long = max(lines, key=lambda line: line.arrays)
    middle = Position(long.step - long.size + 1)
    for onward, stop in ((True, long.step), (False, long.step - long.size)):
        session.go_to(middle)
        session.step(Grain.ARRAY, arrays_to(recording, middle, onward, closed) * (1 if onward else -1))
        assert session.position == Position(stop)


def whole(session: Session, closed: frozenset[str]) -> list[Line]:
    return window(session.frame(), 10_000, True, closed)


def test_where_one_comes_to_is_open_unless_it_is_the_end_of_what_is_closed() -> None:
    recording = deep().recording
    time, act = recording.timeline, recording.graph.by_name["h.3.act"].id
    inside = time.sweep_of(Phase.FORWARD, act)
    last = time.sweep_of(Phase.FORWARD, recording.graph.by_name["h.3.add"].id)
    assert inside is not None
    assert last is not None
    assert opened_at(recording, Position(last.stop), None) is None
    assert opened_at(recording, Position(inside.stop), None) == {"h", "h.3"}
    assert opened_at(recording, Position(last.start + 1), None) == {"h", "h.3"}
    norm = time.sweep_of(Phase.FORWARD, recording.graph.by_name["h.3.norm:standardize"].id)
    assert norm is not None
    assert opened_at(recording, Position(norm.stop), frozenset()) == {"h", "h.3", "h.3.norm:"}


def test_opening_and_closing_are_inverses() -> None:
    recording = deep().recording
    value = recording.graph.by_name["h.4.norm:standardize"].id
    opened, seen = opened_first(recording), []
    while (turned := opening_up(recording, opened, value)) is not None:
        seen.append((turned.group, opened))
        opened = turned.opened
    assert [group for group, _ in seen] == ["h.4", "h.4.norm:"]
    for group, before in reversed(seen):
        turned = closing_up(recording, opened, value)
        assert turned is not None
        assert (turned.group, turned.opened) == (group, before)
        opened = turned.opened


def test_names_within_a_module_are_what_comes_behind_its_path() -> None:
    assert tail("h.0.attn.view", "h.0") == "attn.view"
    assert tail("h.0.norm:standardize", "h.0.norm:") == "standardize"
    assert tail("h.0.norm", "h.0.norm:") == "norm"
    assert tail("h.0", "") == "h.0"


def test_the_picture_from_afar_shows_modules() -> None:
    session = deep(30)
    session.goto("end")
    canvas = Canvas(100, 40, View().palette)
    stage = LEVELS[Zoom.NETWORK](canvas, session.frame(), View())
    stage.paint()
    shown = canvas.text().splitlines()
    assert "▾ h" in shown[2]
    for k in range(30):
        assert any(f"▸ {k} " in line for line in shown), k
    assert not any("drop" in line or "add" in line for line in shown)


@pytest.mark.parametrize("size", SIZES)
async def test_modules_are_stepped_over_and_into(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(written())
    async with running(str(path), size) as pilot:
        session = debugger(pilot).session
        ends = [session.recording.timeline.sweep_of(Phase.FORWARD, session.recording.graph.by_name[f"h.{k}.add"].id)
                for k in range(6)]  # fmt: skip
        for end in ends[:3]:
            assert end is not None
            await pilot.press("space")
            assert at(pilot) == Position(end.stop)
        await pilot.press("s")  # into h.3: its norm
        norm = session.recording.timeline.sweep_of(Phase.FORWARD, session.recording.graph.by_name["h.3.norm"].id)
        assert norm is not None
        assert at(pilot) == Position(norm.stop)
        assert {"h", "h.3"} == debugger(pilot).scenery.view.opened
        await pilot.press("backspace")
        assert ends[2] is not None
        assert at(pilot) == Position(ends[2].stop)
        await pilot.press("space", "enter")  # the norm opens: its parts
        assert "h.3.norm:" in (debugger(pilot).scenery.view.opened or ())
        await pilot.press("enter")
        assert debugger(pilot).scenery.view.zoom is Zoom.LAYER
        await pilot.press("minus", "minus", "minus")
        assert debugger(pilot).scenery.view.opened == {"h"}
        assert "Closed h.3." in text(pilot)
        await pilot.press("space")  # from the midst of what is closed to its end
        assert ends[3] is not None
        assert at(pilot) == Position(ends[3].stop)


async def test_tape_and_params_are_trees_that_the_mouse_opens(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(written())
    async with running(str(path)) as pilot:
        await pilot.press("end")
        shown = text(pilot)
        assert "▾ h" in shown
        assert "▸ 5" in shown
        for mark, opened in (("▸ 5", {"h", "h.5"}), ("▾ 5", {"h"})):
            rail = debugger(pilot).query_one("#rail")
            lines = ["".join(segment.text for segment in strip) for strip in rail._strips]  # type: ignore[attr-defined]
            row = next(y for y, line in enumerate(lines) if mark in line)
            await pilot.click("#rail", offset=(lines[row].index(mark), row))
            assert debugger(pilot).scenery.view.opened == opened


async def test_jumping_into_a_module_opens_it_and_names_it_in_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(written())
    async with running(str(path)) as pilot:
        scenery = debugger(pilot).scenery
        debugger(pilot).session.goto("h.2.up[1]")
        scenery.arrived(False)
        scenery.paint()
        assert scenery.view.opened == {"h", "h.2"}
        assert "▸ h.2" in text(pilot).splitlines()[0]


async def test_a_module_stepped_over_is_said_so_and_found_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(written())
    async with running(str(path)) as pilot:
        await pilot.press("space")
        assert "module h.0: 7 arrays" in text(pilot)
        await pilot.press("slash")
        await type_(pilot, "h.4  module")
        recording = debugger(pilot).session.recording
        end = recording.timeline.sweep_of(Phase.FORWARD, recording.graph.by_name["h.4.add"].id)
        assert end is not None
        assert at(pilot).step in range(end.start + 1, end.stop + 1)


@pytest.mark.parametrize("width", [34, 40, 60])
def test_parameters_of_modules_stand_within_their_panel(width: int) -> None:
    session = deep()
    session.goto("end")
    view = View(zoom=Zoom.NETWORK)
    lines = Params.paint(session.frame(), view, width, 14).text().splitlines()
    assert "▾ h" in lines[2]
    assert all(line[-1] in "│╮╯" for line in lines)
    # Three parameters of a block together, by hand: ‖w‖ of h.0 is the root of the sum of all squares.
    values = [session.recording.trace.data[v.id] for v in session.recording.graph.parameters if "h.0." in v.name]
    size = float(sum((v**2).sum() for v in values)) ** 0.5
    assert f"{size:.3f}" in lines[3]
