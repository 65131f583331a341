"""Text in cells: no line is longer than the screen, nothing is cut in the middle of a character, columns stay."""

from __future__ import annotations

import random
import unicodedata

import pyte
import pytest
from everywhere import CLASSES, ROOMS
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size
from textual.color import Color
from wcwidth import wcwidth

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.run.timeline import Grain
from gradstep.tui.app import Gradstep
from gradstep.tui.ascii import Ascii
from gradstep.tui.cells import _NARROW, breadth, cells, clip, clip_left, fold, hanging, wrap
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import DARK
from gradstep.tui.view import View, Zoom

#: Of one cell, of two, of none; what terminals do not agree about; what speaks to the terminal.
TEXT = st.text(
    st.one_of(
        st.sampled_from("ab ─∂₁−│éЖא\u05d3ع"),
        st.sampled_from("変数漢한글カ，🙂🚀⚡\U0001f1e9\u115f"),
        st.sampled_from("\u0301\u0302\u0e47\u1160\u094d\u20dd"),
        st.sampled_from("\ufe0f\ufe0e\U0001f3fd\U000e0100"),
        st.sampled_from("\x1b\x07\x85\x9b\u202e\u200d\u200b\u2066\n\t\x7f\ud800"),
    ),
    max_size=40,
)


def test_what_is_taken_for_narrow_is() -> None:
    for first, last in _NARROW:
        for code in range(first, last + 1):
            assert get_character_cell_size(chr(code)) == 1, hex(code)
            assert wcwidth(chr(code)) == 1, hex(code)
            assert chr(code).isprintable(), hex(code)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("变数", 4),
        ("e\u0301", 1),
        ("한글", 4),
        ("🙂x", 3),
        ("❤\ufe0f", 1),
        ("👍\U0001f3fd", 2),
        ("\u0301x", 2),
        ("ก็", 1),
        ("\U0001f1e9\U0001f1ea", 2),
    ],
)
def test_how_many_cells_a_text_takes(text: str, taken: int) -> None:
    """As the characters are in Unicode's East Asian Width and its categories."""
    assert breadth(text) == taken


def test_terminals_agree_about_what_is_shown() -> None:
    """The tables of wcwidth, which other terminals go by, and rich's, which Textual does."""
    for code in (code for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Co")):
        for character in cells(chr(code)):
            sizes = [(get_character_cell_size(c), wcwidth(c)) for c in character]
            assert all(ours == theirs for ours, theirs in sizes), hex(code)


@settings(max_examples=300)
@given(TEXT)
def test_cells_are_what_the_text_takes_on_a_terminal(text: str) -> None:
    found = cells(text)
    joined = "".join(found)
    assert cell_len(joined) == len(found)
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in joined)
    for at, cell in enumerate(found):
        assert cell_len(cell) == (0 if not cell else 2 if at + 1 < len(found) and not found[at + 1] else 1)


@settings(max_examples=300)
@given(TEXT, st.integers(0, 30))
def test_a_text_is_cut_between_characters(text: str, width: int) -> None:
    for cut in (clip(text, width), clip_left(text, width)):
        assert breadth(cut) <= width
        assert cut == text or not width or "…" in cut
    assert "".join(cells(clip(text, 1000))) == "".join(cells(text))
    whole = clip(text, width).removesuffix("…")
    assert breadth(text) <= width or "".join(cells(text)).startswith("".join(cells(whole)))


@settings(max_examples=300)
@given(TEXT, st.integers(2, 30))
def test_broken_into_lines_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(breadth(line) <= width for line in lines)
    assert "".join(cells("".join(lines))).replace(" ", "") == "".join(cells("".join(text.split()))).replace(" ", "")


@settings(max_examples=300)
@given(st.data())
def test_whatever_is_put_where_each_line_is_as_wide_as_the_canvas(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 12)), 2
    canvas = Canvas(width, height, DARK)
    for _ in range(data.draw(st.integers(1, 6))):
        x, y, text = data.draw(st.integers(-5, 13)), data.draw(st.integers(-1, 2)), data.draw(TEXT)
        match data.draw(st.integers(0, 4)):
            case 0:
                other = Canvas(max(width - 2, 1), 1, DARK)
                other.put(data.draw(st.integers(-3, 5)), 0, text)
                canvas.paste(other, x, y)
            case 1:
                canvas.tint(x, max(y, 0), 3)
            case 2:
                canvas.take(0, canvas.row(1))
            case _:
                end = canvas.put(x, y, text, DARK.style(data.draw(st.sampled_from(["text", "dim"]))))
                assert end == x + breadth(text)
    for y in range(height):
        strip = canvas.strip(y)
        assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == width
        # The same to somebody who cuts it: half of a character is a space there.
        assert all(strip.crop(0, x).cell_length == x for x in range(width))


def test_what_is_put_over_half_of_a_character_is_put_over_all_of_it() -> None:
    canvas = Canvas(6, 1, DARK)
    canvas.put(0, 0, "变数学")
    canvas.put(1, 0, "x")
    canvas.put(4, 0, "y")
    assert canvas.text() == " x数y"
    before = Canvas(6, 1, DARK)
    before.put(1, 0, "x数y")
    assert canvas.differing(before) == []


def test_what_follows_a_wide_text_stands_where_it_should_on_a_terminal() -> None:
    screen = pyte.Screen(20, 1)
    canvas = Canvas(20, 1, DARK)
    canvas.put(0, 0, "变数 e\u0301 한 🙂")
    canvas.put(18, 0, "│")
    pyte.Stream(screen).feed("".join(segment.text for segment in canvas.strip(0)))
    assert screen.buffer[0][18].data == "│"


#: Letters of names, of one cell and of two, with marks and without.
LETTERS = "ab変数漢한글カかきאבגعربЖλกขनम"
MARKS = "\u0301\u0302\u0e31\u0e47\u093f\u05b8"

MADE = """format = 1
title = TITLE
[inputs]
"{x}" = {{ shape = [3], init = "normal(0, 1)", seed = 1 }}
"{t}" = [1.0, 0.0]
[parameters]
"{w}" = {{ shape = [4, 3], init = "he_normal", seed = 2 }}
"{v}" = {{ shape = [2, 4], init = "he_normal", seed = 3 }}
[graph]
"{h}" = "relu({w} @ {x}) + 1"
"{y}" = "sigmoid({v} @ {h})"
"{loss}" = "mse({y}, {t})"
[training]
optimizer = "momentum"
steps = 5
[[notes]]
at = "{h}[1]"
text = TITLE
[debug]
watch = ["{h}.grad", "{w}"]
breakpoints = ["{h}.grad[1] == 0", "any({y} > 2)"]
"""


def made(number: int) -> Session:
    """A scenario of odd names, with an odd title and an odd note."""
    chance = random.Random(number)

    def name() -> str:
        more = (chance.choice(LETTERS) + chance.choice(("", *MARKS)) for _ in range(chance.choice((0, 1, 3, 12))))
        return unicodedata.normalize("NFKC", chance.choice(LETTERS) + "".join(more))

    names = [*dict.fromkeys(name() for _ in range(60))][:7]
    letters = "ab 变数한🙂🚀\u0301\u202e\u200d❤\ufe0f\x9b│" + MARKS
    title = "x" + "".join(chance.choice(letters) for _ in range(chance.randrange(120)))
    text = MADE.format(**dict(zip(("x", "t", "w", "v", "h", "y", "loss"), names, strict=True)))
    return Session(loads(text.replace("TITLE", '"' + "".join(f"\\U{ord(c):08x}" for c in title) + '"')))


@pytest.mark.parametrize("number", range(3))
def test_no_line_of_any_panel_is_longer_than_the_panel(number: int) -> None:
    session = made(number)
    ascii = Ascii()
    for step in range(70):
        session.sample = 0
        layout = [*ROOMS][step % len(ROOMS)]
        for zoom in Zoom:
            view = View(zoom=zoom, layout=layout)
            for panel in CLASSES.values():
                width, height = ROOMS[layout] if step % 2 else (23 + step, 9)
                canvas = panel.paint(session.frame(), view, width, height)
                for y in range(height):
                    strip = canvas.strip(y)
                    assert sum(cell_len(segment.text) for segment in strip) == width
                    assert not any(unicodedata.category(c) in {"Cc", "Cf"} for segment in strip for c in segment.text)
                    narrow = ascii.apply([*strip], Color(0, 0, 0))
                    assert sum(len(segment.text) for segment in narrow) == width
        if not session.step(Grain.ELEMENT).moved:
            break


def _ends(text: str) -> set[int]:
    """The cells after which numbers with four decimals end."""
    found = set()
    for line in text.splitlines():
        at = 0
        for word in line.split(" "):
            at += breadth(word) + 1
            if len(word.partition(".")[2]) == 4 and word[1:].replace(".", "").isdecimal():
                found.add(at - 1)
    return found


def test_columns_stand_under_each_other_whatever_the_names() -> None:
    session = made(3)
    session.goto("end")
    tape = CLASSES["tape"].paint(session.frame(), View(), 60, 40).text()
    assert len(_ends(tape)) == 1
    params = CLASSES["params"].paint(session.frame(), View(zoom=Zoom.LAYER), 100, 20)
    rows = [params.chars[y] for y in range(2, 18)]
    assert all(row[0] == row[-1] == "│" for row in rows)
    assert len({tuple(x for x, c in enumerate(row) if c in "+−") for row in rows}) <= 4


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (160, 45)])
async def test_no_line_of_the_screen_is_longer_than_it(width: int, height: int) -> None:
    for number in (1, 4):
        app = Gradstep(made(number).recording.scenario)
        async with app.run_test(size=(width, height)) as pilot:
            for keys in ((), ("space", "space"), ("right", "enter"), ("o",), ("escape", "slash"), ("escape", "e"),
                         ("escape", "y"), ("escape", "colon", *"print x y", "enter"), ("escape", "V")):  # fmt: skip
                await pilot.press(*keys)
                await pilot.pause()
                for line in app.screen._compositor.render_strips():
                    text = "".join(segment.text for segment in line)
                    assert cell_len(text) == width, keys
                    assert not any(unicodedata.category(c) in {"Cc", "Cf"} for c in text), (keys, text)


def test_what_is_shipped_takes_the_short_way() -> None:
    """Measuring every character would be felt at every key."""
    for name in builtin():
        session = Session(find(name))
        for where in ("start", "40%", "end"):
            session.goto(where)
            for panel in CLASSES.values():
                canvas = panel.paint(session.frame(), View(), 100, 20)
                assert not canvas.odd, (name, panel)


def test_long_lines_hang_under_what_they_say() -> None:
    text = "head of it\n    rule: one two three four five six seven\n  a    b"
    assert hanging(text, 34) == [
        "head of it",
        "    rule: one two three four",
        "          five six seven",
        "  a    b",  # what fits stays as it is
    ]
    assert hanging("one two three", 9) == ["one two", "  three"]
    for width in range(10, 40):
        lines = hanging(text, width)
        assert all(breadth(line) <= width for line in lines), (width, lines)
        assert " ".join(lines).split() == text.split()


@pytest.mark.parametrize(
    ("text", "width", "folded"),
    [
        ("h[0]", 4, "h[0]"),
        ("encoder.layers.0.weight", 12, "…0.weight"),
        ("x[0,0,1,2]", 7, "x[0…,2]"),
        ("∂h[0,1,1]/∂c[0,1,1]", 12, "∂h…∂c[0,1,1]"),
        ("L:sigmoid[2,0]", 8, "L…d[2,0]"),
        ("L:sigmoid[2,0]", 7, "L…[2,0]"),
        ("hidden_units₁₂", 7, "hi…ts₁₂"),
        ("abc", 2, "a…"),
        ("abc", 0, ""),
    ],
)
def test_what_is_folded_keeps_its_head_and_its_tail(text: str, width: int, folded: str) -> None:
    assert fold(text, width) == folded


@given(st.text(max_size=40), st.integers(0, 30))
def test_what_is_folded_fits_and_neighbours_differ(text: str, width: int) -> None:
    found = fold(text, width)
    assert breadth(found) <= max(width, 0)
    assert found == text or "…" in found or not found
    if width > 4 and breadth(text) > width:
        assert found[-1] == text[-1] or not text[-1].isprintable() or breadth(text[-1]) != 1
