"""Colours by role. A hue on a number or an edge means its sign and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rich.color import Color
from rich.style import Style


@dataclass(frozen=True, slots=True)
class Palette:
    """A colour for every role; `fade` is how much of its hue a faded label keeps. With `glyphs` what
    colour says is said by characters as well: for where colours cannot be seen. `made` are the styles of it that were
    asked for: a picture asks for several hundred."""

    name: str
    dark: bool
    roles: Mapping[str, str]
    fade: float
    glyphs: bool = False
    made: dict[tuple[str, str, bool, float], Style] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.name, self.glyphs, self.roles["text"], self.roles["background"]))

    def style(self, role: str = "text", on: str = "background", bold: bool = False, strength: float = 1.0) -> Style:
        """The style of a role on another; `strength` below 1 mixes it towards the background."""
        key = (role, on, bold, strength)
        found = self.made.get(key)
        if found is None:
            if len(self.made) >= _MOST:
                self.made.clear()
            found = self.made[key] = _style(self, role, on, bold, round(strength, 2))
        return found

    def inverse(self, role: str) -> Style:
        """The number just computed: the one inverse on the screen."""
        return self.style("background", role, True)


def mix(a: str, b: str, share: float) -> str:
    """`share` of colour `a`, the rest `b`; both as #rrggbb."""
    parts = (round(int(a[k : k + 2], 16) * share + int(b[k : k + 2], 16) * (1 - share)) for k in (1, 3, 5))
    return "#" + "".join(f"{p:02x}" for p in parts)


#: So many styles are remembered of a palette.
_MOST = 4096


@lru_cache(maxsize=4096)
def over(style: Style, paper: Color | None) -> Style:
    """A style on another background."""
    return style + Style(bgcolor=paper)


def _style(palette: Palette, role: str, on: str, bold: bool, strength: float) -> Style:
    ink, paper = palette.roles[role], palette.roles[on]
    if strength < 1 and not palette.glyphs:
        ink = mix(ink, paper, strength)
    return Style(color=Color.parse(ink), bgcolor=Color.parse(paper), bold=bold)


DARK = Palette(
    "dark",
    True,
    {
        "background": "#0f141b",
        "text": "#dbe3ee",
        "dim": "#9aa6b7",
        "placeholder": "#7f8ca0",
        "line": "#2f3947",
        "frame": "#596679",
        "positive": "#5cb3ff",
        "negative": "#ff9f45",
        "current": "#ffffff",
        "tint": "#1d2533",
        "forward": "#35d0ba",
        "loss": "#f0d860",
        "backward": "#c9a0ff",
        "update": "#8fdc6a",
        "alarm": "#ff5f7e",
        "bar": "#161d27",
        "brand": "#8793a5",
    },
    0.72,
)

LIGHT = Palette(
    "light",
    False,
    {
        "background": "#fbfbf9",
        "text": "#1b2330",
        "dim": "#4e5967",
        "placeholder": "#5f6977",
        "line": "#ccd2da",
        "frame": "#87919f",
        "positive": "#0a5cb8",
        "negative": "#a44300",
        "current": "#000000",
        "tint": "#ebe6f7",
        "forward": "#00736a",
        "loss": "#7c6300",
        "backward": "#6d3fc0",
        "update": "#35750a",
        "alarm": "#c2123f",
        "bar": "#eceeef",
        "brand": "#5d6878",
    },
    0.88,
)

#: For projectors and bright rooms: each role at least 7 : 1 against the background, lines 4.5 : 1 (WCAG 2.2, AAA).
CONTRAST = Palette(
    "contrast",
    False,
    {
        "background": "#ffffff",
        "text": "#000000",
        "dim": "#2b2b2b",
        "placeholder": "#505050",
        "line": "#6b6b6b",
        "frame": "#2b2b2b",
        "positive": "#0036a8",
        "negative": "#8f2d00",
        "current": "#000000",
        "tint": "#dbe6ff",
        "forward": "#004f48",
        "loss": "#574500",
        "backward": "#4b1fa0",
        "update": "#1f5200",
        "alarm": "#a1002a",
        "bar": "#ededed",
        "brand": "#2b2b2b",
    },
    1.0,
)

#: In the order in which the screen goes through them.
PALETTES = {p.name: p for p in (DARK, LIGHT, CONTRAST)}

#: The sixteen colours of the oldest terminals, as they are looked for; roles that must not be mistaken
#: for each other have different ones.
_SIXTEEN = {
    "black": "#000000",
    "red": "#aa0000",
    "green": "#00aa00",
    "brown": "#aa5500",
    "blue": "#0000aa",
    "magenta": "#aa00aa",
    "cyan": "#00aaaa",
    "grey": "#aaaaaa",
    "dark grey": "#555555",
    "bright red": "#ff5555",
    "bright green": "#55ff55",
    "yellow": "#ffff55",
    "bright blue": "#5555ff",
    "bright magenta": "#ff55ff",
    "bright cyan": "#55ffff",
    "white": "#ffffff",
}


def _sixteen(palette: Palette, names: str) -> Palette:
    roles = dict(zip(palette.roles, (_SIXTEEN[name.strip()] for name in names.split(",")), strict=True))
    return replace(palette, roles=roles, glyphs=True)


#: In the order of the roles: background, text, dim, placeholder, line, frame, positive, negative, current, tint,
#: forward, loss, backward, update, alarm, bar, brand.
_OLD = tuple(
    _sixteen(palette, names)
    for palette, names in (
        (
            DARK,
            "black, grey, grey, dark grey, dark grey, dark grey, bright cyan, yellow, white, blue, "
            "cyan, brown, bright magenta, bright green, bright red, black, grey",
        ),
        (
            LIGHT,
            "white, black, dark grey, dark grey, grey, dark grey, blue, brown, black, grey, "
            "cyan, brown, magenta, green, red, grey, dark grey",
        ),
    )
)

#: All that ship with gradstep, by the names that a person gives. `ansi` makes do with sixteen colours anywhere.
BUILT_IN = {**PALETTES, "ansi": replace(_OLD[0], name="ansi")}


def palettes(system: str | None, colourless: bool, wanted: Palette | None = None) -> Mapping[str, Palette]:
    """The palettes by name for a terminal: its colour system as rich calls it (truecolor, 256, standard, None), and
    whether colours are not to be used. The one that is `wanted` comes first; where the terminal cannot show it, one
    that is as dark."""
    full = colourless or system in ("truecolor", "256")
    known = list(PALETTES.values() if full else _OLD)
    if wanted is not None:
        first = wanted if full else next((p for p in known if p.dark is wanted.dark), known[0])
        known = [first, *(p for p in known if p.name != first.name)]
    elif full and not colourless:
        return PALETTES
    return {p.name: replace(p, glyphs=True) if colourless else p for p in known}


def theme_name(palette: str) -> str:
    """What Textual calls the theme of a palette: none of its own is called so."""
    return f"gradstep-{palette}"


def sign_role(value: float | None) -> str:
    """The role of a signed number: blue above zero, orange below, plain at exactly zero, red where
    it is no finite number; a placeholder where it is not known."""
    if value is None:
        return "placeholder"
    if value != value or value in (float("inf"), float("-inf")):
        return "alarm"
    return "positive" if value > 0 else "negative" if value < 0 else "text"
