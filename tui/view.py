"""What a person has set on the screen, apart from where they are in time."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from gradstep.engine.graph import Element
from gradstep.engine.notation import Digits
from gradstep.tui.theme import DARK, Palette


class Layout(Enum):
    """What fits, by the terminal's size."""

    TINY = "tiny"
    NARROW = "narrow"
    MEDIUM = "medium"
    WIDE = "wide"

    @classmethod
    def of(cls, width: int, height: int) -> Layout:
        """The class of a terminal of width × height cells."""
        if width < 80 or height < 24:
            return cls.TINY
        if width < 100 or height < 30:
            return cls.NARROW
        return cls.WIDE if width >= 140 and height >= 36 else cls.MEDIUM


class Zoom(Enum):
    """How near one stands, from far to near. It sets how far a step goes. What the second level shows
    depends on the network: every node of a small one, one layer of a large one."""

    NETWORK = "network"
    LAYER = "layer"
    NEURON = "neuron"
    TERM = "term"

    def beside(self, nearer: bool) -> Zoom | None:
        """The next level in or out; None at the ends."""
        levels = list(Zoom)
        at = levels.index(self) + (1 if nearer else -1)
        return levels[at] if 0 <= at < len(levels) else None


#: The panels that share one frame as tabs, the standing order of their numbers.
TABS = {
    Layout.TINY: (("math",),),
    Layout.NARROW: (("math", "tape", "params", "watch", "breaks", "log", "delta", "training"),),
    Layout.MEDIUM: (("math",), ("params", "tape", "watch", "breaks", "log", "delta", "training")),
    Layout.WIDE: (("math",), ("params",), ("tape",), ("watch", "breaks", "log", "delta", "training")),
}


class View(NamedTuple):
    """Immutable; a change makes another view.

    `selection` is an element chosen with the arrow keys, None while the selection follows the
    step. `zoom` is how near one stands to it. `tab` is the open one where all panels share a
    frame, `side` where only the side panels do, `lists` among those of watches, breakpoints and log.
    `network_digits` and `math_digits` are digits after the point. `order` is how Params is sorted, and
    `filter` the names that it shows; `pointed` is the iteration that is pointed at in Training.
    """

    palette: Palette = DARK
    layout: Layout = Layout.WIDE
    network_digits: int = Digits.NETWORK
    math_digits: int = Digits.MATH
    selection: Element | None = None
    zoom: Zoom = Zoom.LAYER
    tab: str = "math"
    side: str = "params"
    lists: str = "watch"
    explained: bool = False
    maximised: str = ""
    order: int = 0
    filter: str = ""
    pointed: int | None = None
    message: str = ""

    def but(self, **changes: object) -> View:
        """This view with some fields changed."""
        return self._replace(**changes)  # type: ignore[arg-type]  # an unknown name raises ValueError

    def shown(self, panel: str) -> bool:
        """Whether a panel's tab is the open one (or it has a frame of its own)."""
        return panel in (self.open_tab(group) for group in TABS[self.layout])

    def open_tab(self, group: tuple[str, ...]) -> str:
        """The open tab of a group of panels."""
        for wanted in (self.tab, self.side, self.lists):
            if wanted in group:
                return wanted
        return group[0]

    def beside(self, panel: str) -> tuple[str, ...]:
        """The closed tabs of a panel's frame."""
        for group in TABS[self.layout]:
            if panel in group:
                return tuple(p for p in group if p != panel)
        return ()
