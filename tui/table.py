"""The panels: a file of its own and a line here each. Numbers, titles, keys, tabs and the screen are made of this."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import NamedTuple


class Place(Enum):
    """Where a panel may stand: from top to bottom, and in the body from left to right."""

    TOP = "top"
    RAIL = "rail"
    HEAD = "head"
    PICTURE = "picture"
    LOWER = "lower"
    SIDE = "side"
    LIST = "list"
    BOTTOM = "bottom"


class Entry(NamedTuple):
    """A panel: its `id`, the module in `panels/` and the class that paint it, where it may stand, its number (which
    is its key) and its title, and what help says of it beside the title. Those without a number have no frame."""

    id: str
    module: str
    kind: str
    places: tuple[Place, ...]
    key: str = ""
    title: str = ""
    says: str = ""

    @property
    def help(self) -> str:
        return f"{self.title}: {self.says}" if self.says else self.title


#: In the order of their numbers, which is that of tabs.
PANELS = (
    Entry("header", "chrome.header", "Header", (Place.TOP,)),
    Entry("timeline", "chrome.timeline", "Timeline", (Place.TOP,)),
    Entry("headline", "chrome.headline", "Headline", (Place.HEAD,)),
    Entry("tape", "side.tape", "Tape", (Place.RAIL, Place.SIDE), "1", "Tape", "every step"),
    Entry("network", "main.network", "Network", (Place.PICTURE,), "2", "Network"),
    Entry("math", "main.math", "Math", (Place.LOWER,), "3", "Math"),
    Entry("params", "side.params", "Params", (Place.SIDE,), "4", "Params"),
    Entry("watch", "lists.watch", "Watches", (Place.LIST,), "5", "Watch"),
    Entry("breaks", "lists.breaks", "Breaks", (Place.LIST,), "6", "Breaks"),
    Entry("log", "lists.log", "Log", (Place.LIST,), "7", "Log"),
    Entry("delta", "lists.delta", "Delta", (Place.LIST,), "8", "Delta", "this run beside another"),
    Entry("training", "lists.training", "Training", (Place.LIST,), "9", "Training", "curves over all iterations"),
    Entry("footer", "chrome.footer", "Footer", (Place.BOTTOM,)),
)
#: Those that have a number and a frame.
NUMBERED = {entry.id: entry for entry in PANELS if entry.key}


@cache
def standing(*places: Place) -> tuple[str, ...]:
    """The numbered panels that may stand in one of some places, by number."""
    return tuple(entry.id for entry in NUMBERED.values() if set(entry.places) & set(places))
