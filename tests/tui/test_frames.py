"""What is written to the terminal is little, and makes it show what Textual's own way of writing would."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import keys
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from terminals import terminal
from textual import events
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from gradstep.engine.files import find
from gradstep.tui.app import Gradstep
from gradstep.tui.panels.base import Panel
from gradstep.tui.terminal.reader import Reader
from gradstep.tui.terminal.shadow import Shadow

#: Of what a pyte cell knows, all.
Cells = list[list[tuple[Any, ...]]]


def cells_of(screen: pyte.Screen) -> Cells:
    return [[_seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def _seen(cell: Any) -> tuple[Any, ...]:
    """All that a cell shows: of a blank on which nothing is drawn not the ink."""
    data, ink, *rest = cell
    return (data, "" if data == " " and not any(rest[1:]) else ink, *rest)


class Emulated:
    """A terminal that has been given all that was written."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.screen.reset_mode(7, private=True)  # as Textual's driver leaves it: no wrapping
        self.stream = pyte.Stream(self.screen)
        self.written = 0

    def write(self, text: str) -> None:
        self.stream.feed(text)
        self.written += len(text.encode())

    def differing(self, other: Emulated) -> list[tuple[int, int]]:
        mine, theirs = cells_of(self.screen), cells_of(other.screen)
        return [(x, y) for y, row in enumerate(mine) for x, cell in enumerate(row) if cell != theirs[y][x]]


STYLES = [
    Style.parse(s)
    for s in ("", "#112233 on #445566", "#112233", "bold #112233 on #445566", "dim italic", "reverse on blue",
              "underline strike #0000ff", "default on default", "not bold red", "bold on bright_red")
]  # fmt: skip
LINES = st.lists(st.tuples(st.sampled_from(["a", "∂", "界", "🙂", "ab  c", "           ", "é", "x\u0301", "━┃"]),
                           st.sampled_from(STYLES)), min_size=1, max_size=8)  # fmt: skip
PUTS = st.lists(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 3), LINES), max_size=4), min_size=1, max_size=6)


@given(frames=PUTS, colours=st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD, None]))
def test_after_any_frames_it_shows_what_one_that_knows_nothing_would_show(
    frames: list[list[tuple[int, int, list[tuple[str, Style]]]]], colours: ColorSystem | None
) -> None:
    shadow, followed = Shadow(colours), Emulated(16, 4)
    shadow.forget(16, 4)
    done: list[tuple[int, int, list[Segment]]] = [(0, y, [Segment(" " * 16, STYLES[1])]) for y in range(4)]
    for put in done:
        shadow.put(*put)
    for frame in frames:
        for x, y, line in frame:
            done.append((x, y, [Segment(text, style) for text, style in line]))
            shadow.put(*done[-1])
        followed.write(shadow.flush((0, 0)))
        fresh, anew = Shadow(colours), Emulated(16, 4)
        fresh.forget(16, 4)
        for put in done:
            fresh.put(*put)
        anew.write(fresh.flush((0, 0)))
        assert followed.differing(anew) == []
        assert shadow.flush((0, 0)) == ""


class Both(Gradstep):
    """Writes each frame in Textual's way into one terminal, and in ours into another."""

    def begin(self, width: int, height: int) -> None:
        self.theirs, self.ours = Emulated(width, height), Emulated(width, height)
        self.frames, self.lines, self.full, self.wrong = 0, 0, 0, []

    wrong: list[str]

    @property
    def _shadowed(self) -> bool:
        return True

    def _display(self, screen: Any, renderable: Any) -> None:
        size = (self.ours.screen.columns, self.ours.screen.lines)
        if size != tuple(self.size):
            for one in (self.theirs, self.ours):
                one.screen.resize(self.size.height, self.size.width)
        if renderable is not None and self._driver is not None and not self._batch_count:
            self._driver.write = self.ours.write  # type: ignore[method-assign]
            self.theirs.write(renderable.render_segments(self.console))
        super()._display(screen, renderable)
        self.frames += 1
        # A frame that was made for a size the terminal no longer has is followed by one that is not.
        if tuple(screen._compositor.size) == tuple(self.size):
            self.compare(self.theirs, f"frame {self.frames}")

    def show_lines(self, widget: Any, picture: Any, spans: Any) -> bool:
        done = super().show_lines(widget, picture, spans)
        for y, _, _ in spans if done else ():
            line = widget.render_line(y).render(self.console)
            self.theirs.write(f"\x1b[{widget.region.y + y + 1};{widget.region.x + 1}H{line}")
        return done

    def write_lines(self) -> None:
        pending = self._shadow is not None and self._shadow.touched
        super().write_lines()
        if pending:
            self.lines += 1
            self.compare(self.theirs, f"lines {self.lines}")

    def repaint(self) -> None:
        """Compares what is shown with all of it painted anew."""
        screen = self.screen
        if self._exit or not screen._compositor.size or tuple(screen._compositor.size) != tuple(self.size):
            return
        for panel in screen.query().results(Panel):  # type: ignore[type-abstract]
            panel._painted = panel._canvas = None
        visible_screen_stack.set(self._background_screens)
        fresh = Emulated(*self.size)
        for y, strip in enumerate(screen._compositor.render_strips()):
            fresh.write(f"\x1b[{y + 1}H{strip.render(self.console)}")
        self.full += 1
        self.compare(fresh, f"all anew after frame {self.frames} and lines {self.lines}")

    def compare(self, wanted: Emulated, what: str) -> None:
        if differing := self.ours.differing(wanted):
            self.wrong.append(f"{what}: {len(differing)} cells from {differing[0]} on")


async def _storm(seed: int, name: str, size: tuple[int, int], folder: Path, **options: Any) -> Both:
    chance = random.Random(seed)
    app = Both(find(name), **options)
    app.begin(*size)
    reader = Reader()
    async with app.run_test(size=size) as pilot:
        for text, _ in zip(keys.storm(chance, app.session, *size, folder), range(24), strict=False):
            if set(text) & keys.LEAVES or app._exit:
                continue
            for message in (*reader.feed(text), *reader.tick()):
                app.post_message(message)
            match chance.randrange(30):
                case 0 | 1:
                    await keys._resize(app, chance)
                case 2:  # over the panels, and away after a while
                    app.notify("toast 界", timeout=chance.choice((0.01, 30)))
                case 3:
                    app.post_message(events.Key("D", "D"))  # another theme
            # And what is pressed most, where no window is open.
            for name in chance.choice(
                (("escape",), ("escape",), ("escape", "escape", "space", "space", "f", "tab", "backspace"))
            ):
                app.post_message(events.Key(name, None))
                await pilot.pause()
            if chance.random() < 0.25:
                await _quiet(app, pilot)
                app.repaint()
        await _quiet(app, pilot)
        app.repaint()
    return app


async def _quiet(app: Both, pilot: Pilot[int]) -> None:
    """Until nothing is to be shown any more that is not."""
    for _ in range(50):
        await pilot.pause()
        widgets = [app.screen, *app.screen.walk_children(Widget)] if app.screen_stack else []
        if not any(w._repaint_required or w._layout_required or w.message_queue_size for w in widgets):
            break
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("seed", "name", "size", "ascii", "environment"),
    [
        (1, "walkthrough", (160, 45), False, {}),
        (2, "conv-edge", (100, 30), False, {"COLORTERM": "", "TERM": "xterm"}),  # sixteen colours
        (3, "xor-training", (80, 24), False, {}),
        (4, "residual", (100, 30), True, {}),
        (5, "digits-training", (160, 45), False, {"COLORTERM": "", "TERM": "xterm-256color"}),
        (6, "masked-where-nan", (80, 24), False, {"NO_COLOR": "1"}),
    ],
)
def test_a_storm_of_keys_leaves_the_terminal_as_textual_would(
    seed: int,
    name: str,
    size: tuple[int, int],
    ascii: bool,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, value in {"COLORTERM": "truecolor", "TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(variable, value)
    # Styles and blanks remember how they were written in the colours of another test.
    Strip.blank.cache_clear()
    written = Strip.render_style

    def anew(style: Style, text: str, color_system: ColorSystem) -> str:
        style._ansi = None
        return written(style, text, color_system)

    monkeypatch.setattr(Strip, "render_style", staticmethod(anew))
    app = asyncio.run(_storm(seed, name, size, tmp_path, ascii=ascii))
    assert app.wrong == []
    assert app.frames > 5
    assert app.full > 1
    assert app.ours.written < app.theirs.written
    if not ascii and not environment.get("NO_COLOR"):  # these are looked at by Textual's filters
        assert app.lines > 5


def test_a_launch_is_one_frame_and_a_key_is_small() -> None:
    """At 160×45; the goals are 30,000 bytes and 4,000."""
    with terminal(160, 45, "walkthrough") as t:
        t.wait_for("Nothing is computed yet")
        while t.read(0.5):
            pass
        begun = t.raw.rfind(b"\x1b[?1049h")
        assert len(t.raw) - begun < 30_000
        sizes = []
        for _ in range(24):
            before = len(t.raw)
            t.press(b" ")
            t.read(1.0)
            while t.read(0.2):
                pass
            sizes.append(len(t.raw) - before)
        assert 0 < sorted(sizes)[len(sizes) // 2] < 4_000
