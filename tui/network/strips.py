"""A network of many layers: two narrow strips a layer."""

from __future__ import annotations

from gradstep.engine.debugger import Kind, picture
from gradstep.engine.graph import Layer
from gradstep.engine.notation import number
from gradstep.tui.cells import breadth, clip
from gradstep.tui.folding import hidden
from gradstep.tui.network.far import Far
from gradstep.tui.network.marks import cursor
from gradstep.tui.network.names import folded, sized
from gradstep.tui.network.plan import entering
from gradstep.tui.network.stage import Spot
from gradstep.tui.network.tile import Look, tile
from gradstep.tui.paint import PENDING

#: Up to so many layers are strips, of so many cells each at least and at most.
_STRIPS, _LEAST, _MOST = 20, 5, 10
#: The cells before the first, for words; and the lines in which words below them have no room.
_LEFT, _LOW = 8, 7


class Strips(Far):
    """Values and gradients of each layer from top to bottom, ‖∂‖ below them."""

    @property
    def fits(self) -> bool:
        """Whether all layers have room."""
        count = len(self.layers)
        return count <= _STRIPS and count * _LEAST + _LEFT <= self.canvas.width and self.canvas.height >= 6

    def paint(self) -> None:
        canvas, dim = self.canvas, self.palette.style("dim")
        step = min(max((canvas.width - _LEFT) // len(self.layers), _LEAST), _MOST)
        left = _LEFT + max((canvas.width - _LEFT - step * len(self.layers)) // 2, 0)
        canvas.put(1, 1, "value", dim)
        canvas.put(1, 2, "  │ ∂", dim)
        canvas.put(1, canvas.height - 1, "‖∂‖", dim)
        names = tuple(self.name(layer.output) for layer in self.layers)
        inner = tuple(name.rpartition(":")[2] for name in names)
        # What parts of formulas are in them says which they are, unless that is the same.
        alike = len(set(inner)) < len(set(names)) or all(breadth(name) < step for name in names)
        names = folded(names if alike else inner, step - 1)
        for k, layer in enumerate(self.layers):
            self._layer(layer, names[k], k == self.current and self.focus is not None, left + k * step, step)
        if canvas.height > _LOW:
            canvas.put(1, canvas.height - 2, clip(self._into(), canvas.width - 2), dim)
        self.foot = self.scale_words

    def _into(self) -> str:
        """What enters the layer that is looked at, parameters as well, for which there is no strip; and which array of
        those that are inside of it the step is about."""
        layer, sweep = self.layers[self.current], self.frame.sweep
        sources = ", ".join(self.name(value) for value in entering(self.recording, self.closed, self.current))
        words = f"{self.name(layer.output)} ← {sources}" if sources else ""
        if sweep is not None and hidden(self.recording, sweep.value, self.closed):
            now = sized(self.recording, sweep.value, self.samples.shape(sweep.value))
            words += f" · now {self.board.whole(sweep.value)} {now}"
        return words

    def _layer(self, layer: Layer, name: str, looked_at: bool, x: int, step: int) -> None:
        canvas, now = self.canvas, looked_at or self.is_now(layer)
        style = self.palette.style("current" if now else "text", bold=now)
        if now:
            canvas.put(x - 1, 0, "▸", style)
        canvas.put(x, 0, name, style)
        self.spots.append(Spot(x - 1, 0, step, canvas.height, layer.output))
        if layer.output == self.graph.loss.id:
            self._loss(x, canvas.height - 3)
            return
        for kind, at in ((Kind.DATA, x), (Kind.GRAD, x + 2)):
            self._strip(layer, kind, at, canvas.height - 3)
        value = self.shown(layer, Kind.GRAD)
        if value >= 0:
            text = self._norm(value, 3 if step > _LEAST else 2) or PENDING
            role = "placeholder" if text == PENDING else "current" if now else "text"
            canvas.put(x, canvas.height - 1, clip(text, step - 1), self.palette.style(role, bold=now))

    def _norm(self, value: int, digits: int) -> str:
        """‖∂‖ of what a strip shows; empty until all of it is there."""
        if not self.complete(value, Kind.GRAD):
            return ""
        return number(picture(self.recording, value, Kind.GRAD, self.frame.sample).norm, digits)

    def _loss(self, x: int, height: int) -> None:
        """Of the loss its number."""
        text = PENDING if self.frame.loss is None else number(self.frame.loss, 3)[:5]
        self.canvas.put(x, 1 + height // 2, text, self.palette.style("text", bold=True))

    def _strip(self, layer: Layer, kind: Kind, x: int, height: int) -> None:
        value = self.shown(layer, kind)
        if value < 0:
            return
        made = tile(self.frame, value, kind, Look(self.scale(value, kind), 2, height, self.palette, strip=True))
        y = 1 + (height - made.fit.height) // 2
        self.canvas.paste(made.canvas, x, y)
        if made.fit.width < 2:
            self.canvas.paste(made.canvas, x + 1, y)
        self.spots.append(Spot(x, y, 2, made.fit.height, value, made))
        if self.focus is not None and self.focus.value in (layer.output, layer.pre):
            cursor(self.canvas, made, self.samples.position(value, self.focus.flat), x, y)
