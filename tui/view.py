"""What a person has set on the screen, apart from where they are in time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from gradstep.engine.notation import Digits
from gradstep.tui.keymap import DEFAULT, Keymap
from gradstep.tui.table import Place, standing
from gradstep.tui.theme import DARK, Palette

if TYPE_CHECKING:  # what is seen first is seen before the engine is there
    from gradstep.engine.graph import Element


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


class Shared(NamedTuple):
    """One frame for several panels: which places' panels stand in it, and the field of the view that says which of
    them is open."""

    field: str
    places: tuple[Place, ...]


#: The frame that is shared in each layout; where all have room, only lists share one.
SHARED = {
    Layout.NARROW: Shared("tab", (Place.LOWER, Place.SIDE, Place.LIST)),
    Layout.MEDIUM: Shared("side", (Place.SIDE, Place.LIST)),
    Layout.WIDE: Shared("lists", (Place.LIST,)),
}


class Beginning(NamedTuple):
    """How the screen begins where a person wants it otherwise than it begins by itself: the theme, the digits in Math,
    how near, the keys; how many columns and lines at most; whether anything may blink; what is to be done with the
    theme that they change to; the hints that they have seen, None where they want none, with what notes one
    more; and the lines that they have typed before, likewise."""

    theme: Palette | None = None
    digits: int = Digits.MATH
    zoom: Zoom | None = None
    keymap: Keymap = DEFAULT
    size: tuple[int, int] | None = None
    motion: bool = True
    remember: Callable[[str], None] = lambda name: None
    hinted: Collection[str] | None = None
    note_hint: Callable[[str], None] = lambda name: None
    typed: Callable[[], list[str]] = list
    note_typed: Callable[[str], None] = lambda line: None


#: As it begins by itself.
AS_EVER = Beginning()


class View(NamedTuple):
    """Immutable; a change makes another view.

    `selection` is an element chosen with the arrow keys, None while the selection follows the
    step. `zoom` is how near one stands to it. `tab` is the open one where all panels share a
    frame, `side` where only the side panels do, `lists` where only the lists do.
    `network_digits` and `math_digits` are digits after the point. `order` is how Params is sorted, and
    `filter` the names that it shows; `pointed` is the iteration that is pointed at in Training; `playing` is
    how many steps a second it plays, below 0 back; `keymap` is which key does what. `opened` are the modules that are
    open, None those that are at first.
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
    playing: int = 0
    keymap: Keymap = DEFAULT
    opened: frozenset[str] | None = None

    def but(self, **changes: object) -> View:
        """This view with some fields changed."""
        return self._replace(**changes)  # type: ignore[arg-type]  # an unknown name raises ValueError

    @property
    def tabs(self) -> tuple[str, ...]:
        """The panels that share a frame: the one that is open at first, then by number."""
        shared = SHARED.get(self.layout)
        if shared is None:
            return ()
        first = View._field_defaults[shared.field]
        return (first, *(panel for panel in standing(*shared.places) if panel != first))

    @property
    def open_tab(self) -> str:
        """Which of those is open."""
        shared = SHARED.get(self.layout)
        return "" if shared is None else str(getattr(self, shared.field))

    def shown(self, panel: str) -> bool:
        """Whether there is room for a panel: it has a frame of its own, or its tab is open."""
        if self.layout is Layout.TINY:
            return panel in standing(Place.LOWER)
        return panel not in self.tabs or panel == self.open_tab

    def beside(self, panel: str) -> tuple[str, ...]:
        """The closed tabs of a panel's frame."""
        return tuple(p for p in self.tabs if p != panel) if panel in self.tabs else ()

    def with_open(self, panel: str) -> View:
        """The view with a panel's tab open; where there will be more room as well, for what then shares a frame."""
        layouts = list(SHARED)
        later = layouts[layouts.index(self.layout) :] if self.layout in SHARED else []
        fields = [SHARED[layout].field for layout in later if panel in standing(*SHARED[layout].places)]
        return self.but(**dict.fromkeys(fields, panel))
