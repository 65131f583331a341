"""One layer: its values and gradients as large images with a cursor, and what the neuron under the
cursor weighs its inputs with."""

from __future__ import annotations

from functools import cached_property
from math import prod

from gradstep.engine.debugger import Kind, picture, written
from gradstep.engine.graph import Element, Layer
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.network.aside import Aside
from gradstep.tui.network.images import beside, channel_of, channel_size, image_of
from gradstep.tui.network.looking import unit_here
from gradstep.tui.network.marks import cursor, outline
from gradstep.tui.network.names import name_of, sized
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import PENDING
from gradstep.tui.theme import sign_role

#: Cells beside the images, for statistics; in a narrow panel there are none.
_SIDE, _NARROW = 26, 78


class OneLayer(Stage):
    """The layer that is looked at."""

    @cached_property
    def layer(self) -> Layer:
        return self.here

    @cached_property
    def unit(self) -> Element:
        return unit_here(self.frame, self.view)

    @cached_property
    def position(self) -> int:
        """Where the cursor is in the image."""
        return self.samples.position(self.layer.output, self.unit.flat)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return self.samples.shape(self.layer.output)

    @cached_property
    def channel(self) -> int | None:
        """The channel under the cursor, where the layer has several."""
        return channel_of(self.shape, self.position)

    @property
    def _kinds(self) -> list[Kind]:
        return [Kind.DATA, Kind.GRAD] if self.gets_gradient(self.layer.output) else [Kind.DATA]

    def paint(self) -> None:
        canvas = self.canvas
        self._heading()
        side = _SIDE if canvas.width >= _NARROW else 0
        width, high = canvas.width - 2 - side, canvas.height - 3
        left = 1
        if self.channel is not None and width >= 40:
            left += self._thumbnails(left, 2, width // 3, high, self.channel) + 2
        half = (width - left + 1 - 2 * (len(self._kinds) - 1)) // len(self._kinds)
        for kind in self._kinds:
            self._image(kind, left, half, high)
            left += half + 2
        self._line(canvas.height - 1, canvas.width - side)
        if side:
            Aside(self, self.layer, self.unit, canvas.width - side + 1, side - 2).paint(1, canvas.height)
        self.foot = self.scale_words

    def _heading(self) -> None:
        """The layer's name, its part, its shape, and which of its channels is seen."""
        canvas, palette = self.canvas, self.palette
        x = canvas.put(1, 0, self.board.whole(self.layer.output), palette.style("text", bold=True))
        words = [self.title(self.layer), sized(self.recording, self.layer.output, self.shape)]
        if self.channel is not None:
            words.append(f"channel {self.channel + 1} of {prod(self.shape[:-2])}")
        canvas.put(x + 2, 0, clip("   ".join(w for w in words if w), canvas.width - x - 3), palette.style("dim"))

    def _thumbnails(self, x: int, y: int, width: int, height: int, channel: int) -> int:
        """All channels, the one under the cursor with a line around it; how wide they are."""
        value = self.shown(self.layer, Kind.DATA)
        made, _, _ = self.image(value, Kind.DATA, x, y, width, height)
        self.canvas.put(x, 1, clip("channels", width), self.palette.style("dim"))
        shape = self.samples.shape(value)
        if channel_size(shape) < prod(shape):
            outline(self.canvas, made, image_of(shape, channel).pixels.reshape(-1), x, y)
        return made.fit.width

    def _image(self, kind: Kind, x: int, width: int, height: int) -> None:
        """The values, or the gradient, with a line of words above."""
        value = self.shown(self.layer, kind)
        made, left, top = self.image(value, kind, x, 2, width, height, self.channel)
        name = self.board.whole(value) if kind is Kind.DATA else self.gradient_name(value)
        now = self._writes_now(value, kind)
        style = self.palette.style("current" if now else "text" if self.begun(value, kind) else "placeholder", bold=now)
        end = self.canvas.put(x, 1, fold(name, width), style)
        words = []
        if kind is Kind.DATA and self.complete(value, kind):
            words.append(f"max {number(picture(self.recording, value, kind, self.frame.sample).peak)}")
        norm = self.norm_text(value, kind)
        if norm:
            words.append(f"‖·‖ {norm}")
        if made.fit.shrink > 1:
            words.append(f"{made.fit.shrink}×{made.fit.shrink} in a pixel")
        while words and breadth(" · ".join(words)) > width - breadth(name) - 2:
            words.pop(0)
        self.canvas.put(end + 2, 1, " · ".join(words), self.palette.style("dim"))
        cursor(self.canvas, made, self.position, left, top)

    def _writes_now(self, value: int, kind: Kind) -> bool:
        """Whether the current step writes this array."""
        sweep = self.frame.sweep
        if sweep is None or sweep.value != value:
            return False
        return (sweep.phase is Phase.BACKWARD) == (kind is Kind.GRAD) and sweep.phase is not Phase.UPDATE

    def _line(self, y: int, width: int) -> None:
        """The numbers under the cursor."""
        canvas, palette, digits = self.canvas, self.palette, self.view.math_digits
        x = canvas.put(1, y, name_of(self.frame, self.unit), palette.style("current", bold=True))
        for kind, word in ((Kind.DATA, "value"), (Kind.GRAD, "∂")):
            value = self.shown(self.layer, kind)
            if value < 0 or x > width - 16:
                continue
            shown = self._under_cursor(value, kind)
            x = canvas.put(x + 3, y, f"{word} ", palette.style("dim"))
            role = sign_role(shown) if kind is Kind.GRAD else "text" if shown is not None else "placeholder"
            text = PENDING if shown is None else number(shown, digits, kind is Kind.GRAD)
            now = self._writes_now(value, kind) and self.frame.element == (value, self.unit.flat)
            role = "current" if now and role in ("text", "placeholder") else role
            x = canvas.put(x, y, text, palette.inverse(role) if now else palette.style(role))

    def _under_cursor(self, value: int, kind: Kind) -> float | None:
        """The number there; None where it is not computed yet. Of a neuron of another sample, its own."""
        if not self.pictured(self.unit):
            return (self.frame.data if kind is Kind.DATA else self.frame.grad)(value, self.unit.flat)
        if not written(self.frame, value, kind).at(self.position):
            return None
        return picture(self.recording, value, kind, self.frame.sample).at(self.position)

    def neighbour(self, direction: str) -> Element:
        """Beside the cursor in the image; where there are channels, up and down choose the next."""
        if self.channel is not None and direction in ("up", "down"):
            there = self.position + channel_size(self.shape) * (1 if direction == "down" else -1)
            return self.element(self.layer.output, there if 0 <= there < prod(self.shape) else self.position)
        there = beside(image_of(self.shape, self.channel), self.position, direction)
        return self.element(self.layer.output, there)
