"""What the levels of the picture share: which of a layer's arrays is shown at a moment, what can be
pointed at, and numbers beside images."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element, Layer, Role
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase, Recording, remembered
from gradstep.tui.network.diagram import Diagram, diagram
from gradstep.tui.network.heat import (
    Kind,
    Scale,
    Tile,
    data_scale,
    flat_of,
    gradient_scale,
    known,
    numbers,
    position_of,
    tile,
)
from gradstep.tui.network.looking import layer_here, looked_at
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View


class Spot(NamedTuple):
    """A place that can be pointed at: an image of a value, or all that stands for its layer."""

    x: int
    y: int
    width: int
    height: int
    value: int
    tile: Tile | None = None


class Stage:
    """One painting of one level: a canvas, the moment, and how one looks at it."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, canvas.palette
        self.recording, self.graph, self.board = frame.recording, frame.recording.graph, frame.recording.board
        self.plan: Diagram = diagram(frame.recording, frame.sample)
        self.spots: list[Spot] = []
        #: What stands on the lower edge of the frame: scales and hints.
        self.foot = ""

    def paint(self) -> None:
        """Paints the canvas and fills `spots`."""
        raise NotImplementedError

    def neighbour(self, direction: str) -> Element:
        """The element that an arrow key selects from the one that is looked at."""
        raise NotImplementedError

    def at(self, x: int, y: int) -> Element | None:
        """The element at a cell; of a layer that is no image there, its largest."""
        for spot in reversed(self.spots):
            if spot.x <= x < spot.x + spot.width and spot.y <= y < spot.y + spot.height:
                if spot.tile is not None:
                    position = spot.tile.at(x - spot.x, y - spot.y)
                    if position is not None:
                        return Element(spot.value, flat_of(self.frame, spot.value, position))
                    continue
                return self.outstanding(spot.value)
        return None

    def outstanding(self, value: int) -> Element:
        """The element of a value that is worth a look: of the largest gradient, or number, that is known."""
        for kind in (Kind.GRAD, Kind.DATA):
            if self.complete(value, kind):
                found = numbers(self.recording, value, kind, self.frame.sample)
                size = np.where(np.isfinite(found), abs(found), np.inf)
                return Element(value, flat_of(self.frame, value, int(size.argmax())))
        return Element(value, flat_of(self.frame, value, 0))

    def image(
        self,
        value: int,
        kind: Kind,
        x: int,
        y: int,
        width: int,
        height: int,
        channel: int | None = None,
        across: bool = False,
        down: bool = False,
    ) -> tuple[Tile, int, int]:
        """Puts the image of a value (or of one of its channels) at (x, y), at most width × height cells, or
        in the middle of them `across` or `down`; it can be pointed at. A gradient has the scale of all,
        a value its own. The image, and where it stands."""
        scale = self.gradients if kind is Kind.GRAD else data_scale(self.recording, value, self.frame.sample)
        made = tile(self.frame, value, kind, scale, width, height, self.palette, channel)
        x += (width - made.fit.width) // 2 if across else 0
        y += (height - made.fit.height) // 2 if down else 0
        self.canvas.paste(made.canvas, x, y)
        self.spots.append(Spot(x, y, made.fit.width, made.fit.height, value, made))
        return made, x, y

    # What is shown ---------------------------------------------------------------------------------

    def gets_gradient(self, value: int) -> bool:
        return value >= 0 and self.graph.gets_gradient(self.graph.values[value])

    def shown(self, layer: Layer, kind: Kind) -> int:
        """The value of a layer whose numbers, or gradient, came last; −1 where it has none."""
        if kind is Kind.DATA:
            started = layer.pre >= 0 and not self.begun(layer.output, kind) and self.begun(layer.pre, kind)
            return layer.pre if started else layer.output
        if not self.gets_gradient(layer.output):
            return -1
        return layer.pre if layer.pre >= 0 and self.begun(layer.pre, kind) else layer.output

    def begun(self, value: int, kind: Kind) -> bool:
        there = known(self.frame, value, kind)
        return bool(there if isinstance(there, int) else there.any())

    def complete(self, value: int, kind: Kind) -> bool:
        """Whether all numbers of the image are there."""
        if kind is Kind.GRAD and not self.gets_gradient(value):
            return False
        there = known(self.frame, value, kind)
        if isinstance(there, int):
            return there >= self.graph.values[value].size
        return bool(there.all())

    @cached_property
    def gradients(self) -> Scale:
        """The one scale of all gradients in the picture."""
        values = {v for la in self.plan.layers for v in (la.output, la.pre) if self.gets_gradient(v)}
        return gradient_scale(self.recording, tuple(sorted(values)), self.frame.sample)

    @cached_property
    def scale_words(self) -> str:
        """How gradients become colours; nothing before the first is there."""
        if self.frame.phase not in (Phase.BACKWARD, Phase.UPDATE):
            return ""
        high, low = number(self.gradients.high), number(self.gradients.low)
        return f"∂ log scale {low} … {high}" if self.gradients.logarithmic else f"∂ linear scale 0 … {high}"

    def norm_text(self, value: int, kind: Kind) -> str:
        """‖·‖ of what an image shows; empty until all of it is there."""
        if not self.complete(value, kind):
            return ""
        return number(norm(self.recording, value, kind, self.frame.sample), Digits.NETWORK)

    def writes_now(self, value: int, kind: Kind) -> bool:
        """Whether the current step writes this array."""
        sweep = self.frame.sweep
        if sweep is None or sweep.value != value:
            return False
        return (sweep.phase is Phase.BACKWARD) == (kind is Kind.GRAD) and sweep.phase is not Phase.UPDATE

    @cached_property
    def here(self) -> Layer:
        return layer_here(self.frame, self.view)

    @cached_property
    def focus(self) -> Element | None:
        return looked_at(self.frame, self.view)

    def name(self, value: int) -> str:
        """A value's name; of one that a formula makes on its way, what makes it."""
        whole = self.graph.values[value]
        return self.graph.nodes[whole.node].op.label if "#" in whole.name else self.board.whole(value)

    def gradient_name(self, value: int) -> str:
        return f"∂{self.board.loss}/∂{self.name(value)}"

    def title(self, layer: Layer) -> str:
        """A layer's part in the network and its function."""
        if layer.output == self.graph.loss.id:
            return "loss"
        value = self.graph.values[layer.output]
        if value.node < 0:
            return "input" if value.role is Role.INPUT else "parameter"
        op = self.graph.nodes[value.node].op
        return "" if op.name == "linear" else op.label


@remembered
def norm(recording: Recording, value: int, kind: Kind, sample: int | None) -> float:
    """‖·‖₂ of what an image shows."""
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(numbers(recording, value, kind, sample).astype(float)))


def receptive(frame: Frame, element: Element, value: int) -> Array | None:
    """Which positions of a value's image an element is computed from; None where it is not directly."""
    graph, trace = frame.recording.graph, frame.recording.trace
    layer = frame.recording.board.layer_of.get(element.value)
    computed = layer.pre if layer is not None and layer.pre >= 0 and element.value == layer.output else element.value
    made = graph.values[computed].node
    if made < 0:
        return None
    node = graph.nodes[made]
    if value not in node.inputs:
        return None
    links = node.op.row(node.inputs.index(value), element.flat, trace.data[node.output], trace.inputs(node))
    flats = links.grid.take(0, min(links.grid.size, 1 << 14))
    return np.array([position_of(frame, value, f) for f in flats.tolist()])


def shut_gates(stage: Stage, layer: Layer) -> tuple[int, int]:
    """How many gates of a ReLU layer are shut in what is shown, and of how many."""
    value = layer.pre if layer.pre >= 0 else stage.graph.nodes[stage.graph.values[layer.output].node].inputs[0]
    sums = numbers(stage.recording, value, Kind.DATA, stage.frame.sample)
    return int(np.count_nonzero(sums <= 0)), sums.size


def extent(shape: tuple[int, ...]) -> str:
    """`10×128`; a single number is 1."""
    return "×".join(map(str, shape)) or "1"
