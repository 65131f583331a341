"""Storms of keys on the screen, without a terminal: all bindings, text, mouse, pastes, replies and noise, at all sizes,
in dialogs, and while a training runs.

A case is a screen and some two hundred keys. What is typed goes through the reader, as what a terminal sends does. A
finding is whatever the wall has noted, and a line that is not as wide as the screen or speaks to the terminal.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import lines
import rig
from rich.cells import cell_len
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.geometry import Size
from textual.keys import Keys, _character_to_key
from textual.widgets import Input
from textual.worker import WorkerCancelled

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find
from gradstep.tui.app import Gradstep
from gradstep.tui.keymap import KEYS
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.terminal.reader import Reader
from gradstep.tui.wall import FAULTS

#: How many keys a case has at most.
LENGTH = 200
NAMES = [*builtin()]
SIZES = [(160, 45), (100, 30), (80, 24), (30, 8), (1, 1), (2, 50), (500, 10), (79, 23), (200, 60), (12, 3)]
WORDS = ["h", "y.grad", "W1[0,0]", "loss", "0", "24", "+10", "50%", "@2", "end", "list", "1e999", "-", "~", "",
         "変", "[/]", "[red]", "x" * 70, "dead(h[1])", "grad == 0", "./no.toml", "/dev/null", ".."]  # fmt: skip
REPLIES = ["\x1b[?62;22c", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b[12;40R", "\x1bP>|tmux 3.4\x1b\\",
           "\x1b[999999999A", "\x1b[I", "\x1b[O", "\x1b[?2026;2$y", "\x1b[99~", "\x1b\x1b[", "\x9b", "\x00",
           "\x1b[200z"]  # fmt: skip
LEAVES = {"q", "\x03"}


def _sequences() -> dict[str, str]:
    """What a terminal sends for each key, by Textual's name of it."""
    found = {_character_to_key(chr(code)): chr(code) for code in range(32, 127)}
    for sequence, keys in ANSI_SEQUENCES_KEYS.items():
        if isinstance(keys, tuple) and len(keys) == 1 and isinstance(keys[0], Keys):
            found.setdefault(keys[0].value, sequence)
    return found


_SEQUENCES = _sequences()
BOUND = [_SEQUENCES[key] for one in KEYS for key in one.keys.split(",")]
OTHERS = [_SEQUENCES[key] for key in ("space", "backspace", "tab", "f5", "ctrl+q", "ctrl+v", "ctrl+a", "ctrl+k",
                                  "delete", "ctrl+left", "shift+right", "insert")]  # fmt: skip
ARROWS = [_SEQUENCES[key] for key in ("up", "down", "left", "right")]


def _mouse(chance: random.Random, width: int, height: int) -> str:
    x, y = chance.randint(0, width + 2), chance.randint(0, height + 2)
    match chance.randrange(7):
        case 3:  # it is held down, moved, and let go, maybe where there is no screen any more
            there = f"{chance.choice((1, x, width + 9, 9999))};{chance.choice((1, y, height + 9))}"
            return f"\x1b[<0;{x};{y}M" + f"\x1b[<32;{there}M" * chance.choice((1, 30)) + f"\x1b[<0;{there}m"
        case 0:
            return f"\x1b[<{chance.choice((64, 65, 66, 67))};{x};{y}M"
        case 1:
            return f"\x1b[<{chance.choice((32, 35, 2, 1, 99))};{x};{y}M"
        case 2:
            return f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m" * 2
        case _:
            return f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"


def _line(chance: random.Random, session: Session, folder: Path) -> str:
    """A command, or what else may be typed into a line."""
    if chance.random() < 0.3:
        return chance.choice(WORDS)
    while True:
        text = lines.Lines(chance, session, folder).line()
        word = text.split()[0] if text.split() else ""
        if not any(name.startswith(word) for name in ("export", "save")):  # they write files
            return "".join(c for c in text if c.isprintable())


def storm(chance: random.Random, session: Session, width: int, height: int, folder: Path) -> Iterator[str]:
    """What a terminal sends, key by key, without an end; files that it names are made in `folder`."""
    while True:
        pick = chance.random()
        if pick < 0.40:
            yield chance.choice(BOUND)
        elif pick < 0.55:
            yield from [chance.choice((*ARROWS, "\r", "\x1b[5~", "\x1b[6~", " ", "s", "i"))] * chance.choice(
                (1, 1, 2, 9)
            )
        elif pick < 0.65:
            yield _mouse(chance, width, height)
        elif pick < 0.80:
            yield chance.choice(":gB/WoLe")
            line = _line(chance, session, folder)
            # Nobody types more than some hundred characters; whoever has more pastes them.
            yield from (line[:500], "\r", "\r") if chance.random() < 0.7 else (f"\x1b[200~{line}\x1b[201~", "\r")
        elif pick < 0.84:
            yield (
                "\x1b[200~"
                + chance.choice((*WORDS, "a\nb\nq", "q\x1bq\x1b[B", "9" * 5000, "变\n" * 40_000))
                + "\x1b[201~"
            )
        elif pick < 0.88:
            yield chance.choice(REPLIES)
        elif pick < 0.93:
            yield chance.choice(OTHERS)
        elif pick < 0.97:
            yield "".join(chance.choice(BOUND) for _ in range(chance.randrange(2, 30)))
        else:
            yield chr(chance.choice((chance.randrange(32, 127), chance.randrange(160, 0x3000))))


async def _quiet(app: Gradstep) -> None:
    """Lets the app take what has been sent."""
    for _ in range(40):
        await asyncio.sleep(0)
        if not app.message_queue_size and all(not w.message_queue_size for w in _line_of(app)):
            break


def _line_of(app: Gradstep) -> list[Input]:
    return list(app.screen.walk_children(Input)) if app.screen_stack else []


def _looks_right(app: Gradstep) -> None:
    width = app.size.width
    for strip in app.screen._compositor.render_strips():
        text = "".join(segment.text for segment in strip)
        assert cell_len(text) == width, f"a line of {cell_len(text)} cells in {width}: {text!r}"
        odd = [c for c in text if unicodedata.category(c) in ("Cc", "Cf")]
        assert not odd, f"{odd} on the screen"


async def _case(chance: random.Random) -> int:
    """One case; how many keys were sent."""
    app = Gradstep(find(chance.choice(NAMES)), ascii=chance.random() < 0.1)
    sent, reader, tried = 0, Reader(), []
    async with app.run_test(size=chance.choice(SIZES)) as pilot:
        for text in storm(chance, app.session, *app.size, Path.cwd()):
            if text in LEAVES and chance.random() < 0.8:
                continue
            if sent >= LENGTH or app._exit:
                break
            sent += 1
            tried.append(text)
            # What a terminal sends comes in pieces, which end anywhere.
            cut = chance.randrange(len(text) + 1) if chance.random() < 0.2 else 0
            for message in (*reader.feed(text[:cut]), *reader.feed(text[cut:]), *reader.tick()):
                app.post_message(message)
            if chance.random() < 0.03:
                await _resize(app, chance)
            if chance.random() < 0.7:
                await _quiet(app)
            if FAULTS:
                raise AssertionError(f"after {tried}: {next(iter(FAULTS.values()))}") from next(iter(FAULTS))
        if not app._exit:
            for screen in app.screen_stack:
                if isinstance(screen, Debugger):
                    screen.runner.stop()
            with suppress(asyncio.TimeoutError, WorkerCancelled):
                await asyncio.wait_for(app.workers.wait_for_complete(), 5)
            await pilot.pause()
            if not app._exit:
                _looks_right(app)
    if FAULTS or app.failure:
        raise AssertionError(f"after {tried}") from (app.failure or next(iter(FAULTS)))
    return sent


async def _resize(app: Gradstep, chance: random.Random) -> None:
    size = Size(*chance.choice((*SIZES, (chance.randint(1, 500), chance.randint(1, 70)))))
    assert app._driver is not None
    app._driver._size = size
    app.post_message(events.Resize(size, size))


def case(chance: random.Random) -> int:
    """A storm on one screen; how many keys it was."""
    FAULTS.clear()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADSTEP_LOG"] = f"{folder}/log"
        before = os.getcwd()
        os.chdir(folder)
        try:
            return asyncio.run(_case(chance))
        finally:
            os.chdir(before)


if __name__ == "__main__":
    rig.main(case, "Storms of keys.")
