"""An update of several lines: what each line of the rule makes of what."""

from __future__ import annotations

from operator import attrgetter

from gradstep.engine.debugger import Frame
from gradstep.engine.explain import Equation, equation_text
from gradstep.tui.arithmetic.middle import folded
from gradstep.tui.arithmetic.slots import Slots
from gradstep.tui.cells import breadth, wrap
from gradstep.tui.paint import PENDING
from gradstep.tui.tails import tails


class Lines:
    """All lines of the rule as far as they are done, then why the last of them."""

    def __init__(self, slots: Slots, frame: Frame) -> None:
        self.slots, self.frame, self.lines = slots, frame, frame.story.lines
        self.done = frame.position.term or len(self.lines)
        self.numbers = max(breadth(equation_text(line.numbers, slots.digits)) for line in self.lines)
        most = slots.canvas.width // 3
        lefts, rights = ([*map(of, self.lines)] for of in (attrgetter("left"), attrgetter("right")))
        self.names = tails(lefts, lambda names: max(map(breadth, names)) <= most)
        self.left = max(map(breadth, self.names))
        self.field = max(8, slots.digits + 4)
        room = max(slots.canvas.width - self.left - self.field - 12, 8)
        self.rights = tails(rights, lambda texts: max(map(breadth, texts)) <= room)
        self.right = min(max(map(breadth, self.rights)), room)
        #: Whether there is room for the numbers that go in.
        self.wide = self.left + self.right + self.field + 12 + self.numbers <= slots.canvas.width

    def paint(self) -> None:
        slots = self.slots
        # Where there is no room for all of them, those up to the current one.
        room = max(slots.left, 1)
        first = min(max(self.done - room, 0), max(len(self.lines) - room, 0))
        for k, line in enumerate(self.lines, 1):
            if k > first and slots.left > 0:
                self._line(k, line)
                slots.y += 1
        if slots.left > 1:
            slots.y += 1
            says = self.frame.story.stages[self.done - 1].line.says
            for text in wrap(says, slots.canvas.width)[: slots.left]:
                slots.put(0, text)
                slots.y += 1

    def _line(self, k: int, line: Equation) -> None:
        slots, canvas, palette = self.slots, self.slots.canvas, self.slots.palette
        entered, here = k <= self.done, k == self.done
        if here:
            canvas.put(0, slots.y, "▸", palette.style("current", bold=True))
        style = palette.style("text" if entered else "placeholder", bold=here)
        canvas.put(2, slots.y, self.names[k - 1], style)
        x = slots.put(self.left + 3, "← ")
        canvas.put(x, slots.y, folded(self.rights[k - 1], self.right), style)
        x += self.right + 2
        if entered and self.wide:
            canvas.parts(slots.put(x, "= "), slots.y, line.numbers, slots.digits)
            x += 2 + self.numbers + 2
        if entered:
            slots.number(x + self.field, line.result, k != len(self.lines), bold=here)
        else:
            canvas.put(x + self.field - 1, slots.y, PENDING, palette.style("placeholder"))
        if here:
            canvas.tint(0, slots.y, x + self.field)
