"""Which panels stand where, and how large: what the screen does with a terminal of some size. Nothing here draws."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.tui.table import NUMBERED, Place, standing
from gradstep.tui.view import Layout, View

#: The height that a layout is made for: what is beyond is shared out.
_HEIGHTS = {Layout.TINY: 24, Layout.NARROW: 24, Layout.MEDIUM: 30, Layout.WIDE: 45}
#: The height of the lower row in it, of which a third of what is beyond is added.
_LOWER = {Layout.TINY: 0, Layout.NARROW: 8, Layout.MEDIUM: 11, Layout.WIDE: 17}
#: From this width on the rail is so much wider where names are paths.
_BROAD, _PATHS = 150, 8
#: So many parameters have a line beside a list of its usual height.
_LISTED = 8
#: All that is left.
_REST = "1fr"


class Box(NamedTuple):
    """Whether something is shown; how wide and how high as cells or as a share of what is left. None: as its kind
    of panel always is."""

    shown: bool = True
    width: int | str | None = None
    height: int | str | None = None


def arrangement(
    view: View,
    size: tuple[int, int],
    several: bool = False,
    total: int = 0,
    modules: bool = False,
    parameters: int = 0,
) -> dict[str, Box]:
    """The boxes of a terminal of size (width, height), by id: the panels, and the containers `main`, `lower`, `side`
    and `lists` around them. `several`: there is, or will be, more than one iteration; `total` is the number of steps
    of one, `parameters` of the numbers that are trained, and names may be paths of `modules`."""
    layout = Layout.of(*size)
    view = view.but(layout=layout)
    alone = view.maximised if view.shown(view.maximised) else ""
    spare = max(size[1] - _HEIGHTS[layout], -9)
    seen = {panel for panel in NUMBERED if view.shown(panel) and alone in ("", panel)}
    lists, beside = standing(Place.LIST), standing(Place.SIDE, Place.LIST)
    below = (*standing(Place.LOWER), *beside)
    # Where there is a rail, what stands there stands nowhere else.
    rail = standing(Place.RAIL) if layout is Layout.WIDE else ()
    boxes = {panel: Box(panel in seen and panel not in rail) for panel in NUMBERED}
    boxes["rail"] = Box(
        bool(seen & {*rail}),
        width=_REST if alone in rail else _rail(total) + (_PATHS if modules and size[0] >= _BROAD else 0),
    )
    boxes["timeline"] = Box(height=timeline_rows(layout, several))
    boxes["headline"] = Box(height=3 if spare < 6 or layout is Layout.TINY else 4)
    boxes["main"] = Box(alone not in rail)
    whole = layout is Layout.TINY or alone in below
    boxes["lower"] = Box(
        alone in ("", *below) and alone not in rail, height=_REST if whole else _LOWER[layout] + spare // 3
    )
    # The main things to the left take three shares of the width.
    broad = layout is Layout.NARROW or alone in beside
    boxes["side"] = Box(any(boxes[panel].shown for panel in beside), width=_REST if broad else "2fr")
    # Curves need more lines than lists do, and one line less shows all parameters of a small network.
    rows = 10 if view.lists == "training" else 5 if parameters > _LISTED else 6
    high = rows + spare // 6 if layout is Layout.WIDE and not alone else _REST
    boxes["lists"] = Box(any(boxes[panel].shown for panel in lists), height=high)
    return boxes


def timeline_rows(layout: Layout, several: bool) -> int:
    """How high the line of time is: with labels where there is room, and for a training with its iterations."""
    return 1 if layout in (Layout.NARROW, Layout.TINY) else 3 if several else 2


def _rail(total: int) -> int:
    """How wide the rail is: step numbers of many digits take more."""
    return 32 + min(max(len(str(total)) - 5, 0) * 2, 6)
