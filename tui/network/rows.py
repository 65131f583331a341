"""A card of a few numbers: a line each, with a bar, and its gradient."""

from __future__ import annotations

from math import isfinite

from gradstep.engine.debugger import Kind, Picture, Written, picture, written
from gradstep.engine.graph import Layer
from gradstep.tui.cells import breadth
from gradstep.tui.network.far import Far
from gradstep.tui.network.places import Place
from gradstep.tui.network.targets import SHARE, logarithms, probability, target
from gradstep.tui.theme import sign_role

#: From so many cells across on a number has a bar.
_BARS = 24


class Rows:
    """The numbers of one layer, around the one that is looked at where not all have room."""

    def __init__(self, stage: Far, layer: Layer, place: Place) -> None:
        self.stage, self.layer, self.place = stage, layer, place
        self.canvas, self.palette = stage.canvas, stage.palette
        value, self.slope = stage.shown(layer, Kind.DATA), stage.shown(layer, Kind.GRAD)
        self.data, self.there = self._read(value, Kind.DATA)
        self.gradient = self._read(self.slope, Kind.GRAD) if self.slope >= 0 else None
        #: The class that these outputs are to be.
        self.target = target(stage.frame, value)
        #: What their probabilities take, where they are the logarithms of such.
        self.value, self.share = value, SHARE if logarithms(stage.recording, value) else 0
        focus = stage.focus
        looked_at = focus is not None and focus.value in (value, self.slope)
        self.here = stage.samples.position(value, focus.flat) if focus is not None and looked_at else -1

    def _read(self, value: int, kind: Kind) -> tuple[Picture, Written]:
        frame = self.stage.frame
        return picture(frame.recording, value, kind, frame.sample), written(frame, value, kind)

    def paint(self) -> tuple[str, str]:
        """What stands on the lower edge of the card: how many numbers are not listed, and ‖∂‖."""
        place, y = self.place, self.place.y + 1
        if self.slope >= 0 and place.height - 2 > self.data.size:
            heading = self.stage.gradient_name(self.slope)
            room = self.share + 8 if self.share else place.width - 4  # beside the heading of the probabilities
            heading = heading if breadth(heading) <= room else "∂"
            self.canvas.put(place.right - 2 - breadth(heading), y, heading, self.palette.style("dim"))
            if self.share:
                self.canvas.put(place.right - 12 - self.share, y, "p", self.palette.style("dim"))
            y += 1
        drawn = min(place.y + place.height - 1 - y, self.data.size)
        first = min(max(self.here - drawn // 2, 0), self.data.size - drawn)
        for row, k in enumerate(range(first, first + drawn), y):
            self._row(row, k)
        rest = self.data.size - drawn
        return f"{rest} more" if rest else "", self.stage.named_norm(self.layer, Kind.GRAD) if self.slope >= 0 else ""

    def _row(self, y: int, k: int) -> None:
        canvas, palette, place, mine = self.canvas, self.palette, self.place, k == self.here
        digits = self.stage.view.network_digits
        canvas.put(place.x + 1, y, f"{k:>2}", palette.style("current" if mine else "dim", bold=mine))
        if k == self.target:  # in the edge of the card, where it touches no number
            canvas.put(place.right - 1, y, "◂", palette.style("current", bold=True))
        shown = self.data.at(k) if self.there.at(k) else None
        share = probability(self.stage.recording, self.value, shown)
        size, peak = (shown, self.data.peak) if share is None else (share, 1.0)
        if size is not None and peak and isfinite(size) and place.width - self.share >= _BARS:
            bar = "█" * max(round(abs(size) / peak * 4), 1 if size else 0)
            canvas.put(place.x + 4, y, bar, palette.style("dim" if size > 0 else "negative"))
        if self.share:
            canvas.value(place.right - 16 - self.share, y, share, 5, digits)
        canvas.value(place.right - (8 if self.gradient is None else 16), y, shown, 6, digits)
        if self.gradient is not None:
            gradient, arrived = self.gradient
            slope = gradient.at(k) if arrived.at(k) else None
            style = palette.style(sign_role(slope), bold=mine)
            canvas.value(place.right - 9, y, slope, 7, digits, True, style)
        if mine:
            canvas.tint(place.x + 1, y, place.width - 2)
