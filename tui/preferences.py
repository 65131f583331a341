"""What holds for a person whatever is opened: what their file says, and the theme that the screen was left with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gradstep.engine.errors import CommandError, ScenarioError, nearest
from gradstep.tui.keymap import BY_ID, DEFAULT, Keymap, is_key
from gradstep.tui.theme import BUILT_IN, PALETTES, Palette

if TYPE_CHECKING:
    from gradstep.engine.files import Draft, Table

#: What the file may say; `gradstep config` prints it where there is no file.
EXAMPLE = """\
# theme = "light"           # dark, light, contrast (for projectors), ansi (the terminal's sixteen colours),
#                           # or NAME for themes/NAME.toml beside this file
# digits = 6                # after the point in Math and on the tape; 17 are all
# motion = false            # nothing blinks
# hints = false             # a hint is said once, when it first would help; so none is
# ascii = true              # draw with ASCII characters only
#
# [keymap]                  # other keys, by the names in `gradstep config --keys`
# "time.step" = "space,n"
"""
_KEYS = ("theme", "digits", "motion", "hints", "ascii", "keymap")
#: So many lines that were typed are kept.
_TYPED = 200
#: The length of a file of preferences, and of a theme.
_LARGEST = 1 << 16


class Preferences(NamedTuple):
    """What a person's file says. `theme` is empty where it says nothing of one."""

    theme: str = ""
    digits: int | None = None
    motion: bool = True
    hints: bool = True
    ascii: bool = False
    keymap: Keymap = DEFAULT


def config_file() -> Path:
    """Where the file of preferences is: in the user's folder for such files, or what GRADSTEP_CONFIG names."""
    given = os.environ.get("GRADSTEP_CONFIG")
    if given:
        return Path(given)
    from platformdirs import user_config_path

    return user_config_path("gradstep", appauthor=False) / "config.toml"


def preferences() -> Preferences:
    """What the file says; where there is none, nothing. Raises ScenarioError, with lines and columns."""
    file = config_file()
    if not os.path.lexists(file):
        return Preferences()
    draft = _draft(file)
    top = draft.top
    top.only(_KEYS)
    found = Preferences(
        theme=_theme(top),
        digits=top.whole("digits", 1, 17),
        motion=top.flag("motion", True),
        hints=top.flag("hints", True),
        ascii=top.flag("ascii"),
        keymap=_keymap(draft.table("keymap")),
    )
    draft.stop_if_bad()
    return found


def _draft(file: Path) -> Draft:
    """A file, to be read."""
    from gradstep.engine.files import Draft, text_of  # here: most people have no such file, and wait for the screen

    return Draft(text_of(str(file), str(file), _LARGEST), str(file), None)


def _theme(top: Table) -> str:
    name = top.text("theme")
    if name:
        try:
            palette(name)
        except CommandError as error:
            top.bad("theme", str(error))
    return name


def _keymap(table: Table) -> Keymap:
    """Raises nothing: what is wrong is noted, each with its line."""
    changes: dict[str, str] = {}
    for name, keys in table.said.items():
        if name not in BY_ID:
            table.bad(
                name,
                f"no key has the name '{name}'{nearest(name, BY_ID) or '; gradstep config --keys lists them'}",
                True,
            )
        elif not isinstance(keys, str) or not all(is_key(key.strip()) for key in keys.split(",")):
            table.bad(name, 'keys are written as in "space,n", "ctrl+o" or "f5"')
        else:
            changes[name] = keys
    found = Keymap(changes)
    for name in changes:
        for key, other in found.clashes(name):
            table.bad(name, f"'{key}' is the key of {other} already; give that one another key as well")
    return found


# Themes ------------------------------------------------------------------------------------------


def themes() -> list[str]:
    """The names of all themes: those that ship with gradstep, and a person's own."""
    folder = config_file().parent / "themes"
    return [*BUILT_IN, *(sorted(found.stem for found in folder.glob("*.toml")) if os.path.isdir(folder) else [])]


def palette(name: str) -> Palette:
    """The colours that a name means: a theme that ships with gradstep, or themes/NAME.toml beside the file of
    preferences. Raises CommandError where there is none, or where it is not sound."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    folder = config_file().parent / "themes"
    file = folder / f"{name}.toml"
    if Path(name).name != name or not os.path.isfile(file):
        raise CommandError(f"no theme '{name}'{nearest(name, themes())}; there are {', '.join(themes())}")
    draft = _draft(file)
    found = _custom(draft, name)
    try:
        draft.stop_if_bad()
    except ScenarioError as error:
        raise CommandError(str(error)) from None
    return found


def _custom(draft: Draft, name: str) -> Palette:
    """A person's own theme: the roles that its file gives a colour, the rest as in `base`. What is wrong is noted in
    the draft."""
    top = draft.top
    base = PALETTES[top.choice("base", list(PALETTES))]
    top.only(("base", *base.roles))
    roles = dict(base.roles)
    for role in base.roles:
        colour = top.text(role)
        if colour and not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            top.bad(role, f'a colour is written as in "#35d0ba", not {colour!r}')
        elif colour:
            roles[role] = colour.lower()
    return replace(base, name=name, dark=_dark(roles["background"]), roles=roles)


def _dark(colour: str) -> bool:
    """Whether a background is nearer to black: its luma (Rec. 601)."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128


# What the screen remembers -----------------------------------------------------------------------


def _kept(what: str) -> Path:
    """The file in which it is kept: in the user's folder for such, or beside what GRADSTEP_CONFIG names."""
    from platformdirs import user_state_path

    given = os.environ.get("GRADSTEP_CONFIG")
    folder = Path(given).parent if given else user_state_path("gradstep", appauthor=False)
    return folder / what


def _lines(what: str) -> list[str]:
    try:
        return _kept(what).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):  # there is none, or it is no text: nothing is remembered
        return []


def _keep(what: str, lines: Iterable[str]) -> None:
    """Where it cannot be written, the next time begins as this one did."""
    from gradstep.engine.files import write_over  # here, because nothing is written at the start

    file = _kept(what)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_over(str(file), "".join(f"{line}\n" for line in lines))
    except (OSError, CommandError):
        return


def remembered() -> str:
    """The name of the theme that the screen was left with; empty where none is known, or it is gone."""
    name = next(iter(_lines("theme")), "")
    try:
        palette(name)
    except CommandError:
        return ""
    return name


def remember(theme: str) -> None:
    """Notes the theme for the next time."""
    _keep("theme", [theme])


def hinted() -> list[str]:
    """The keys about which a hint has been seen."""
    return _lines("hints")


def typed() -> list[str]:
    """The lines that were typed, the newest last."""
    return _lines("typed")


def note_typed(line: str) -> None:
    """Notes one more of them."""
    _keep("typed", [*typed(), line][-_TYPED:])


def note_hint(key: str) -> None:
    """Notes that the hint about a key has been seen."""
    _keep("hints", dict.fromkeys([*hinted(), key]))
