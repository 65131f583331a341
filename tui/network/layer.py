"""One layer: its values and gradients as large images with a cursor, how the sizes of its gradient are
distributed, and what the neuron under the cursor weighs its inputs with."""

from __future__ import annotations

from functools import cached_property
from math import floor, log10, prod
from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger import shut
from gradstep.engine.graph import Element, Layer
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Recording, remembered
from gradstep.tui.network.heat import (
    Kind,
    Scale,
    cursor,
    flat_of,
    image_of,
    known,
    largest,
    numbers,
    outline,
    position_of,
    sample_shape,
    vector,
)
from gradstep.tui.network.looking import unit_here
from gradstep.tui.network.stage import Stage, extent, shut_gates
from gradstep.tui.paint import PENDING, clip
from gradstep.tui.theme import sign_role

_BARS = " ▁▂▃▄▅▆▇█"
#: Weights of one neuron beyond this many are not drawn.
_WEIGHTS = 1 << 16
_SIDE = 26


class Distribution(NamedTuple):
    """Of an array: how many numbers fall into each of some bins of log₁₀|·| from `low` to `high`; how
    many are exactly 0 or not finite; of how many in all."""

    counts: tuple[int, ...]
    low: int
    high: int
    zeros: int
    nonfinite: int
    size: int


@remembered
def distribution(recording: Recording, value: int, kind: Kind, sample: int | None, bins: int) -> Distribution:
    """The distribution of what an image shows."""
    found = numbers(recording, value, kind, sample)
    finite = found[np.isfinite(found)]
    size = abs(finite[finite != 0]).astype(float)
    rest = (found.size - len(finite)), found.size
    if not len(size):
        return Distribution((0,) * bins, 0, 0, len(finite), *rest)
    low, high = floor(log10(size.min())), floor(log10(size.max())) + 1
    counts, _ = np.histogram(np.log10(size), bins, (low, high))
    return Distribution(tuple(counts.tolist()), low, high, len(finite) - len(size), *rest)


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
        return position_of(self.frame, self.layer.output, self.unit.flat)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return sample_shape(self.recording, self.layer.output)

    @cached_property
    def channel(self) -> int | None:
        """The channel under the cursor, where the layer has several."""
        return self.position // (self.shape[-1] * self.shape[-2]) if len(self.shape) > 2 else None

    @property
    def _kinds(self) -> list[Kind]:
        return [Kind.DATA, Kind.GRAD] if self.gets_gradient(self.layer.output) else [Kind.DATA]

    def paint(self) -> None:
        canvas, palette = self.canvas, self.palette
        name, shape = self.board.whole(self.layer.output), extent(self.shape)
        x = canvas.put(1, 0, name, palette.style("text", bold=True))
        words = [self.title(self.layer), shape]
        if self.channel is not None:
            words.append(f"channel {self.channel + 1} of {prod(self.shape[:-2])}")
        canvas.put(x + 2, 0, clip("   ".join(w for w in words if w), canvas.width - x - 3), palette.style("dim"))
        side = _SIDE if canvas.width >= 78 else 0
        width, high = canvas.width - 2 - side, canvas.height - 3
        left = 1
        if self.channel is not None and width >= 40:
            left += self._thumbnails(left, 2, width // 3, high) + 2
        half = (width - left + 1 - 2 * (len(self._kinds) - 1)) // len(self._kinds)
        for kind in self._kinds:
            self._image(kind, left, half, high)
            left += half + 2
        self._line(canvas.height - 1, canvas.width - side)
        if side:
            aside(self, self.layer, self.unit, canvas.width - side + 1, 1, side - 2, canvas.height - 1)
        self.foot = self.scale_words

    def _thumbnails(self, x: int, y: int, width: int, height: int) -> int:
        """All channels, the one under the cursor with a line around it; how wide they are."""
        value = self.shown(self.layer, Kind.DATA)
        made, _, _ = self.image(value, Kind.DATA, x, y, width, height)
        self.canvas.put(x, 1, clip("channels", width), self.palette.style("dim"))
        outline(self.canvas, made, image_of(self.recording, value, self.channel).reshape(-1), x, y)
        return made.fit.width

    def _image(self, kind: Kind, x: int, width: int, height: int) -> None:
        value = self.shown(self.layer, kind)
        made, x, y = self.image(value, kind, x, 2, width, height, self.channel)
        name = self.board.whole(value) if kind is Kind.DATA else self.gradient_name(value)
        now = self.writes_now(value, kind)
        style = self.palette.style("current" if now else "text" if self.begun(value, kind) else "placeholder", bold=now)
        end = self.canvas.put(x, 1, clip(name, width), style)
        words = (
            [f"max {number(largest(self.recording, value, kind, self.frame.sample))}"]
            if kind is Kind.DATA and self.complete(value, kind)
            else []
        )
        norm = self.norm_text(value, kind)
        words += [f"‖·‖ {norm}"] if norm else []
        if made.fit.shrink > 1:
            words.append(f"{made.fit.shrink}×{made.fit.shrink} in a pixel")
        text = " · ".join(words)
        self.canvas.put(end + 2, 1, clip(text, width - len(name) - 2), self.palette.style("dim"))
        cursor(self.canvas, made, self.position, x, y)

    def _line(self, y: int, width: int) -> None:
        """The numbers under the cursor."""
        canvas, palette, digits = self.canvas, self.palette, self.view.math_digits
        x = canvas.put(1, y, self.plan.name(self.unit), palette.style("current", bold=True))
        for kind, word in ((Kind.DATA, "value"), (Kind.GRAD, "∂")):
            value = self.shown(self.layer, kind)
            if value < 0 or x > width - 16:
                continue
            shown = value_at(self, value, kind, self.position)
            x = canvas.put(x + 3, y, f"{word} ", palette.style("dim"))
            role = sign_role(shown) if kind is Kind.GRAD else "text" if shown is not None else "placeholder"
            x = canvas.put(
                x, y, PENDING if shown is None else number(shown, digits, kind is Kind.GRAD), palette.style(role)
            )

    def neighbour(self, direction: str) -> Element:
        """Beside the cursor in the image; where there are channels, up and down choose the next."""
        if self.channel is not None and direction in ("up", "down"):
            area = self.shape[-1] * self.shape[-2]
            there = self.position + (area if direction == "down" else -area)
            return self._element(there if 0 <= there < prod(self.shape) else self.position)
        return self._element(
            beside(image_of(self.recording, self.layer.output, self.channel), self.position, direction)
        )

    def _element(self, position: int) -> Element:
        return Element(self.layer.output, flat_of(self.frame, self.layer.output, position))


def beside(image: Array, position: int, direction: str) -> int:
    """The position beside one in an image; the same at its edges."""
    found = np.argwhere(image == position)
    if not len(found):
        return position
    row, column = found[0].tolist()
    down, across = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}[direction]
    row, column = row + down, column + across
    if not (0 <= row < image.shape[0] and 0 <= column < image.shape[1]) or image[row, column] < 0:
        return position
    return int(image[row, column])


def value_at(stage: Stage, value: int, kind: Kind, position: int) -> float | None:
    """The number at a position of an image; None where it is not computed yet."""

    there = known(stage.frame, value, kind)
    if not (position < there if isinstance(there, int) else bool(there[position])):
        return None
    return float(numbers(stage.recording, value, kind, stage.frame.sample)[position])


def aside(stage: Stage, layer: Layer, unit: Element, x: int, y: int, width: int, height: int) -> None:
    """Beside the images: the distribution of gradients, shut gates, and the neuron's weights."""
    canvas, palette = stage.canvas, stage.palette
    dim, end = palette.style("dim"), y + height
    slope = stage.shown(layer, Kind.GRAD)
    if slope >= 0 and stage.complete(slope, Kind.GRAD):
        y = _distribution(stage, slope, x, y, width)
    elif slope >= 0:
        canvas.put(x, y, clip(f"|{stage.gradient_name(slope)}| not yet", width), palette.style("placeholder"))
        y += 1
    closed = shut(stage.recording, layer.output)
    if closed is not None and stage.complete(layer.output, Kind.DATA):
        many, size = shut_gates(stage, layer)
        end_x = canvas.put(x, y, "shut gates ", dim)
        canvas.put(end_x, y, f"{many:,}/{size:,}", palette.style("alarm" if many else "text", bold=bool(many)))
        y += 1
    weights = incoming(stage.recording, layer, unit)
    if weights is not None and end - y > 5:
        y += 1
        canvas.put(x, y, clip(f"weights into {stage.board.element(*unit)}", width), palette.style("text"))
        peak = float(abs(weights[np.isfinite(weights)]).max()) if np.isfinite(weights).any() else 0.0
        made = vector(weights, Scale(peak), width, end - y - 3, palette)
        canvas.paste(made.canvas, x, y + 1)
        words = f"{weights.size:,}, max {number(peak, Digits.NETWORK)}"
        canvas.put(x, y + 1 + made.fit.height, clip(words, width), dim)


def _distribution(stage: Stage, value: int, x: int, y: int, width: int) -> int:
    """A histogram of the sizes of a gradient in three lines; the line after it."""
    canvas, palette = stage.canvas, stage.palette
    found = distribution(stage.recording, value, Kind.GRAD, stage.frame.sample, min(width, 20))
    canvas.put(x, y, clip(f"|{stage.gradient_name(value)}|, log", width), palette.style("text"))
    top = max(found.counts)
    for row in range(2):
        line = "".join(_BARS[_filled(count, top, row)] for count in found.counts)
        canvas.put(x, y + 1 + row, line, palette.style("dim"))
    if top:
        canvas.put(x, y + 3, f"1e{found.low}", palette.style("dim"))
        text = f"1e{found.high}"
        canvas.put(x + len(found.counts) - len(text), y + 3, text, palette.style("dim"))
    y += 4
    for count, what in ((found.zeros, "exactly 0"), (found.nonfinite, "not finite")):
        if count:
            role = "alarm" if what == "not finite" else "dim"
            canvas.put(x, y, clip(f"{count:,} of {found.size:,} {what}", width), palette.style(role))
            y += 1
    return y


def _filled(count: int, top: int, row: int) -> int:
    """Of the cell in a row (0 above 1) how many eighths a bar fills; a bin that is not empty shows."""
    eighths = max(round(count / top * 16), 1) if count else 0
    return min(max(eighths - 8 * (1 - row), 0), 8)


def incoming(recording: Recording, layer: Layer, unit: Element) -> Array | None:
    """What a neuron weighs its inputs with; None where it adds up nothing weighted."""
    made = recording.graph.values[layer.pre if layer.pre >= 0 else layer.output].node
    if made < 0:
        return None
    node = recording.graph.nodes[made]
    if not node.op.summed or node.op.reduces:
        return None
    links = node.op.row(0, unit.flat, recording.trace.data[node.output], recording.trace.inputs(node))
    if links.factor is None or not 1 < links.grid.size <= _WEIGHTS:
        return None
    return links.local(0, links.grid.size)
