"""A network of thousands of lines: what a key costs must not grow with them. Counted are the lines of this program
that are carried out; nothing here looks at a clock."""

from __future__ import annotations

import sys
from functools import cache
from types import FrameType
from typing import Any

import pytest
from driving import debugger

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads
from gradstep.engine.run.scenario import Scenario
from gradstep.tui.app import Gradstep
from gradstep.tui.view import Zoom


@cache
def chain(lines: int) -> Scenario:
    """So many formulas, each of the one before, and half as many parameters. No gradient vanishes on the way."""
    weights = [f"w{k} = [1.0, -1.0, 1.0, -1.0]" for k in range(0, lines, 2)]
    graph, before = [], "x"
    for k in range(lines - 1):
        formula = f"{before} * w{k // 2 * 2}" if k % 2 else f"{before} + w{k}"
        graph.append(f'h{k} = "{formula}"')
        before = f"h{k}"
    graph.append(f'L = "sum({before} * {before})"')
    return loads(
        "\n".join(["format = 1", "[inputs]", "x = [0.5, 0.4, 0.3, 0.2]", "[parameters]", *weights, "[graph]", *graph])
    )


class Counting:
    """How many lines of the engine and the screen are carried out within."""

    def __init__(self) -> None:
        self.lines = 0

    def __enter__(self) -> Counting:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *rest: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        module = frame.f_globals.get("__name__", "")
        return self._line if module.startswith(("gradstep.engine", "gradstep.tui")) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.lines += event == "line"
        return self._line


async def keys(lines: int, zoom: Zoom, panel: str, moment: str, commands: tuple[str, ...], order: int) -> int:
    """The lines that four steps take, once a few were taken."""
    async with Gradstep(chain(lines)).run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        screen = debugger(pilot)
        for command in commands:
            screen.session.do(command)
        screen.session.goto(moment)
        screen.scenery.change(zoom=zoom, order=order)
        screen.scenery.open(panel)
        for _ in range(3):
            await screen.time.step("element", 1)
        with Counting() as counted:
            for _ in range(4):
                await screen.time.step("element", 1)
    return counted.lines


@pytest.mark.parametrize(
    ("zoom", "panel", "moment", "commands", "order"),
    [
        (Zoom.NETWORK, "watch", "backward", ("watch h3",), 0),
        (Zoom.LAYER, "breaks", "50%", ("break h5.grad[0] == 0", "break loss > 99"), 0),
        (Zoom.NEURON, "delta", "60%", ("set w0[0] = 0.5",), 0),
        (Zoom.TERM, "params", "update", (), 1),
        (Zoom.LAYER, "training", "start", (), 3),
        (Zoom.NETWORK, "tape", "loss", (), 0),
    ],
    ids=str,
)
async def test_a_key_does_not_cost_more_where_there_are_more_lines(
    zoom: Zoom, panel: str, moment: str, commands: tuple[str, ...], order: int
) -> None:
    few, many = [await keys(lines, zoom, panel, moment, commands, order) for lines in (10, 4000)]
    assert many < 3 * few, (few, many)


def test_what_is_counted_would_see_it() -> None:
    """A loop over all lines at every key would be far beyond the limit."""
    recording = Gradstep(chain(4000)).session.recording
    with Counting() as counted:
        recording.timeline._spans  # noqa: B018  # the one pass over all of them
    assert counted.lines > 10_000


def _asked(command: str, lines: int) -> int:
    """The lines that a question takes, asked in the middle of the backward pass."""
    scenario = chain(lines)
    if command == "load":
        with Counting() as counted:
            loads(scenario.text)
        return counted.lines
    with Counting() as counted:
        session = Session(scenario)
        session.goto("60%")
    if command != "run":
        with Counting() as counted:
            session.do(command)
    return counted.lines


@pytest.mark.parametrize("command", ["load", "run", "findings", "why w0.grad[0]", "paths w0[0]", "nudge w0[0]"])
def test_what_is_asked_of_a_network_costs_as_much_as_it_has_lines(command: str) -> None:
    """Four times as many take four times as long, and no more."""
    few, many = [_asked(command, lines) for lines in (60, 240)]
    assert many < 4.4 * few, (few, many)
