"""What stands beside the images of a layer: how the sizes of its gradient are distributed, shut gates, and what a
neuron weighs its inputs with."""

from __future__ import annotations

from gradstep.engine.debugger import Kind, distribution, peak
from gradstep.engine.explain import weights
from gradstep.engine.graph import Element, Layer
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.network.shades import Scale
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.tile import Look, vector

_BARS = " ▁▂▃▄▅▆▇█"
#: The most bins of a histogram.
_BINS = 20
#: The least cells that it can be told in.
_LEAST = 8


class Aside:
    """Words and small pictures about one layer and one of its neurons, `width` cells from column `x` of a stage's
    canvas on."""

    def __init__(self, stage: Stage, layer: Layer, unit: Element, x: int, width: int) -> None:
        self.stage, self.layer, self.unit, self.x, self.width = stage, layer, unit, x, width
        self.canvas, self.palette = stage.canvas, stage.palette

    def paint(self, y: int, end: int) -> None:
        """Fills lines y to end − 1; where not even a word has room, none."""
        if self.width < _LEAST:
            return
        y = self._gates(self._gradient(y))
        pre = Element(self.layer.pre if self.layer.pre >= 0 else self.layer.output, self.unit.flat)
        found = weights(self.stage.recording, pre)
        if found is not None and end - y > 5:
            self._weights(y + 1, end, found)

    def _gradient(self, y: int) -> int:
        """The distribution of the layer's gradient; the line after it."""
        stage, value = self.stage, self.stage.shown(self.layer, Kind.GRAD)
        if value < 0:
            return y
        if stage.complete(value, Kind.GRAD):
            return self._distribution(y, value)
        words = clip(f"|{fold(stage.gradient_name(value), max(self.width - 10, 1))}| not yet", self.width)
        self.canvas.put(self.x, y, words, self.palette.style("placeholder"))
        return y + 1

    def _distribution(self, y: int, value: int) -> int:
        """A histogram in three lines, and how many numbers are in none of its bins."""
        canvas, x, dim = self.canvas, self.x, self.palette.style("dim")
        bins = min(self.width, _BINS)
        found = distribution(self.stage.recording, value, Kind.GRAD, self.stage.frame.sample, bins)
        words = f"|, log{', stale?' * found.stale}"
        name = fold(self.stage.gradient_name(value), max(self.width - len(words) - 1, 1))
        canvas.put(x, y, clip(f"|{name}{words}", self.width), self.palette.style("text"))
        top = max(found.counts)
        for row in range(2):
            canvas.put(x, y + 1 + row, "".join(_BARS[_filled(count, top, row)] for count in found.counts), dim)
        if top:
            canvas.put(x, y + 3, f"1e{found.low}", dim)
            text = f"1e{found.high}"
            canvas.put(x + len(found.counts) - len(text), y + 3, text, dim)
        y += 4
        for count, what, role in ((found.zeros, "exactly 0", "dim"), (found.nonfinite, "not finite", "alarm")):
            if count:
                words = clip(f"{count:,} of {found.size:,} {what}", self.width)
                canvas.put(x, y, words, self.palette.style(role))
                y += 1
        return y

    def _gates(self, y: int) -> int:
        """How many gates are shut, where the layer has any; the line after it."""
        gates = self.stage.shut_gates(self.layer)
        if gates is None:
            return y
        shut, of, stale = gates
        end = self.canvas.put(self.x, y, "shut gates ", self.palette.style("dim"))
        style = self.palette.style("alarm" if shut else "text", bold=bool(shut))
        self.canvas.put(end, y, f"{shut:,}/{of:,}{stale}", style)
        return y + 1

    def _weights(self, y: int, end: int, found: Array) -> None:
        """The weights of the neuron as an image, from line y up to a line of words above `end`."""
        name = self.stage.board.element(*self.unit)
        words = f"weights into {name}" if breadth(name) + 13 <= self.width else fold(f"into {name}", self.width)
        self.canvas.put(self.x, y, words, self.palette.style("text"))
        most = peak(found)
        made = vector(found, Look(Scale(most), self.width, end - y - 3, self.palette))
        self.canvas.paste(made.canvas, self.x, y + 1)
        words = clip(f"{found.size:,}, max {number(most, Digits.NETWORK)}", self.width)
        self.canvas.put(self.x, y + 1 + made.fit.height, words, self.palette.style("dim"))


def _filled(count: int, top: int, row: int) -> int:
    """Of the cell in a row (0 above 1) how many eighths a bar fills; a bin that is not empty shows."""
    eighths = max(round(count / top * 16), 1) if count else 0
    return min(max(eighths - 8 * (1 - row), 0), 8)
