"""What the screen keeps goes with what it is about, and is found out once until then."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from scenes import CONV, deep

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import Recording
from gradstep.tui import kept
from gradstep.tui.kept import kept_of_network, kept_of_run
from gradstep.tui.panels.chrome.header import Header
from gradstep.tui.panels.main.network import Network
from gradstep.tui.panels.side.params import Params
from gradstep.tui.panels.side.tape import Tape
from gradstep.tui.view import View, Zoom


def test_the_same_is_asked_once_of_each_run_and_of_each_network() -> None:
    asked: list[tuple[Recording, int]] = []

    def ask(recording: Recording, number: int) -> int:
        asked.append((recording, number))
        return number + 1

    session = Session(find("walkthrough"))
    of_run, of_network = kept_of_run(ask), kept_of_network(ask)
    first = session.recording
    assert [of_run(first, 1), of_run(first, 1), of_run(first, 2)] == [2, 2, 3]
    assert [n for _, n in asked] == [1, 2]
    session.edit("W1[0,0] = 3")
    assert session.recording is not first
    asked.clear()
    assert of_run(session.recording, 1) == of_network(first, 1) == of_network(session.recording, 1) == 2
    assert asked == [(session.recording, 1), (first, 1)]
    session.edit("op h = tanh")
    asked.clear()
    assert of_network(session.recording, 1) == 2
    assert asked == [(session.recording, 1)]


def test_of_too_much_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def ask(recording: Recording, number: int) -> int:
        asked.append(number)
        return number

    monkeypatch.setattr(kept, "_MOST", 3)
    recording, once = Session(find("walkthrough")).recording, kept_of_run(ask)
    for number in (1, 2, 3, 4, 2, 3, 4, 1):
        assert once(recording, number) == number
    assert asked == [1, 2, 3, 4, 1]


@pytest.mark.parametrize("text", [CONV, deep(30), deep(80), None], ids=["cards", "strips", "lines", "boxes"])
def test_an_edited_run_is_not_kept_alive_by_what_was_painted_of_it(text: str | None) -> None:
    session = Session(find("walkthrough") if text is None else loads(text))
    name = next(p.name for p in session.recording.graph.parameters)
    index = ",".join("0" * len(session.recording.graph.by_name[name].shape))
    session.edit(f"{name}[{index}] = 1.5")
    for step in ("start", "30%", "70%", "end"):
        session.goto(step)
        for zoom in Zoom:
            for panel in (Network, Params, Header, Tape):
                panel.paint(session.frame(), View(zoom=zoom), 126, 22)
    edited = ref(session.recording)
    array = ref(session.recording.trace.data[session.recording.graph.loss.id])
    session.undo()
    session.edit(f"{name}[{index}] = 2.5")
    gc.collect()
    assert edited() is None
    assert array() is None


def test_a_network_that_is_left_goes_with_all_that_was_painted_of_it() -> None:
    session = Session(loads(deep(80)))
    for zoom in Zoom:
        Network.paint(session.frame(), View(zoom=zoom), 126, 22)
    graph, board = ref(session.recording.graph), ref(session.recording.board)
    del session
    gc.collect()
    assert graph() is None
    assert board() is None
