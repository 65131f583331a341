"""After a what-if in a recording nothing that follows from what is not explained is shown as if it were true: all
panels at all levels, everything that is said of a step, and what the questions answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import observations as seen
import pytest
from everywhere import CLASSES

from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find
from gradstep.engine.notation import brief, number, said
from gradstep.engine.run.timeline import Grain, Position
from gradstep.tui.view import Layout, View, Zoom

#: A number that is not followed by a question mark.
TRUE = re.compile(r"(?<![\w.,\[])[+−-]?\d+\.\d+(?:e-?\d+)?(?![\d\]?])")
TRAINING = '[training]\noptimizer = "adam"\nlr = 0.0123\nclip_norm = 0.321'


def session(folder: Path) -> Session:
    """x goes through the wave, a ReLU and the loss; w enters after the wave, and all gradients are clipped together."""
    lines = {
        "pre": "x * 0.77",
        "enc.0": "recorded(pre, of='wave', size=(2,))",
        "gate": "relu(w * enc.0)",
        "loss": "mse(gate, t)",
    }
    trace = {
        "value:enc.0": np.array([1.3917, -2.1634]),
        "gradient:enc.0": np.array([0.7133, 0.0]),
        "gradient:pre": np.array([0.5171, 0.0]),
    }
    kept = str(seen.write(folder / "a.gradstep", lines, trace, more=TRAINING))
    return Session(find(kept))


def texts(x: float) -> Iterator[str]:
    """All ways in which a number is written."""
    for signed in (True, False):
        yield from (number(x, digits, signed) for digits in (3, 4, 6, 17))
        yield said(x, signed)
    yield brief(x)


def stale_texts(of: Session) -> set[str]:
    """What stale numbers and their norms would be written as, where no true number is written so."""
    recording, found = of.recording, {True: set[str](), False: set[str]()}
    trace, graph = recording.trace, recording.graph
    arrays = [("data", value.id, trace.data[value.id]) for value in graph.values]
    arrays += [("grad", v.id, grad) for v in graph.values if (grad := trace.grad[v.id]) is not None]
    arrays += [("next", p.id, recording.updated(p.id)) for p in graph.parameters]
    for kind, value, array in arrays:
        for x in (*array.reshape(-1).tolist(), float(np.linalg.norm(array)), float(abs(array).max())):
            found[recording.stale_array(kind, value)].update(texts(x))
    return {text for text in found[True] - found[False] if len(re.sub(r"\D", "", text).lstrip("0")) > 2}


@pytest.fixture
def edited(tmp_path: Path) -> Session:
    found = session(tmp_path)
    found.do("set x[0] = 0.9")
    for expression in ("loss", "w.grad", "norm(x.grad)", "x.next[1]", "gate > 1"):
        found.watch(expression)
    return found


def test_all_is_stale_that_follows(edited: Session) -> None:
    """w's update too, whose gradient is clipped by the norm of all of them."""
    assert set(edited.recording.stale_names) >= {"enc.0", "gate", "loss", "x.grad", "w.grad", "x.next", "w.next"}
    assert "pre" not in edited.recording.stale_names


@pytest.mark.parametrize("look", [0, None])
def test_no_panel_shows_it_as_true(edited: Session, look: int | None) -> None:
    stale, shown = stale_texts(edited), 0
    assert len(stale) > 50
    edited.look(look)
    for step in range(1, edited.recording.timeline.total + 1):
        edited.go_to(Position(step))
        for term in range(2):
            if term and not edited.step(Grain.TERM):
                break
            frame = edited.frame()
            for zoom in Zoom:
                for layout, (width, height) in ((Layout.WIDE, (150, 40)), (Layout.NARROW, (80, 14))):
                    view = View(zoom=zoom, layout=layout, explained=bool(step % 2))
                    for name, panel in CLASSES.items():
                        if name not in ("delta", "log"):  # where the original run stands as well
                            text = re.sub(r"Δ was \S+", "", panel.paint(frame, view, width, height).text())
                            assert not stale & set(TRUE.findall(text)), (name, zoom, layout, step, text)
                            shown += text.count("?")
            block = re.sub(r"Δ was \S+", "", transcript.block(frame, terms=True))
            assert not stale & set(TRUE.findall(block)), block
    assert shown > 1000


@pytest.mark.parametrize(
    "question",
    ["why x[1]", "why w[0]", "paths x[0]", "paths w[0]", "terms w.grad[0]", "find grad != 0", "when first grad > 0.1"],
)
def test_no_answer_tells_it_as_true(edited: Session, question: str) -> None:
    edited.goto("end")
    text = edited.do(question).text
    assert "?" in text
    assert not stale_texts(edited) & set(TRUE.findall(text)), text


def test_a_stop_says_so(edited: Session) -> None:
    edited.goto("start")
    edited.stops.watches.clear()
    edited.do("break abs(grad) > 0.2")
    told = edited.do("continue").text
    assert re.search(r"\(\|grad\| = [\d.]+\? > 0.2\)", told), told


def test_programs_are_told_too(edited: Session) -> None:
    edited.goto("end")
    rows = edited.do("terms w.grad[0]").data
    assert rows["stale"] is True
    assert rows["rows"][0]["stale"] == ["upstream", "local", "contribution", "running"]
    assert edited.do("why x[1]").data["chain"][0]["stale"] is True
    assert edited.do("paths w[0]").data["paths"][0]["stale"] is True
    assert all(hit["stale"] for hit in edited.do("find grad != 0").data)
