"""Terminals that show less: only ASCII, no colours, sixteen of them."""

from __future__ import annotations

import html
import re

import pytest
from driving import debugger
from rich.color import Color, ColorSystem
from terminals import terminal
from test_panels import PANELS

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find
from gradstep.engine.run.timeline import Grain
from gradstep.tui.app import Gradstep
from gradstep.tui.ascii import TABLE, wanted
from gradstep.tui.keymap import KEYS
from gradstep.tui.theme import PALETTES, palettes
from gradstep.tui.view import Layout, View, Zoom


@pytest.mark.parametrize("scenario", builtin())
def test_every_character_of_the_panels_has_one_in_its_place(scenario: str) -> None:
    """`?` would say that something is shown that nothing stands for."""
    session = Session(find(scenario))
    seen: set[str] = set()
    for _ in range(60):
        for zoom in Zoom:
            view = View(zoom=zoom, layout=Layout.WIDE)
            for panel in PANELS.values():
                seen |= set(panel.paint(session.frame(), view, 90, 24).text())
        if not session.step(Grain.ARRAY).moved:
            break
    unknown = {c for c in seen if c.isprintable() and c.translate(TABLE) == "?"} - {"?"}
    assert not unknown
    assert all(len(c.translate(TABLE)) == 1 for c in seen if c != "\n")


def shown(app: Gradstep) -> str:
    """All text on the screen."""
    svg = re.sub(r"<style.*?</style>", "", app.export_screenshot(), flags=re.DOTALL)
    return html.unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))).replace("\xa0", " ")


async def test_no_panel_and_no_dialog_writes_anything_but_ascii() -> None:
    app = Gradstep(find("walkthrough"), ascii=True)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("p", "p")
        for keys in ((), ("question_mark",), ("o",), ("g",), ("e",), ("y",), ("slash",), ("colon",), ("B",)):
            await pilot.press(*keys)
            await pilot.pause()
            text = shown(app)
            assert text.isascii(), (keys, {c for c in text if not c.isascii()})
            assert "dL/d" in text or keys
            if keys:
                await pilot.press("escape")
                await pilot.pause()


def test_in_a_terminal_not_one_byte_is_beyond_ascii() -> None:
    with terminal(100, 30, "--ascii", "fan-out") as t:
        t.wait_for("2 Network", "gradstep")
        t.press(b" ")
        t.wait_for("step 1/")
        assert t.raw.isascii()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "en_US.UTF-8", "TERM": "xterm"}, False),
        ({"LANG": "C.utf8", "TERM": "xterm"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"LANG": "en_US.ISO-8859-1", "TERM": "xterm"}, True),
        ({"LC_ALL": "de_DE.ISO-8859-15@euro", "LANG": "de_DE.UTF-8", "TERM": "xterm"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "vt100"}, True),
    ],
)
def test_it_is_chosen_where_the_environment_says_so(environment: dict[str, str], expected: bool) -> None:
    assert wanted(environment) is expected


def test_keys_are_shown_by_keys_that_do_the_same() -> None:
    """⌫ and ⏎ have no character of their own: another key of the same binding stands for them."""
    for sign, other, name in (("⌫", ",", "comma"), ("⏎", "=", "equals_sign")):
        assert sign.translate(TABLE) == other
        assert any(key.shown.startswith(sign) and name in key.keys.split(",") for key in KEYS)


# Colours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", palettes("standard", False))
def test_sixteen_colours_keep_apart_what_must_not_be_mistaken(name: str) -> None:
    roles = palettes("standard", False)[name].roles

    def code(role: str) -> int | None:
        return Color.parse(roles[role]).downgrade(ColorSystem.STANDARD).number

    for group in (
        ("background", "text", "positive", "negative", "alarm", "current"),
        ("background", "tint"),
        ("background", "placeholder", "text"),
        ("background", "forward", "loss", "backward", "update"),
        ("tint", "text", "positive", "negative"),
    ):
        if name.endswith("light"):
            group = tuple(r for r in group if r != "current")  # black is text and cursor there: bold tells them apart
        codes = [code(role) for role in group]
        assert len(set(codes)) == len(codes), dict(zip(group, codes, strict=True))


def test_terminals_with_many_colours_keep_the_design() -> None:
    assert palettes("truecolor", False) is PALETTES
    assert palettes("256", False) is PALETTES
    assert all(p.glyphs for p in palettes("truecolor", True).values())


async def test_without_colours_signs_are_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Gradstep(find("digits"))
    async with app.run_test(size=(160, 45)) as pilot:
        for _ in range(10):
            await pilot.press("space")
        await pilot.pause()
        text = shown(app)
        grad = debugger(pilot).session.recording.trace.grad[debugger(pilot).session.recording.graph.by_name["h"].id]
        assert grad is not None
        negative = int((grad[31] < 0).sum())
        cells = re.findall(r"(?<![\w.+-])(?:[+-][.:=o*%#]){6,}|(?:[+-][.:=o*%#]|\[\])+", text)
        signs = "".join(cells)
        assert 0 < negative < 32
        assert signs.count("-") >= negative - 2  # the cursor hides one or two
