"""The ranges over all layers, held at every step against a loop over the layers that asks the frame."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import CONV, deep, looking

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.layers import gradient_range, norm_range
from gradstep.engine.debugger.pictures import Kind, picture, written
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Position

#: Where a gradient is not finite, where one is empty, where a parameter is a layer of its own.
ODD = """format = 1
[inputs]
x = [1.0, 2.0]
[parameters]
a = [0.0, 4.0]
w = [[1.0, -1.0]]
[graph]
s = "log(a)"
h = "relu(w @ x)"
L = "sum(s) + sum(h)"
"""


def layers(recording: Recording) -> list[tuple[int, int]]:
    """Output and sum of each layer with a gradient that is no parameter."""
    graph = recording.graph
    return [
        (layer.output, layer.pre)
        for layer in recording.board.layers
        if graph.gets_gradient(graph.values[layer.output]) and graph.values[layer.output].role is not Role.PARAMETER
    ]


def norms_at(frame: Frame) -> list[float]:
    """‖∂‖ of each layer as far as it is there: of its sum once that has begun, else of its output."""
    found = []
    for output, pre in layers(frame.recording):
        value = pre if pre >= 0 and written(frame, pre, Kind.GRAD).some else output
        if written(frame, value, Kind.GRAD).all:
            shown = picture(frame.recording, value, Kind.GRAD, frame.sample).numbers.astype(float)
            found.append(float(np.linalg.norm(shown)))
    return [norm for norm in found if norm and np.isfinite(norm)]


@pytest.mark.parametrize(
    ("text", "sample"),
    [*((text, sample) for text in (CONV, deep(24)) for sample in (0, 1, None)), (ODD, 0)],
    ids=[*(f"{name}-{sample}" for name in ("conv", "deep") for sample in (0, 1, "all")), "odd"],
)
def test_the_range_of_norms_at_every_step(text: str, sample: int | None) -> None:
    session = Session(loads(text))
    for step in range(session.recording.timeline.total + 1):
        frame = Frame(session.recording, Position(step), sample)
        known = norms_at(frame) or [1.0]
        assert norm_range(frame) == pytest.approx((min(known), max(known)), rel=1e-12), step


def test_while_the_last_number_of_a_gradient_is_added_up_the_range_is_without_it() -> None:
    session = looking(CONV, 0)
    h = session.recording.graph.by_name["h"].id
    session.goto("h.grad[2,3,3,2]")
    last = session.position.step
    for term, sample in ((1, 2), (None, 2), (None, 1)):
        frame = Frame(session.recording, Position(last, term), sample)
        assert written(frame, h, Kind.GRAD).all == (term is None or sample == 1)
        known = norms_at(frame) or [1.0]
        assert norm_range(frame) == pytest.approx((min(known), max(known)), rel=1e-12)


@pytest.mark.parametrize("name", ["vanishing", "walkthrough", "digits", "attention-head"])
@pytest.mark.parametrize("sample", [0, None])
def test_the_range_of_gradients_is_over_outputs_and_sums_of_all_layers(name: str, sample: int | None) -> None:
    recording = Session(find(name)).recording
    graph = recording.graph
    values = {v for layer in recording.board.layers for v in (layer.output, layer.pre) if v >= 0}
    peaks = [
        abs(picture(recording, v, Kind.GRAD, sample).numbers).max()
        for v in values
        if graph.gets_gradient(graph.values[v])
    ]
    assert gradient_range(recording, sample) == (min(p for p in peaks if p), max(peaks))


def test_what_is_not_finite_has_no_part_in_the_range() -> None:
    recording = Session(loads(ODD)).recording
    grad = recording.trace.gradient(recording.graph.by_name["a"].id)
    assert grad.tolist() == [float("inf"), 0.25]
    assert gradient_range(recording, 0) == (0.25, 1.0)


def test_large_arrays_are_measured_as_small_ones_are() -> None:
    """Above and below the size up to which arrays are measured together."""
    text = """format = 1
[inputs]
x = { shape = [3], init = "normal(0, 1)", seed = 1 }
[parameters]
W = { shape = [5000, 3], init = "normal(0, 1)", seed = 2 }
[graph]
h = "tanh(W @ x)"
L = "sum(h * h * h)"
"""
    session = Session(loads(text))
    session.goto("end")
    known = norms_at(session.frame())
    assert norm_range(session.frame()) == pytest.approx((min(known), max(known)), rel=1e-12)
