"""A network of very many layers: a line a layer, with the sizes of its values and of its gradient."""

from __future__ import annotations

from math import isfinite, log
from typing import NamedTuple

from gradstep.engine.debugger import Kind, norm_range, picture
from gradstep.engine.graph import Layer
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Recording
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.far import Far
from gradstep.tui.network.names import extent
from gradstep.tui.network.plan import afar
from gradstep.tui.network.shades import LINEAR
from gradstep.tui.network.stage import Spot
from gradstep.tui.paint import PENDING

#: The most cells for the name of a layer, and for its shape.
_NAMES, _SHAPES = 24, 12


class _Columns(NamedTuple):
    """The cells for names and for shapes; and where numbers end."""

    names: int
    shapes: int

    @property
    def value(self) -> int:
        return 15 + self.names + self.shapes

    @property
    def gradient(self) -> int:
        return 26 + self.names + self.shapes


@kept_of_network
def _columns(recording: Recording) -> _Columns:
    outputs = [recording.graph.values[layer.output] for layer in afar(recording).layers]
    names = max(breadth(recording.board.whole(value.id)) for value in outputs)
    return _Columns(min(names, _NAMES), min(max(len(extent(value.shape)) for value in outputs), _SHAPES))


class Lines(Far):
    """As many layers as have room, around the one that is looked at; ‖∂‖ as a number and as a bar."""

    @property
    def fits(self) -> bool:
        """Whether there is room for all of them."""
        return len(self.layers) < self.canvas.height

    def paint(self) -> None:
        canvas, dim = self.canvas, self.palette.style("dim")
        columns = _columns(self.recording)
        canvas.put(4, 0, "layer", dim)
        canvas.put(6 + columns.names, 0, clip("shape", columns.shapes), dim)
        canvas.put(columns.value - 7, 0, "‖value‖", dim)
        canvas.put(columns.gradient - 3, 0, "‖∂‖", dim)
        low, high = norm_range(self.frame)
        rows = max(canvas.height - 1, 1)
        first = min(max(self.current - rows // 2, 0), max(len(self.layers) - rows, 0))
        for y, k in enumerate(range(first, min(first + rows, len(self.layers))), 1):
            self._line(y, self.layers[k], k == self.current and self.focus is not None, columns, low, high)
        self.foot = f"‖∂‖ on a {'log' if high > LINEAR * low else 'linear'} scale up to {number(high)}"

    def _line(self, y: int, layer: Layer, now: bool, columns: _Columns, low: float, high: float) -> None:
        canvas, palette = self.canvas, self.palette
        self.spots.append(Spot(0, y, canvas.width, 1, layer.output))
        if now:
            canvas.put(2, y, "▸", palette.style("current", bold=True))
        style = palette.style("current" if now else "text", bold=now)
        canvas.put(4, y, fold(self.name(layer.output), columns.names), style)
        shape = extent(self.graph.values[layer.output].shape)
        canvas.put(6 + columns.names, y, clip(shape, columns.shapes), palette.style("dim"))
        size = self._size(layer)
        gradient = "" if size is None else number(size, Digits.NETWORK)
        gradient = gradient if self.gets_gradient(layer.output) else " "
        for x, text in (
            (columns.value, self.norm_text(self.shown(layer, Kind.DATA), Kind.DATA)),
            (columns.gradient, gradient),
        ):
            shown = text or PENDING
            canvas.put(x - len(shown), y, shown, palette.style("text" if text else "placeholder"))
        room = canvas.width - columns.gradient - 4
        if size and isfinite(size) and room > 4:
            bar = "█" * max(round(_share(size, low, high) * room), 1)
            canvas.put(columns.gradient + 2, y, bar, palette.style("current" if now else "dim"))

    def _size(self, layer: Layer) -> float | None:
        """‖∂‖ of a layer, once it is known."""
        value = self.shown(layer, Kind.GRAD)
        if value < 0 or not self.complete(value, Kind.GRAD):
            return None
        return picture(self.recording, value, Kind.GRAD, self.frame.sample).norm


def _share(size: float, low: float, high: float) -> float:
    """How much of its room a bar takes; where sizes are far apart, by their logarithm."""
    return log(size / low) / log(high / low) * 0.95 + 0.05 if high > LINEAR * low else size / high
