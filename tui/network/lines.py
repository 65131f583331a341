"""A network of very many layers, or of modules: a line each, with the sizes of its values and of its gradient. What is
in a module that is open stands below its name."""

from __future__ import annotations

from math import isfinite, log
from typing import NamedTuple

from gradstep.engine.debugger import Kind, norm_range, picture
from gradstep.engine.graph import Element, Layer
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase, Recording
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.folding import Branch, Closed, branches, called, foldable, parameters_in, tail
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.far import Far
from gradstep.tui.network.marks import OPEN, SHUT
from gradstep.tui.network.names import short_count, sized
from gradstep.tui.network.plan import afar, parameters_into
from gradstep.tui.network.shades import LINEAR
from gradstep.tui.network.stage import Spot
from gradstep.tui.paint import PENDING

#: The most cells for the name of a layer, and for its shape; and from which width on parameters are counted.
_NAMES, _SHAPES, _COUNTED = 28, 16, 76


class _Rows(NamedTuple):
    """The rows of a network, each with its layer (by number; of what begins −1) and its name; and in which row a layer
    is."""

    rows: tuple[Branch, ...]
    layers: tuple[int, ...]
    names: tuple[str, ...]
    row_of: dict[int, int]


class _Columns(NamedTuple):
    """The cells for names and for shapes, and for how many parameters there are; and where numbers end."""

    names: int
    shapes: int
    counted: int

    @property
    def value(self) -> int:
        return 15 + self.names + self.shapes + self.counted

    @property
    def gradient(self) -> int:
        return self.value + 11


@kept_of_network
def _rows(recording: Recording, closed: Closed) -> _Rows:
    layers = afar(recording, closed).layers
    order = [*range(len(layers))]
    if not foldable(recording):
        rows = [Branch(k, k + 1, "", ()) for k in order]
    else:
        order.sort(key=lambda k: layers[k].output)
        rows = [*branches(recording, (layers[k].output for k in order), closed)]
    found, names = [], []
    for row in rows:
        layer = -1 if row.begins else order[row.first]
        whole = row.group or recording.board.whole(layers[layer].output)
        names.append("  " * len(row.around) + called(tail(whole, row.inside)))
        found.append(layer)
    return _Rows(tuple(rows), tuple(found), tuple(names), {k: y for y, k in enumerate(found) if k >= 0})


@kept_of_network
def _columns(recording: Recording, closed: Closed, width: int) -> _Columns:
    outputs = [recording.graph.values[layer.output] for layer in afar(recording, closed).layers]
    names = max(map(breadth, _rows(recording, closed).names))
    shapes = max(len("shape"), *(len(sized(recording, value.id, value.shape)) for value in outputs))
    counted = 10 if foldable(recording) and width >= _COUNTED else 0
    return _Columns(min(names, _NAMES), min(shapes, _SHAPES), counted)


class Lines(Far):
    """As many rows as have room, around the one that is looked at; ‖∂‖ as a number and as a bar."""

    def paint(self) -> None:
        canvas, dim = self.canvas, self.palette.style("dim")
        columns, all_rows = _columns(self.recording, self.closed, self.canvas.width), _rows(self.recording, self.closed)
        canvas.put(4, 0, "module" if foldable(self.recording) else "layer", dim)
        canvas.put(6 + columns.names, 0, clip("shape", columns.shapes), dim)
        if columns.counted:
            canvas.put(columns.value - 15, 0, "params", dim)
        canvas.put(columns.value - 7, 0, "‖value‖", dim)
        canvas.put(columns.gradient - 3, 0, "‖∂‖", dim)
        back = self.frame.phase in (Phase.BACKWARD, Phase.UPDATE)
        low, high = norm_range(self.frame) if back else (1.0, 1.0)
        room, count = max(canvas.height - 1, 1), len(all_rows.rows)
        first = min(max(all_rows.row_of.get(self.current, 0) - room // 2, 0), max(count - room, 0))
        for y, row in enumerate(range(first, min(first + room, count)), 1):
            self._name(y, all_rows.rows[row], all_rows.names[row], all_rows.layers[row], columns)
            if all_rows.layers[row] >= 0:
                self._sizes(y, all_rows.layers[row], columns, low, high)
        if back:
            self.foot = f"‖∂‖ on a {'log' if high > LINEAR * low else 'linear'} scale up to {number(high)}"

    def _now(self, k: int) -> bool:
        return k == self.current and self.focus is not None

    def _name(self, y: int, row: Branch, name: str, k: int, columns: _Columns) -> None:
        """The name of a row, the shape of what it gives, and how many parameters there are in it."""
        canvas, palette, now = self.canvas, self.palette, k >= 0 and self._now(k)
        style = palette.style("current" if now else "dim" if row.begins else "text", bold=now)
        mark = OPEN if row.begins else SHUT if row.group else ""
        indent = len(name) - len(name.lstrip(" "))
        canvas.put(4 + indent - 2, y, mark, palette.style("current" if now else "dim", bold=now))
        canvas.put(4 + indent, y, fold(name[indent:], columns.names - indent), style)
        if now:
            canvas.put(0, y, "◇" if self.view.selection is not None else "▸", palette.style("current", bold=True))
        if row.begins:
            return
        layer = self.layers[k]
        self.spots.append(Spot(0, y, canvas.width, 1, layer.output))
        shape = sized(self.recording, layer.output, self.graph.values[layer.output].shape)
        canvas.put(6 + columns.names, y, clip(shape, columns.shapes), palette.style("dim"))
        values = parameters_in(self.recording, row.group) if row.group else parameters_into(self.recording, layer)
        if columns.counted and values:
            text = short_count(sum(self.graph.values[v].size for v in values))
            canvas.put(columns.value - 9 - len(text), y, text, palette.style("dim"))

    def _sizes(self, y: int, k: int, columns: _Columns, low: float, high: float) -> None:
        """‖value‖ and ‖∂‖, and how long the latter is among all."""
        canvas, palette, layer, now = self.canvas, self.palette, self.layers[k], self._now(k)
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

    def neighbour(self, direction: str) -> Element:
        """The line above or below; to the left and right what is before it and after it in the network."""
        if direction not in ("up", "down"):
            return super().neighbour(direction)
        rows, way = _rows(self.recording, self.closed), 1 if direction == "down" else -1
        y = rows.row_of[self.current] + way
        while 0 <= y < len(rows.layers) and rows.layers[y] < 0:  # where a module begins
            y += way
        there = rows.layers[y] if 0 <= y < len(rows.layers) else self.current
        return self.outstanding(self.layers[there].output)


def _share(size: float, low: float, high: float) -> float:
    """How much of its room a bar takes; where sizes are far apart, by their logarithm."""
    return log(size / low) / log(high / low) * 0.95 + 0.05 if high > LINEAR * low else size / high
