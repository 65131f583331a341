"""The first line: what is open, and where one is in it."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.debugger import Frame
from gradstep.engine.errors import printable
from gradstep.engine.notation import Digits, number
from gradstep.tui.cells import breadth, clip
from gradstep.tui.folding import called, seen_in
from gradstep.tui.network.levels import opening
from gradstep.tui.network.looking import layer_here, looked_at, unit_here
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.panels.base import Panel
from gradstep.tui.view import View, Zoom

#: A name, its value, and what stands dim behind it.
_Field = tuple[str, str, str]
#: What goes first where there is no room: a field, or only its end.
_LEAST = (
    ("η ", False), ("sample ", True), ("array ", False), ("sample ", False), ("samples ", False), ("step ", True),
    ("loss ", False), ("iteration ", False),
)  # fmt: skip
#: So many cells of the title are worth more than those.
_TITLE = 16


class Header(Panel, can_focus=False):
    """gradstep, the scenario's title, the step, the loss, the sample looked at and the learning rate."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        palette = view.palette
        canvas = Canvas(width, height, palette, on="bar")
        dim, text = palette.style("dim", "bar"), palette.style("text", "bar")
        x = canvas.put(0, 0, " gradstep ", palette.style("background", "brand", bold=True))
        loss = PENDING if frame.loss is None else number(frame.loss, Digits.MATH)
        step = f"{frame.step:,}" + (f".{frame.position.term}" if frame.position.term is not None else "")
        far = view.zoom is Zoom.NETWORK and frame.sweep is not None
        arrays = frame.recording.timeline.sweeps
        k, last = frame.position.iteration, frame.desk.last
        fields = [
            *([("iteration ", f"{k:,}", f"/{last:,}")] if last > 1 else []),
            *([("array ", str(frame.sweep.number + 1), f"/{len(arrays)}")] if far and frame.sweep else []),
            ("step ", step, f"/{frame.total:,}"),
            ("loss ", loss, ""),
            _sample(frame),
            ("η ", f"{frame.recording.update.lr:g}", ""),
        ]
        chips = _chips(frame, view)
        beside = x + 3 + sum(breadth(chip) + 1 for chip, _ in chips) + min(breadth(_title(frame)), _TITLE)
        shown = _fitting(fields, width - beside)
        right = width - _breadth(shown) + 1
        for chip, role in chips:
            x = canvas.put(x + 1, 0, clip(chip, right - x - 3), palette.inverse(role))
        end = canvas.put(x + 2, 0, clip(_title(frame), max(right - x - 4, 0)), text)
        crumbs = _crumbs(frame, view)
        if view.zoom is not opening(frame.recording):
            canvas.link(x + 2, 0, end - x - 2, f"space.stand('{opening(frame.recording).value}')")
        for zoom, crumb in crumbs:
            if end + 3 + breadth(crumb) < right - 1:
                at = canvas.put(end, 0, " ▸ ", dim)
                end = canvas.put(at, 0, crumb, text)
                canvas.link(at, 0, end - at, f"space.stand('{zoom.value}')")
        for name, value, rest in shown:
            right = canvas.put(right, 0, name, dim)
            right = canvas.put(right, 0, value, palette.style("text", "bar", bold=name == "step "))
            right = canvas.put(right, 0, rest, dim) + 3
        return canvas


def _title(frame: Frame) -> str:
    return printable(frame.recording.scenario.title or frame.recording.scenario.name)


def _fitting(fields: Sequence[_Field], room: int) -> Sequence[_Field]:
    """As much of the fields as has room."""
    gone = list[tuple[str, bool]]()
    for least in _LEAST:
        if _breadth(_without(fields, gone)) > room:
            gone.append(least)
    for least in reversed(gone):  # beside what is longer the shorter ones may have room again
        fewer = [one for one in gone if one != least]
        gone = fewer if _breadth(_without(fields, fewer)) <= room else gone
    return _without(fields, gone)


def _without(fields: Sequence[_Field], gone: Sequence[tuple[str, bool]]) -> Sequence[_Field]:
    """The fields without some of them, or without their ends."""
    shown = [field for field in fields if (field[0], False) not in gone]
    return [(name, value, "" if (name, True) in gone else end) for name, value, end in shown]


def _breadth(fields: Sequence[_Field]) -> int:
    """The cells that fields take, with the gaps behind them."""
    return sum(len("".join(field)) + 3 for field in fields)


def _crumbs(frame: Frame, view: View) -> list[tuple[Zoom, str]]:
    """The way from the whole network to what one looks at: levels, and what they show."""
    levels = list(Zoom)[1 : list(Zoom).index(view.zoom) + 1]
    board = frame.recording.board
    if not levels:
        element = looked_at(frame, view)
        inside = "" if element is None else seen_in(frame.recording, view.opened, element.value)
        return [(Zoom.NETWORK, called(inside))] if inside else []
    if view.zoom is Zoom.LAYER and opening(frame.recording) is Zoom.LAYER:
        return []
    layer = board.whole(layer_here(frame, view).output)
    return list(zip(levels, (layer, board.element(*unit_here(frame, view)), "term"), strict=False))


def _chips(frame: Frame, view: View) -> list[tuple[str, str]]:
    """What is not as in the file, and what goes on by itself; and in which role."""
    edits, playing = len(frame.desk.edits), view.playing
    chips = [(f" PLAY {'▸' if playing > 0 else '◂'} {abs(playing)}/s ", "update")] if playing else []
    chips += [(f" WHAT-IF {edits} ", "alarm")] if edits else []
    other = frame.base.scenario.name if frame.base is not None else ""
    differs = other and other != frame.recording.scenario.name
    return [*chips, (f" DIFF {printable(other)} ", "alarm")] if differs else chips


def _sample(frame: Frame) -> tuple[str, str, str]:
    """`sample 3/4 [2]`: which of how many is looked at, and the index that names it."""
    count = frame.recording.samples.count
    if frame.sample is None:
        return "samples ", "all", f" {count}"
    return "sample ", f"{frame.sample + 1}/{count}", f" [{frame.sample}]" if count > 1 else ""
