"""What the levels of the picture share: which of a layer's arrays is shown at a moment, what can be
pointed at, and numbers beside images."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from gradstep.engine.debugger import Frame, Kind, gradient_range, picture, written
from gradstep.engine.explain import window
from gradstep.engine.graph import Element, Layer
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase
from gradstep.tui.network.looking import layer_here, looked_at
from gradstep.tui.network.names import title
from gradstep.tui.network.shades import Scale
from gradstep.tui.network.tile import Look, Tile, tile
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


class Gates(NamedTuple):
    """How many gates are shut, and of how many; and a question mark where they may be others by now."""

    shut: int
    of: int
    stale: str


class Stage:
    """One painting of one level: a canvas, the moment, and how one looks at it."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, canvas.palette
        self.recording, self.graph, self.board = frame.recording, frame.recording.graph, frame.recording.board
        self.samples = frame.recording.samples
        self.spots: list[Spot] = []
        #: What stands on the lower edge of the frame: scales and hints.
        self.foot = ""

    def paint(self) -> None:
        """Paints the canvas and fills `spots`."""
        raise NotImplementedError

    def neighbour(self, direction: str) -> Element:
        """The element that an arrow key selects from the one that is looked at."""
        raise NotImplementedError

    # What can be pointed at ------------------------------------------------------------------------

    def at(self, x: int, y: int) -> Element | None:
        """The element at a cell; of a layer that is no image there, its largest."""
        for spot in reversed(self.spots):
            if spot.x <= x < spot.x + spot.width and spot.y <= y < spot.y + spot.height:
                if spot.tile is None:
                    return self.outstanding(spot.value)
                position = spot.tile.at(x - spot.x, y - spot.y)
                if position is not None:
                    return self.element(spot.value, position)
        return None

    def element(self, value: int, position: int) -> Element:
        """The element at a position of the image of the sample that is shown."""
        return Element(value, self.samples.element(value, self.frame.sample or 0, position))

    def outstanding(self, value: int) -> Element:
        """The element of a value that is worth a look: of the largest gradient, or number, that is known."""
        for kind in (Kind.GRAD, Kind.DATA):
            if self.complete(value, kind):
                return self.element(value, picture(self.recording, value, kind, self.frame.sample).outstanding)
        return self.element(value, 0)

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
        in the middle of them `across` or `down`; it can be pointed at. The image, and where it stands."""
        look = Look(self.scale(value, kind), width, height, self.palette, channel)
        made = tile(self.frame, value, kind, look)
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
        """Whether some of the numbers of an image are there."""
        return written(self.frame, value, kind).some

    def complete(self, value: int, kind: Kind) -> bool:
        """Whether all numbers of an image are there."""
        return (kind is Kind.DATA or self.gets_gradient(value)) and written(self.frame, value, kind).all

    def scale(self, value: int, kind: Kind) -> Scale:
        """How sizes become shades: a value has its own scale; all gradients of the picture have one, so that fading
        is seen."""
        if kind is Kind.DATA:
            return Scale(picture(self.recording, value, kind, self.frame.sample).peak)
        return self.gradients

    @cached_property
    def gradients(self) -> Scale:
        """The one scale of all gradients. Before the first is there, none is looked for."""
        if self.frame.phase not in (Phase.BACKWARD, Phase.UPDATE):
            return Scale(0.0)
        return Scale.over(*gradient_range(self.recording, self.frame.sample))

    @property
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
        return number(picture(self.recording, value, kind, self.frame.sample).norm, Digits.NETWORK)

    def shut_gates(self, layer: Layer) -> Gates | None:
        """How many gates of a ReLU layer are shut in what is shown; None before they are known, and where there are
        none."""
        made = self.graph.values[layer.output].node
        if made < 0 or not self.graph.nodes[made].op.rectifier or not self.complete(layer.output, Kind.DATA):
            return None
        sums = picture(self.recording, self.graph.nodes[made].inputs[0], Kind.DATA, self.frame.sample)
        return Gates(sums.shut, sums.size, "?" * sums.stale)

    def seen(self, element: Element, value: int) -> Array | None:
        """Which positions of a value's image an element, or the sum in it, is computed from; None where it is not
        directly."""
        layer = self.board.layer_of.get(element.value)
        if layer is not None and layer.pre >= 0 and element.value == layer.output:
            element = Element(layer.pre, element.flat)
        flats = window(self.recording, element, value)
        return None if flats is None else self.samples.position(value, flats)

    @cached_property
    def here(self) -> Layer:
        return layer_here(self.frame, self.view)

    @cached_property
    def focus(self) -> Element | None:
        """What is looked at, if it is in the picture: no number of another sample is."""
        found = looked_at(self.frame, self.view)
        return found if found is None or self.pictured(found) else None

    def pictured(self, element: Element) -> bool:
        """Whether an element is one of those that are shown: of the sample that is looked at, or of all."""
        return self.frame.sample is None or self.samples.of(*element) in (None, self.frame.sample)

    # What it is called -----------------------------------------------------------------------------

    def name(self, value: int) -> str:
        return self.board.whole(value)

    def gradient_name(self, value: int) -> str:
        return f"∂{self.board.loss}/∂{self.name(value)}"

    def title(self, layer: Layer) -> str:
        return title(self.recording, layer)
