"""One neuron (or pixel, or number): what enters it, its function at this point, and what comes back
to it from all that it feeds; below, the running sum."""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.debugger import Curve, Frame, Kind, Ranked, ranked, step_of
from gradstep.engine.explain import sources
from gradstep.engine.graph import Element, Layer
from gradstep.engine.notation import number
from gradstep.engine.run import Phase, Position, Recording
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.curve import plot
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.images import beside, channel_of, channel_size, image_of
from gradstep.tui.network.looking import unit_here
from gradstep.tui.network.marks import cursor, outline
from gradstep.tui.network.names import letter, name_of
from gradstep.tui.network.plan import plan
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.terms import Terms
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View, Zoom

#: The cells of the neuron's box, and of it in a wide and in a narrow panel.
_BOX, _LARGE, _SMALL = 24, 34, 18
#: The widest that a table of terms is any use.
_TABLE = 46


class Neuron(Stage):
    """The neuron that is looked at, in its own sample."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        sample = frame.recording.samples.of(*unit_here(frame, view))
        if frame.sample is not None and sample is not None:
            frame = frame.seen_for(sample)
        super().__init__(canvas, frame, view)

    @cached_property
    def unit(self) -> Element:
        return unit_here(self.frame, self.view)

    @cached_property
    def layer(self) -> Layer:
        return self.here

    @cached_property
    def pre(self) -> Element:
        """The sum in it; itself where it has none of its own."""
        return Element(self.layer.pre, self.unit.flat) if self.layer.pre >= 0 else self.unit

    def paint(self) -> None:
        canvas, frame = self.canvas, self.frame
        # Where Math stands beside it, it has the running sum.
        below = canvas.height >= 18 and not self._beside_math
        upper = max(min(canvas.height - (8 if below else 0), 16 if below else 22), 4)
        limit = upper - 3
        gets = self.gets_gradient(self.unit.value)
        left = ranked(frame, self.pre, Phase.FORWARD, limit)
        right = ranked(frame, self.unit, Phase.BACKWARD, limit) if gets else None
        box = _LARGE if canvas.width >= 110 else _BOX if canvas.width >= 76 else _SMALL
        side = (canvas.width - box - 8) // 2
        x, table = side + 4, min(side, _TABLE)
        terms = Terms(canvas, self.view)
        if left is None:
            self._inputs(1 + side - table, table, limit)
        else:
            terms.entering(left, 1 + side - table, table)
        self._box(x, 1, box, upper - 1)
        if right is None:
            loss = self.unit.value == self.graph.loss.id
            by_hand = self.recording.by_hand(self.unit, "grad")
            without = "its gradient is set by you" if by_hand else "it gets no gradient"
            words = "the loss is the end of the way" if loss else without
            canvas.put(x + box + 3, 0, clip(words, side), self.palette.style("dim"))
        else:
            terms.arriving(right, x + box + 3, side)
        self._brackets(left, right, 2 + side, x, box, upper)
        backward = frame.phase in (Phase.BACKWARD, Phase.UPDATE) and right is not None
        told = right if backward else left
        if below and canvas.height - upper >= 5 and told is not None:
            terms.running(told, upper + 1)
        self.foot = "← → neighbour layer   ↑ ↓ next neuron   - zooms out"

    @property
    def _beside_math(self) -> bool:
        return self.view.shown("math") and not self.view.maximised

    # What enters, where it is no sum

    def _inputs(self, x: int, width: int, limit: int) -> None:
        """What enters an operation that is no sum, or an image around it where something is given."""
        canvas, palette = self.canvas, self.palette
        made = self.graph.values[self.pre.value].node
        if self.recording.by_hand(self.pre):
            canvas.put(x, 0, "set by you, not computed", palette.style("dim"))
            return
        if made < 0:
            canvas.put(x, 0, "given, not computed", palette.style("dim"))
            self._picture(x, 2, width, limit)
            return
        found = [e for source in sources(self.recording, self.pre, limit) for e in source.elements()]
        canvas.put(x, 0, clip(f"{self.graph.nodes[made].op.label} of", width), palette.style("dim"))
        terms = Terms(canvas, self.view)
        for y, element in enumerate(found[: limit - 1], 2):
            canvas.put(x, y, fold(self.board.element(*element), width - 9), palette.style("text"))
            terms.number(x + width, y, self.frame.data(*element), True)
        if len(found) > limit - 1:
            canvas.put(x, limit + 1, f"… {len(found) - limit + 1:,} more", palette.style("dim"))

    def _picture(self, x: int, y: int, width: int, height: int) -> None:
        """The image that a given number belongs to, with the place of it."""
        value = self.unit.value
        made, x, y = self.image(value, Kind.DATA, x, y, width, height)
        cursor(self.canvas, made, self.samples.position(value, self.unit.flat), x, y)

    # Itself

    def _box(self, x: int, y: int, width: int, height: int) -> None:
        """The neuron: its name and its gate, the sum in it, its function there, and its own number."""
        canvas, palette, frame = self.canvas, self.palette, self.frame
        now = frame.element in (self.unit, self.pre)
        canvas.box(x, y, width, height, palette.style("current", bold=now), heavy=now)
        name = ("◇ " if self.view.selection is not None else "") + name_of(frame, self.unit)
        style = palette.inverse(frame.phase.value) if now else palette.style("text", bold=True)
        canvas.put(x + 2, y, fold(f" {name} ", width - 4), style)
        self._gate(x, y, width, breadth(name) + 4)
        line = y + 1
        if self.layer.pre >= 0:
            self._numbers(x, line, width, self.pre)
            line += 1
        self._function(x + 2, line, width - 4, y + height - 2 - line)
        self._numbers(x, y + height - 2, width, self.unit)

    def _function(self, x: int, y: int, width: int, height: int) -> None:
        """The neuron's function as a curve with its point; of another what it sees, or its name."""
        made = self.graph.values[self.unit.value].node
        dim = self.palette.style("dim")
        curve = self._curve()
        if curve is not None and height >= 5:
            drawn = plot(self.palette, curve, width, height - 2)
            if drawn is not None:
                self.canvas.paste(drawn, x, y)
                words = f"{self.graph.nodes[made].op.label}, slope {number(curve.slope)}"
                self.canvas.put(x, y + height - 1, clip(words, width), dim)
        elif height >= 3 and made >= 0 and not self._window(x, y, width, height):
            label = self.graph.nodes[made].op.label
            at = x - 2 + max((width + 4 - len(label)) // 2, 1)
            self.canvas.put(at, y + height // 2, clip(label, width + 2), dim)

    def _curve(self) -> Curve | None:
        step = step_of(self.frame, self.unit, Phase.FORWARD)
        if step is None or step > self.frame.step:
            return None
        return Frame(self.recording, Position(step), self.frame.sample).origin.curve

    def _window(self, x: int, y: int, width: int, height: int) -> bool:
        """The input it is computed from as an image, with a line around what it sees of it; False where
        it is none."""
        value = self.graph.nodes[self.graph.values[self.pre.value].node].inputs[0]
        shape = self.samples.shape(value)
        seen = self.seen(self.pre, value) if len(shape) >= 2 else None
        if seen is None or not self.begun(value, Kind.DATA):
            return False
        drawn, x, y = self.image(value, Kind.DATA, x, y, width, height, across=True)
        outline(self.canvas, drawn, seen, x, y, channel_size(shape))
        return True

    def _gate(self, x: int, y: int, width: int, used: int) -> None:
        """Whether the gate of a ReLU is open, once it has been passed."""
        node = self.graph.values[self.unit.value].node
        if self.layer.pre < 0 or not self.graph.nodes[node].op.rectifier:
            return
        z = self.frame.data(*self.pre)
        if self.frame.data(*self.unit) is None or z is None:
            return
        text, role = ("gate shut", "alarm") if z <= 0 else ("gate open", "dim")
        if used + len(text) + 5 > width:
            text = text.removeprefix("gate ")
        if used + len(text) + 5 <= width:
            self.canvas.put(x + width - len(text) - 3, y, f" {text} ", self.palette.style(role))

    def _numbers(self, x: int, y: int, width: int, element: Element) -> None:
        """Letter, value and gradient of an element; the one just written inverse."""
        canvas, frame, dim = self.canvas, self.frame, self.palette.style("dim")
        terms, middle = Terms(canvas, self.view), x + width // 2
        canvas.put(x + 2, y, letter(self.recording, element.value), dim)
        here, backward = frame.element == element, frame.phase is Phase.BACKWARD
        terms.number(middle - 1, y, frame.data(*element), False, now=here and not backward)
        if self.gets_gradient(element.value):
            canvas.put(middle + 1, y, "∂", dim)
            terms.number(x + width - 2, y, frame.grad(*element), True, now=here and backward)

    def _brackets(self, left: Ranked | None, right: Ranked | None, x: int, box: int, width: int, upper: int) -> None:
        """From the columns of terms to the box between them."""
        canvas, palette = self.canvas, self.palette
        middle = 1 + (upper - 1) // 2
        ends = ((left, x, "▸", box - 1, "╮╯"), (right, box + width + 1, "◂", box + width, "╭╰"))
        for found, column, arrow, at, corners in ends:
            if found is None:
                continue
            count = len(found.rows) + (found.fold is not None)
            style = palette.style("dim" if found.known else "line")
            first, last = min(2, middle), max(1 + count, middle)
            for y in range(first, last + 1):
                canvas.put(column, y, "│", style)
            if count > 1:
                canvas.put(column, first, corners[0], style)
                canvas.put(column, last, corners[1], style)
            if found.known:
                canvas.put(at, middle, arrow, style)

    # Walking

    def neighbour(self, direction: str) -> Element:
        """Up and down the next neuron of the layer, in an image the pixel there; left and right the
        layer before and after."""
        value, shape = self.unit.value, self.samples.shape(self.unit.value)
        position = self.samples.position(value, self.unit.flat)
        if len(shape) >= 2 and self.view.zoom is Zoom.NEURON:
            there = beside(image_of(shape, channel_of(shape, position)), position, direction)
            return self.element(value, there)
        if direction in ("up", "down"):
            size = self.samples.elements(value, 0).size
            there = min(max(position + (1 if direction == "down" else -1), 0), size - 1)
            return self.element(value, there)
        layers = _walked(self.recording)
        at = layers.index(value) if value in layers else 0
        return self.outstanding(layers[min(max(at + (1 if direction == "right" else -1), 0), len(layers) - 1)])


@kept_of_network
def _walked(recording: Recording) -> tuple[int, ...]:
    """The values that arrows lead to, in graph order: all layers that are computed or feed something."""
    fed = {v for node in recording.graph.nodes for v in node.inputs}
    return tuple(la.output for la in plan(recording).layers if la.node >= 0 or la.output in fed)
