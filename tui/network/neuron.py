"""One neuron (or pixel, or number): what enters it, its function at this point, and what comes back
to it from all that it feeds; below, the running sum."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger import Curve, Fold, Frame, Row
from gradstep.engine.graph import Element, Layer
from gradstep.engine.notation import number
from gradstep.engine.run import Phase, Position
from gradstep.tui.curve import plot
from gradstep.tui.network.heat import (
    Kind,
    channel_size,
    cursor,
    flat_of,
    image_of,
    numbers,
    outline,
    position_of,
    sample_shape,
)
from gradstep.tui.network.layer import beside
from gradstep.tui.network.looking import step_of, unit_here
from gradstep.tui.network.stage import Stage, receptive
from gradstep.tui.paint import PENDING, clip
from gradstep.tui.theme import sign_role
from gradstep.tui.view import Zoom
from gradstep.tui.waterfall import Waterfall

_BOX = 24
#: The widest that a table of terms is any use.
_TABLE = 46


class Sum(NamedTuple):
    """The terms that make a number: the largest, what the others add up to, whether they are known
    yet, and the frame in which they are added up."""

    rows: list[Row]
    fold: Fold | None
    known: bool
    frame: Frame


class Neuron(Stage):
    """The neuron that is looked at."""

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

    def _sum(self, element: Element, phase: Phase, limit: int) -> Sum | None:
        """How an element came to be in a phase, in at most `limit` rows."""
        step = step_of(self.frame, element, phase)
        if step is None:
            return None
        here = step == self.frame.step
        frame = self.frame if here else Frame(self.recording, Position(step), self.frame.sample)
        if not frame.sum.count:
            return None
        rows, fold = frame.sum.rows(max(limit, 2))
        if not (here and frame.position.term is not None):
            rows = (
                sorted(rows, key=lambda r: -abs(r.contribution))
                if np.isfinite([r.contribution for r in rows]).all()
                else rows
            )
        return Sum(rows, fold, step <= self.frame.step, frame)

    def paint(self) -> None:
        canvas = self.canvas
        backward = self.frame.phase in (Phase.BACKWARD, Phase.UPDATE) and self.gets_gradient(self.unit.value)
        wide = canvas.width >= 96
        upper = max(min(canvas.height - (8 if canvas.height >= 18 else 0), 16), 4)
        limit = upper - 3
        left = self._sum(self.pre, Phase.FORWARD, limit)
        right = self._sum(self.unit, Phase.BACKWARD, limit) if self.gets_gradient(self.unit.value) else None
        box = _BOX if canvas.width >= 76 else 18
        side = (canvas.width - box - 8) // 2
        x = 1 + side + 3
        table = min(side, _TABLE)
        self._left(left, 1 + side - table, table, limit)
        self._box(x, 1, box, upper - 1)
        self._right(right, x + box + 3, side, limit)
        self._wires(left, right, 1 + side, x, box, upper)
        if canvas.height - upper >= 5:
            self._running(right if backward and right is not None else left, upper + 1, wide)
        self.foot = "← → neighbour layer   ↑ ↓ next neuron   esc zooms out"

    # What enters

    def _left(self, found: Sum | None, x: int, width: int, limit: int) -> None:
        canvas, palette = self.canvas, self.palette
        dim = palette.style("dim")
        if found is None:
            self._inputs(x, width, limit)
            return
        many = found.frame.sum.count
        canvas.put(x, 0, clip(f"from {many:,} term{'s, largest first' if many > 1 else ''}", width), dim)
        narrow = width < 31
        field = 7
        product = any(r.left == r.left for r in found.rows)
        ends = (
            (width - 3 * field - 4, width - 2 * field - 2, width - field, width)
            if product
            else (width - field, 0, 0, width)
        )
        if product and not narrow:
            for end, word in ((ends[1], "weight"), (ends[2], "input"), (ends[3], "term")):
                canvas.put(x + end - len(word), 1, word, dim)
        for y, row in enumerate(found.rows, 2):
            canvas.put(x, y, clip(row.via, max(ends[0] if not narrow else width - field - 1, 4)), palette.style("text"))
            if product and row.left == row.left and not narrow:
                self._n(x + ends[1], y, row.left, True)
                canvas.put(x + ends[1] + 1, y, "×", dim)
                self._n(x + ends[2], y, row.right if found.known else self._input(row), False)
            self._n(x + ends[3], y, row.contribution if found.known and row.entered else None, True, bold=True)
        y = 2 + len(found.rows)
        if found.fold is not None:
            canvas.put(x, y, clip(f"… {found.fold.size:,} smaller terms", width - field - 1), dim)
            self._n(x + ends[3], y, found.fold.contribution if found.known else None, True)

    def _input(self, row: Row) -> float | None:
        """An input's number before the sum is made: it may not be known yet either."""
        return None

    def _inputs(self, x: int, width: int, limit: int) -> None:
        """What enters an operation that is no sum, or an image around it where something is given."""
        canvas, palette = self.canvas, self.palette
        dim = palette.style("dim")
        made = self.graph.values[self.pre.value].node
        if made < 0:
            canvas.put(x, 0, "given, not computed", dim)
            self._picture(x, 2, width, limit)
            return
        node = self.graph.nodes[made]
        xs = self.recording.trace.inputs(node)
        found = []
        for slot, value in enumerate(node.inputs):
            links = node.op.row(slot, self.pre.flat, self.recording.trace.data[node.output], xs)
            found += [Element(value, f) for f in links.grid.take(0, min(links.grid.size, limit)).tolist()]
        canvas.put(x, 0, clip(f"{node.op.label} of", width), dim)
        for y, element in enumerate(found[: limit - 1], 2):
            canvas.put(x, y, clip(self.board.element(*element), width - 9), palette.style("text"))
            self._n(x + width, y, self.frame.data(*element), True)
        if len(found) > limit - 1:
            canvas.put(x, limit + 1, f"… {len(found) - limit + 1:,} more", dim)

    def _picture(self, x: int, y: int, width: int, height: int) -> None:
        """The image that a given number belongs to, with the place of it."""
        value = self.unit.value
        made, x, y = self.image(value, Kind.DATA, x, y, width, height)
        cursor(self.canvas, made, position_of(self.frame, value, self.unit.flat), x, y)

    # Itself

    def _box(self, x: int, y: int, width: int, height: int) -> None:
        canvas, palette, frame = self.canvas, self.palette, self.frame
        now = frame.element in (self.unit, self.pre)
        canvas.box(x, y, width, height, palette.style("current", bold=now), heavy=now)
        name = self.plan.name(self.unit)
        style = palette.inverse(frame.phase.value) if now else palette.style("text", bold=True)
        mark = "◇ " if self.view.selection is not None else ""
        canvas.put(x + 2, y, clip(f" {mark}{name} ", width - 4), style)
        self._gate(x, y, width, len(name) + len(mark) + 4)
        line = y + 1
        if self.layer.pre >= 0:
            self._numbers(x, line, width, self.pre)
            line += 1
        room = y + height - 2 - line
        made = self.graph.values[self.unit.value].node
        curve = self._curve()
        if curve is not None and room >= 5:
            inner = plot(palette, curve, width - 4, room - 2)
            if inner is not None:
                canvas.paste(inner, x + 2, line)
                label = f"{self.graph.nodes[made].op.label}, slope {number(curve.slope)}"
                canvas.put(x + 2, line + room - 1, clip(label, width - 4), palette.style("dim"))
        elif room >= 3 and made >= 0 and not self._seen(x + 2, line, width - 4, room):
            label = self.graph.nodes[made].op.label
            canvas.put(
                x + max((width - len(label)) // 2, 1), line + room // 2, clip(label, width - 2), palette.style("dim")
            )
        self._numbers(x, y + height - 2, width, self.unit)

    def _curve(self) -> Curve | None:
        step = step_of(self.frame, self.unit, Phase.FORWARD)
        if step is None or step > self.frame.step:
            return None
        return Frame(self.recording, Position(step), self.frame.sample).origin.curve

    def _seen(self, x: int, y: int, width: int, height: int) -> bool:
        """The input it is computed from as an image, with a line around what it sees of it; False where
        it is none."""
        made = self.graph.values[self.pre.value].node
        value = self.graph.nodes[made].inputs[0]
        if len(sample_shape(self.recording, value)) < 2:
            return False
        seen = receptive(self.frame, self.pre, value)
        if seen is None or not self.begun(value, Kind.DATA):
            return False
        drawn, x, y = self.image(value, Kind.DATA, x, y, width, height, across=True)
        outline(self.canvas, drawn, seen, x, y, channel_size(self.recording, value))
        return True

    def _gate(self, x: int, y: int, width: int, used: int) -> None:
        node = self.graph.values[self.unit.value].node
        if self.layer.pre < 0 or not self.graph.nodes[node].op.rectifier:
            return
        z = self.frame.data(*self.pre)
        if self.frame.data(*self.unit) is None or z is None:
            return
        text, role = ("gate open", "dim") if z > 0 else ("gate shut", "alarm")
        if used + len(text) + 5 > width:
            text = text.removeprefix("gate ")
        if used + len(text) + 5 <= width:
            self.canvas.put(x + width - len(text) - 3, y, f" {text} ", self.palette.style(role))

    def _numbers(self, x: int, y: int, width: int, element: Element) -> None:
        """Letter, value and gradient of an element; the one just written inverse."""
        canvas, palette, frame = self.canvas, self.palette, self.frame
        name = self.graph.values[element.value].name
        canvas.put(x + 2, y, "Σ" if "#" in name else name[0], palette.style("dim"))
        backward = frame.phase is Phase.BACKWARD
        middle = x + width // 2
        self._n(middle - 1, y, frame.data(*element), False, now=frame.element == element and not backward)
        if self.gets_gradient(element.value):
            canvas.put(middle + 1, y, "∂", palette.style("dim"))
            self._n(x + width - 2, y, frame.grad(*element), True, now=frame.element == element and backward)

    # What comes back to it

    def _right(self, found: Sum | None, x: int, width: int, limit: int) -> None:
        canvas, palette = self.canvas, self.palette
        dim = palette.style("dim")
        if found is None:
            words = "the loss is the end of the way" if self.unit.value == self.graph.loss.id else "it gets no gradient"
            canvas.put(x, 0, clip(words, width), dim)
            return
        canvas.put(
            x, 0, clip(f"gradient from {found.frame.sum.count:,} use{'s' * (found.frame.sum.count > 1)}", width), dim
        )
        narrow, field = width < 31, 8
        if not narrow:
            for end, word in ((field, "product"), (2 * field + 1, "local"), (3 * field + 3, "upstream")):
                canvas.put(x + end - len(word), 1, word, dim)
        for y, row in enumerate(found.rows, 2):
            reached = found.known and row.entered
            self._n(x + field, y, row.contribution if reached else None, True, bold=True)
            name_at = field + 1
            if not narrow and row.left == row.left:
                self._n(x + 2 * field + 1, y, row.right if found.known else None, True)
                canvas.put(x + 2 * field + 2, y, "×", dim)
                self._n(x + 3 * field + 3, y, row.left if found.known else None, True)
                name_at = 3 * field + 4
            canvas.put(x + name_at, y, clip(row.via, width - name_at), palette.style("text"))
        if found.fold is not None:
            y = 2 + len(found.rows)
            self._n(x + field, y, found.fold.contribution if found.known else None, True)
            canvas.put(x + field + 1, y, clip(f"… {found.fold.size:,} smaller terms", width - field - 1), dim)

    def _wires(self, left: Sum | None, right: Sum | None, x: int, box: int, width: int, upper: int) -> None:
        """Brackets from the columns of terms to the box between them."""
        canvas, palette = self.canvas, self.palette
        middle = 1 + (upper - 1) // 2
        for found, column, arrow, at in ((left, x + 1, "▸", box - 1), (right, box + width + 1, "◂", box + width)):
            if found is None:
                continue
            count = len(found.rows) + (found.fold is not None)
            style = palette.style("dim" if found.known else "line")
            first, last = 2, 1 + count
            for y in range(min(first, middle), max(last, middle) + 1):
                canvas.put(column, y, "│", style)
            if count > 1:
                corners = "╮╯" if arrow == "▸" else "╭╰"
                canvas.put(column, min(first, middle), corners[0], style)
                canvas.put(column, max(last, middle), corners[1], style)
            if found.known:
                canvas.put(at, middle, arrow, style)

    def _running(self, found: Sum | None, y: int, wide: bool) -> None:
        """The running sum of the phase, as a waterfall."""
        if found is None or not found.known or found.frame.story.equation is None:
            return
        canvas, palette, digits = self.canvas, self.palette, self.view.math_digits
        equation = found.frame.story.equation
        x = canvas.put(1, y, equation.left, palette.style("text", bold=True))
        x = canvas.put(x, y, f" {equation.relation} {clip(equation.right, canvas.width // 2)} = ", palette.style("dim"))
        x = canvas.put(
            x, y, number(equation.result, digits, True), palette.style(sign_role(equation.result), bold=True)
        )
        canvas.put(x + 4, y, "running sum", palette.style("dim"))
        y += 1
        room = canvas.height - y
        rows = found.rows[:room]
        names = min(max(len(r.via) for r in rows), 14)
        bars = Waterfall(canvas, 1 + 3 + names + 24, rows, None, equation.result, False)
        total = 0.0
        for row in rows:
            if not row.entered:
                continue
            here = row._replace(running=total + row.contribution)
            total += row.contribution
            canvas.put(3, y, f"+ {clip(row.via, names)}", palette.style("text"))
            self._n(3 + names + 12, y, row.contribution, True, bold=True)
            self._n(3 + names + 22, y, total, True)
            bars.row(y, here)
            y += 1

    def _n(self, end: int, y: int, value: float | None, signed: bool, bold: bool = False, now: bool = False) -> None:
        """A number that ends before column `end`."""
        text = PENDING if value is None else number(value, self.view.network_digits, signed)
        role = sign_role(value) if signed or value is None else "text" if np.isfinite(value) else "alarm"
        if now:
            style = self.palette.inverse(role if signed and value else "current")
        else:
            style = self.palette.style(role, bold=bold)
        self.canvas.put(end - len(text), y, text, style)

    # Walking

    def neighbour(self, direction: str) -> Element:
        """Up and down the next neuron of the layer, in an image the pixel there; left and right the
        layer before and after."""
        shape = sample_shape(self.recording, self.unit.value)
        position = position_of(self.frame, self.unit.value, self.unit.flat)
        if len(shape) >= 2 and self.view.zoom is Zoom.NEURON:
            channel = position // (shape[-1] * shape[-2]) if len(shape) > 2 else None
            there = beside(image_of(self.recording, self.unit.value, channel), position, direction)
            return Element(self.unit.value, flat_of(self.frame, self.unit.value, there))
        if direction in ("up", "down"):
            size = numbers(self.recording, self.unit.value, Kind.DATA, self.frame.sample).size
            there = min(max(position + (1 if direction == "down" else -1), 0), size - 1)
            return Element(self.unit.value, flat_of(self.frame, self.unit.value, there))
        layers = [la for la in self.plan.layers if la.node >= 0 or la.output in self._fed]
        at = next(k for k, la in enumerate(layers) if la.output == self.unit.value)
        chosen = layers[min(max(at + (1 if direction == "right" else -1), 0), len(layers) - 1)]
        return self.outstanding(chosen.output)

    @cached_property
    def _fed(self) -> set[int]:
        return {v for n in self.graph.nodes for v in n.inputs} | {self.unit.value}
