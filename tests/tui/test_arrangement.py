"""Where panels stand, for every size and view: a pure function, so no terminal is needed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradstep.tui.arrangement import Box, arrangement
from gradstep.tui.table import NUMBERED, Place, standing
from gradstep.tui.view import Layout, View

SIZES = {Layout.TINY: (70, 20), Layout.NARROW: (80, 24), Layout.MEDIUM: (100, 30), Layout.WIDE: (160, 45)}
LISTS = ("watch", "breaks", "log", "delta", "training")


def seen(view: View, layout: Layout) -> set[str]:
    boxes = arrangement(view, SIZES[layout])
    return {name for name in (*NUMBERED, "rail") if boxes[name].shown}


def test_what_is_seen_at_first() -> None:
    """As the table of sizes in the design of the screen says."""
    assert seen(View(), Layout.TINY) == {"math"}
    assert seen(View(), Layout.NARROW) == {"network", "math"}
    assert seen(View(), Layout.MEDIUM) == {"network", "math", "params"}
    assert seen(View(), Layout.WIDE) == {"rail", "network", "math", "params", "watch"}


def test_numbers_tabs_and_places() -> None:
    assert [entry.key for entry in NUMBERED.values()] == list("123456789")
    assert standing(Place.LIST) == LISTS
    assert View(layout=Layout.NARROW).tabs == ("math", "tape", "params", *LISTS)
    assert View(layout=Layout.MEDIUM).tabs == ("params", "tape", *LISTS)
    assert View(layout=Layout.WIDE).tabs == LISTS
    assert View(layout=Layout.TINY).tabs == ()
    assert View(layout=Layout.WIDE).beside("log") == ("watch", "breaks", "delta", "training")
    assert View(layout=Layout.WIDE).beside("params") == ()


@pytest.mark.parametrize("layout", [Layout.NARROW, Layout.MEDIUM, Layout.WIDE])
@pytest.mark.parametrize("panel", list(NUMBERED))
def test_a_panel_that_is_opened_is_seen_and_may_have_all_the_room(panel: str, layout: Layout) -> None:
    view = View(layout=layout).with_open(panel)
    stands = "rail" if layout is Layout.WIDE and panel == "tape" else panel
    assert stands in seen(view, layout)
    assert seen(view.but(maximised=panel), layout) == {stands}
    boxes = arrangement(view.but(maximised=panel), SIZES[layout])
    if panel not in ("network", "tape") or stands == "tape":
        assert boxes["lower"] == Box(True, None, "1fr")
    assert boxes["main"].shown == (stands != "rail")


def test_a_tab_that_is_opened_where_there_is_little_room_stays_open_where_there_is_more() -> None:
    view = View(layout=Layout.NARROW).with_open("log")
    assert "log" in seen(view, Layout.NARROW) & seen(view, Layout.MEDIUM) & seen(view, Layout.WIDE)
    view = View(layout=Layout.NARROW).with_open("tape").but(layout=Layout.MEDIUM)
    assert "tape" in seen(view, Layout.MEDIUM)
    assert "params" in seen(view.with_open("params"), Layout.MEDIUM)
    assert "math" in seen(View(layout=Layout.WIDE).with_open("log"), Layout.NARROW)


@given(
    st.integers(1, 250),
    st.integers(1, 90),
    st.sampled_from(["", *NUMBERED]),
    st.sampled_from([*NUMBERED]),
    st.booleans(),
    st.integers(1, 10**9),
)
def test_at_any_size_something_is_seen_and_all_around_it(
    width: int, height: int, alone: str, opened: str, several: bool, total: int
) -> None:
    view = View(layout=Layout.of(width, height)).with_open(opened).but(maximised=alone)
    boxes = arrangement(view, (width, height), several, total)
    assert any(boxes[name].shown for name in (*NUMBERED, "rail"))
    within = {"math": "lower", "side": "lower", "lower": "main", "network": "main", "lists": "side"}
    within |= dict.fromkeys(("params", "tape"), "side") | dict.fromkeys(LISTS, "lists")
    for inner, outer in within.items():
        assert not boxes[inner].shown or boxes[outer].shown, (inner, outer)
    for box in boxes.values():
        assert all(not isinstance(extent, int) or extent > 0 for extent in (box.width, box.height))


def test_a_training_takes_a_line_of_its_own_and_more_of_the_lists() -> None:
    once, several = (arrangement(View(lists=name), (160, 45), name == "training") for name in ("watch", "training"))
    assert (once["timeline"].height, several["timeline"].height) == (2, 3)
    assert (once["lists"].height, several["lists"].height) == (6, 10)
    assert arrangement(View(), (160, 45), total=10**7)["rail"].width == 38
    assert arrangement(View(), (160, 45), total=99)["rail"].width == 32
