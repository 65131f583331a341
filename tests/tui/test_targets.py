"""Outputs of a classification: the class that they are to be is marked, and the logarithm of a probability stands
beside the probability."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.tui.network.targets import target
from gradstep.tui.panels.main.network import Network
from gradstep.tui.view import Layout, View, Zoom


def test_probabilities_stand_beside_their_logarithms() -> None:
    """z = (0.55, −0.7, 0.4): softmax by hand."""
    session = Session(find("softmax-cross-entropy"))
    session.goto("end")
    text = Network.paint(session.frame(), View(), 126, 21).text()
    scores = np.exp([0.55, -0.7, 0.4])
    for k, share in enumerate(scores / scores.sum(), 1):
        assert re.search(rf"logp{chr(0x2080 + k)} ─* *p {share:.3f} ", text)
    session.goto("logp[0]")
    text = Network.paint(session.frame(), View(), 126, 21).text()
    assert text.count(" p 0.") == 1  # the others are not there yet


@pytest.mark.parametrize(
    ("width", "height", "zoom"), [(80, 10, Zoom.LAYER), (80, 10, Zoom.NETWORK), (126, 21, Zoom.NETWORK)]
)
def test_so_they_do_in_narrow_boxes_and_in_cards(width: int, height: int, zoom: Zoom) -> None:
    session = Session(find("softmax-cross-entropy"))
    session.goto("end")
    layout = Layout.NARROW if width == 80 else Layout.WIDE
    text = Network.paint(session.frame(), View(zoom=zoom, layout=layout), width, height).text()
    scores = np.exp([0.55, -0.7, 0.4])
    shares = scores / scores.sum()
    if zoom is Zoom.LAYER:
        assert re.findall(r" p (0\.\d+) ", text) == [f"{share:.3f}" for share in shares]
        assert re.search(r"logp₂◂", text)
    else:
        rows = re.findall(r"│ \d (0\.\d+) (−\d\.\d+) ", text)
        assert rows == [(f"{share:.3f}", f"−{-np.log(share):.3f}") for share in shares]
        assert re.search(r"│ 1 0\.133 [^│\n]*[\d·] ◂", text)  # in the edge, where it touches no number


@pytest.mark.parametrize(("name", "shown"), [("fan-out", "1.0 0"), ("softmax-cross-entropy", "t 0 1.0 0")])
def test_targets_are_not_cut_at_80_columns(name: str, shown: str) -> None:
    text = Network.paint(Session(find(name)).frame(), View(layout=Layout.NARROW), 80, 10).text()
    assert f"│{shown}" in text


def test_the_target_is_marked_in_boxes() -> None:
    """t = (0, 1, 0)."""
    session = Session(find("softmax-cross-entropy"))
    session.goto("end")
    lines = Network.paint(session.frame(), View(), 126, 21).text().splitlines()
    top, x = next((y, line.index("logp₂")) for y, line in enumerate(lines) if "logp₂" in line)
    assert [y - top for y, line in enumerate(lines) if line[x : x + 6] == "target"] == [2]
    (scores,) = (line for line in lines if "z₂ ─" in line)
    assert scores.count(" target ") == 1
    assert "\n".join(lines).count(" target ") == 2


@pytest.mark.parametrize("sample", [0, 3, 31])
def test_the_target_is_marked_in_the_rows_of_a_card(sample: int) -> None:
    session = Session(find("digits"))
    graph = session.recording.graph
    classes = session.recording.trace.data[graph.by_name["t"].id].reshape(-1)
    session.goto("end")
    session.look(sample)
    wanted = int(classes[sample])
    assert target(session.frame(), graph.by_name["z2"].id) == wanted
    assert target(session.frame(), graph.by_name["h"].id) is None
    text = Network.paint(session.frame(), View(zoom=Zoom.NETWORK), 160, 30).text()
    # Once among the scores, and once among the logarithms that are made of them.
    assert re.findall(r"│ (\d) [^│◂\n]*[\d·] ◂", text) == [str(wanted)] * 2


def test_of_all_samples_no_target_is_marked() -> None:
    session = Session(find("digits"))
    session.goto("end")
    session.look(None)
    assert target(session.frame(), session.recording.graph.by_name["z2"].id) is None


def test_a_number_that_is_to_be_1_is_no_class() -> None:
    """fan-out: two sigmoids that are to be 1 and 0."""
    session = Session(find("fan-out"))
    session.goto("end")
    assert target(session.frame(), session.recording.graph.by_name["y"].id) is None
