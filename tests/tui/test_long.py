"""A network of a thousand graph lines: what a key costs is counted, and does not grow with the network; what follows
from the network alone is found out once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from types import FrameType
from typing import Any

import pytest
from scenes import deep

from gradstep.engine.debugger import COMMANDS
from gradstep.engine.debugger.commands import run
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads
from gradstep.engine.run.timeline import Grain
from gradstep.tui.network import plan
from gradstep.tui.panels.base import Panel
from gradstep.tui.panels.main.network import Network, neighbour
from gradstep.tui.table import PANELS
from gradstep.tui.view import View, Zoom

#: What each panel has of 160×45 cells.
SIZES = {
    "header": (160, 1),
    "timeline": (160, 2),
    "headline": (126, 3),
    "tape": (32, 42),
    "network": (128, 22),
    "math": (76, 17),
    "params": (50, 10),
    "training": (50, 6),
    "footer": (160, 1),
}


@lru_cache(maxsize=4)
def session(lines: int) -> Session:
    return Session(loads(deep(lines, 8)))


def panels() -> list[tuple[type[Panel], int, int]]:
    found = []
    for entry in PANELS:
        if entry.id in SIZES:
            module = import_module(f"gradstep.tui.panels.{entry.module}")
            found.append((getattr(module, entry.kind), *SIZES[entry.id]))
    return found


def instructions(call: Callable[[], object]) -> int:
    """How many instructions of Python a call takes; what NumPy does at once is one."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def key(here: Session, view: View, grain: Grain, count: int) -> None:
    here.step(grain, count)
    frame = here.frame()
    for panel, width, height in panels():
        panel.paint(frame, view, width, height)


def cost(lines: int, zoom: Zoom, where: str) -> int:
    """The most that one of several keys costs, after the first that went the same way."""
    here, view = session(lines), View(zoom=zoom)
    grain = {Zoom.NETWORK: Grain.ARRAY, Zoom.TERM: Grain.TERM}.get(zoom, Grain.ELEMENT)
    here.goto(where)
    for count in (2, 1, -1, -1):
        key(here, view, grain, count)
    return max(instructions(lambda count=count: key(here, view, grain, count)) for count in (1, 1, -1))  # type: ignore[misc]


@pytest.mark.parametrize("where", ["30%", "70%"])
@pytest.mark.parametrize("zoom", list(Zoom), ids=lambda z: z.value)
def test_a_key_costs_no_more_in_a_network_of_many_lines(zoom: Zoom, where: str) -> None:
    short, long = cost(100, zoom, where), cost(1000, zoom, where)
    assert long <= 1.5 * short, (short, long)
    assert long <= 3 * cost(10, zoom, where), long


@pytest.mark.parametrize("zoom", [Zoom.NETWORK, Zoom.LAYER, Zoom.NEURON], ids=lambda z: z.value)
@pytest.mark.parametrize("direction", ["up", "down", "left", "right"])
def test_an_arrow_costs_no_more_in_a_network_of_many_lines(zoom: Zoom, direction: str) -> None:
    costs = []
    for lines in (100, 1000):
        here = session(lines)
        here.goto("70%")
        frame, view = here.frame(), View(zoom=zoom)
        neighbour(frame, view, 128, 22, direction)
        costs.append(instructions(lambda frame=frame, view=view: neighbour(frame, view, 128, 22, direction)))  # type: ignore[misc]
    assert costs[1] <= 1.5 * costs[0] + 2000, costs


def test_what_follows_from_the_network_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through all levels, samples, iterations and edits; another operation makes another network."""
    found: list[object] = []
    original = plan._depths

    def counted(*given: Any) -> Any:
        found.append(given)
        return original(*given)

    monkeypatch.setattr(plan, "_depths", counted)
    assert {"iterate", "set", "sample"} <= set(COMMANDS)
    here = Session(loads(deep(40) + "\n[training]\nsteps = 5\n"))
    for line in ("goto 50%", "sample 1", "sample all", "iterate", "set W3[0,0] = 2", "goto end", "goto @1 h3.grad"):
        run(here, line)
        for zoom in Zoom:
            Network.paint(here.frame(), View(zoom=zoom), 128, 22)
    assert len(found) == 1
    run(here, "set op h3 = tanh")
    Network.paint(here.frame(), View(zoom=Zoom.NETWORK), 128, 22)
    assert len(found) == 2
