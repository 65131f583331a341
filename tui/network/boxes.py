"""Drawing the boxes of units: what is known of each at a moment."""

from __future__ import annotations

from rich.style import Style

from gradstep.engine.debugger import Frame, spread
from gradstep.engine.graph import Element
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.network.diagram import Diagram, Unit
from gradstep.tui.network.forms import Form
from gradstep.tui.network.layout import Box
from gradstep.tui.network.names import letter, name_of
from gradstep.tui.network.targets import is_target, probability, wanted
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.theme import over, sign_role
from gradstep.tui.view import View

_NUMBER = 6


class Boxes:
    """Paints units at one moment."""

    def __init__(self, canvas: Canvas, diagram: Diagram, form: Form, frame: Frame, view: View) -> None:
        self.canvas, self.diagram, self.form, self.frame, self.view = canvas, diagram, form, frame, view
        self.palette = canvas.palette
        self.current = diagram.home(frame.element)
        self.selected = diagram.home(view.selection)
        #: The element of the box that stands for the one being computed.
        self.here = diagram.shown(frame.element) if frame.element else None

    def paint(self, box: Box) -> None:
        unit = self.diagram.units[box.unit]
        reached = self.value(unit.entered) is not None
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
        if unit.value == self.diagram.loss:
            self._loss(box, unit)
        elif box.width == self.form.given and self.diagram.layers[unit.layer].node < 0:
            self.put(
                box.x + 1, box.y + 1, box.width - 3 + (self.form.given < 9), self.value(unit.element), False, False
            )
        else:
            y = box.y + 1
            for element in dict.fromkeys((unit.entered, unit.element)):
                y = self._row(box.x, y, element, reached)
        if self.form.frame == 2 and unit.bias >= 0:
            size = self.diagram.graph.values[unit.bias].size
            self._bias(box, Element(unit.bias, unit.flat % size))

    def value(self, element: Element, phase: Phase = Phase.FORWARD) -> float | None:
        """What is known of an element: where all samples are shown, of all of them; but the number
        that is just computed is always itself."""
        writes = self.frame.phase is Phase.BACKWARD
        if element == self.here and self.frame.element and writes == (phase is Phase.BACKWARD):
            read = self.frame.grad if writes else self.frame.data
            return read(*self.frame.element)
        return self.frame.seen(*element, phase)

    def _name(self, box: Box, unit: Unit, now: bool) -> None:
        x, y = box.x + 2, box.y
        name = name_of(self.frame, unit.element)
        if box.unit == self.selected and self.view.selection is not None:
            name = f"◇ {name}"
        style = self.palette.inverse(self.frame.phase.value) if now else self.palette.style("text", bold=True)
        if breadth(name) > box.width - 6 and box.width < 16:  # an input's: the frame gives way to the index
            x, shown = x - 1, fold(name, box.width - 2)
        else:
            shown = f" {fold(name, box.width - 6)} "
        end = self.canvas.put(x, y, shown, style)
        (tag, role), wanted = self._tag(unit), is_target(self.frame, unit.element)
        if self.form.box < 20:
            tag = tag.removeprefix("gate ")
        if self.form.stacked:
            tag = "╳" if role == "alarm" else ""
            end -= 2
        fits = end + len(tag) + 3 < box.x + box.width
        if tag and fits:
            self.canvas.put(box.x + box.width - len(tag) - 3, y, f" {tag} ", self.palette.style(role))
        # The lower edge is for what has no room above; where there is none, a sign says which the target is.
        low = self.form.frame == 2 and unit.bias < 0
        words = tag if low and not fits and tag != "target" else "target" if low and wanted else ""
        if words:
            ink = self.palette.style("text", bold=words == "target")
            self.canvas.put(box.x + 2, y + box.height - 1, f" {words} ", ink)
        if wanted and words != "target" and not (fits and tag == "target"):
            self.canvas.put(end - 1, y, "◂", self.palette.style("current", bold=True))

    def _tag(self, unit: Unit) -> tuple[str, str]:
        """`gate open` or `gate shut`, once the gate has been passed; of the logarithm of a probability the latter."""
        share = probability(self.frame.recording, unit.value, self.value(unit.element))
        if share is not None:
            return f"p {number(share, Digits.NETWORK)}", "text"
        node = self.diagram.graph.values[unit.value].node
        if unit.bias >= 0 and is_target(self.frame, unit.element):
            return "target", "text"
        if unit.pre < 0 or not self.diagram.graph.nodes[node].op.rectifier:
            return "", "dim"
        if self.value(unit.element) is None:
            return "", "dim"
        z = self.value(unit.entered)
        assert z is not None, "what follows from it is known"
        return ("gate shut", "alarm") if z <= 0 else ("gate open", "dim")

    def _row(self, x: int, y: int, element: Element, reached: bool) -> int:
        """Draws the value and the gradient of an element; returns the line after them."""
        roomy = self.form.box >= 20
        sign = letter(self.frame.recording, element.value)
        ink = self.palette.style("dim" if reached else "placeholder")
        left = x + (2 if roomy else 1)
        self.canvas.put(left, y, sign, self._on(y, x, ink))
        here = self.here == element
        forward = here and self.frame.phase in (Phase.FORWARD, Phase.LOSS)
        self.put(left + (2 if roomy else 1), y, _NUMBER, self.value(element), False, forward)
        grad = self.value(element, Phase.BACKWARD)
        scattered = spread(self.frame, element) if self.diagram.everything else None
        at = left + (10 if roomy else 8)
        if grad is None and scattered is not None:
            text = "±" + number(scattered, 2)
            self.canvas.put(at + _NUMBER - len(text), y, text, self._on(y, x, self.palette.style("dim")))
            return y + 1 + self.form.stacked
        if not self.diagram.graph.gets_gradient(self.diagram.graph.values[element.value]):
            return y + 1
        if self.form.stacked:
            at, y = left + 1, y + 1
        if roomy or self.form.stacked:
            self.canvas.put(
                at - 1,
                y,
                "Σ" if self.diagram.everything else "∂",
                self._on(y, x, self.palette.style("dim" if grad is not None else "placeholder")),
            )
        self.put(at, y, _NUMBER, grad, True, here and self.frame.phase is Phase.BACKWARD)
        return y + 1

    def _on(self, y: int, x: int, style: Style) -> Style:
        """`style` on the background that its cell already has."""
        return (
            over(style, self.canvas.styles[y][x + 1].bgcolor)
            if 0 <= y < self.canvas.height and x + 1 < self.canvas.width
            else style
        )

    def put(self, x: int, y: int, width: int, value: float | None, signed: bool, now: bool) -> None:
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

    def _bias(self, box: Box, bias: Element) -> None:
        y, x = box.y + box.height - 1, box.x + 2
        sign = letter(self.frame.recording, bias.value)
        value, grad, new = self.frame.data(*bias), self.frame.grad(*bias), self.frame.new(*bias)
        here = self.frame.element == bias
        if self.form.stacked:
            mark, shown = ("→", new) if new is not None else ("∂", grad) if grad is not None else (f"{sign} ", value)
            self.canvas.put(x - 1, y, mark, self.palette.style("dim"))
            digits = 2 if grad is None else self.view.network_digits
            text = number(shown or 0.0, digits, True).rjust(box.width - 2 - breadth(mark))
            self._ending(x - 1 + breadth(mark), y, text, shown, here, after="")
            return
        x = self.canvas.put(x, y, f" {sign} ", self.palette.style("dim"))
        if new is not None:
            self.canvas.put(x - 1, y, "→", self.palette.style("dim"))
            self._ending(x, y, number(new, Digits.NETWORK, True), new, here)
        elif grad is not None and self.form.box >= 20:
            x = self._plain(x, y, number(value or 0.0, 2, True), value)
            x = self.canvas.put(x, y, " ∂", self.palette.style("dim"))
            self._ending(x, y, number(grad, self.view.network_digits, True), grad, here)
        elif grad is not None:
            self.canvas.put(x - 2, y, f"∂{sign} ", self.palette.style("dim"))
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
        value = self.value(unit.element)
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
        about = self._about()
        if about and box.height > 2:
            left = self.form.loss >= 10 and inner > breadth(about)
            room = inner - (left and not self.diagram.everything)
            if breadth(about) > room and not self.diagram.everything:
                about = about.partition(" ")[2]
            self.canvas.put(box.x + 1 + left, box.y + 2, clip(about, room), self.palette.style("dim"))

    def _about(self) -> str:
        """What the loss is taken over: how many samples, or of one the first numbers of its targets."""
        if self.diagram.everything:
            return f"{len(self.diagram.samples)} samples"
        return wanted(self.frame.recording, self.diagram.samples[0])

    def _line(self, box: Box, unit: Unit, reached: bool) -> None:
        """The whole unit in one line: name, value, gradient."""
        now, y = box.unit == self.current, box.y
        element = unit.entered if self.here == unit.entered else unit.element
        name = name_of(self.frame, unit.element)
        style = (
            self.palette.inverse(self.frame.phase.value)
            if now
            else self.palette.style("text" if reached else "placeholder", bold=reached)
        )
        if box.unit == self.selected:
            name = "◇" + name
        self.canvas.put(box.x, y, fold(name, 7), style)
        forward = self.here == element and self.frame.phase in (Phase.FORWARD, Phase.LOSS)
        at = box.x + min(7, box.width - _NUMBER)
        self.put(at, y, _NUMBER, self.value(element), False, forward)
        if box.width >= 20 and self.diagram.graph.gets_gradient(self.diagram.graph.values[element.value]):
            grad = self.value(element, Phase.BACKWARD)
            backward = self.here == element and self.frame.phase is Phase.BACKWARD
            self.put(box.x + 14, y, _NUMBER, grad, True, backward)
