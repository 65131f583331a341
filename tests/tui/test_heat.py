"""Images of arrays: that every element has its pixel, that different things look different, and that
nothing is shown before it is computed."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.debugger import Kind, Written, gradient_range, overview, picture, written
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.timeline import Phase, Position
from gradstep.tui.network.images import arranged, channel_size
from gradstep.tui.network.marks import cursor, outline
from gradstep.tui.network.shades import Scale, codes, shrunk
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.tile import Fit, Look, fit, painted, tile
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import DARK, LIGHT, Palette
from gradstep.tui.view import View

SHAPES = st.lists(st.integers(1, 9), max_size=4).map(tuple) | st.tuples(st.integers(1, 5000))
CONV = """format = 1
batch = ["x"]
[inputs]
x = { shape = [3, 2, 5, 4], init = "normal(0, 1)", seed = 1 }
t = { shape = [3, 2], init = "zeros" }
[parameters]
k = { shape = [4, 2, 2, 2], init = "normal(0, 1)", seed = 2 }
W = { shape = [2, 48], init = "normal(0, 1)", seed = 3 }
[graph]
c = "conv2d(x, k)"
h = "relu(c)"
f = "reshape(h, (3, 48))"
y = "f @ W.T"
L = "mse(y, t)"
"""


@given(SHAPES)
def test_every_element_has_exactly_one_pixel(shape: tuple[int, ...]) -> None:
    image = arranged(shape)
    assert sorted(image[image >= 0].tolist()) == list(range(prod(shape)))


@pytest.mark.parametrize(("size", "expected"), [(784, (28, 28)), (128, (8, 16)), (4096, (64, 64)), (1, (1, 1))])
def test_vectors_are_folded_nearly_square(size: int, expected: tuple[int, int]) -> None:
    assert arranged((size,)).shape == expected


@given(st.integers(1, 300), st.integers(1, 300), st.integers(2, 120), st.integers(1, 60), st.booleans())
def test_an_image_never_leaves_its_room(rows: int, columns: int, width: int, height: int, glyphs: bool) -> None:
    how = fit((rows, columns), width, height, glyphs)
    assert how.width <= width
    assert how.height <= height
    assert how.rows * how.shrink >= rows
    assert how.columns * how.shrink >= columns


def looks_of(data: list[float], there: int, palette: Palette = DARK, wide: int = 2) -> list[tuple[str, str]]:
    """What each pixel of a row of numbers looks like: its characters and its style."""
    image = np.arange(len(data)).reshape(1, -1)
    pixels = codes(np.array(data), Written(len(data), there), image, Scale(1.0), 1)
    canvas = painted(pixels, Fit(1, wide, 1, len(data)), palette, True)
    return [
        ("".join(canvas.chars[0][k * wide : (k + 1) * wide]), str(canvas.styles[0][k * wide])) for k in range(len(data))
    ]


@pytest.mark.parametrize("palette", [DARK, LIGHT, DARK._replace(name="plain", glyphs=True)], ids=lambda p: p.name)
def test_zero_nan_pending_and_small_numbers_look_different(palette: Palette) -> None:
    looks = looks_of([0.0, float("nan"), 1e-30, -1e-30, 1.0, -1.0, 0.5], 6, palette)
    assert len(set(looks)) == 7, looks


def test_without_colours_the_characters_alone_tell_them_apart() -> None:
    looks = looks_of([0.0, float("nan"), 1e-30, -1e-30, 1.0, -1.0, 0.5], 6, DARK._replace(name="plain", glyphs=True))
    assert len({text for text, _ in looks}) == 7, looks


def test_of_several_elements_in_a_pixel_the_largest_shows_and_nan_always() -> None:
    image = np.array([[1.0, -5.0, 0.0, -np.inf], [2.0, 3.0, np.nan, -np.inf]])
    found = shrunk(image, 2)
    assert found[0, 0] == -5.0
    assert np.isnan(found[0, 1])
    assert shrunk(np.full((2, 2), -np.inf), 2)[0, 0] == -np.inf


def test_a_wide_range_of_layers_is_logarithmic_and_a_narrow_one_is_not() -> None:
    for name, logarithmic in (("vanishing", True), ("walkthrough", False)):
        recording = Session(find(name)).recording
        graph = recording.graph
        values = [v.id for v in graph.values if v.node >= 0 and graph.gets_gradient(v)]
        scale = Scale.over(*gradient_range(recording, 0))
        sizes = [abs(recording.trace.grad[v]).max() for v in values]  # type: ignore[arg-type]
        assert scale.high == max(sizes)
        assert scale.logarithmic == logarithmic == (max(sizes) > 1e3 * min(s for s in sizes if s))


@given(st.floats(0, 1), st.sampled_from([0, 1, 2, None]))
@settings(max_examples=60, deadline=None)
def test_pixels_are_known_exactly_when_their_numbers_are(share: float, sample: int | None) -> None:
    """Held against the frame's own answer for every single element."""
    session = Session(loads(CONV))
    recording = session.recording
    session.position = Position(round(share * recording.timeline.total))
    session._sample = sample
    frame = session.frame()
    for value in recording.graph.values:
        if value.role is Role.LITERAL:
            continue
        for kind in (Kind.DATA, Kind.GRAD):
            if kind is Kind.GRAD and recording.trace.grad[value.id] is None:
                continue
            there = written(frame, value.id, kind)
            read = frame.grad if kind is Kind.GRAD else frame.data
            last = sample if sample is not None else recording.samples.count - 1
            grid = recording.samples.elements(value.id, last)
            for position, flat in enumerate(grid.take(0, grid.size).tolist()):
                assert there.at(position) == (read(value.id, flat) is not None), (value.name, kind, position)
                if sample is not None:
                    assert recording.samples.position(value.id, flat) == position
                    assert recording.samples.element(value.id, sample, position) == flat


def test_norms_and_largest_elements_are_numpys() -> None:
    session = Session(find("digits"))
    recording = session.recording
    for sweep in recording.timeline.sweeps:
        array = overview.array_of(recording, sweep)
        gradient = sweep.phase in (Phase.BACKWARD, Phase.UPDATE)
        assert overview.norm(recording, sweep.value, gradient) == pytest.approx(np.linalg.norm(array), rel=1e-12)
        assert overview.largest(recording, sweep) == abs(array).argmax()
        value = recording.graph.values[sweep.value]
        axis = recording.samples.axis(sweep.value)
        if axis is not None:
            at = np.unravel_index(overview.largest(recording, sweep, 3), value.shape)
            assert at[axis] == 3
            assert abs(array[at]) == abs(np.take(array, 3, axis)).max()


def test_norms_neither_overflow_nor_vanish_in_float32() -> None:
    text = 'format = 1\ndtype = "float32"\n[parameters]\nw = [{0}, {0}]\n[graph]\nL = "sum(w)"\n'
    for size in ("3e30", "3e-30"):
        recording = Session(loads(text.format(size))).recording
        expected = float(np.linalg.norm(np.array([float(size)] * 2)))
        assert overview.norm(recording, recording.graph.by_name["w"].id, False) == pytest.approx(expected, rel=1e-6)


def test_what_is_said_of_a_whole_array_is_true() -> None:
    """Counts of shut gates and the largest gradients, by NumPy."""
    session = Session(find("digits"))
    recording, trace = session.recording, session.recording.trace
    graph = recording.graph.by_name
    told = {
        (s.phase, recording.graph.values[s.value].name): overview.narration(recording, s)
        for s in recording.timeline.sweeps
    }
    shut = int((trace.data[graph["z1"].id] <= 0).sum())
    assert f"{shut} of 1,024 gates are shut" in told[Phase.FORWARD, "h"].caption
    assert f"{shut} of 1,024 gates are shut" in told[Phase.BACKWARD, "z1"].caption
    grad = trace.grad[graph["h"].id]
    assert grad is not None
    row, column = np.unravel_index(abs(grad).argmax(), grad.shape)
    assert f"∂L/∂h[{row},{column}] = " in told[Phase.BACKWARD, "h"].caption
    assert "adds up 10 terms" in told[Phase.BACKWARD, "h"].caption


def test_a_cursor_and_an_outline_stay_in_the_picture() -> None:
    session = Session(loads(CONV))
    session.goto("h[0,1,2,1]")
    frame = session.frame()
    value = session.recording.graph.by_name["x"].id
    made = tile(frame, value, Kind.DATA, Look(Scale(1.0), 30, 12, DARK))
    canvas = Canvas(6, 3, DARK)
    for position in range(40):
        cursor(canvas, made, position, 0, 0)
        outline(canvas, made, np.array([position, position + 1]), 0, 0)
    assert [len(row) for row in canvas.chars] == [6] * 3


def test_an_edited_run_has_its_own_images_and_norms() -> None:
    session = Session(find("digits"))
    value = session.recording.graph.by_name["h"].id
    before = overview.norm(session.recording, value, False), picture(session.recording, value, Kind.DATA, None).peak
    session.edit("W1[0,20] = 9")
    after = session.recording.trace.data[value]
    assert overview.norm(session.recording, value, False) == pytest.approx(np.linalg.norm(after)) != before[0]
    assert (
        picture(session.recording, value, Kind.DATA, None).peak == pytest.approx(abs(after.mean(0)).max()) != before[1]
    )


def test_a_convolution_sees_its_window_in_every_channel() -> None:
    """c[…,2,1] of a 2×2 kernel reads rows 2 and 3, columns 1 and 2 of both channels: by the definition."""
    session = Session(loads(CONV))
    session.goto("c[1,3,2,1]")
    frame, value = session.frame(), session.recording.graph.by_name["x"].id
    stage = Stage(Canvas(60, 30, DARK), frame, View())
    seen = stage.seen(Element(session.recording.graph.by_name["c"].id, frame.element.flat), value)  # type: ignore[union-attr]
    assert seen is not None
    expected = {(c, row, column) for c in range(2) for row in (2, 3) for column in (1, 2)}
    assert {tuple(int(i) for i in np.unravel_index(p, (2, 5, 4))) for p in seen} == expected
    made = tile(frame, value, Kind.DATA, Look(Scale(1.0), 60, 30, DARK))
    canvas = Canvas(60, 30, DARK)
    canvas.paste(made.canvas, 0, 0)
    outline(canvas, made, seen, 0, 0, channel_size(session.recording.samples.shape(value)))
    assert canvas.text().count("┌") == 2


def test_an_array_that_stops_being_finite_says_where_and_why() -> None:
    session = Session(find("digits"))
    session.edit("W1[4,20] = nan")
    recording = session.recording
    sweep = recording.timeline.sweep_of(Phase.FORWARD, recording.graph.by_name["z1"].id)
    assert sweep is not None
    bad = np.argwhere(np.isnan(recording.trace.data[sweep.value]))[0]
    caption = overview.narration(recording, sweep).caption
    assert caption.startswith(f"First at z₁[{bad[0]},{bad[1]}]: ")
    assert "W₁[4,20]" in caption
