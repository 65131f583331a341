"""A network of many layers: two narrow strips a layer, or a line."""

from __future__ import annotations

import numpy as np

from gradstep.engine.graph import Layer
from gradstep.engine.notation import Digits, number
from gradstep.tui.network.far import Far
from gradstep.tui.network.heat import Kind, cursor, data_scale, position_of, tile
from gradstep.tui.network.stage import Spot, extent, norm
from gradstep.tui.paint import PENDING, clip

#: Up to so many layers are strips, of so many cells each; more are lines.
_STRIPS, _STRIP = 20, 6


class Strips(Far):
    """Two narrow strips a layer, values and gradients from top to bottom, ‖∂‖ below them."""

    @property
    def fits(self) -> bool:
        return (
            len(self.layers) <= _STRIPS
            and len(self.layers) * _STRIP + 8 <= self.canvas.width
            and self.canvas.height >= 6
        )

    def paint(self) -> None:
        canvas, palette = self.canvas, self.palette
        dim = palette.style("dim")
        step = min(max((canvas.width - 8) // len(self.layers), _STRIP), 10)
        left = 8 + max((canvas.width - 8 - step * len(self.layers)) // 2, 0)
        high = canvas.height - 3
        canvas.put(1, 1, "value", dim)
        canvas.put(1, 2, "  │ ∂", dim)
        canvas.put(1, canvas.height - 1, "‖∂‖", dim)
        for k, layer in enumerate(self.layers):
            x = left + k * step
            now = self.is_now(layer) or (k == self.current and self.focus is not None)
            style = palette.style("current", bold=True) if now else palette.style("text")
            if now:
                canvas.put(x - 1, 0, "▸", style)
            canvas.put(x, 0, clip(self.name(layer.output), step - 1), style)
            self.spots.append(Spot(x - 1, 0, step, canvas.height, layer.output))
            for kind, at in ((Kind.DATA, x), (Kind.GRAD, x + 2)):
                self._strip(layer, kind, at, high)
            text = self._size(layer)
            role = "placeholder" if text == PENDING else "current" if now else "text"
            if text:
                canvas.put(x, canvas.height - 1, clip(text, step - 1), palette.style(role, bold=now))
        self.foot = self.scale_words

    def _size(self, layer: Layer) -> str:
        if layer.output == self.graph.loss.id:
            return ""
        value = self.shown(layer, Kind.GRAD)
        if value < 0:
            return ""
        return self.norm_text(value, Kind.GRAD) or PENDING

    def _strip(self, layer: Layer, kind: Kind, x: int, height: int) -> None:
        value = self.shown(layer, kind)
        if value < 0:
            return
        if layer.output == self.graph.loss.id and kind is Kind.DATA:
            loss = self.frame.loss
            self.canvas.put(
                x,
                1 + height // 2,
                PENDING if loss is None else number(loss, 3)[:5],
                self.palette.style("text", bold=True),
            )
            return
        if layer.output == self.graph.loss.id:
            return
        scale = self.gradients if kind is Kind.GRAD else data_scale(self.recording, value, self.frame.sample)
        made = tile(self.frame, value, kind, scale, 2, height, self.palette, None, True)
        y = 1 + (height - made.fit.height) // 2
        self.canvas.paste(made.canvas, x, y)
        if made.fit.width < 2:
            self.canvas.paste(made.canvas, x + 1, y)
        self.spots.append(Spot(x, y, 2, made.fit.height, value, made))
        if self.focus is not None and self.focus.value in (layer.output, layer.pre):
            cursor(self.canvas, made, position_of(self.frame, value, self.focus.flat), x, y)


class Lines(Far):
    """A line a layer: how large its values and its gradient are; the latter as a bar."""

    def paint(self) -> None:
        canvas, palette = self.canvas, self.palette
        dim = palette.style("dim")
        rows = max(canvas.height - 1, 1)
        first = min(max(self.current - rows // 2, 0), max(len(self.layers) - rows, 0))
        wide = min(max(len(self.board.whole(la.output)) for la in self.layers), 14)
        shapes = min(max(len(extent(self.graph.values[la.output].shape)) for la in self.layers), 12)
        x_value, x_grad = 4 + wide + 2 + shapes + 9, 4 + wide + 2 + shapes + 20
        canvas.put(4, 0, "layer", dim)
        canvas.put(6 + wide, 0, clip("shape", shapes), dim)
        canvas.put(x_value - 7, 0, "‖value‖", dim)
        canvas.put(x_grad - 3, 0, "‖∂‖", dim)
        known_sizes = [self.norm_of(la) for la in self.layers]
        finite = [s for s in known_sizes if s and np.isfinite(s)]
        high, low = max(finite, default=1.0), min(finite, default=1.0)
        log = high > 1e3 * low
        room = canvas.width - x_grad - 4
        for y, k in enumerate(range(first, min(first + rows, len(self.layers))), 1):
            layer = self.layers[k]
            self.spots.append(Spot(0, y, canvas.width, 1, layer.output))
            now = k == self.current and self.focus is not None
            if now:
                canvas.put(2, y, "▸", palette.style("current", bold=True))
            ink = palette.style("current" if now else "text", bold=now)
            canvas.put(4, y, clip(self.name(layer.output), wide), ink)
            canvas.put(6 + wide, y, clip(extent(self.graph.values[layer.output].shape), shapes), dim)
            value = self.shown(layer, Kind.DATA)
            for x, text in ((x_value, self.norm_text(value, Kind.DATA)), (x_grad, self._text(known_sizes[k], layer))):
                shown = text or PENDING
                canvas.put(x - len(shown), y, shown, palette.style("text" if text else "placeholder"))
            size = known_sizes[k]
            if size and np.isfinite(size) and room > 4:
                share = (np.log(size / low) / np.log(high / low) * 0.95 + 0.05) if log else size / high
                canvas.put(
                    x_grad + 2, y, "█" * max(round(float(share) * room), 1), palette.style("current" if now else "dim")
                )
        self.foot = f"‖∂‖ on a {'log' if log else 'linear'} scale up to {number(high)}"

    def _text(self, size: float | None, layer: Layer) -> str:
        return " " if not self.gets_gradient(layer.output) else "" if size is None else number(size, Digits.NETWORK)

    def norm_of(self, layer: Layer) -> float | None:
        """‖∂‖ of a layer as far as it is known."""
        value = self.shown(layer, Kind.GRAD)
        if value < 0 or not self.complete(value, Kind.GRAD):
            return None
        return norm(self.recording, value, Kind.GRAD, self.frame.sample)
