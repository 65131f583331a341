"""Going nearer and away: how far a step goes, what is looked at, where a stop leads."""

from __future__ import annotations

import re

import pytest
from driving import at, debugger, running, text
from textual.pilot import Pilot

from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.run.timeline import Position
from gradstep.tui.app import Gradstep
from gradstep.tui.panels.main.network import Network
from gradstep.tui.panels.side.params import Params
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.view import Zoom

NEAR = [Zoom.NETWORK, Zoom.LAYER, Zoom.NEURON, Zoom.TERM]


def zoom(pilot: Pilot[int]) -> Zoom:
    return debugger(pilot).scenery.view.zoom


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24)])
async def test_a_large_network_opens_from_afar_and_a_step_is_an_array(size: tuple[int, int]) -> None:
    async with running("digits", size) as pilot:
        assert zoom(pilot) is Zoom.NETWORK
        sweeps = debugger(pilot).session.recording.timeline.sweeps
        for sweep in sweeps:
            await pilot.press("space")
            assert at(pilot) == Position(sweep.stop)
        for sweep in reversed(sweeps):
            await pilot.press("backspace")
            assert at(pilot) == Position(sweep.start)
        await pilot.pause()
        assert "Nothing is computed yet" in text(pilot)


async def test_in_and_out_again_changes_nothing_but_the_distance() -> None:
    async with running("digits") as pilot:
        await pilot.press("space", "space")
        before = at(pilot)
        seen = [text(pilot)]
        for level in NEAR[1:]:
            await pilot.press("enter")
            assert zoom(pilot) is level
            seen.append(text(pilot))
        assert len(set(seen)) == 4
        await pilot.press("enter")
        assert zoom(pilot) is Zoom.TERM
        await pilot.press("escape")  # the message
        await pilot.press("minus", "minus", "minus", "minus")
        assert zoom(pilot) is Zoom.NETWORK
        assert at(pilot) == before
        assert "This is the whole network." in text(pilot)
        await pilot.press("enter", "escape", "escape")
        assert zoom(pilot) is Zoom.LAYER
        await pilot.press("minus")
        assert "Zoomed out: the whole network, and a step is an array." in text(pilot)


async def test_the_step_follows_the_zoom() -> None:
    async with running("digits") as pilot:
        start = debugger(pilot).session.recording.timeline.sweeps[0].stop
        await pilot.press("space", "enter", "space")
        assert at(pilot) == Position(start + 1)
        await pilot.press("enter", "space")
        assert at(pilot) == Position(start + 2)
        await pilot.press("home", "enter", "enter", "space")
        assert zoom(pilot) is Zoom.TERM
        assert at(pilot) == Position(1, 1)
        await pilot.press("backspace")
        assert at(pilot) == Position(0)


async def test_s_goes_into_what_is_seen() -> None:
    async with running("digits") as pilot:
        await pilot.press("s")
        assert (zoom(pilot), at(pilot)) == (Zoom.LAYER, Position(1))
        await pilot.press("s")
        assert (zoom(pilot), at(pilot)) == (Zoom.TERM, Position(2, 1))
        await pilot.press("S")
        assert at(pilot) == Position(1)
    async with running() as pilot:
        await pilot.press("s", "s")
        assert (zoom(pilot), at(pilot)) == (Zoom.LAYER, Position(1, 2))


async def test_a_breakpoint_stops_at_its_exact_place_whatever_the_zoom() -> None:
    async with running("digits") as pilot:
        session = debugger(pilot).session
        session.stops.add("h.grad[3,5]", session.recording)
        await pilot.press("c")
        await pilot.pause()
        value = session.recording.graph.by_name["h"].id
        assert session.frame().element == Element(value, 3 * 32 + 5)
        assert zoom(pilot) is Zoom.NEURON
        assert "h[3,5]" in text(pilot)
        await pilot.press("minus", "minus", "minus", "home")
        session.stops.breakpoints.clear()
        session.stops.add("abs(contribution) > 0.01 and terms > 1", session.recording)
        await pilot.press("c")
        await pilot.pause()
        assert at(pilot).term is not None
        assert zoom(pilot) is Zoom.TERM


async def test_a_small_network_can_be_seen_from_afar() -> None:
    async with running("residual") as pilot:
        await pilot.press("minus")
        assert zoom(pilot) is Zoom.NETWORK
        await pilot.press("space")
        assert at(pilot) == Position(2)
        assert "array 1/25" in text(pilot)
        await pilot.press("enter")
        assert zoom(pilot) is Zoom.LAYER


async def test_arrows_walk_over_layers_neurons_and_parameters() -> None:
    async with running("digits") as pilot:
        screen = debugger(pilot)
        graph = screen.session.recording.graph
        names = {v.id: v.name for v in graph.values}
        await pilot.press("space", "space", "space", "left")
        assert names[screen.scenery.view.selection.value] == "h"  # type: ignore[union-attr]
        await pilot.press("left")
        assert names[screen.scenery.view.selection.value] == "x"  # type: ignore[union-attr]
        await pilot.press("right", "enter")
        here = screen.scenery.view.selection
        assert here is not None
        await pilot.press("right" if here.flat % 8 < 7 else "left")
        there = screen.scenery.view.selection
        assert there is not None
        assert abs(there.flat - here.flat) == 1
        await pilot.press("enter", "down")
        assert zoom(pilot) is Zoom.NEURON
        await pilot.press("4", "down", "down")
        assert names[screen.scenery.view.selection.value].startswith("W")  # type: ignore[union-attr]


async def test_the_mouse_selects_and_goes_nearer() -> None:
    async with running("digits") as pilot:
        await pilot.press("space", "space")
        screen = debugger(pilot)
        panel = screen.query_one(Network)
        rows = "\n".join("".join(seg.text for seg in strip) for strip in panel._strips).splitlines()
        y = next(k for k, row in enumerate(rows) if " x ─" in row)
        x = rows[y].index(" x ─")
        await pilot.click(Network, offset=(x + 3, y + 2))
        assert screen.scenery.view.selection is not None
        assert screen.scenery.view.selection.value == screen.session.recording.graph.by_name["x"].id
        await pilot.click(Network, offset=(x + 3, y + 2), times=2)
        await pilot.pause()
        assert zoom(pilot) is not Zoom.NETWORK


async def test_parameters_are_sorted_and_filtered() -> None:
    """The order by NumPy's own sort of the gradients."""
    async with running("fan-out", (160, 60)) as pilot:
        session = debugger(pilot).session
        await pilot.press("end", "O")
        await pilot.pause()
        panel = debugger(pilot).query_one("#params", Params)
        shown = ["".join(seg.text for seg in strip) for strip in panel._strips]
        numbers = [float(m[1].replace("−", "-")) for row in shown[2:-1] if (m := re.search(r" ([+−]\d\.\d{4})", row))]
        grads = [session.recording.trace.grad[p.id] for p in session.recording.graph.parameters]
        every = sorted((abs(v) for g in grads for v in g.reshape(-1).tolist()), reverse=True)  # type: ignore[union-attr]
        assert [abs(n) for n in numbers] == pytest.approx(every[: len(numbers)], abs=5e-5)
        await pilot.press("L", *"b2", "enter")
        await pilot.pause()
        shown = ["".join(seg.text for seg in strip) for strip in panel._strips]
        assert sum("b₂" in row for row in shown) == 2
        assert not any("w₁" in row for row in shown)
        await pilot.press("L", *"nothing", "enter")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Debugger)
        await pilot.press("escape")


async def test_resizing_keeps_place_zoom_and_selection() -> None:
    async with running("digits") as pilot:
        await pilot.press("space", "space", "enter", "right")
        before = (at(pilot), zoom(pilot), debugger(pilot).scenery.view.selection)
        for size in ((80, 24), (70, 20), (100, 30), (160, 45)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert (at(pilot), zoom(pilot), debugger(pilot).scenery.view.selection) == before


async def test_samples_and_all_of_them_at_every_level() -> None:
    app = Gradstep(find("digits"))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("space", "space")
        for _ in NEAR:
            await pilot.press("less_than_sign", "asterisk")
            await pilot.pause()
            assert "samples all" in text(pilot)
            await pilot.press("asterisk", "enter")
