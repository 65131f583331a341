"""The screen of a recording, with an operation that is recorded and not explained: painted everywhere, as pictures that
a person can read, and in a real terminal."""

from __future__ import annotations

import os
import re
from pathlib import Path

import observations as seen
import pytest
import recorded_net
from everywhere import CLASSES, moments, visit
from terminals import terminal

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.tui.view import Layout, View, Zoom

GOLDEN = Path(__file__).parent.parent / "golden" / "recorded"
CLOSED = frozenset({"h"})
#: Panel, moment, width and height, what is open (all that is at first, or some), how near.
PICTURES = [
    ("tape", "h.1.up", 32, 24, None, Zoom.NETWORK),
    ("tape", "h.1.wave.grad", 32, 16, CLOSED, Zoom.NETWORK),
    ("network", "h.1.wave.grad", 100, 18, None, Zoom.NETWORK),
    ("params", "h.1.up.weight.grad", 48, 14, None, Zoom.NETWORK),
    ("params", "h.1.up.weight.grad", 48, 10, frozenset[str](), Zoom.NETWORK),
    ("params", "h.1.up.weight.next[1,0]", 40, 12, None, Zoom.NEURON),
    ("math", "h.0.up[0,1]", 76, 16, None, Zoom.NEURON),
    ("math", "h.1.wave[0,1]", 76, 16, None, Zoom.NEURON),
    ("math", "h.1.up.grad[0,1]", 76, 16, None, Zoom.NEURON),
    ("math", "h.1.up.grad[0,1]", 50, 11, None, Zoom.NEURON),
    ("math", "h.1.up.weight.next[1,0]", 60, 12, None, Zoom.NEURON),
    ("headline", "h.1.wave[0,1]", 80, 3, None, Zoom.NEURON),
    ("headline", "h.1.wave", 80, 3, None, Zoom.NETWORK),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return Session(find(str(recorded_net.write(tmp_path_factory.mktemp("recorded") / "net.gradstep"))))


@pytest.mark.parametrize(
    ("panel", "moment", "width", "height", "opened", "zoom"), PICTURES, ids=lambda v: getattr(v, "value", str(v))
)
def test_panels_of_a_recording_look_as_agreed(
    session: Session, panel: str, moment: str, width: int, height: int, opened: frozenset[str] | None, zoom: Zoom
) -> None:
    """To accept a changed picture, look at it and run with GRADSTEP_GOLDEN=write."""
    session.goto(moment)
    if zoom is Zoom.NETWORK and "[" not in moment:
        session.do("finish")
    view = View(layout=Layout.WIDE if width > 60 else Layout.MEDIUM, opened=opened, zoom=zoom)
    text = CLASSES[panel].paint(session.frame(), view, width, height).text() + "\n"
    how = "" if opened is None else "-" + "-".join(sorted(opened) or ["closed"])
    file = GOLDEN / (re.sub(r"[^\w.-]+", "_", f"{panel}-{moment}-{width}x{height}{how}") + ".txt")
    if os.environ.get("GRADSTEP_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_test() -> None:
    assert len(list(GOLDEN.iterdir())) == len(PICTURES)


def test_every_place_of_it_is_painted(tmp_path: Path) -> None:
    session = Session(find(str(seen.write(tmp_path / "a.gradstep"))))
    assert sum(visit(session, moment, False) for moment in moments(session, True)) > 300


def test_a_recording_in_a_terminal(tmp_path: Path) -> None:
    """Open, find a module, step, ask why, stop where a line of the program is met, go on, and leave."""
    with terminal(120, 36, str(recorded_net.write(tmp_path / "net.gradstep"))) as t:
        t.wait_for("Net, a recorded training step", "step 0/", "h", "head")
        t.press(b"/")
        t.wait_for("find")
        t.press(b"h.1.wave\r")
        t.wait_for("h.1.wave")
        t.press(b"t")  # to the step of what is selected
        t.wait_for("wave", "recorded, not explained")
        t.press(b" ")
        t.wait_for("head")
        t.press(b":")
        t.wait_for("─ command ─")
        t.press(b"why h.0.up.weight[0,0]\r")
        t.wait_for("recorded and not explained")
        t.press(b"-")
        t.wait_for("h.0.up.bias")  # which the answer covered
        t.press(b":")
        t.wait_for("─ command ─")
        t.press(b'break phase == "backward" and where == "model.py:12" and module == "h.0.*"\r')
        t.wait_for("breakpoint 1")
        t.press(b"c")
        t.wait_for("STOPPED", "h.0.up")
        t.press(b"q")
        assert t.ended() == 0
