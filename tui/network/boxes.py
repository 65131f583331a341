"""Drawing the boxes of units: what is known of each at a moment."""

from __future__ import annotations

import numpy as np
from rich.style import Style

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element, Role
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase
from gradstep.tui.network.diagram import Diagram, Unit
from gradstep.tui.network.layout import Box, Form
from gradstep.tui.paint import PENDING, Canvas, clip
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View

_NUMBER = 6


class Boxes:
    """Paints units at one moment."""

    def __init__(self, canvas: Canvas, plan: Diagram, form: Form, frame: Frame, view: View) -> None:
        self.canvas, self.plan, self.form, self.frame, self.view = canvas, plan, form, frame, view
        self.palette = canvas.palette
        self.current = plan.home(frame.element)
        self.selected = plan.home(view.selection)
        #: The element of the box that stands for the one being computed.
        self.here = plan.shown(frame.element) if frame.element else None

    def paint(self, box: Box) -> None:
        unit = self.plan.units[box.unit]
        reached = self._reached(unit)
        if self.form.frame == 0:
            self._line(box, unit, reached)
            return
        now = box.unit == self.current
        role = "current" if now or box.unit == self.selected else "frame" if reached else "line"
        frame = self.palette.style(role, bold=now)
        self.canvas.box(box.x, box.y, box.width, max(box.height, 2) + (self.form.frame == 1), frame, heavy=now)
        if self.form.frame == 1:
            self.canvas.put(box.x, box.y + box.height, " " * box.width)
        if now:
            for y in range(box.y + 1, box.y + box.height - (self.form.frame == 2)):
                self.canvas.tint(box.x + 1, y, box.width - 2)
        self._name(box, unit, now)
        if unit.value == self.plan.loss:
            self._loss(box, unit)
        elif box.width == self.form.given and self.plan.layers[unit.layer].node < 0:
            self._number(
                box.x + 1, box.y + 1, box.width - 3 + (self.form.given < 9), self._value(unit.element), False, False
            )
        else:
            y = box.y + 1
            for value in (unit.pre, unit.value) if unit.pre >= 0 else (unit.value,):
                y = self._row(box.x, y, Element(value, unit.flat), reached)
        if self.form.frame == 2 and unit.bias >= 0:
            self._bias(box, Element(unit.bias, self._bias_flat(unit)), frame)

    def _bias_flat(self, unit: Unit) -> int:
        size = self.plan.graph.values[unit.bias].size
        return unit.flat % size

    def _reached(self, unit: Unit) -> bool:
        return self._value(Element(unit.pre if unit.pre >= 0 else unit.value, unit.flat)) is not None

    def _value(self, element: Element, phase: Phase = Phase.FORWARD) -> float | None:
        """What is known of an element: where all samples are shown, of all of them; but the number
        that is just computed is always itself."""
        writes = self.frame.phase is Phase.BACKWARD
        if element == self.here and self.frame.element and writes == (phase is Phase.BACKWARD):
            read = self.frame.grad if writes else self.frame.data
            return read(*self.frame.element)
        return self.frame.seen(*element, phase)

    def _spread(self, element: Element) -> float | None:
        """How far the values of all samples scatter: their standard deviation."""
        numbers = self.frame.over_samples(*element, Phase.FORWARD) if self.plan.everything else None
        with np.errstate(all="ignore"):
            return None if numbers is None else float(numbers.std())

    def _name(self, box: Box, unit: Unit, now: bool) -> None:
        x, y = box.x + 2, box.y
        name = self.plan.name(unit.element)
        if box.unit == self.selected and self.view.selection is not None:
            name = f"◇ {name}"
        style = self.palette.inverse(self.frame.phase.value) if now else self.palette.style("text", bold=True)
        if len(name) > box.width - 6 and box.width < 16:  # an input's: the frame gives way to the index
            x, shown = x - 1, clip(name, box.width - 2)
        else:
            shown = f" {clip(name, box.width - 6)} "
        end = self.canvas.put(x, y, shown, style)
        tag, role = self._tag(unit)
        if self.form.box < 20:
            tag = tag.removeprefix("gate ")
        if self.form.stacked:
            tag = "╳" if role == "alarm" else ""
            end -= 2
        if tag and end + len(tag) + 3 < box.x + box.width:
            self.canvas.put(box.x + box.width - len(tag) - 3, y, f" {tag} ", self.palette.style(role))

    def _tag(self, unit: Unit) -> tuple[str, str]:
        """`gate open` or `gate shut`, once the gate has been passed."""
        node = self.plan.graph.values[unit.value].node
        if unit.pre < 0 or not self.plan.graph.nodes[node].op.rectifier:
            return "", "dim"
        if self._value(unit.element) is None:
            return "", "dim"
        z = self._value(Element(unit.pre, unit.flat))
        assert z is not None, "what follows from it is known"
        return ("gate open", "dim") if z > 0 else ("gate shut", "alarm")

    def _row(self, x: int, y: int, element: Element, reached: bool) -> int:
        """Draws the value and the gradient of an element; returns the line after them."""
        roomy = self.form.box >= 20
        letter = self._letter(element.value)
        ink = self.palette.style("dim" if reached else "placeholder")
        left = x + (2 if roomy else 1)
        self.canvas.put(left, y, letter, self._on(y, x, ink))
        here = self.here == element
        forward = here and self.frame.phase in (Phase.FORWARD, Phase.LOSS)
        self._number(left + (2 if roomy else 1), y, _NUMBER, self._value(element), False, forward)
        grad, spread = self._value(element, Phase.BACKWARD), self._spread(element)
        at = left + (10 if roomy else 8)
        if grad is None and spread is not None:
            text = "±" + number(spread, 2)
            self.canvas.put(at + _NUMBER - len(text), y, text, self._on(y, x, self.palette.style("dim")))
            return y + 1 + self.form.stacked
        if not self.plan.graph.gets_gradient(self.plan.graph.values[element.value]):
            return y + 1
        if self.form.stacked:
            at, y = left + 1, y + 1
        if roomy or self.form.stacked:
            self.canvas.put(
                at - 1,
                y,
                "Σ" if self.plan.everything else "∂",
                self._on(y, x, self.palette.style("dim" if grad is not None else "placeholder")),
            )
        self._number(at, y, _NUMBER, grad, True, here and self.frame.phase is Phase.BACKWARD)
        return y + 1

    def _on(self, y: int, x: int, style: Style) -> Style:
        """`style` on the background that its cell already has."""
        return (
            style + Style(bgcolor=self.canvas.styles[y][x + 1].bgcolor)
            if 0 <= y < self.canvas.height and x + 1 < self.canvas.width
            else style
        )

    def _letter(self, value: int) -> str:
        name = self.plan.graph.values[value].name
        return "Σ" if "#" in name else name[0]

    def _number(self, x: int, y: int, width: int, value: float | None, signed: bool, now: bool) -> None:
        digits = self.view.network_digits
        text = PENDING if value is None else number(value, digits, signed)
        if now:
            role = sign_role(value) if signed and value else "current"
            self.canvas.put(x, y, text.rjust(width), self.palette.inverse(role))
            return
        role = sign_role(value) if signed or value is None else ("alarm" if sign_role(value) == "alarm" else "text")
        if y < self.canvas.height:
            style = self._on(y, x + width - 2, self.palette.style(role))
            self.canvas.put(x + width - len(text), y, text, style)

    def _bias(self, box: Box, bias: Element, frame: Style) -> None:
        y, x = box.y + box.height - 1, box.x + 2
        letter = self._letter(bias.value)
        value, grad = self.frame.data(bias.value, bias.flat), self.frame.grad(bias.value, bias.flat)
        new = self.frame.new(bias.value, bias.flat)
        here = self.frame.element == bias
        if self.form.stacked:
            mark, shown = ("→", new) if new is not None else ("∂", grad) if grad is not None else (f"{letter} ", value)
            self.canvas.put(x - 1, y, mark, self.palette.style("dim"))
            digits = 2 if grad is None else self.view.network_digits
            text = number(shown or 0.0, digits, True).rjust(box.width - 2 - len(mark))
            self._ending(x - 1 + len(mark), y, text, shown, here, after="")
            return
        x = self.canvas.put(x, y, f" {letter} ", self.palette.style("dim"))
        if new is not None:
            self.canvas.put(x - 1, y, "→", self.palette.style("dim"))
            self._ending(x, y, number(new, Digits.NETWORK, True), new, here)
        elif grad is not None and self.form.box >= 20:
            x = self._plain(x, y, number(value or 0.0, 2, True), value)
            x = self.canvas.put(x, y, " ∂", self.palette.style("dim"))
            self._ending(x, y, number(grad, self.view.network_digits, True), grad, here)
        elif grad is not None:
            self.canvas.put(x - 2, y, f"∂{letter} ", self.palette.style("dim"))
            self._ending(x + 1, y, number(grad, self.view.network_digits, True), grad, here)
        else:
            self._ending(x, y, number(value or 0.0, 2, True), value, False)

    def _plain(self, x: int, y: int, text: str, value: float | None) -> int:
        return self.canvas.put(x, y, text, self.palette.style(sign_role(value), strength=self.palette.fade))

    def _ending(self, x: int, y: int, text: str, value: float | None, now: bool, after: str = " ") -> None:
        if now:
            role = "current" if self.frame.phase is Phase.UPDATE else sign_role(value)
            x = self.canvas.put(x, y, text, self.palette.inverse(role if value else "current"))
        else:
            x = self._plain(x, y, text, value)
        self.canvas.put(x, y, after)

    def _loss(self, box: Box, unit: Unit) -> None:
        value = self._value(unit.element)
        now = self.here == unit.element and self.frame.phase is Phase.LOSS
        text = PENDING if value is None else number(value, Digits.MATH)
        inner = box.width - 2
        style = self.palette.style(
            "placeholder" if value is None else sign_role(value) if value != value else "text", bold=True
        )
        if now:
            style = self.palette.inverse("current")
            text = text.center(inner)
        self.canvas.put(box.x + 1 + max(inner - len(text), 0) // 2, box.y + 1, clip(text, inner), style)
        if self.plan.everything and box.height > 2:
            shown = f"{len(self.plan.samples)} samples"
            self.canvas.put(
                box.x + 1 + (self.form.loss >= 10), box.y + 2, clip(shown, inner), self.palette.style("dim")
            )
        elif self.plan.targets and box.height > 2:
            shown = " ".join(
                f"{self._letter(t)} " + " ".join(number(v, Digits.FULL) for v in self._numbers(t))
                for t in self.plan.targets
            )
            room = inner - (self.form.loss >= 10)
            self.canvas.put(box.x + 1 + (self.form.loss >= 10), box.y + 2, clip(shown, room), self.palette.style("dim"))

    def _numbers(self, value: int) -> list[float]:
        array = self.frame.recording.trace.data[value].reshape(-1)
        grid = self.frame.recording.samples.elements(value, self.plan.samples[0])
        return [float(v) for v in array.take(grid.take(0, min(grid.size, 8)))]

    def _line(self, box: Box, unit: Unit, reached: bool) -> None:
        """The whole unit in one line: name, value, gradient."""
        now, y = box.unit == self.current, box.y
        element = Element(unit.pre, unit.flat) if self.here == Element(unit.pre, unit.flat) else unit.element
        name = self.plan.name(unit.element)
        style = (
            self.palette.inverse(self.frame.phase.value)
            if now
            else self.palette.style("text" if reached else "placeholder", bold=reached)
        )
        if box.unit == self.selected:
            name = "◇" + name
        self.canvas.put(box.x, y, clip(name, 7), style)
        forward = self.here == element and self.frame.phase in (Phase.FORWARD, Phase.LOSS)
        self._number(box.x + 7, y, _NUMBER, self._value(element), False, forward)
        if box.width >= 20 and self.plan.graph.gets_gradient(self.plan.graph.values[element.value]):
            grad = self._value(element, Phase.BACKWARD)
            backward = self.here == element and self.frame.phase is Phase.BACKWARD
            self._number(box.x + 14, y, _NUMBER, grad, True, backward)


def title(plan: Diagram, column: int) -> str:
    """What stands above a column: its part in the network and its function."""
    found = []
    for unit in plan.columns[column]:
        layer = plan.layers[plan.units[unit].layer]
        found.append(_kind(plan, layer.output, layer.node < 0, column))
    return " / ".join(dict.fromkeys(found))


def _kind(plan: Diagram, value: int, given: bool, column: int) -> str:
    graph = plan.graph
    if value == plan.loss:
        return "loss"
    if given:
        return "input" if graph.values[value].role is Role.INPUT else "parameter"
    op = graph.nodes[graph.values[value].node].op
    consumers = {graph.nodes[n].output for n, _ in graph.uses[value]}
    part = "output" if consumers == {plan.loss} else "hidden"
    return part if op.name == "linear" else f"{part} · {op.label}"
