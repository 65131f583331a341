"""A person's file: other keys, a theme, digits; and what is wrong in it, each with its line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from driving import at, debugger, text
from terminals import terminal

from gradstep.engine.errors import CommandError, ScenarioError
from gradstep.engine.files import find
from gradstep.tui.app import Gradstep
from gradstep.tui.keymap import KEYS, Keymap, is_key, written
from gradstep.tui.preferences import BUILT_IN, EXAMPLE, palette, preferences, remember, remembered
from gradstep.tui.screens.help import Help
from gradstep.tui.theme import PALETTES, palettes
from gradstep.tui.view import Beginning, Zoom


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("GRADSTEP_CONFIG", str(path))
    return path


def problems(file: Path) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        preferences()
    return [line.removeprefix(f"{file}:") for line in str(raised.value).splitlines()]


def test_without_a_file_nothing_is_otherwise(file: Path) -> None:
    found = preferences()
    assert (found.theme, found.digits, found.motion, found.hints, found.ascii) == ("", None, True, True, False)
    assert found.keymap.keys is KEYS


def test_the_example_is_what_a_file_may_say(file: Path) -> None:
    said = re.sub(r"^# (?=\[|\"|\w+ =)", "", EXAMPLE, flags=re.MULTILINE)
    file.write_text(said, encoding="utf-8")
    found = preferences()
    assert (found.theme, found.digits, found.motion, found.hints, found.ascii) == ("light", 6, False, False, True)
    assert found.keymap.changes == {"time.step": "space,n"}


def test_all_mistakes_are_named_with_their_lines(file: Path) -> None:
    file.write_text(
        'thme = "dark"\ndigits = 40\nmotion = 1\n[keymap]\n"time.stepp" = "x"\n"time.back" = "hyperspace"\n'
        '"act.why" = 3\n"act.edit" = "w"\n',
        encoding="utf-8",
    )
    found = problems(file)
    assert found[0].startswith("1:1: unknown key 'thme'; did you mean 'theme'?")
    assert found[1].startswith("2:10: digits must be a whole number from 1 to 17, not 40")
    assert found[2].startswith("3:10: motion must be true or false")
    assert found[3].startswith("5:2: no key has the name 'time.stepp'; did you mean 'time.step'?")
    assert found[4].startswith("6:15: keys are written as in")
    assert found[5].startswith("7:13: keys are written as in")
    assert found[6].startswith("8:14: 'w' is the key of act.watch already")
    assert len(found) == 7


def test_two_names_may_change_their_keys_with_each_other(file: Path) -> None:
    file.write_text('[keymap]\n"act.edit" = "w"\n"act.watch" = "e"\n', encoding="utf-8")
    shown = {key.id: key.shown for key in preferences().keymap.keys}
    assert (shown["act.edit"], shown["act.watch"]) == ("w", "e")


def test_a_theme_of_ones_own(file: Path) -> None:
    (file.parent / "themes").mkdir()
    (file.parent / "themes" / "sea.toml").write_text('base = "light"\nbackground = "#001122"\n', encoding="utf-8")
    file.write_text('theme = "sea"\n', encoding="utf-8")
    mine = palette(preferences().theme)
    assert mine.dark
    assert mine.roles == {**PALETTES["light"].roles, "background": "#001122"}
    (file.parent / "themes" / "sea.toml").write_text('txt = "#001122"\ntext = "blue"\n', encoding="utf-8")
    with pytest.raises(CommandError, match=r"(?s)sea\.toml:1:1: unknown key 'txt'.*sea\.toml:2:8: a colour is written"):
        palette("sea")
    (found,) = problems(file)
    assert found.startswith("1:9: ")


@pytest.mark.parametrize("name", ["gone", "../sea", "/etc/passwd", "", "x\0"])
def test_no_such_theme(file: Path, name: str) -> None:
    with pytest.raises(CommandError, match="there are dark, light, contrast, ansi"):
        palette(name)


def test_the_theme_that_the_screen_was_left_with(file: Path) -> None:
    assert remembered() == ""
    remember("contrast")
    assert remembered() == "contrast"
    remember("one that is gone since")
    assert remembered() == ""


def test_a_theme_that_cannot_be_remembered_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRADSTEP_CONFIG", str(tmp_path / "file" / "config.toml"))
    remember("light")
    assert remembered() == ""


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("on", ["background", "bar", "tint"])
def test_high_contrast_is_high(on: str) -> None:
    """Contrast as WCAG 2.2 defines it: 7 to 1 for what is read, 4.5 to 1 for lines; on bars and tints a little less."""
    roles = BUILT_IN["contrast"].roles
    paper = _luminance(roles[on])
    for role, colour in roles.items():
        if role in ("background", "bar", "tint"):
            continue
        ratio = (paper + 0.05) / (_luminance(colour) + 0.05)
        assert ratio >= (4.0 if role == "line" else 7.0 if on == "background" else 5.5), (role, on, ratio)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_text_can_be_read(theme: str) -> None:
    """WCAG 2.2: 4.5 to 1 for text, also for the names of what is not computed yet, and on the row that one looks at; 3
    to 1 for what is drawn and means something; the edges of panels mean nothing. What is not there yet stays fainter
    than words, and these than numbers."""
    roles = BUILT_IN[theme].roles
    ratios = {(role, on): _ratio(roles[role], roles[on]) for role in roles for on in ("background", "tint")}
    read = roles.keys() - {"background", "bar", "tint", "line", "frame"}
    assert {(role, on) for role, on in ratios if role in read and ratios[role, on] < 4.5} == set()
    assert ratios["frame", "background"] >= 3.0
    faint, words, numbers = (ratios[role, "background"] for role in ("placeholder", "dim", "text"))
    assert faint * 1.25 < words < numbers / 1.25


def _ratio(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_what_is_wanted_comes_first_or_what_is_as_dark() -> None:
    light = BUILT_IN["light"]
    assert list(palettes("truecolor", False, light)) == ["light", "dark", "contrast"]
    mine = replace(light, name="mine")
    assert next(iter(palettes("truecolor", False, mine))) == "mine"
    assert list(palettes("standard", False, mine)) == ["light", "dark"]
    assert all(p.glyphs for p in palettes("truecolor", True, mine).values())


@pytest.mark.parametrize(
    ("key", "shown"),
    [("n", "n"), ("space", "space"), ("ctrl+o", "^o"), ("f5", "F5"), ("question_mark", "?"), ("backspace", "⌫")],
)
def test_keys_as_people_write_them(key: str, shown: str) -> None:
    assert is_key(key)
    assert written(key) == shown


@pytest.mark.parametrize("key", ["", "hyper+x", "spacebar", "ctrl+", "ctrl+shift"])
def test_what_is_no_key(key: str) -> None:
    assert not is_key(key)


async def test_other_keys_are_in_footer_and_help_and_work() -> None:
    beginning = Beginning(keymap=Keymap({"time.step": "z", "app.help": "H"}), zoom=Zoom.NETWORK, digits=6)
    async with Gradstep(find("walkthrough"), beginning=beginning).run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        assert debugger(pilot).scenery.view.zoom is Zoom.NETWORK
        await pilot.press("space")
        assert at(pilot).step == 0
        await pilot.press("z")
        await pilot.pause()
        assert at(pilot).step > 0
        footer = text(pilot).splitlines()[-1]
        assert " z step" in footer
        assert "H help" in footer
        await pilot.press("question_mark")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Help)
        await pilot.press("H")
        await pilot.pause()
        shown = str(pilot.app.screen.query_one("#keys").render())
        assert re.search(r"^ z .*one step; back", shown, re.MULTILINE)


def test_opening_at_a_place_in_a_theme_and_size(tmp_path: Path) -> None:
    """As a person does: the flags, then another theme by key, which the next start has."""
    config = {"GRADSTEP_CONFIG": str(tmp_path / "config.toml")}
    words = ("fan-out", "--at", "h.grad[0]", "--theme", "light", "--digits", "6", "--size", "100x30")
    with terminal(160, 45, *words, cwd=tmp_path, **config) as t:
        t.wait_for("step 24/55", "? help", "−0.055822")
        assert t.screen.buffer[0][60].bg == "eceeef"
        assert all(t.screen.buffer[line][column].data == " " for line in range(45) for column in range(100, 160))
        assert "".join(t.screen.display[30:]).strip() == ""
        t.press(b"T")
        t.wait_for("q quit")
        t.press(b"q")
        assert t.ended() == 0
    assert (tmp_path / "theme").read_text() == "dark\n"
    with terminal(100, 30, "fan-out", cwd=tmp_path, **config) as t:
        t.wait_for("? help")
        assert t.screen.buffer[0][60].bg == "161d27"
        t.press(b"q")
        assert t.ended() == 0


def test_what_is_wrong_is_said_before_there_is_a_screen(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    for words, said in (
        (("fan-out", "--at", "nowhere"), "error: unknown name 'nowhere'"),
        (("fan-out", "--theme", "ligth"), "error: no theme 'ligth'; did you mean 'light'?"),
        (("fan-out",), "config.toml:1:1: unknown key 'x'"),
    ):
        if len(words) == 1:
            config.write_text("x = 1\n")
        with terminal(200, 30, *words, cwd=tmp_path, GRADSTEP_CONFIG=str(config)) as t:
            assert t.ended() == 2
            assert said in t.text
            assert b"\x1b[?1049h" not in t.raw
