"""A large recording is opened and stepped without being read: counted in the pages of its files that were touched."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, write_recording
from gradstep.engine.run.timeline import Grain, Position
from gradstep.tui.folding import closed_in
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.side.params import Params
from gradstep.tui.panels.side.tape import Tape
from gradstep.tui.view import View, Zoom

WIDE = 500


def large(folder: Path) -> Path:
    """tanh(W x), ten times over, W of 250,000 numbers: 40 MB of numbers and gradients."""
    rng = np.random.default_rng(0)
    x, leaves, trace = rng.normal(size=WIDE), {"t": np.zeros(WIDE)}, {}
    lines, parameters, values = [], [], [x]
    leaves["x"] = x
    for k in range(10):
        leaves[f"net.{k}.up.weight"] = rng.normal(size=(WIDE, WIDE)) / WIDE**0.5
        parameters.append(f'"net.{k}.up.weight" = {{ file = "leaves.safetensors", key = "net.{k}.up.weight" }}')
        lines += [
            f'"net.{k}.up" = "linear({"x" if not k else f"net.{k - 1}.act"}, net.{k}.up.weight)"',
            f'"net.{k}.act" = "tanh(net.{k}.up)"',
        ]
        trace[f"value:net.{k}.up"] = leaves[f"net.{k}.up.weight"] @ values[-1]
        values.append(np.tanh(trace[f"value:net.{k}.up"]))
        trace[f"value:net.{k}.act"] = values[-1]
    trace["value:loss"] = np.array((values[-1] ** 2).mean())
    grad = values[-1] * 2 / WIDE
    for k in reversed(range(10)):
        trace[f"gradient:net.{k}.act"] = grad
        grad = grad * (1 - values[k + 1] ** 2)
        trace[f"gradient:net.{k}.up"] = grad
        trace[f"gradient:net.{k}.up.weight"] = np.outer(grad, values[k])
        grad = leaves[f"net.{k}.up.weight"].T @ grad
    inputs = [f'{name} = {{ file = "leaves.safetensors", key = "{name}" }}' for name in ("x", "t")]
    text = ["format = 1", 'loss = "loss"', "[inputs]", *inputs, "[parameters]", *parameters, "[graph]", *lines]
    text.append('loss = "mse(net.9.act, t)"')
    write_recording(str(folder), "\n".join(text), leaves, trace, {})
    return folder


def touched(folder: Path) -> int:
    """How many bytes of a recording's files are in this process's memory, as the kernel counts them."""
    found, mine = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            mine = str(folder) in line
        elif mine and line.startswith("Rss:"):
            found += int(line.split()[1]) * 1024
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's counts are read in /proc")
def test_opening_painting_and_stepping_touch_little_of_it(tmp_path: Path) -> None:
    folder = large(tmp_path / "large.gradstep")
    whole = sum(file.stat().st_size for file in folder.iterdir())
    assert whole > 38 << 20
    session, view = Session(find(str(folder))), View(zoom=Zoom.NETWORK)
    assert closed_in(session.recording, None) == frozenset()
    assert touched(folder) < 1 << 20
    seen = []
    for _ in range(len(session.recording.timeline.sweeps)):
        session.step(Grain.ARRAY, 1)
        frame = session.frame()
        if frame.sweep is not None and frame.sweep.phase.kind == "next":
            break
        stage = LEVELS[Zoom.NETWORK](Canvas(120, 30, view.palette), frame, view)
        stage.paint()
        Params.paint(frame, view, 60, 12)
        seen.append(Tape.paint(frame, view, 40, 40).text())
    assert any("∂up.weight" in text for text in seen)
    assert touched(folder) < whole / 4
    # What is shown of an array that nobody read is what NumPy says of it.
    weight = np.asarray(session.recording.trace.gradient(session.recording.graph.by_name["net.9.up.weight"].id))
    told = session.recording.scenario.told(session.recording.trace.gradient(
        session.recording.graph.by_name["net.9.up.weight"].id))  # fmt: skip
    assert told is not None
    assert told.norm == pytest.approx(float(np.linalg.norm(weight)))
    assert told.at == int(abs(weight).argmax())
    session.go_to(Position(0))
