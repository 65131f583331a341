"""A sum as a table: a term a line, with the running sum and a waterfall of it."""

from __future__ import annotations

from gradstep.engine.debugger import Fold, Frame, Row
from gradstep.engine.explain import relation
from gradstep.engine.run import Phase
from gradstep.tui.arithmetic.slots import Slots
from gradstep.tui.cells import breadth, fold
from gradstep.tui.paint import PENDING
from gradstep.tui.tails import tails
from gradstep.tui.waterfall import Waterfall


class _Columns:
    """Where the columns of the table end, for names of so many cells, and numbers of so many in the sum and in the
    factors. Without a name a local gradient is its number alone; `running`: beside each term stands the sum so far."""

    def __init__(self, via: int, field: int, local: int, product: bool, running: bool = True, factor: int = 0) -> None:
        self.product, self.via, self.local, self.running = product, via, local, running
        self.factor = factor or field
        self.left = 2 + via + 1 + self.factor if product else 2 + via
        self.right = self.left + 3 + local + bool(local) + self.factor if product else self.left
        self.contribution = self.right + 2 + max(field, 12)
        self.end = self.contribution + (2 + max(field, 9) if running else 0)


class SumTable:
    """The terms of the sum that a step adds up, as many as there is room for."""

    def __init__(self, slots: Slots, frame: Frame) -> None:
        self.slots, self.frame = slots, frame
        self.forward, self.under_way = frame.phase is not Phase.BACKWARD, frame.position.term is not None
        self.rows, self.fold = frame.sum.rows(max(self._room(), 2))
        self.columns = self._columns()

    def _room(self) -> int:
        """Lines for terms: beside them there are heads, a line, the total, and the paths."""
        count, paths = self.frame.sum.count, self.frame.origin.paths
        room = self.slots.left - 3 - (len(paths) + 3 if paths else 0)
        if room < min(count, 4):  # the paths go first, then the line above the total
            room = self.slots.left - 2 - (self.slots.left - 2 > count)
        return room

    def _columns(self) -> _Columns:
        self._shorten()
        product = any(row.right == row.right or row.left == row.left for row in self.rows)
        via = max(4, *(breadth(row.via) for row in self.rows))
        field = max(8, self.slots.digits + 4)
        local = max(2, *(breadth(row.right_name) for row in self.rows)) if product else 0
        if not product:
            return _Columns(via, field, 0, False)
        # Names give way to numbers, then the sum so far, then digits: upstream × local = contribution is what it is
        # about.
        tried = [_Columns(via, field, local, True)]
        tried += [_Columns(min(via, most), field, 0, True) for most in (via, 9, 5)]
        tried += [_Columns(min(via, most), field, 0, True, False, factor) for most in (9, 5) for factor in (0, 8)]
        return next((columns for columns in tried if columns.end <= self.slots.canvas.width), tried[-1])

    def _shorten(self) -> None:
        """Names that are paths leave room for the numbers."""
        room = max((self.slots.canvas.width - 50) // 2, 12)
        via = tails([row.via for row in self.rows], lambda names: max(map(breadth, names), default=0) <= room)
        local = tails([row.right_name for row in self.rows], lambda names: max(map(breadth, names), default=0) <= room)
        self.rows = [
            row._replace(via=name, right_name=factor) for row, name, factor in zip(self.rows, via, local, strict=True)
        ]

    def paint(self) -> None:
        slots, equation = self.slots, self.frame.story.equation
        result = equation.result if equation else 0.0
        x = self.columns.end + 2
        bars = Waterfall(slots.canvas, x, self.rows, self.fold, result, bool(self.frame.position.term))
        bars.scale(slots.y)
        self._heads()
        for row in self.rows:
            self._row(row)
            bars.row(slots.y, row)
            slots.y += 1
        if self.fold is not None:
            self._folded(self.fold)
            bars.fold(slots.y, self.fold)
            slots.y += 1
        if slots.left > 1:
            slots.canvas.put(0, slots.y, "─" * self.columns.end, slots.palette.style("line"))
            slots.y += 1
        self._total()
        bars.total(slots.y)
        slots.y += 1

    def _heads(self) -> None:
        slots, columns = self.slots, self.columns
        heads = ("from", "weight", "input") if self.forward else ("via", "upstream", "local")
        slots.put(2, heads[0])
        if columns.product:
            slots.put(columns.left - len(heads[1]), heads[1])
            slots.put(columns.right - len(heads[2]), heads[2])
        slots.put(columns.contribution - 12, "contribution")
        if columns.running:
            slots.put(columns.end - 9, "running Σ")
        slots.y += 1

    def _row(self, row: Row) -> None:
        slots, columns, palette = self.slots, self.columns, self.slots.palette
        last = row.order == self.frame.sum.entered - 1
        if last:
            slots.canvas.put(0, slots.y, "▸", palette.style("current", bold=True))
        via = fold(row.via, columns.via)
        slots.canvas.put(2, slots.y, via, palette.style("text" if row.entered else "placeholder", bold=last))
        if columns.product and row.left == row.left:
            digits = min(slots.digits, columns.factor - 4)
            slots.number(columns.left, row.left, True, digits=digits)
            slots.put(columns.left + 1, "×")
            slots.put(columns.left + 3, row.right_name if columns.local else "")
            slots.number(columns.right, row.right, not self.forward, digits=digits)
            slots.put(columns.right + 1, relation((row.left, row.right), row.contribution, digits))
        if row.entered:
            if columns.running:
                slots.number(columns.end, row.running, True)
            slots.number(columns.contribution, row.contribution, True, bold=True)
        else:
            for end in {columns.contribution, columns.end}:
                slots.canvas.put(end - 1, slots.y, PENDING, palette.style("placeholder"))
        if last:
            slots.canvas.tint(0, slots.y, columns.end)

    def _folded(self, fold: Fold) -> None:
        what = "other terms" if self.under_way else "smaller terms together"
        text = f"… {fold.size:,} {what}"
        if len(text) + 2 > self.columns.contribution - 9:
            text = f"… {fold.size:,}"
        self.slots.put(2, text)
        if not self.under_way:
            running = self.rows[-1].running if self.rows else 0.0
            if self.columns.running:
                self.slots.number(self.columns.end, running + fold.contribution, True)
            self.slots.number(self.columns.contribution, fold.contribution, True)

    def _total(self) -> None:
        slots, frame, columns, equation = self.slots, self.frame, self.columns, self.frame.story.equation
        assert equation is not None, "a sum is one"
        name = fold(equation.left, max(columns.contribution - 14, columns.left))
        slots.canvas.put(2, slots.y, name, slots.palette.style("text", bold=True))
        state = f"{frame.sum.entered:,} of {frame.sum.count:,} terms in" if self.under_way else "complete"
        x = max(columns.left - 2, breadth(name) + 5)
        if x + len(state) < columns.contribution - 1:
            slots.put(x, state)
        slots.put(columns.contribution - 1 if columns.running else columns.right + 1, "Σ")
        value = equation.result
        if self.under_way:
            assert frame.element is not None, "something is written"
            read = frame.data if self.forward else frame.grad
            value = read(frame.element.value, frame.element.flat) or 0.0
        slots.number(columns.end, value, True, bold=True)
