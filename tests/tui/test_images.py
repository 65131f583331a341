"""Images of arrays: that every element has its pixel, that different things look different, and that
nothing is shown before it is computed."""

from __future__ import annotations

import math
from dataclasses import replace
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from scenes import CONV

from gradstep.engine.debugger import Kind, Written, gradient_range
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph.element import Element
from gradstep.tui.network import bands
from gradstep.tui.network.bands import largest
from gradstep.tui.network.images import arranged, channel_size
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.network.marks import cursor, outline
from gradstep.tui.network.shades import Scale, codes, shrunk
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.tile import Fit, Look, fit, painted, tile
from gradstep.tui.paint import Canvas
from gradstep.tui.preferences import BUILT_IN
from gradstep.tui.theme import DARK, LIGHT, Palette
from gradstep.tui.view import View, Zoom

SHAPES = st.lists(st.integers(1, 9), max_size=4).map(tuple) | st.tuples(st.integers(1, 5000))


@given(SHAPES)
def test_every_element_has_exactly_one_pixel(shape: tuple[int, ...]) -> None:
    image = arranged(shape)
    assert sorted(image.pixels[image.pixels >= 0].tolist()) == list(range(prod(shape)))
    assert image.pixels.shape == image.shape
    every = {image.place(position) for position in range(prod(shape))}
    assert every == {tuple(at) for at in np.argwhere(image.pixels >= 0).tolist()}
    assert image.place(-1) is image.place(prod(shape)) is None
    for row, column in every | {(0, 0), (-1, 0), (0, -1), (image.shape[0], 0), (0, image.shape[1])}:
        there = 0 <= row < image.shape[0] and 0 <= column < image.shape[1] and image.pixels[row, column] >= 0
        assert image.at(row, column) == (image.pixels[row, column] if there else None)


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


@pytest.mark.parametrize("palette", [DARK, LIGHT, replace(DARK, name="plain", glyphs=True)], ids=lambda p: p.name)
def test_zero_nan_pending_and_small_numbers_look_different(palette: Palette) -> None:
    looks = looks_of([0.0, float("nan"), 1e-30, -1e-30, 1.0, -1.0, 0.5], 6, palette)
    assert len(set(looks)) == 7, looks


def test_without_colours_the_characters_alone_tell_them_apart() -> None:
    looks = looks_of([0.0, float("nan"), 1e-30, -1e-30, 1.0, -1.0, 0.5], 6, replace(DARK, name="plain", glyphs=True))
    assert len({text for text, _ in looks}) == 7, looks


def test_of_several_elements_in_a_pixel_the_largest_shows_and_nan_always() -> None:
    image = np.array([[1.0, -5.0, 0.0, -np.inf], [2.0, 3.0, np.nan, -np.inf]])
    found = shrunk(image, 2)
    assert found[0, 0] == -5.0
    assert np.isnan(found[0, 1])
    assert shrunk(np.full((2, 2), -np.inf), 2)[0, 0] == -np.inf


@pytest.mark.parametrize(("rows", "columns", "shrink"), [(7, 5, 2), (8, 6, 3), (1, 9, 4), (5, 4, 9)])
def test_of_a_large_image_the_largest_shows_as_of_a_small_one(rows: int, columns: int, shrink: int) -> None:
    """Rows of pixels of which some elements are known, against the blocks of all of them."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=rows * columns)
    numbers[rng.integers(0, numbers.size, 3)] = 0.0, np.nan, -np.inf
    image = np.where(np.isinf(numbers), np.nan, numbers)
    for known in range(1, numbers.size + 1):
        shown = np.where(np.arange(numbers.size) < known, image, -np.inf).reshape(rows, columns)
        for row, start in enumerate(range(0, known, shrink * columns)):
            found = largest(numbers[start : min(start + shrink * columns, known)], columns, shrink)
            np.testing.assert_array_equal(found, shrunk(shown, shrink)[row])


def test_a_large_matrix_is_painted_as_a_small_one_and_what_is_known_of_it_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = [[math.sin(7 * row + column) for column in range(6)] for row in range(40)]
    text = f'format = 1\n[parameters]\nw = {numbers}\n[graph]\nL = "sum(w * w)"\n'
    seen = []
    for many in (1 << 16, 1):
        monkeypatch.setattr(bands, "MANY", many)
        session = Session(loads(text))
        value, pictures = session.recording.graph.by_name["w"].id, []
        for step in range(session.recording.timeline.total + 1):
            session.goto(str(step))
            for kind in (Kind.DATA, Kind.GRAD):
                made = tile(session.frame(), value, kind, Look(Scale(2.0), 4, 4, DARK))
                pictures.append((made.canvas.text(), [list(map(str, line)) for line in made.canvas.styles]))
        seen.append(pictures)
    assert seen[0] == seen[1]
    looked: list[int] = []
    of = bands.largest
    monkeypatch.setattr(bands, "largest", lambda numbers, *how: looked.append(numbers.size) or of(numbers, *how))
    session = Session(loads(text))
    value = session.recording.graph.by_name["w"].id
    for step in range(session.recording.timeline.total + 1):
        session.goto(str(step))
        tile(session.frame(), value, Kind.GRAD, Look(Scale(2.0), 4, 4, DARK))
    assert max(looked) == 30  # a row of pixels, of 5 lines of 6
    assert looked.count(30) == 8


def test_a_wide_range_of_layers_is_logarithmic_and_a_narrow_one_is_not() -> None:
    for name, logarithmic in (("vanishing", True), ("walkthrough", False)):
        recording = Session(find(name)).recording
        graph = recording.graph
        values = [v.id for v in graph.values if v.node >= 0 and graph.gets_gradient(v)]
        scale = Scale.over(*gradient_range(recording, 0))
        sizes = [abs(recording.trace.grad[v]).max() for v in values]  # type: ignore[arg-type]
        assert scale.high == max(sizes)
        assert scale.logarithmic == logarithmic == (max(sizes) > 1e3 * min(s for s in sizes if s))


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


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_a_mark_on_a_pixel_can_be_told_from_it(theme: str) -> None:
    """WCAG 2.2: 3 to 1 for what is drawn. It was black on dark blue in the contrast theme."""
    session = Session(find("attention-head"))
    session.goto("o.grad[0,0]")
    canvas = Canvas(124, 20, BUILT_IN[theme])
    LEVELS[Zoom.NETWORK](canvas, session.frame(), View(zoom=Zoom.NETWORK, palette=BUILT_IN[theme])).paint()
    marked = [
        style
        for styles, chars in zip(canvas.styles, canvas.chars, strict=True)
        for style, char in zip(styles, chars, strict=True)
        if char in ("[", "]") and style.bgcolor is not None and style.bgcolor.triplet is not None
    ]
    assert len(marked) >= 4
    for style in marked:
        lights = sorted(_luminance(colour) for colour in (style.color, style.bgcolor))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 3


def _luminance(colour: Color | None) -> float:
    assert colour is not None
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
